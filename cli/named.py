# SPDX-License-Identifier: AGPL-3.0-or-later
"""A record as people name it: the beginning of its id, and of its log's where that is not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.failure import NOT_FOUND, CommandError

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow


def find_named(reads: Snapshot, name: str) -> RecordRow:
    """The record of that name; of its states, the public and the other one, that which was changed last."""
    from protocol.identity import show_log_id

    log, _, digits = name.rpartition("/")
    try:
        prefix = bytes.fromhex(digits)
    except ValueError:
        raise CommandError(f"{digits[:40]!r} is not the beginning of a record's id (pairs of 0-9 a-f)", 2) from None
    rows = [
        row
        for row in reads.records_with_id(prefix)
        if show_log_id(reads.tree_numbered(row.tree).origin.log_id).startswith(log)
    ]
    named = {(row.tree, row.id) for row in rows}
    if len(named) != 1:
        raise CommandError(f"{len(named)} records begin with {name[:60]!r}", NOT_FOUND)
    return max(rows, key=lambda row: row.latest)
