# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting a record back into an earlier state, by a statement of its own. Nothing leaves the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.importing.plan import Statement
from protocol.directory import ClaimChecked, RecordClose, RecordPut, read_body
from protocol.statement import Statement as Parsed
from protocol.statement import parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import HistoryRow
    from protocol.encoding import Value


def restore(
    reads: Snapshot, tree: int, record_id: bytes, before: Sequence[HistoryRow], statement_id: bytes
) -> Statement:
    """The statement that puts a record back into the state that its earlier history (latest first) left it in."""
    checked: dict[str, Value] = {}
    for step in before:
        statement = statement_at(reads, tree, step.position)
        body = read_body(statement) if statement else None
        if isinstance(body, RecordPut):
            return Statement("record.put", {"record": body.record.body() | checked}, statement_id)
        if isinstance(body, RecordClose):
            break
        if isinstance(body, ClaimChecked) and statement is not None and not checked:
            checked["checked_at"] = statement.at
    return Statement("record.close", {"id": record_id, "reason": "undone"}, statement_id)


def statement_at(reads: Snapshot, tree: int, position: int) -> Parsed | None:
    """The statement at a position, or None if its payload is not here or it is of another version."""
    stored = next(reads.entries(tree, position, position + 1))
    if stored.payload is None:
        return None
    statement = parse_statement(parse_payload(stored.payload).statement)
    return statement if isinstance(statement, Parsed) else None
