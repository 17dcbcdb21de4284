# SPDX-License-Identifier: AGPL-3.0-or-later
"""The journal of changes: which public records are another than before, or no longer shown, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.rows import insert

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

_NEWEST = "SELECT coalesce(max(number), 0) FROM change"


def mark_changed(connection: sqlite3.Connection, records: Sequence[tuple[int, bytes]]) -> None:
    """These (tree, id) have changed now."""
    number = connection.execute(_NEWEST).fetchone()[0]
    rows = [(*record, number + place) for place, record in enumerate(dict.fromkeys(records), 1)]
    insert(connection, "INSERT OR REPLACE INTO change (tree, id, number)", rows)


def mark_all_changed(connection: sqlite3.Connection, tree: int | None = None) -> None:
    """All public records have changed now: those of one log, or of all."""
    where = "" if tree is None else "AND tree = ?"
    # The order keeps what is read apart from what is written: every row is found before the first is replaced.
    connection.execute(
        f"INSERT OR REPLACE INTO change SELECT tree, id, ({_NEWEST}) + row_number() OVER (ORDER BY rid) FROM record"
        f" WHERE scope = 0 {where} ORDER BY rid",
        () if tree is None else (tree,),
    )


class ChangeReads:
    """Reading the journal over one connection."""

    _db: sqlite3.Connection

    def changes(self, after: int, limit: int) -> list[tuple[int, int, bytes]]:
        """(number, tree, id of a record) of the changes after a number, in order."""
        sql = "SELECT number, tree, id FROM change WHERE number > ? ORDER BY number LIMIT ?"
        return self._db.execute(sql, (after, limit)).fetchall()

    def newest_change(self) -> int:
        """The number of the last change; 0 before the first."""
        return int(self._db.execute(_NEWEST).fetchone()[0])


class ChangeWrites(ChangeReads):
    """Writing it, inside a transaction."""

    def set_denied_records(self, denied: Collection[tuple[bytes, bytes]]) -> None:
        """These (log id, record id) are denied and no others: what differs from before has changed for readers."""
        before = set(self._db.execute("SELECT log_id, id FROM denied_record").fetchall())
        differing = sorted(before ^ set(denied))
        if not differing:
            return
        self._db.execute("DELETE FROM denied_record")
        insert(self._db, "INSERT INTO denied_record (log_id, id)", sorted(denied))
        sql = "SELECT tree, id FROM record JOIN tree USING (tree) WHERE log_id = ? AND id = ? AND scope = 0"
        mark_changed(self._db, [row for one in differing for row in self._db.execute(sql, one).fetchall()])
