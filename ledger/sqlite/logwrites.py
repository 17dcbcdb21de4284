# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing the log tables, inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.logs import LogReads
from ledger.sqlite.rows import insert, run_in
from ledger.values import Queued, Stored, Tree
from protocol.identity import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class LogWrites(LogReads):
    """Writing the log tables, inside a transaction."""

    @property
    def rows_changed(self) -> int:
        """How many rows this connection has changed since it was opened."""
        return self._db.total_changes

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
