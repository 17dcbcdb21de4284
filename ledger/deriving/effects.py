# SPDX-License-Identifier: AGPL-3.0-or-later
"""What judged entries do to the derived tables: what they touch is loaded, folded, and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.deriving.records import DirectoryFold, pair_row, touched_record
from ledger.territory.keys import knowledge_row
from protocol.directory import (
    Circle,
    ClaimChecked,
    ClaimCorrect,
    ClaimDecided,
    ClaimEndorse,
    ClaimPair,
    ClaimReport,
    Deny,
    Erase,
    ImportDone,
    ImportStart,
    ImportUndo,
    Label,
    Override,
    Receipt,
    RecordClose,
    RecordPut,
    Role,
    Vouch,
)
from protocol.identity import Origin
from protocol.knowledge import KNOWLEDGE_BODIES
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.deriving.fold import Judged
    from ledger.deriving.records import Prepared
    from ledger.sqlite.store import Transaction
    from ledger.values import Tree


def apply_judged(
    change: Transaction, tree: Tree, judged: Sequence[tuple[int, Judged]], prepared: Mapping[int, Prepared]
) -> set[int]:
    """Writes what judged entries of one log say, in order of position; the row ids of the records that changed."""
    folds = _load(change, tree, judged, prepared)
    change.add_verdicts(tree.tree, _fold(change, tree, judged, folds))
    rids: set[int] = set()
    for fold in folds.values():
        rids |= _write(change, fold)
    return rids


def _load(
    change: Transaction, tree: Tree, judged: Sequence[tuple[int, Judged]], prepared: Mapping[int, Prepared]
) -> dict[bool, DirectoryFold]:
    """A fold of what is public (False), and one of the rest (True), with the records that they touch as they are."""
    log_id = tree.origin.log_id
    touched: dict[bool, set[bytes]] = {}
    for _, result in judged:
        ids = touched.setdefault(result.scope > SCOPE_PUBLIC, set())
        record_id = touched_record(result.body, log_id)
        if record_id is not None:
            ids.add(record_id)
    return {
        private: DirectoryFold(
            tree.tree, log_id, change.records_by_id(tree.tree, sorted(ids), private=private), prepared
        )
        for private, ids in touched.items()
    }


def _fold(
    change: Transaction, tree: Tree, judged: Sequence[tuple[int, Judged]], folds: Mapping[bool, DirectoryFold]
) -> dict[int, str]:
    """Applies the entries; their verdicts other than `applied`."""
    verdicts = {}
    for position, result in judged:
        verdict = result.verdict
        if result.statement is not None and result.body is not None:
            fold = folds[result.scope > SCOPE_PUBLIC]
            verdict = fold.apply(position, result.statement, result.body, result.scope)
            if result.statement.kind in KNOWLEDGE_BODIES:
                change.add_knowledge(knowledge_row(tree.tree, position, result.statement, result.body))
            elif type(result.body) is not RecordPut:
                _apply_other(change, tree.tree, position, result)
            if isinstance(result.body, ClaimPair) and result.scope == SCOPE_PUBLIC:
                change.add_pair(pair_row(tree.tree, position, result.statement.kind, result.body))
                change.touch_scopes()
        elif result.statement is not None:
            change.add_charter_in_force(tree.tree, position)
        if verdict != "applied":
            verdicts[position] = verdict
    return verdicts


_DECISIONS = (Deny, Label, Erase, ClaimPair, ClaimDecided, ImportUndo, Role, Vouch)
"""What stands in the moderation log whatever it says (spec 16 §4), beside records closed outside of an import."""


def _write(change: Transaction, fold: DirectoryFold) -> set[int]:
    """Writes the records that a fold changed; their row ids."""
    rows = fold.rows()
    change.put_records(rows, list(fold.indexes.values()), fold.existed)
    change.add_history(fold.history)
    return {row.rid for row in rows}


def _apply_other(change: Transaction, tree: int, position: int, result: Judged) -> None:  # noqa: C901 - a table
    """What statements do beside changing records."""
    if isinstance(result.body, _DECISIONS) or (isinstance(result.body, RecordClose) and not result.body.import_):
        change.add_decision(tree, position)
    match result.body:
        case Role(key=key, role=role, name=name):
            change.set_role(tree, position, key, role, name)
        case Circle(log=log_id, member=member):
            change.set_circle(tree, position, log_id, member=member)
        case Receipt(log=log_id, epoch=epoch, positions=positions):
            change.add_receipt(tree, position, Origin(log_id, epoch), positions[0], positions[-1])
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
            | ClaimDecided(subject=subject)
        ):
            assert result.statement is not None
            change.add_claim(tree, position, result.statement.kind, subject.log, subject.id)
        case Vouch(log=log_id, vouched=vouched):
            change.set_vouch(tree, position, log_id, vouched=vouched)
        case Deny(log=log_id, id=record_id, denied=denied, reason=reason):
            change.set_denial(tree, position, log_id, record_id or b"", reason if denied else "")
        case Label(subject=marked, label=label, set=is_set):
            change.set_label(tree, position, marked.log, marked.id or b"", label, is_set=is_set)
        case RecordPut() | RecordClose() | Erase() | Override() | None:
            pass
