# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping the derived tables up with the logs: judge, fold, write; in chunks, so that other writing can go between."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.directory import DirectoryFold, touched_record
from ledger.fold import Authority, Judged, judge
from protocol.charter import establish
from protocol.directory import (
    ClaimChecked,
    ClaimCorrect,
    ClaimEndorse,
    ClaimPair,
    ClaimReport,
    Erase,
    ImportDone,
    ImportStart,
    ImportUndo,
    RecordClose,
    RecordPut,
    Role,
    read_body,
)
from protocol.errors import Malformed
from protocol.statement import Statement, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Transaction
    from ledger.values import Stored, Tree

CHUNK_ENTRIES = 500


class Derived(NamedTuple):
    """What a step did: the records that changed, and whether payloads were dropped."""

    tree: int
    entries: int
    rids: tuple[int, ...]
    erased: bool


class Deriver:
    """Folds entries into the derived tables, in order of position within each log. For the writing thread."""

    def __init__(self) -> None:
        self._authorities: dict[int, Authority] = {}

    def step(self, change: Transaction, tree: Tree, limit: int = CHUNK_ENTRIES) -> Derived:
        """Folds the next entries of one log, at most `limit`."""
        end = min(tree.size, tree.derived + limit)
        authority = self._authority(change, tree)
        judged: list[tuple[int, Judged]] = []
        rids: set[int] = set()
        lacking = change.lacking(tree.tree, tree.derived, end)
        erased = False
        reached = tree.derived
        for row in change.entries(tree.tree, tree.derived, end):
            payload = row.payload if row.position not in lacking else None
            result = judge(authority, row.position, row.entry, payload, lambda p: _author(change, tree.tree, p))
            if result.verdict == "withheld":
                result = Judged(lacking.get(row.position, "withheld"))
            judged.append((row.position, result))
            reached = row.position + 1
            if isinstance(result.body, Erase):
                rids |= self._apply(change, tree, judged)
                judged = []
                rids |= self._erase(change, tree, result.body.position)
                erased = True
                authority = self._authority(change, tree)
        rids |= self._apply(change, tree, judged)
        change.set_derived(tree.tree, reached)
        return Derived(tree.tree, reached - tree.derived, tuple(rids), erased)

    def _authority(self, change: Transaction, tree: Tree) -> Authority:
        authority = self._authorities.get(tree.tree)
        if authority is None or tree.derived == 0:
            authority = Authority(tree.origin.log_id)
            charters = change.charters_in_force(tree.tree)
            if charters:
                authority.keys = establish(charters)
            authority.stewards = change.stewards(tree.tree)
            self._authorities[tree.tree] = authority
        return authority

    def _apply(self, change: Transaction, tree: Tree, judged: Sequence[tuple[int, Judged]]) -> set[int]:
        """Writes what the judged entries of one log say; the row ids of the records that changed."""
        touched = {touched_record(result.body, tree.origin.log_id) for _, result in judged}
        present = change.records_by_id(tree.tree, [record_id for record_id in touched if record_id])
        fold = DirectoryFold(tree.tree, tree.origin.log_id, present)
        verdicts = {}
        for position, result in judged:
            verdict = result.verdict
            if result.statement is not None and result.body is not None:
                verdict = fold.apply(position, result.statement, result.body)
                _apply_other(change, tree.tree, position, result)
            elif result.statement is not None:
                change.add_charter_in_force(tree.tree, position)
            if verdict != "applied":
                verdicts[position] = verdict
        rows = fold.rows()
        change.put_records(rows, list(fold.indexes.values()), fold.existed)
        change.add_history(fold.history)
        change.add_verdicts(tree.tree, verdicts)
        return {row.rid for row in rows}

    def _erase(self, change: Transaction, tree: Tree, position: int) -> set[int]:
        """Drops a payload and leaves the derived state as if it had never been seen (spec 03 §5)."""
        row = next(change.entries(tree.tree, position, position + 1))
        statement = _statement(row)
        if statement is not None and statement.kind in {"charter", "erase"}:
            return set()
        step = change.history_at(tree.tree, position)
        change.drop_payload(tree.tree, position)
        change.add_verdicts(tree.tree, {position: "erased"})
        if step is None:
            change.forget_statement(tree.tree, position)
            self._authorities.pop(tree.tree, None)
            return set()
        before = change.records_by_id(tree.tree, [step.id])[step.id]
        positions = sorted(other.position for other in change.history(tree.tree, step.id) if other.position != position)
        change.drop_record(before)
        change.purge_text()
        return {before.rid} | self._replay(change, tree, positions)

    def _replay(self, change: Transaction, tree: Tree, positions: list[int]) -> set[int]:
        """Applies statements again that were found applicable in their places."""
        judged = []
        for position in positions:
            statement = _statement(next(change.entries(tree.tree, position, position + 1)))
            assert statement is not None
            judged.append((position, Judged("applied", statement, read_body(statement))))
        return self._apply(change, tree, judged)


def _author(change: Transaction, tree: int, position: int) -> bytes | None:
    row = next(change.entries(tree, position, position + 1), None)
    statement = _statement(row)
    return statement.author if statement else None


def _statement(row: Stored | None) -> Statement | None:
    if row is None or row.payload is None:
        return None
    try:
        statement = parse_statement(parse_payload(row.payload).statement)
    except Malformed:
        return None
    return statement if isinstance(statement, Statement) else None


def _apply_other(change: Transaction, tree: int, position: int, result: Judged) -> None:
    """What statements do beside changing records."""
    match result.body:
        case Role(key=key, role=role, name=name):
            change.set_role(tree, position, key, role, name)
        case ImportStart(id=import_id, set=source, file=file):
            change.start_import(tree, import_id, position, source, file)
        case ImportDone(id=import_id):
            change.end_import(tree, import_id, position, undone=False)
        case ImportUndo(id=import_id):
            change.end_import(tree, import_id, position, undone=True)
        case (
            ClaimChecked(subject=subject)
            | ClaimPair(subject=subject)
            | ClaimReport(subject=subject)
            | ClaimEndorse(subject=subject)
            | ClaimCorrect(subject=subject)
        ):
            assert result.statement is not None
            change.add_claim(tree, position, result.statement.kind, subject.log, subject.id)
        case RecordPut() | RecordClose() | Erase() | None:
            pass
