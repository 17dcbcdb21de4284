# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log tables: what is read from them and written to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.rows import insert, run_in, select_in
from ledger.values import Fork, Queued, Stored, Tree
from protocol.identity import Origin

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from protocol.merkle import Node


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
        """The entries begin..end without their payloads, in order."""
        sql = "SELECT entry FROM entry WHERE tree = ? AND position >= ? AND position < ? ORDER BY position"
        return (row[0] for row in self._db.execute(sql, (tree, begin, end)))

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


class LogWrites(LogReads):
    """Writing the log tables, inside a transaction."""

    def set_fact(self, name: str, value: bytes) -> None:
        """Sets a fact of this store."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def add_tree(self, origin: Origin) -> Tree:
        """A new, empty log."""
        self._db.execute("INSERT INTO tree (log_id, epoch) VALUES (?, ?)", origin)
        tree = self.tree(origin)
        assert tree is not None
        return tree

    def add_entries(self, tree: int, rows: Iterable[Stored]) -> None:
        """Entries at the end of a log; the caller sets the size."""
        added = [(tree, *row) for row in rows]
        insert(self._db, "INSERT INTO entry (tree, position, entry, payload)", added)
        self._count_bytes(tree, sum(len(entry) + len(payload or b"") for _, _, entry, payload in added))

    def _count_bytes(self, tree: int, grown: int) -> None:
        self._db.execute("UPDATE tree SET bytes = bytes + ? WHERE tree = ?", (grown, tree))

    def add_subtrees(self, tree: int, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Roots of subtrees (level, number, hash) that have become full."""
        insert(self._db, "INSERT INTO subtree (tree, level, number, hash)", [(tree, *row) for row in rows])

    def add_accepted(self, tree: int, rows: Iterable[tuple[bytes, int, bytes]]) -> None:
        """Idempotency keys: (statement id, position, digest)."""
        insert(self._db, "INSERT INTO accepted (tree, id, position, digest)", [(tree, *row) for row in rows])

    def add_lacking(self, tree: int, rows: Iterable[tuple[int, str]]) -> None:
        """Positions whose payload is not kept, and why."""
        insert(self._db, "INSERT OR REPLACE INTO lacking (tree, position, reason)", [(tree, *row) for row in rows])

    def drop_payload(self, tree: int, position: int, erased_by: int | None) -> None:
        """Erases a payload, at the word of the statement at `erased_by`, the first one counting; the entry stays.

        What `accepted` kept of its content is blanked too: it has no salt, so one could find by trial what was said.
        """
        self._count_bytes(tree, -self._payload_bytes(tree, position))
        self._db.execute("UPDATE entry SET payload = NULL WHERE tree = ? AND position = ?", (tree, position))
        self._db.execute("UPDATE accepted SET digest = x'' WHERE tree = ? AND position = ?", (tree, position))
        self._db.execute(
            "INSERT INTO lacking (tree, position, reason, erased_by) VALUES (?, ?, 'erased', ?) ON CONFLICT DO "
            "UPDATE SET "
            "reason = 'erased', erased_by = coalesce(erased_by, excluded.erased_by)",
            (tree, position, erased_by),
        )

    def set_told(self, tree: int, positions: Sequence[int]) -> None:
        """Receipts for these erased payloads are in the own log."""
        run_in(self._db, "UPDATE lacking SET told = 1 WHERE tree = ? AND position IN", (tree,), positions)

    def set_holder(self, log_id: bytes, size: int, most: int) -> None:
        """A node holds that much of the own log; those beyond `most` are not kept in mind."""
        self._db.execute(
            "INSERT INTO holder SELECT ?, ? WHERE (SELECT count(*) FROM holder) < ? "
            "OR EXISTS (SELECT 1 FROM holder WHERE log_id = ?) "
            "ON CONFLICT DO UPDATE SET size = max(size, excluded.size)",
            (log_id, size, most, log_id),
        )

    def cut_back(self, tree: int, size: int) -> None:
        """Takes away the entries from a position on, and what is known of them.

        In place of how far it was derived, -1 says that it has to be derived anew: something may have been prepared.
        """
        for table in ("entry", "lacking", "accepted"):
            self._db.execute(f"DELETE FROM {table} WHERE tree = ? AND position >= ?", (tree, size))
        self._db.execute("DELETE FROM subtree WHERE tree = ? AND ((number + 1) << level) > ?", (tree, size))
        self._db.execute("UPDATE tree SET size = ?, derived = -1 WHERE tree = ?", (size, tree))

    def copy_entries(self, source: int, target: int, begin: int, end: int) -> None:
        """Takes the entries begin..end of one tree into another at the same positions, with what is known of them."""
        for table, columns in (
            ("entry", "position, entry, payload"),
            ("lacking", "position, reason, erased_by"),
            ("accepted", "id, position, digest"),
        ):
            self._db.execute(
                f"INSERT INTO {table} (tree, {columns}) SELECT ?, {columns} FROM {table} "
                "WHERE tree = ? AND position >= ? AND position < ?",
                (target, source, begin, end),
            )

    def add_payload(self, tree: int, position: int, payload: bytes) -> None:
        """Stores a payload that did not come with its entry."""
        self._count_bytes(tree, len(payload) - self._payload_bytes(tree, position))
        self._db.execute("UPDATE entry SET payload = ? WHERE tree = ? AND position = ?", (payload, tree, position))
        self._db.execute("DELETE FROM lacking WHERE tree = ? AND position = ?", (tree, position))

    def _payload_bytes(self, tree: int, position: int) -> int:
        sql = "SELECT length(payload) FROM entry WHERE tree = ? AND position = ?"
        row = self._db.execute(sql, (tree, position)).fetchone()
        return row[0] or 0 if row else 0

    def set_size(self, tree: int, size: int) -> None:
        """How many entries are held."""
        self._db.execute("UPDATE tree SET size = ? WHERE tree = ?", (size, tree))

    def set_derived(self, tree: int, derived: int) -> None:
        """How many entries are folded into the derived tables."""
        self._db.execute("UPDATE tree SET derived = ? WHERE tree = ?", (derived, tree))

    def set_head(self, tree: int, note: bytes, size: int) -> None:
        """The newest verified checkpoint, perhaps ahead of what is held."""
        self._db.execute("UPDATE tree SET head = ?, head_size = ? WHERE tree = ?", (note, size, tree))

    def set_checkpoint(self, tree: int, note: bytes, size: int) -> None:
        """The newest checkpoint up to which everything is held; gives it the next arrival number."""
        self._db.execute(
            "UPDATE tree SET checkpoint = ?, checkpoint_size = ?, arrival = (SELECT max(arrival) + 1 FROM tree) "
            "WHERE tree = ?",
            (note, size, tree),
        )

    def set_fork(self, tree: int, proof: bytes) -> None:
        """A log has forked: this proves it. A proof that was there before stays."""
        self._db.execute(
            "INSERT INTO fork (tree, arrival, proof) VALUES (?, (SELECT coalesce(max(arrival), 0) + 1 FROM fork), ?) "
            "ON CONFLICT DO UPDATE SET proof = excluded.proof, arrival = excluded.arrival WHERE proof = x''",
            (tree, proof),
        )

    def set_healed(self, tree: int, digest: bytes) -> None:
        """The opening of the next epoch names this fork proof of a log."""
        self._db.execute(
            "INSERT INTO fork VALUES (?, (SELECT coalesce(max(arrival), 0) + 1 FROM fork), x'', ?) "
            "ON CONFLICT DO UPDATE SET healed = excluded.healed",
            (tree, digest),
        )

    def drop_fork(self, tree: int) -> None:
        """A log counts as forked no more."""
        self._db.execute("DELETE FROM fork WHERE tree = ?", (tree,))

    def add_unproved(self, tree: int, note: bytes, size: int) -> None:
        """A checkpoint to be compared when its size is reached, unless there is one of that size already."""
        self._db.execute("INSERT OR IGNORE INTO unproved VALUES (?, ?, ?)", (tree, size, note))

    def drop_unproved(self, tree: int, size: int) -> None:
        """The checkpoints up to this size have been compared."""
        self._db.execute("DELETE FROM unproved WHERE tree = ? AND size <= ?", (tree, size))

    def set_seen(self, rows: Iterable[tuple[Origin, int]], now: int, since: int) -> None:
        """Checkpoints (origin, size) that others told of now; those that are as new as the newest known confirm it.

        What was confirmed after `since` is left as it is.
        """
        sql = "UPDATE tree SET seen = ? WHERE log_id = ? AND epoch = ? AND head_size <= ? AND seen < ?"
        self._db.executemany(sql, [(now, *origin, size, since) for origin, size in rows])

    def set_charters(self, tree: int, payloads: Sequence[bytes]) -> None:
        """The payloads of a log's charters, in order."""
        rows = [(tree, kseq, payload) for kseq, payload in enumerate(payloads)]
        insert(self._db, "INSERT OR REPLACE INTO charter (tree, kseq, payload)", rows)

    def set_cursor(self, log_id: bytes, store: bytes, upto: int) -> None:
        """How far the changes of a peer are stored here."""
        self._db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", (log_id, store, upto))

    def cut(self, tree: int, begin: int) -> None:
        """Takes off the entries from a position on, with all that hangs on them but the derived tables."""
        for table in ("entry", "accepted", "lacking"):
            self._db.execute(f"DELETE FROM {table} WHERE tree = ? AND position >= ?", (tree, begin))
        self._db.execute("DELETE FROM subtree WHERE tree = ? AND ((number + 1) << level) > ?", (tree, begin))
        self._db.execute("UPDATE lacking SET erased_by = NULL WHERE tree = ? AND erased_by >= ?", (tree, begin))
        self.set_size(tree, begin)

    def enqueue(self, tree: int, rows: Sequence[Queued]) -> None:
        """Appends to what waits for a place in the log."""
        first = self._db.execute("SELECT coalesce(max(number) + 1, 0) FROM queue WHERE tree = ?", (tree,)).fetchone()[0]
        into = "INSERT INTO queue (tree, number, position, id, digest, scope, commitment, payload)"
        insert(self._db, into, [(tree, number, *row) for number, row in enumerate(rows, first)])

    def clear_queue(self, tree: int) -> None:
        """Nothing waits any more."""
        self._db.execute("DELETE FROM queue WHERE tree = ?", (tree,))

    def fill_payload(self, tree: int, position: int, payload: bytes) -> None:
        """Puts a payload that is here to an entry that came without it, unless it was erased since."""
        self._db.execute(
            "UPDATE entry SET payload = ?1 WHERE tree = ?2 AND position = ?3 AND payload IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM lacking WHERE tree = ?2 AND position = ?3 AND reason = 'erased')",
            (payload, tree, position),
        )
        self._db.execute(
            "DELETE FROM lacking WHERE tree = ? AND position = ? AND reason = 'withheld'", (tree, position)
        )

    def adopt_erased(self, tree: int, position: int, erased_by: int) -> None:
        """Names the statement that had a payload erased, where it has moved since."""
        sql = "UPDATE lacking SET erased_by = ? WHERE tree = ? AND position = ? AND reason = 'erased'"
        self._db.execute(f"{sql} AND erased_by IS NULL", (erased_by, tree, position))

    def forget_fact(self, name: str) -> None:
        """Takes back a fact of this store."""
        self._db.execute("DELETE FROM fact WHERE name = ?", (name,))

    def meet(self, url: str, log_id: bytes) -> None:
        """A peer that was added by hand has proved whose it is."""
        self._db.execute("UPDATE peer SET log_id = ? WHERE url = ?", (log_id, url))

    def add_peer(self, url: str, at: int) -> None:
        """A peer added by hand."""
        self._db.execute("INSERT OR IGNORE INTO peer (url, added) VALUES (?, ?)", (url, at))

    def remove_peer(self, url: str) -> bool:
        """Whether there was such a peer; it is gone now, and nobody remembers that it ever authenticated."""
        cursor = "DELETE FROM cursor WHERE log_id = (SELECT log_id FROM peer WHERE url = ?)"
        self._db.execute(cursor, (url,))
        return self._db.execute("DELETE FROM peer WHERE url = ?", (url,)).rowcount > 0

    def forget_peer(self, log_id: bytes) -> bool:
        """Whether the node of this log was known as a peer, by hand or by itself; it is not any more."""
        named = self._db.execute("DELETE FROM peer WHERE log_id = ?", (log_id,)).rowcount
        met = self._db.execute("DELETE FROM cursor WHERE log_id = ?", (log_id,)).rowcount
        return named + met > 0
