# SPDX-License-Identifier: AGPL-3.0-or-later
"""Carrying an import out, or taking it back, in the process that holds the log: in groups, a few under way at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import NotFoundError, RefusedError
from ledger.importing.plan import Statement, statement_id, statements
from ledger.importing.undo import Undoing, plan_undo
from ledger.own.writer import GROUP_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from ledger.importing.assess import Assessment
    from ledger.ledger import Ledger
    from ledger.own.log import Receipt
    from ledger.sqlite.store import Snapshot
    from ledger.values import ImportRow

PART_ENTRIES = GROUP_ENTRIES // 2
_IN_FLIGHT = 4


def _nobody(_: int) -> None:
    pass


def write_statements(
    ledger: Ledger, said: Sequence[Statement], advance: Callable[[int], None] = _nobody
) -> list[Receipt]:
    """Writes statements; they are durable when it returns. `advance` is told how many more are, and may raise."""
    receipts: list[Receipt] = []
    waiting: list[Future[list[Receipt]]] = []
    for begin in range(0, len(said), PART_ENTRIES):
        part = said[begin : begin + PART_ENTRIES]
        waiting.append(ledger.writer.append([ledger.state(item.kind, item.body, item.id, item.scope) for item in part]))
        if len(waiting) >= _IN_FLIGHT:
            receipts += _finish(waiting.pop(0), advance)
    for future in waiting:
        receipts += _finish(future, advance)
    return receipts


def _finish(future: Future[list[Receipt]], advance: Callable[[int], None]) -> list[Receipt]:
    receipts = future.result()
    advance(len(receipts))
    return receipts


def import_parts(assessment: Assessment) -> Iterator[list[Statement]]:
    """What is to be written, in parts each of which is durable before the next is begun."""
    if not assessment.begun:
        yield [assessment.start()]
    yield statements(assessment.steps, assessment.key)
    yield [assessment.done()]


def undo_parts(undoing: Undoing, key: bytes) -> Iterator[list[Statement]]:
    """What is to be written to take an import back, in such parts."""
    yield undoing.statements
    yield [Statement("import.undo", {"id": key}, statement_id(key, b"undone"))]


def find_import(reads: Snapshot, tree: int, prefix: str) -> ImportRow:
    """The import whose id begins so. Raises NotFoundError, or RefusedError if it has been undone."""
    rows = [row for row in reads.imports(tree) if prefix and row.id.hex().startswith(prefix.lower())]
    if len(rows) != 1:
        raise NotFoundError(f"{len(rows)} imports begin with {prefix[:40]!r}")
    if rows[0].undone is not None:
        raise RefusedError(f"import {rows[0].id.hex()[:12]} has been undone already")
    return rows[0]


def plan_undo_of(reads: Snapshot, row: ImportRow) -> Undoing:
    """How to take an import into the own log back."""
    return plan_undo(reads, int(reads.fact("own") or 0), row.id)
