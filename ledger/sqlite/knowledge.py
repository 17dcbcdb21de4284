# SPDX-License-Identifier: AGPL-3.0-or-later
"""What logs say of a territory: what is read and written of it (spec 22 §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.rows import insert
from ledger.values import KnowledgeRow

if TYPE_CHECKING:
    import sqlite3

KNOWLEDGE_TABLES = ("knowledge",)
STATEMENTS_MAX, BYTES_MAX = 5_000, 4 * 2**20
"""So many statements of one sort by one log are looked at, and so many bytes of them, the latest: one log cannot make
the pages slow, or the node large."""

_COLUMNS = ", ".join(KnowledgeRow._fields)


class KnowledgeReads:
    """Reading the statements about a territory over one connection."""

    _db: sqlite3.Connection

    def known(self, sort: str) -> list[KnowledgeRow]:
        """Statements of a sort in all logs that are shown, in the order of each log; not only those in force."""
        return self._latest("sort = ?", (sort,))

    def known_about(self, sort: str, log_id: bytes, thing: bytes) -> list[KnowledgeRow]:
        """Statements of a sort about one thing in all logs that are shown, in the order of each log."""
        return self._latest("about_log = ? AND about_id = ? AND sort = ?", (log_id, thing, sort))

    def known_under(self, tree: int, sort: str, key: bytes) -> list[KnowledgeRow]:
        """What one log that is shown says under a key, in order: the history of what is in force."""
        return self._latest("sort = ? AND knowledge.tree = ? AND key = ?", (sort, tree, key))

    def first_known(self, tree: int, sort: str, key: bytes) -> int:
        """Where a log first says something under a key."""
        sql = "SELECT min(position) FROM knowledge WHERE sort = ? AND tree = ? AND key = ?"
        return int(self._db.execute(sql, (sort, tree, key)).fetchone()[0])

    def _latest(self, where: str, values: tuple[object, ...]) -> list[KnowledgeRow]:
        """Of each log the latest; how long they are is looked up without reading them."""
        latest = "OVER (PARTITION BY knowledge.tree ORDER BY position DESC ROWS UNBOUNDED PRECEDING)"
        sql = (
            f"SELECT {_COLUMNS} FROM knowledge JOIN (SELECT knowledge.tree AS of, position AS place,"
            f" row_number() {latest} AS number, sum(length(body)) {latest} AS bytes"
            f" FROM knowledge JOIN tree USING (tree) WHERE {where} AND NOT tree.hidden)"
            " ON tree = of AND position = place WHERE number <= ? AND bytes <= ? ORDER BY tree, position"
        )
        rows = self._db.execute(sql, (*values, STATEMENTS_MAX, BYTES_MAX))
        return [KnowledgeRow._make(row) for row in rows]


class KnowledgeWrites(KnowledgeReads):
    """Writing them, inside a transaction."""

    def add_knowledge(self, row: KnowledgeRow) -> None:
        """A statement that was applied."""
        insert(self._db, f"INSERT OR REPLACE INTO knowledge ({_COLUMNS})", [row])
