# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which rows of a file are likely to be here already, said before they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ledger.directory.present import read_record
from ledger.duplicates.profile import profile_of
from ledger.duplicates.queue import decisions, key_object, likely_duplicates
from protocol.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.importing.plan import Step
    from ledger.sqlite.store import Snapshot

LISTED_MAX = 1_000


def arriving_duplicates(reads: Snapshot, steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The rows to be added that are likely to describe what is here, or what another row does; most likely first.

    Each as JSON: the row, its name, and `other`, which has a `row`, or `log` and `id`; at most `LISTED_MAX`.
    """
    added = {-1 - number: step for number, step in enumerate(steps) if step.action == "added"}
    profiles = [
        profile_of(number, msgspec.convert(step.record, Record, builtin_types=(bytes,)))
        for number, step in added.items()
    ]
    if not profiles:
        return []
    found = []
    for pair in likely_duplicates(reads, decisions(reads), added.keys(), profiles):
        if pair.comparison.verdict != "duplicate":
            continue
        step = added[pair.one]
        other = _row(added[pair.other]) if pair.other in added else _stored(reads, pair.other)
        found.append({**_row(step), "score": pair.comparison.score, "other": other})
    return found[:LISTED_MAX]


def _row(step: Step) -> dict[str, Any]:
    assert step.record is not None, "what is added has a record"
    return {"row": step.row, "name": next(iter(step.record["name"].values()))}


def _stored(reads: Snapshot, rid: int) -> dict[str, Any]:
    row = reads.records([rid])[rid]
    record, _, _ = read_record(reads, row)
    key = reads.tree_numbered(row.tree).origin.log_id, row.id
    return {**key_object(key), "name": record.title()}
