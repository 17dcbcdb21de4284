# SPDX-License-Identifier: AGPL-3.0-or-later
"""The derived tables of the directory: what is read from them and written to them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.sqlite.cells import RECIPROCITY_TABLES
from ledger.sqlite.changes import mark_all_changed, mark_changed
from ledger.sqlite.knowledge import KNOWLEDGE_TABLES
from ledger.sqlite.rows import insert, run_in, select_in
from ledger.values import HistoryRow, ImportRow, PairRow, RecordIndex, RecordRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    import numpy as np

    from protocol.identity import Origin

TABLES = (
    "verdict",
    "charter_in_force",
    "role",
    "history",
    "record",
    "record_category",
    "record_text",
    "relation",
    "claim",
    "pair",
    "import",
    "circle",
    "vouch",
    "denial",
    "label",
    "decision",
    "receipt",
    *KNOWLEDGE_TABLES,
    *RECIPROCITY_TABLES,
)
"""The derived tables; `rebuild` empties and fills them again."""


_row_ids_decoder = msgspec.json.Decoder(list[int])
_RECORD = f"SELECT {', '.join(RecordRow._fields)} FROM record"
_PAIR = f"SELECT {', '.join(PairRow._fields)} FROM pair"
_IMPORT = "SELECT tree, id, start, done, undone, source, file FROM import"
_SEEN = "max(coalesce(checked_at, 0), said_at)"
_UNCHECKED = f"tree = ? AND scope = 0 AND status <> 'closed' AND {_SEEN} < ?"


class RecordReads:
    """Reading the derived tables over one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def records_by_id(self, tree: int, ids: Sequence[bytes], *, private: bool = False) -> dict[bytes, RecordRow]:
        """Of these ids of one log the records that exist: in public, or in entries of another scope."""
        sql = f"{_RECORD} WHERE tree = ? AND (scope > 0) = ? AND id IN"
        rows = select_in(self._db, sql, (tree, private), ids) if ids else iter(())
        return {row[2]: RecordRow._make(row) for row in rows}

    def records(self, rids: Sequence[int]) -> dict[int, RecordRow]:
        """Records by row id."""
        rows = select_in(self._db, f"{_RECORD} WHERE rid IN", (), rids) if rids else iter(())
        return {row[0]: RecordRow._make(row) for row in rows}

    def records_with_id(self, prefix: bytes) -> list[RecordRow]:
        """Records of any log and scope whose id begins with these bytes."""
        sql = f"{_RECORD} WHERE substr(id, 1, ?) = ? ORDER BY rid LIMIT 20"
        return [RecordRow._make(row) for row in self._db.execute(sql, (len(prefix), prefix))]

    def records_from(self, tree: int, source: str) -> list[RecordRow]:
        """The public records of one log that came from one data set."""
        sql = f"{_RECORD} WHERE tree = ? AND source = ? AND scope = 0 ORDER BY rid"
        return [RecordRow._make(row) for row in self._db.execute(sql, (tree, source))]

    def record_ids(self, tree: int) -> list[int]:
        """Row ids of the records of one log, whatever their scope."""
        sql = "SELECT json_group_array(rid) FROM record WHERE rid >= ? AND rid < ?"
        return self._row_ids(sql, (tree << 32, (tree + 1) << 32))

    def record_count(self) -> int:
        """How many public records there are, closed ones included."""
        return int(self._db.execute("SELECT count(*) FROM record WHERE scope = 0").fetchone()[0])

    def all_records(self, after: int, limit: int) -> list[RecordRow]:
        """Records of every scope in order of row id, from one on."""
        sql = f"{_RECORD} WHERE rid > ? ORDER BY rid LIMIT ?"
        return [RecordRow._make(row) for row in self._db.execute(sql, (after, limit))]

    def directed_records(self) -> list[int]:
        """Row ids of the public offers and needs, whatever became of them."""
        sql = "SELECT rid FROM record WHERE direction != '' AND scope = 0 ORDER BY rid"
        return [rid for (rid,) in self._db.execute(sql)]

    def categories_between(self, first: int, last: int) -> list[tuple[int, str]]:
        """(row id, category) for the records first..last, in order."""
        sql = "SELECT rid, category FROM record_category WHERE rid >= ? AND rid <= ? ORDER BY rid, category"
        return self._db.execute(sql, (first, last)).fetchall()

    def categories_of(self, rids: Sequence[int]) -> list[tuple[int, str]]:
        """(row id, category) for these records."""
        return list(select_in(self._db, "SELECT rid, category FROM record_category WHERE rid IN", (), rids))

    def matching(self, expression: str) -> np.ndarray:
        """Row ids (int64) whose text matches an FTS5 expression, which the caller has quoted.

        They can be hundreds of thousands, so no Python number is made of any.
        """
        import numpy as np  # noqa: PLC0415 - a tenth of a second, which commands that do not search need not spend

        sql = "SELECT group_concat(rowid) FROM record_text WHERE record_text MATCH ?"
        (found,) = self._db.execute(sql, (expression,)).fetchone()
        return np.fromstring(found, "int64", sep=",") if found else np.zeros(0, "int64")

    def _row_ids(self, sql: str, parameters: Sequence[object]) -> list[int]:
        """Many row ids as one value: a step for each of them would take several times as long."""
        return _row_ids_decoder.decode(self._db.execute(sql, parameters).fetchone()[0])

    def history(self, tree: int, record_id: bytes, *, private: bool = False) -> list[HistoryRow]:
        """The statements that made a record what it is, in public or beside that, latest first."""
        sql = "SELECT latest FROM record WHERE tree = ? AND id = ? AND (scope > 0) = ?"
        row = self._db.execute(sql, (tree, record_id, private)).fetchone()
        position = row[0] if row else None
        found = []
        while position is not None:
            sql = "SELECT tree, position, id, previous, import FROM history WHERE tree = ? AND position = ?"
            found.append(HistoryRow._make(self._db.execute(sql, (tree, position)).fetchone()))
            position = found[-1].previous
        return found

    def history_at(self, tree: int, position: int) -> HistoryRow | None:
        """What a statement did to a record, if it did anything."""
        sql = "SELECT tree, position, id, previous, import FROM history WHERE tree = ? AND position = ?"
        row = self._db.execute(sql, (tree, position)).fetchone()
        return HistoryRow._make(row) if row else None

    def history_of_import(self, tree: int, import_id: bytes) -> list[HistoryRow]:
        """What an import changed, in order."""
        sql = "SELECT tree, position, id, previous, import FROM history WHERE tree = ? AND import = ? ORDER BY position"
        return [HistoryRow._make(row) for row in self._db.execute(sql, (tree, import_id))]

    def unchecked(self, tree: int, since: int, limit: int) -> tuple[int, list[int]]:
        """How many public records of a log nobody has put or checked since then, and the first: longest ago first."""
        return self._some(_UNCHECKED, f"{_SEEN}, rid", (tree, since), limit)

    def unchecked_records(self, tree: int, since: int) -> list[RecordRow]:
        """The open public records of a log that nobody has put or checked since then, longest ago first."""
        sql = f"{_RECORD} WHERE {_UNCHECKED} ORDER BY {_SEEN}, rid"
        return [RecordRow._make(row) for row in self._db.execute(sql, (tree, since))]

    def unplaced(self, tree: int, limit: int) -> tuple[int, list[int]]:
        """How many public places and organisations of a log stand nowhere on a map, and the first of them."""
        kinds = "kind IN ('place', 'organisation')"
        return self._some(
            f"tree = ? AND scope = 0 AND status <> 'closed' AND lat IS NULL AND {kinds}", "rid", (tree,), limit
        )

    def _some(self, where: str, order: str, parameters: tuple[object, ...], limit: int) -> tuple[int, list[int]]:
        (count,) = self._db.execute(f"SELECT count(*) FROM record WHERE {where}", parameters).fetchone()
        sql = f"SELECT rid FROM record WHERE {where} ORDER BY {order} LIMIT ?"
        return count, [row[0] for row in self._db.execute(sql, (*parameters, limit))]

    def imports(self, tree: int) -> list[ImportRow]:
        """The imports into one log, in order."""
        return [ImportRow._make(row) for row in self._db.execute(f"{_IMPORT} WHERE tree = ? ORDER BY start", (tree,))]

    def import_row(self, tree: int, import_id: bytes) -> ImportRow | None:
        """One import, or None."""
        row = self._db.execute(f"{_IMPORT} WHERE tree = ? AND id = ?", (tree, import_id)).fetchone()
        return ImportRow._make(row) if row else None

    def pairs(self) -> list[PairRow]:
        """All that was said of two records, log by log in order of position."""
        return [PairRow._make(row) for row in self._db.execute(f"{_PAIR} ORDER BY tree, position")]

    def pairs_about(self, log_id: bytes, record_id: bytes) -> list[PairRow]:
        """What was said of a record and another one."""
        found: list[PairRow] = []
        for columns in ("log_id = ? AND id = ?", "other_log = ? AND other_id = ?"):
            rows = self._db.execute(f"{_PAIR} WHERE {columns}", (log_id, record_id))
            found += map(PairRow._make, rows)
        return sorted(set(found))

    def claims_about(self, log_id: bytes, record_id: bytes, limit: int) -> list[tuple[int, int, str]]:
        """(tree, position, kind) of what was said of a record in any log, the newest of each log first."""
        sql = "SELECT tree, position, kind FROM claim WHERE log_id = ? AND id = ? ORDER BY position DESC LIMIT ?"
        return self._db.execute(sql, (log_id, record_id, limit)).fetchall()

    def relations_to(self, log_id: bytes, record_id: bytes, limit: int) -> list[tuple[int, str]]:
        """(row id, predicate) of the relations that records of any log state to a record."""
        sql = "SELECT rid, predicate FROM relation WHERE log_id = ? AND id = ? ORDER BY rid, number LIMIT ?"
        return self._db.execute(sql, (log_id, record_id, limit)).fetchall()

    def stewards(self, tree: int) -> dict[bytes, str]:
        """Keys that write in the organisation's name whatever there is to write, and their names."""
        return {key: name for key, role, name, _ in self.appointed(tree) if role == "steward"}

    def helpers(self, tree: int) -> dict[bytes, str]:
        """Keys that write some of it, and their roles."""
        return {key: role for key, role, _, _ in self.appointed(tree) if role not in {"steward", "none"}}

    def appointed(self, tree: int) -> list[tuple[bytes, str, str, int]]:
        """(key, role, name, position of the statement) of everybody who was given a role, by its last statement."""
        sql = "SELECT key, role, name, position FROM role WHERE tree = ? ORDER BY position"
        latest = {row[0]: (row[0], row[1], row[2], row[3]) for row in self._db.execute(sql, (tree,))}
        return sorted(latest.values(), key=lambda row: row[3])

    def called(self, tree: int) -> dict[bytes, str]:
        """The last names of all who have a role or had one: what they decided then stays theirs."""
        sql = "SELECT key, name FROM role WHERE tree = ? ORDER BY position"
        names: dict[bytes, str] = {}
        for key, name in self._db.execute(sql, (tree,)):
            names[key] = name or names.get(key, "")
        return names

    def charters_in_force(self, tree: int) -> list[tuple[int, bytes]]:
        """(position, payload) of the charters among the entries folded so far, in order."""
        sql = (
            "SELECT position, payload FROM charter_in_force JOIN entry USING (tree, position) WHERE tree = ? "
            "ORDER BY position"
        )
        return self._db.execute(sql, (tree,)).fetchall()

    def verdicts(self, tree: int, begin: int, end: int) -> dict[int, str]:
        """Verdicts other than `applied`."""
        sql = "SELECT position, verdict FROM verdict WHERE tree = ? AND position >= ? AND position < ?"
        return dict(self._db.execute(sql, (tree, begin, end)).fetchall())

    def withheld(self, tree: int, limit: int) -> list[int]:
        """Positions of entries whose payload did not come and was not erased, the first ones."""
        sql = "SELECT position FROM verdict WHERE tree = ? AND verdict = 'withheld' ORDER BY position LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (tree, limit))]

    def circle(self, tree: int) -> set[bytes]:
        """The logs in a log's circle, itself included."""
        latest = dict(
            self._db.execute("SELECT log_id, member FROM circle WHERE tree = ? ORDER BY position", (tree,)).fetchall()
        )
        own = self._db.execute("SELECT log_id FROM tree WHERE tree = ?", (tree,)).fetchone()
        return {own[0]} | {log_id for log_id, member in latest.items() if member}

    def circle_since(self, tree: int) -> dict[bytes, int]:
        """The other logs in a log's circle, and the positions of the statements that say so, in order."""
        sql = "SELECT log_id, max(position), member FROM circle WHERE tree = ? GROUP BY log_id ORDER BY 2"
        return {log_id: position for log_id, position, member in self._db.execute(sql, (tree,)) if member}

    def receipts_about(self, about: Origin, position: int | None, limit: int) -> list[tuple[int, int]]:
        """(tree, position) of receipts about a log, or of those that may name one position; at most `limit` by each."""
        sql = (
            "SELECT tree, position FROM (SELECT tree, position, row_number() OVER (PARTITION BY tree ORDER BY position)"
            " AS number FROM receipt WHERE log_id = ? AND epoch = ? AND first <= ? AND last >= ?) WHERE number <= ?"
        )
        first, last = (2**62, 0) if position is None else (position, position)
        return self._db.execute(sql, (*about, first, last, limit)).fetchall()

    def receipts_by(self, tree: int, limit: int) -> list[tuple[int, bytes]]:
        """(position, log of which it is said) of the receipts in a log, latest first."""
        sql = "SELECT position, log_id FROM receipt WHERE tree = ? ORDER BY position DESC LIMIT ?"
        return self._db.execute(sql, (tree, limit)).fetchall()

    def derived_digest(self) -> bytes:
        """A hash over the content of all derived tables: equal content, equal digest."""
        digest = sha256()
        for table in TABLES:
            digest.update(table.encode())
            order = "rowid" if table in {"record", "record_text"} else ",".join(self._key(table))
            for row in self._db.execute(
                f"SELECT {'rowid, *' if table == 'record_text' else '*'} FROM {table} ORDER BY {order}"
            ):
                digest.update(repr(row).encode())
        return digest.digest()

    def _key(self, table: str) -> list[str]:
        columns = self._db.execute(f"PRAGMA table_info({table})").fetchall()
        return [column[1] for column in columns if column[5]] or [columns[0][1]]


class RecordWrites(RecordReads):
    """Writing the derived tables, inside a transaction."""

    def put_records(self, rows: Sequence[RecordRow], indexes: Sequence[RecordIndex], replaced: Iterable[int]) -> None:
        """Present states; `indexes` of those whose text changed; `replaced` are the row ids that existed before."""
        old = set(replaced)
        mark_changed(self._db, [(row.tree, row.id) for row in rows if not row.scope])
        insert(self._db, f"INSERT OR REPLACE INTO record ({', '.join(RecordRow._fields)})", rows)
        again = [index.rid for index in indexes if index.rid in old]
        run_in(self._db, "DELETE FROM record_category WHERE rid IN", (), again)
        run_in(self._db, "DELETE FROM record_text WHERE rowid IN", (), again)
        insert(self._db, "INSERT INTO record_text (rowid, name, text)", [index[:3] for index in indexes])
        pairs = [(index.rid, category) for index in indexes for category in index.categories]
        insert(self._db, "INSERT INTO record_category (rid, category)", pairs)
        run_in(self._db, "DELETE FROM relation WHERE rid IN", (), again)
        links = [(index.rid, number, *link) for index in indexes for number, link in enumerate(index.relations)]
        insert(self._db, "INSERT INTO relation (rid, number, predicate, log_id, id)", links)

    def drop_record(self, row: RecordRow) -> None:
        """Forgets a record and its history, for a replay."""
        if not row.scope:
            mark_changed(self._db, [(row.tree, row.id)])
        for step in self.history(row.tree, row.id, private=row.scope > 0):
            self._db.execute("DELETE FROM history WHERE tree = ? AND position = ?", (step.tree, step.position))
        for table in ("record", "record_category", "relation"):
            self._db.execute(f"DELETE FROM {table} WHERE rid = ?", (row.rid,))
        self._db.execute("DELETE FROM record_text WHERE rowid = ?", (row.rid,))

    def purge_text(self) -> None:
        """Takes the words of dropped records out of the text index's files, not only out of its answers."""
        self._db.execute("INSERT INTO record_text (record_text) VALUES ('optimize')")

    def add_history(self, rows: Sequence[HistoryRow]) -> None:
        """Statements that changed records."""
        insert(self._db, "INSERT INTO history (tree, position, id, previous, import)", rows)

    def add_verdicts(self, tree: int, verdicts: dict[int, str]) -> None:
        """Verdicts other than `applied`."""
        rows = [(tree, position, verdict) for position, verdict in verdicts.items()]
        insert(self._db, "INSERT OR REPLACE INTO verdict (tree, position, verdict)", rows)

    def set_role(self, tree: int, position: int, key: bytes, role: str, name: str) -> None:
        """The role of a key from a position on."""
        self._db.execute("INSERT INTO role VALUES (?, ?, ?, ?, ?)", (tree, position, key, role, name))

    def set_circle(self, tree: int, position: int, log_id: bytes, *, member: bool) -> None:
        """Whether a log is in the circle from a position on."""
        self._db.execute("INSERT INTO circle VALUES (?, ?, ?, ?)", (tree, position, log_id, int(member)))

    def add_receipt(self, tree: int, position: int, about: Origin, first: int, last: int) -> None:
        """A statement that payloads of another log, from `first` to `last`, were dropped."""
        self._db.execute("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?)", (tree, position, *about, first, last))

    def add_charter_in_force(self, tree: int, position: int) -> None:
        """A valid charter stands at this position."""
        self._db.execute("INSERT INTO charter_in_force VALUES (?, ?)", (tree, position))

    def forget_said(self, tree: int, position: int) -> None:
        """Takes back a claim, decision, receipt or remark, if there was one at that position."""
        for table in ("claim", "pair", "decision", "receipt", "remark", *KNOWLEDGE_TABLES):
            self._db.execute(f"DELETE FROM {table} WHERE tree = ? AND position = ?", (tree, position))

    def add_claim(self, tree: int, position: int, kind: str, log_id: bytes, record_id: bytes) -> None:
        """A claim about a record of this or another log."""
        self._db.execute(
            "INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?)", (tree, position, kind, log_id, record_id)
        )

    def add_pair(self, row: PairRow) -> None:
        """What is said of two records."""
        insert(self._db, f"INSERT OR REPLACE INTO pair ({', '.join(PairRow._fields)})", [row])

    def start_import(self, tree: int, import_id: bytes, position: int, source: str, file: bytes) -> None:
        """An import has begun."""
        self._db.execute(
            "INSERT OR IGNORE INTO import (tree, id, start, source, file) VALUES (?, ?, ?, ?, ?)",
            (tree, import_id, position, source, file),
        )

    def end_import(self, tree: int, import_id: bytes, position: int, *, undone: bool) -> None:
        """An import is done, or undone."""
        column = "undone" if undone else "done"
        self._db.execute(f"UPDATE import SET {column} = ? WHERE tree = ? AND id = ?", (position, tree, import_id))

    def clear_derived(self, tree: int | None = None) -> None:
        """Empties the derived tables, of one log or of all."""
        mark_all_changed(self._db, tree)
        for table in TABLES:
            if tree is None:
                self._db.execute(f"DELETE FROM {table}")
            elif table in {"record_category", "record_text", "relation"}:
                rowid = "rowid" if table == "record_text" else "rid"
                span = (tree << 32, (tree + 1) << 32)
                self._db.execute(f"DELETE FROM {table} WHERE {rowid} >= ? AND {rowid} < ?", span)
            else:
                self._db.execute(f"DELETE FROM {table} WHERE tree = ?", (tree,))
        sql = "UPDATE tree SET derived = 0" + ("" if tree is None else " WHERE tree = ?")
        self._db.execute(sql, () if tree is None else (tree,))
