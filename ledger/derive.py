# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping the derived tables up with the logs: judge, fold, write; in chunks, so that other writing can go between."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.denying import follow_denials
from ledger.directory import DirectoryFold, record_index, touched_record
from ledger.fold import Authority, Judged, Reading, judge, read_entry
from protocol.charter import establish
from protocol.directory import (
    Circle,
    ClaimChecked,
    ClaimCorrect,
    ClaimEndorse,
    ClaimPair,
    ClaimReport,
    Deny,
    Erase,
    ImportDone,
    ImportStart,
    ImportUndo,
    Label,
    RecordClose,
    RecordPut,
    Role,
    Vouch,
    read_body,
)
from protocol.errors import Malformed
from protocol.statement import Statement, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import RecordIndex, Stored, Tree


_NEVER_ERASED = frozenset({"charter", "erase"})
_FAR_REACHING = frozenset({"role", "circle", "import.start", "import.done", "import.undo", "vouch", "deny", "label"})
"""Kinds on which the effect of other statements hangs: without one of them, the whole log is folded anew."""


class Derived(NamedTuple):
    """What a step did: the records that changed, whether payloads were dropped, and the `scopes_version` after it."""

    tree: int
    entries: int
    rids: tuple[int, ...]
    erased: bool
    scopes: int = 0


class _Chunk(NamedTuple):
    """Entries of one log that have been read and prepared, without regard to who may say what."""

    readings: list[Reading]
    indexes: dict[int, RecordIndex]


class Deriver:
    """Folds entries into the derived tables, in order of position within each log. For the writing thread."""

    def __init__(self) -> None:
        self._authorities: dict[int, Authority] = {}

    def step(self, change: Transaction, tree: Tree, limit: int) -> Derived:
        """Folds the next entries of one log, at most `limit`."""
        chunk = _prepare(change, tree, limit)
        end = tree.derived + len(chunk.readings)
        authority = self._authority(change, tree)
        judged: list[tuple[int, Judged]] = []
        rids: set[int] = set()
        erased = again = False
        for position, reading in enumerate(chunk.readings, tree.derived):
            result = judge(authority, position, reading, _authors(change, tree.tree, position, reading))
            judged.append((position, result))
            if isinstance(result.body, Erase):
                rids |= self._apply(change, tree, judged, chunk.indexes)
                judged = []
                target = result.body.position
                statement = _statement(next(change.entries(tree.tree, target, target + 1)))
                kind = statement.kind if statement else ""
                if kind not in _NEVER_ERASED:
                    change.drop_payload(tree.tree, target, position)
                    rids |= self._erase(change, tree, target)
                    erased, again = True, again or kind in _FAR_REACHING
        rids |= self._apply(change, tree, judged, chunk.indexes)
        change.set_derived(tree.tree, end)
        if again:
            rids |= self._begin_again(change, tree)
        if erased:
            change.purge_text()
        follow_denials(change)
        return Derived(tree.tree, len(chunk.readings), tuple(rids), erased, change.scopes_version())

    def forget(self) -> None:
        """Forgets who may speak: what was learnt in a transaction that has failed is not so."""
        self._authorities.clear()

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

    def _apply(
        self,
        change: Transaction,
        tree: Tree,
        judged: Sequence[tuple[int, Judged]],
        indexes: dict[int, RecordIndex],
    ) -> set[int]:
        """Writes what the judged entries of one log say; the row ids of the records that changed."""
        touched = {touched_record(result.body, tree.origin.log_id) for _, result in judged}
        present = change.records_by_id(tree.tree, [record_id for record_id in touched if record_id])
        fold = DirectoryFold(tree.tree, tree.origin.log_id, present, indexes)
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

    def _begin_again(self, change: Transaction, tree: Tree) -> set[int]:
        """Has the whole log folded anew, without the payloads that were dropped; the row ids of its records."""
        gone = {row.rid for row in change.record_rows() if row.tree == tree.tree}
        change.clear_derived(tree.tree)
        change.touch_scopes()
        self._authorities.pop(tree.tree, None)
        return gone

    def _erase(self, change: Transaction, tree: Tree, position: int) -> set[int]:
        """Leaves the derived state as if a payload that was dropped had never been seen (spec 03 §5)."""
        step = change.history_at(tree.tree, position)
        change.add_verdicts(tree.tree, {position: "erased"})
        change.forget_claim(tree.tree, position)
        if step is None:
            return set()
        before = change.records_by_id(tree.tree, [step.id])[step.id]
        positions = sorted(other.position for other in change.history(tree.tree, step.id) if other.position != position)
        change.drop_record(before)
        return {before.rid} | self._replay(change, tree, positions)

    def _replay(self, change: Transaction, tree: Tree, positions: list[int]) -> set[int]:
        """Applies statements again that were found applicable in their places."""
        judged = []
        for position in positions:
            statement = _statement(next(change.entries(tree.tree, position, position + 1)))
            assert statement is not None
            judged.append((position, Judged("applied", statement, read_body(statement))))
        return self._apply(change, tree, judged, {})


def _prepare(reads: Snapshot, tree: Tree, limit: int) -> _Chunk:
    """Reads a chunk of entries, and folds the text of the records among them."""
    begin, end = tree.derived, min(tree.size, tree.derived + limit)
    lacking = reads.lacking(tree.tree, begin, end)
    readings: list[Reading] = []
    indexes: dict[int, RecordIndex] = {}
    for position, entry, payload in reads.entries(tree.tree, begin, end):
        reading = read_entry(tree.origin.log_id, position, entry, None if position in lacking else payload)
        if reading.verdict == "withheld":
            reading = Reading(lacking.get(position, "withheld"))
        if isinstance(reading.body, RecordPut):
            indexes[position] = record_index(reading.body.record)
        readings.append(reading)
    return _Chunk(readings, indexes)


def _authors(change: Transaction, tree: int, eraser: int, reading: Reading) -> Callable[[int], bytes | None]:
    """The author of an earlier entry, as far as the statement at `eraser` asks for it.

    Where that very statement had the payload erased, it was allowed to: the payload that said so is gone.
    """

    def author_of(position: int) -> bytes | None:
        if change.erased_by(tree, position) == eraser and reading.statement is not None:
            return reading.statement.author
        statement = _statement(next(change.entries(tree, position, position + 1), None))
        return statement.author if statement else None

    return author_of


def _statement(row: Stored | None) -> Statement | None:
    if row is None or row.payload is None:
        return None
    try:
        statement = parse_statement(parse_payload(row.payload).statement)
    except Malformed:
        return None
    return statement if isinstance(statement, Statement) else None


def _apply_other(change: Transaction, tree: int, position: int, result: Judged) -> None:  # noqa: C901 - a table
    """What statements do beside changing records."""
    match result.body:
        case Role(key=key, role=role, name=name):
            change.set_role(tree, position, key, role, name)
        case Circle(log=log_id, member=member):
            change.set_circle(tree, position, log_id, member=member)
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
        case Vouch(log=log_id, vouched=vouched):
            change.set_vouch(tree, position, log_id, vouched=vouched)
        case Deny(log=log_id, id=record_id, denied=denied, reason=reason):
            change.set_denial(tree, position, log_id, record_id or b"", reason if denied else "")
        case Label(subject=marked, label=label, set=is_set):
            change.set_label(tree, position, marked.log, marked.id or b"", label, is_set=is_set)
        case RecordPut() | RecordClose() | Erase() | None:
            pass
