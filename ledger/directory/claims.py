# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people of any log said of a record, as JSON: who looked, who vouches for it, who proposes something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.deriving.fold import read_entry
from ledger.jsonform import to_json
from protocol.charter import establish
from protocol.identity import show_log_id
from protocol.statement import SCOPE_PUBLIC, Entry, parse_entry

if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.sqlite.store import Snapshot

CLAIMS_MAX = 200
_TOLD = ("finding", "note", "type", "outcome", "reason")


def claim_objects(reads: Snapshot, log_id: bytes, record_id: bytes, kinds: Collection[str]) -> list[dict[str, Any]]:
    """The public claims of these kinds about a record, in the logs that are shown here; the latest first."""
    authors: dict[int, dict[bytes, str]] = {}
    found = []
    for number, position, kind in reads.claims_about(log_id, record_id, CLAIMS_MAX):
        tree = reads.tree_numbered(number)
        if kind not in kinds or tree.hidden:
            continue
        stored = next(reads.entries(number, position, position + 1), None)
        header = parse_entry(stored.entry) if stored and stored.payload else None
        if stored is None or not isinstance(header, Entry) or header.scope != SCOPE_PUBLIC:
            continue
        said_in, epoch = tree.origin
        statement = read_entry(said_in, position, stored.entry, stored.payload, epoch).statement
        if statement is None:
            continue
        if number not in authors:
            authors[number] = reads.stewards(number)
        charter = establish(reads.charters(number)).charter
        body = to_json(statement.read_body())
        found.append(
            {
                "kind": kind,
                "log": show_log_id(said_in),
                "epoch": epoch,
                "position": position,
                "at": header.at,
                "by": charter.name,
                "author": statement.author.hex(),
                "author_name": authors[number].get(statement.author, ""),
                **{name: body[name] for name in _TOLD if name in body},
            }
        )
    return sorted(found, key=lambda one: one["at"], reverse=True)
