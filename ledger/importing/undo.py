# SPDX-License-Identifier: AGPL-3.0-or-later
"""Undoing an import: the states before it are put back, by statements of their own. Nothing leaves the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.restoring import restore
from ledger.importing.plan import Statement, statement_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot


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
        made.append(restore(reads, tree, record_id, before, statement_id(import_key, b"undo" + record_id)))
    return Undoing(made, changed_since)
