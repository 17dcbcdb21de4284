# SPDX-License-Identifier: AGPL-3.0-or-later
"""Gathers from the store what surrounds a record, for its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.around import contracts_of, pointing_objects, shown_row
from ledger.directory.claims import claim_objects
from ledger.directory.present import state_at
from node.directory.difference import difference
from node.directory.listing import record_url
from node.directory.profile import spelled
from node.directory.profile_around import CLAIMS, Around, Same, agreement, claims_told, pointing_told
from node.directory.profile_steps import summary_of
from node.web.languages import Text, choose
from node.web.log_names import log_names
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Reader

_DAY_S = 86_400
_RELATED_MAX = 64


def around(reads: Snapshot, record: Mapping[str, Any], row: RecordRow, reader: Reader) -> Around:
    """What surrounds a record object (ledger.directory.present) whose row this is."""
    log_id, record_id = parse_log_id(record["log"]), row.id
    claims = claims_told(claim_objects(reads, log_id, record_id, CLAIMS), reader)
    pointing, dealings = pointing_told(
        pointing_objects(reads, log_id, record_id), lambda one: spelled(one, reader.words), reader
    )
    contracts = contracts_of(reads, record, reader.languages, reader.now // _DAY_S)
    names = {one.id: one.name for one in log_names(reads, {log for log, _ in contracts}, reader)}
    return Around(
        claims=claims,
        looked=next((claim for claim in claims if claim.looked), None),
        pointing=pointing,
        dealings=dealings,
        agreements=[agreement(log, one, names.get(log, Text("", "")), reader) for log, one in contracts],
        same=list(_same(reads, record, row, reader)),
    )


def _same(reads: Snapshot, record: Mapping[str, Any], row: RecordRow, reader: Reader) -> Iterator[Same]:
    """The records that are held to be the same, as far as they are here, with what differs in them."""
    mine = state_at(reads, row.tree, row.put)
    for other in record.get("same_as", ())[:_RELATED_MAX]:
        found = shown_row(reads, parse_log_id(other["log"]), bytes.fromhex(other["id"]))
        theirs = state_at(reads, found.tree, found.put) if found else None
        if found is None or mine is None or theirs is None:
            continue
        changes = [change for change in difference(mine, theirs, reader) if change.before and change.after]
        names = log_names(reads, {other["log"]}, reader)
        yield Same(
            name=choose(theirs.name, reader.languages),
            url=record_url(other["log"], other["id"]),
            log=names[0].name if names else Text(other["log"][:8], ""),
            changes=changes,
            summary=summary_of(changes, reader.words),
        )
