# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links given out to somebody who checks a record: what is read and written of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.rows import insert
from ledger.values import CheckRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_COLUMNS = ", ".join(CheckRow._fields)
_CHECK = f"SELECT {_COLUMNS} FROM check_link"


class CheckReads:
    """Reading the links over one connection."""

    _db: sqlite3.Connection

    def check_link(self, code: str) -> CheckRow | None:
        """The link with a code."""
        row = self._db.execute(f"{_CHECK} WHERE code = ?", (code,)).fetchone()
        return CheckRow._make(row) if row else None

    def check_batch(self, batch: bytes) -> list[CheckRow]:
        """The links that were given out together."""
        return [CheckRow._make(row) for row in self._db.execute(f"{_CHECK} WHERE batch = ? ORDER BY code", (batch,))]

    def check_batches(self, limit: int) -> list[tuple[bytes, str, int, int, int, int, int]]:
        """(batch, given to, made at, until, links, of them answered, of them revoked), latest first."""
        sql = (
            "SELECT batch, max(given_to), max(made_at), max(until), count(*), sum(answers > 0), sum(revoked)"
            " FROM check_link GROUP BY batch ORDER BY max(made_at) DESC, batch LIMIT ?"
        )
        return self._db.execute(sql, (limit,)).fetchall()

    def check_answers(self, limit: int) -> tuple[int, list[CheckRow]]:
        """How many answers say that something has changed or closed, and wait for a steward; the first of them."""
        where = "WHERE handled = 0 AND finding IN ('changed', 'closed')"
        (count,) = self._db.execute(f"SELECT count(*) FROM check_link {where}").fetchone()
        rows = self._db.execute(f"{_CHECK} {where} ORDER BY position, code LIMIT ?", (limit,))
        return count, [CheckRow._make(row) for row in rows]


class CheckWrites(CheckReads):
    """Writing them, inside a transaction."""

    def add_check_links(self, rows: Sequence[CheckRow]) -> None:
        """Keeps new links."""
        insert(self._db, f"INSERT INTO check_link ({_COLUMNS})", rows)

    def count_check_answer(self, code: str, more: int) -> None:
        """Counts an answer through a link, or one less."""
        self._db.execute("UPDATE check_link SET answers = answers + ? WHERE code = ?", (more, code))

    def answer_check_link(self, code: str, finding: str, note: str, position: int) -> None:
        """Keeps the last answer through a link, which was counted before."""
        answered = "finding = ?, note = ?, position = ?, handled = 0"
        sql = f"UPDATE check_link SET {answered} WHERE code = ?"
        self._db.execute(sql, (finding, note, position, code))

    def revoke_check_links(self, codes: Iterable[str]) -> None:
        """Nobody is heard through these any more."""
        self._db.executemany("UPDATE check_link SET revoked = 1 WHERE code = ?", [(code,) for code in codes])

    def handle_check_links(self, record_id: bytes) -> None:
        """What was answered about a record waits no more."""
        self._db.execute("UPDATE check_link SET handled = 1 WHERE id = ?", (record_id,))
