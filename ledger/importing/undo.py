# SPDX-License-Identifier: AGPL-3.0-or-later
"""Undoing an import: the states before it are put back, by statements of their own. Nothing leaves the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.importing.plan import Statement, statement_id
from protocol.directory import ClaimChecked, RecordClose, RecordPut, read_body
from protocol.statement import Statement as Parsed
from protocol.statement import parse_payload, parse_statement

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import HistoryRow
    from protocol.encoding import Value


class Undoing(NamedTuple):
    """What to write, and the ids of the records that are left alone because they were changed since."""

    statements: list[Statement]
    changed_since: list[bytes]


def plan_undo(reads: Snapshot, tree: int, import_key: bytes) -> Undoing:
    """How to take an import back."""
    touched = dict.fromkeys(step.id for step in reads.history_of_import(tree, import_key))
    made: list[Statement] = []
    changed_since: list[bytes] = []
    for record_id in touched:
        history = reads.history(tree, record_id)
        if history[0].import_id != import_key:
            changed_since.append(record_id)
            continue
        before = [step for step in history if step.import_id != import_key]
        made.append(_restore(reads, tree, record_id, before, import_key))
    return Undoing(made, changed_since)


def _restore(reads: Snapshot, tree: int, record_id: bytes, before: list[HistoryRow], import_key: bytes) -> Statement:
    """The statement that puts a record back into the state that its earlier history (latest first) left it in."""
    undo_id = statement_id(import_key, b"undo" + record_id)
    checked: dict[str, Value] = {}
    for step in before:
        statement = _statement(reads, tree, step.position)
        body = read_body(statement) if statement else None
        if isinstance(body, RecordPut):
            return Statement("record.put", {"record": body.record.body() | checked}, undo_id)
        if isinstance(body, RecordClose):
            break
        if isinstance(body, ClaimChecked) and statement is not None and not checked:
            checked["checked_at"] = statement.at
    return Statement("record.close", {"id": record_id, "reason": "undone"}, undo_id)


def _statement(reads: Snapshot, tree: int, position: int) -> Parsed | None:
    stored = next(reads.entries(tree, position, position + 1))
    if stored.payload is None:
        return None
    statement = parse_statement(parse_payload(stored.payload).statement)
    return statement if isinstance(statement, Parsed) else None
