# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading the log tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.sqlite.rows import select_in
from ledger.values import Fork, Queued, Stored, Tree
from protocol.identity import Origin

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from protocol.merkle import Node


_LEAVES_AT_ONCE = 64
_texts_decoder = msgspec.json.Decoder(list[str])

_TREE = (
    "SELECT tree, log_id, epoch, size, checkpoint, checkpoint_size, head, head_size, arrival, derived, bytes, hidden "
    "FROM tree"
)


def _tree(row: tuple[int, bytes, int, int, bytes | None, int, bytes | None, int, int, int, int, int]) -> Tree:
    tree, log_id, epoch, size, checkpoint, checkpoint_size, head, head_size, arrival, derived, taken, hidden = row
    return Tree(
        tree=tree,
        origin=Origin(log_id, epoch),
        size=size,
        checkpoint=checkpoint or b"",
        checkpoint_size=checkpoint_size,
        head=head or b"",
        head_size=head_size,
        arrival=arrival,
        derived=derived,
        bytes=taken,
        hidden=bool(hidden),
    )


class LogReads:
    """Reading the log tables over one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def fact(self, name: str) -> bytes | None:
        """A fact of this store, or None."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def fact_names(self, prefix: str) -> list[str]:
        """The names of the facts that begin so, in order."""
        sql = "SELECT name FROM fact WHERE substr(name, 1, ?) = ? ORDER BY name"
        return [name for (name,) in self._db.execute(sql, (len(prefix), prefix))]

    def trees(self) -> list[Tree]:
        """All logs held, in the order in which they were first heard of."""
        return [_tree(row) for row in self._db.execute(f"{_TREE} ORDER BY tree")]

    def tree(self, origin: Origin) -> Tree | None:
        """One log, or None."""
        row = self._db.execute(f"{_TREE} WHERE log_id = ? AND epoch = ?", origin).fetchone()
        return _tree(row) if row else None

    def epochs(self, log_id: bytes) -> list[Tree]:
        """All epochs of a log that are held, in order."""
        return [_tree(row) for row in self._db.execute(f"{_TREE} WHERE log_id = ? ORDER BY epoch", (log_id,))]

    def tree_numbered(self, number: int) -> Tree:
        """The log of a local number that exists."""
        return _tree(self._db.execute(f"{_TREE} WHERE tree = ?", (number,)).fetchone())

    def changed_since(self, arrival: int) -> list[Tree]:
        """Logs whose checkpoint became complete after an arrival number, in that order."""
        return [_tree(row) for row in self._db.execute(f"{_TREE} WHERE arrival > ? ORDER BY arrival", (arrival,))]

    def entries(self, tree: int, begin: int, end: int) -> Iterator[Stored]:
        """The entries begin..end, in order."""
        sql = (
            "SELECT position, entry, payload FROM entry "
            "WHERE tree = ? AND position >= ? AND position < ? ORDER BY position"
        )
        return map(Stored._make, self._db.execute(sql, (tree, begin, end)))

    def leaves(self, tree: int, begin: int, end: int) -> Iterator[bytes]:
        """The entries begin..end without their payloads, in order.

        Many come as one value: at each step another thread can take the interpreter away, and the writer reads back
        all that it has written.
        """
        sql = (
            "SELECT json_group_array(hex(entry)) FROM (SELECT entry FROM entry "
            "WHERE tree = ? AND position >= ? AND position < ? ORDER BY position)"
        )
        for start in range(begin, end, _LEAVES_AT_ONCE):
            (found,) = self._db.execute(sql, (tree, start, min(end, start + _LEAVES_AT_ONCE))).fetchone()
            yield from map(bytes.fromhex, _texts_decoder.decode(found))

    def subtree(self, tree: int, node: Node) -> bytes | None:
        """The stored root of a full subtree, if this one is stored."""
        sql = "SELECT hash FROM subtree WHERE tree = ? AND level = ? AND number = ?"
        row = self._db.execute(sql, (tree, *node)).fetchone()
        return row[0] if row else None

    def subtrees(self, tree: int, level: int, begin: int, end: int) -> list[bytes]:
        """The stored roots number begin..end of one level."""
        sql = "SELECT hash FROM subtree WHERE tree = ? AND level = ? AND number >= ? AND number < ? ORDER BY number"
        return [row[0] for row in self._db.execute(sql, (tree, level, begin, end))]

    def charters(self, tree: int) -> list[bytes]:
        """The payloads of a log's charters, in order."""
        sql = "SELECT payload FROM charter WHERE tree = ? ORDER BY kseq"
        return [row[0] for row in self._db.execute(sql, (tree,))]

    def accepted(self, tree: int, ids: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Of these statement ids those already taken: their position and digest."""
        rows = select_in(self._db, "SELECT id, position, digest FROM accepted WHERE tree = ? AND id IN", (tree,), ids)
        return {row[0]: (row[1], row[2]) for row in rows} if ids else {}

    def lacking(self, tree: int, begin: int, end: int) -> dict[int, str]:
        """Positions without a payload, and why."""
        sql = "SELECT position, reason FROM lacking WHERE tree = ? AND position >= ? AND position < ?"
        return dict(self._db.execute(sql, (tree, begin, end)).fetchall())

    def erased_by(self, tree: int, position: int) -> int | None:
        """The position of the statement that had a payload erased, if it is."""
        sql = "SELECT erased_by FROM lacking WHERE tree = ? AND position = ?"
        row = self._db.execute(sql, (tree, position)).fetchone()
        return row[0] if row else None

    def erased(self, tree: int, begin: int, end: int) -> dict[int, int | None]:
        """Positions whose payload was erased, and those of the statements that had it erased, in order."""
        sql = (
            "SELECT position, erased_by FROM lacking WHERE tree = ? AND position >= ? AND position < ? "
            "AND reason = 'erased' ORDER BY position"
        )
        return dict(self._db.execute(sql, (tree, begin, end)).fetchall())

    def last_erased(self, tree: int, limit: int) -> list[int]:
        """The highest positions whose payload was erased, from the highest down."""
        sql = "SELECT position FROM lacking WHERE tree = ? AND reason = 'erased' ORDER BY position DESC LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (tree, limit))]

    def untold(self) -> list[int]:
        """The trees with erased payloads of which no receipt was written."""
        sql = "SELECT DISTINCT tree FROM lacking WHERE reason = 'erased' AND told = 0"
        return [row[0] for row in self._db.execute(sql)]

    def untold_in(self, tree: int, limit: int) -> list[int]:
        """The first positions in a tree whose payload was erased and of which no receipt was written."""
        sql = "SELECT position FROM lacking WHERE tree = ? AND reason = 'erased' AND told = 0 ORDER BY position LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (tree, limit))]

    def holders(self) -> dict[bytes, int]:
        """The logs of the nodes that are known to hold the own log, and how many entries of it."""
        return dict(self._db.execute("SELECT log_id, size FROM holder ORDER BY log_id").fetchall())

    def accepted_from(self, tree: int, begin: int) -> dict[int, tuple[bytes, bytes]]:
        """The idempotency keys of the entries from a position on: by position their id and digest."""
        rows = self._db.execute(
            "SELECT position, id, digest FROM accepted WHERE tree = ? AND position >= ?", (tree, begin)
        )
        return {position: (statement_id, digest) for position, statement_id, digest in rows}

    def queued(self, tree: int) -> list[Queued]:
        """What was acknowledged and waits for a place in the log, in order."""
        sql = "SELECT position, id, digest, scope, commitment, payload FROM queue WHERE tree = ? ORDER BY number"
        return [Queued._make(row) for row in self._db.execute(sql, (tree,))]

    def queue_size(self, tree: int) -> int:
        """How many wait for a place in the log."""
        return int(self._db.execute("SELECT count(*) FROM queue WHERE tree = ?", (tree,)).fetchone()[0])

    def queued_ids(self, tree: int, ids: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """Of these statement ids those that wait: their number in the queue and digest."""
        rows = select_in(self._db, "SELECT id, number, digest FROM queue WHERE tree = ? AND id IN", (tree,), ids)
        return {row[0]: (row[1], row[2]) for row in rows} if ids else {}

    def met(self) -> list[tuple[str, bytes]]:
        """(URL, log id) of every known peer: added by hand or ever authenticated; either may be empty."""
        named = [(row[0], row[1] or b"") for row in self._db.execute("SELECT url, log_id FROM peer ORDER BY url")]
        known = {log_id for _, log_id in named}
        cursors = self._db.execute("SELECT log_id FROM cursor ORDER BY log_id")
        return named + [("", row[0]) for row in cursors if row[0] not in known]

    def fork(self, tree: int) -> Fork | None:
        """What is known of a fork of a log, or None."""
        row = self._db.execute("SELECT tree, arrival, proof, healed FROM fork WHERE tree = ?", (tree,)).fetchone()
        return Fork._make(row) if row else None

    def forks_since(self, arrival: int) -> list[Fork]:
        """The forks that became known after an arrival number, in that order."""
        sql = "SELECT tree, arrival, proof, healed FROM fork WHERE arrival > ? ORDER BY arrival"
        return [Fork._make(row) for row in self._db.execute(sql, (arrival,))]

    def unproved(self, tree: int) -> list[bytes]:
        """Checkpoints that were seen and are to be compared when their sizes are reached, the smallest first."""
        sql = "SELECT note FROM unproved WHERE tree = ? ORDER BY size"
        return [row[0] for row in self._db.execute(sql, (tree,))]

    def seen(self, tree: int) -> int:
        """When the newest checkpoint of a log was last seen or confirmed (UTC seconds, to the hour); 0: not known."""
        return int(self._db.execute("SELECT seen FROM tree WHERE tree = ?", (tree,)).fetchone()[0])

    def peers(self) -> list[str]:
        """URLs of the peers that were added by hand."""
        return [row[0] for row in self._db.execute("SELECT url FROM peer ORDER BY added, url")]

    def cursor(self, log_id: bytes) -> tuple[bytes, int]:
        """(store, upto) of the changes of a peer that are stored here; (b"", 0) at first contact."""
        row = self._db.execute("SELECT store, upto FROM cursor WHERE log_id = ?", (log_id,)).fetchone()
        return (row[0], row[1]) if row else (b"", 0)
