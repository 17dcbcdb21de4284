# SPDX-License-Identifier: AGPL-3.0-or-later
"""The feed of changes: what is another than before, and what is no longer shown, since a cursor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ledger.directory.present import record_object
from ledger.directory.query import QueryError
from ledger.held.denying import denied_records
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot

SCHEMA: Final = "folkmoot.changes/1"
LIMIT_MAX: Final = 500
LIMIT_DEFAULT: Final = 100
_CURSOR: Final = re.compile(r"([0-9a-f]{16})-([0-9]{1,18})")


def changes_object(reads: Snapshot, since: str, limit: int = LIMIT_DEFAULT) -> dict[str, Any]:
    """Public records of all logs held whose state here has changed, oldest change first, each once.

    A change has `record`, its present state, or `deleted`: it was erased, or it is denied here. `next` is where to
    go on, also when there is no more now. Raises QueryError for a cursor that is none, or of another store.
    """
    after = _position(reads, since)
    rows = reads.changes(after, limit + 1)
    trees = {tree.tree: tree for tree in reads.trees()}
    denied = denied_records(reads)
    changes = []
    for _, number, record_id in rows[:limit]:
        tree = trees[number]
        row = None if tree.hidden else reads.records_by_id(number, [record_id]).get(record_id)
        told: dict[str, Any] = {"log": show_log_id(tree.origin.log_id), "id": record_id.hex()}
        if row is None or row.rid in denied:
            told["deleted"] = True
        else:
            told["record"] = record_object(reads, row)
        changes.append(told)
    upto = rows[:limit][-1][0] if rows else after
    return {
        "schema": SCHEMA,
        "changes": changes,
        "more": len(rows) > limit,
        "next": f"{_store(reads)}-{upto}",
    }


def parse_limit(text: str) -> int:
    """How many changes are wanted. Raises QueryError."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LIMIT_MAX:
        raise QueryError(f"limit: a number from 1 to {LIMIT_MAX}, not {text[:40]!r}")
    return int(text)


def _position(reads: Snapshot, since: str) -> int:
    if not since:
        return 0
    match = _CURSOR.fullmatch(since)
    if match is None:
        raise QueryError("since: take it from `next` of the answer before, or leave it out to have everything")
    if match[1] != _store(reads) or int(match[2]) > reads.newest_change():
        raise QueryError(
            "since: the store of this node is another one than then. Begin again without since, and drop what does not"
            " come again"
        )
    return int(match[2])


def _store(reads: Snapshot) -> str:
    """Tells one store from another: their numbers do not go together."""
    return (reads.fact("store") or b"").hex()[:16]
