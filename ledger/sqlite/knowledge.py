# SPDX-License-Identifier: AGPL-3.0-or-later
"""What logs say of a territory: what is read and written of it (spec 22 §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.rows import insert
from ledger.values import KnowledgeRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

KNOWLEDGE_TABLES = ("knowledge",)
STATEMENTS_MAX = 5_000
"""So many statements of one sort by one log are looked at, the latest: one log cannot make the pages slow."""

_COLUMNS = ", ".join(KnowledgeRow._fields)


class KnowledgeReads:
    """Reading the statements about a territory over one connection."""

    _db: sqlite3.Connection

    def known(self, sort: str) -> list[KnowledgeRow]:
        """Statements of a sort in all logs that are shown, in the order of each log; not only those in force."""
        sql = (
            f"SELECT {_COLUMNS} FROM (SELECT knowledge.*, row_number() OVER (PARTITION BY knowledge.tree ORDER BY"
            " position DESC) AS number FROM knowledge JOIN tree USING (tree) WHERE sort = ? AND NOT tree.hidden)"
            " WHERE number <= ? ORDER BY tree, position"
        )
        return _rows(self._db.execute(sql, (sort, STATEMENTS_MAX)))

    def known_about(self, sort: str, log_id: bytes, thing: bytes) -> list[KnowledgeRow]:
        """Statements of a sort about one thing in all logs that are shown, in the order of each log."""
        sql = (
            f"SELECT {_COLUMNS} FROM (SELECT knowledge.*, row_number() OVER (PARTITION BY knowledge.tree ORDER BY"
            " position DESC) AS number FROM knowledge JOIN tree USING (tree) WHERE about_log = ? AND about_id = ?"
            " AND sort = ? AND NOT tree.hidden) WHERE number <= ? ORDER BY tree, position"
        )
        return _rows(self._db.execute(sql, (log_id, thing, sort, STATEMENTS_MAX)))

    def known_under(self, tree: int, sort: str, key: bytes) -> list[KnowledgeRow]:
        """What one log says under a key, in order: the history of what is in force."""
        sql = f"SELECT {_COLUMNS} FROM knowledge WHERE sort = ? AND tree = ? AND key = ? ORDER BY position"
        return _rows(self._db.execute(sql, (sort, tree, key)))


class KnowledgeWrites(KnowledgeReads):
    """Writing them, inside a transaction."""

    def add_knowledge(self, row: KnowledgeRow) -> None:
        """A statement that was applied."""
        insert(self._db, f"INSERT OR REPLACE INTO knowledge ({_COLUMNS})", [row])


def _rows(found: Iterable[tuple[object, ...]]) -> list[KnowledgeRow]:
    return [KnowledgeRow._make(row) for row in found]
