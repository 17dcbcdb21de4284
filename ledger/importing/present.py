# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is there already of a data set, and which import a file continues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.directory.present import read_record
from ledger.duplicates.queue import decisions
from ledger.importing.plan import Present

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot


def present_records(reads: Snapshot, tree: int, set_name: str) -> dict[bytes, Present]:
    """The records of one data set in the own log, closed ones included."""
    found = {}
    said = decisions(reads)
    merged = {decision.subject[1] for decision in said.joined() if decision.subject[0] == reads.own_log()}
    for row in reads.records_from(tree, set_name):
        record, _, _ = read_record(reads, row)
        name = row.outside_id or row.id.hex()
        closed = row.status == "closed" and record.status != "closed"
        found[row.id] = Present(record.body(), closed, name, merged=closed and row.id in merged)
    return found


def attempts(reads: Snapshot, tree: int, file: bytes) -> int:
    """How often this very file was imported to the end, or undone: the number of the attempt to come.

    An import that was interrupted is not counted, so it is taken up under the same id.
    """
    rows = [row for row in reads.imports(tree) if row.file == file]
    return sum(row.done is not None or row.undone is not None for row in rows)
