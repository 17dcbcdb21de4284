# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records and results as JSON objects: the same for `folkmoot search --json` and `GET /v1/records`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ledger.duplicates.deciding import Decisions
from ledger.held.denying import label_objects
from ledger.held.following import followed
from ledger.held.state import position_state
from ledger.jsonform import to_json
from protocol.directory import RecordPut, read_body
from protocol.identity import show_log_id
from protocol.record import Contact
from protocol.statement import SCOPE_NAMES, SCOPE_PUBLIC, Statement, parse_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from ledger.directory.search import Page
    from ledger.duplicates.deciding import Key
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from protocol.record import Record

PAGE_SCHEMA = "folkmoot.records/1"
RECORD_SCHEMA = "folkmoot.record/1"


def read_record(reads: Snapshot, row: RecordRow) -> tuple[Record, Statement, int]:
    """The record behind a row, the statement that put it, and when the log took it in (UTC seconds)."""
    stored = next(reads.entries(row.tree, row.put, row.put + 1))
    assert stored.payload is not None, "a record whose payload is gone has no row"
    statement = parse_statement(parse_payload(stored.payload).statement)
    assert isinstance(statement, Statement)
    body = read_body(statement)
    assert isinstance(body, RecordPut)
    return body.record, statement, parse_entry(stored.entry).at  # type: ignore[union-attr] # a put is never opaque


def record_object(reads: Snapshot, row: RecordRow) -> dict[str, Any]:
    """A record as JSON: bytes in hexadecimal, the point in degrees, and where it stands in which log.

    Its contact is shown as far as its scope lets it be: whoever is given a row that is not public may read all of it.
    """
    record, statement, at = read_record(reads, row)
    value = to_json(record.body())
    assert isinstance(value, dict)
    value["status"] = row.status
    if row.scope == SCOPE_PUBLIC and record.contact is not None and record.contact.visibility != "public":
        value["contact"] = {"visibility": record.contact.visibility}
    if record.point is not None:
        value["point"] |= {"lat": record.point.lat / 1e7, "lon": record.point.lon / 1e7}
    if row.checked_at is not None:
        value["checked_at"] = row.checked_at
    tree = reads.tree_numbered(row.tree)
    labels = label_objects(reads, tree.origin.log_id, row.id)
    if labels:
        value["labels"] = labels
    same = same_as(reads, (tree.origin.log_id, row.id))
    if same:
        value["same_as"] = same
    value["log"] = show_log_id(tree.origin.log_id)
    value["entry"] = {
        "epoch": tree.origin.epoch,
        "position": row.put,
        "latest": row.latest,
        "at": at,
        "seen_at": max(row.said_at, row.checked_at or 0),
        "author": statement.author.hex(),
        "scope": SCOPE_NAMES[row.scope],
        "state": position_state(reads, tree, row.latest),
    }
    return value


def brief_object(reads: Snapshot, row: RecordRow) -> dict[str, Any]:
    """Of the JSON of a record what a list of links needs: its log and id, kind, name and town; a fifth of the work."""
    record = read_record(reads, row)[0]
    log = show_log_id(reads.tree_numbered(row.tree).origin.log_id)
    locality = record.address.locality if record.address is not None else ""
    told: dict[str, Any] = {"log": log, "id": row.id.hex(), "kind": record.kind, "name": dict(record.name)}
    return told | ({"address": {"locality": locality}} if locality else {})


def same_as(reads: Snapshot, record: Key) -> list[dict[str, str]]:
    """The records that the own log says to be the same as one (spec 10 §5), as JSON."""
    rows = reads.pairs_about(*record)
    if not rows:
        return []
    log_of = {row.tree: reads.tree_numbered(row.tree).origin.log_id for row in rows}
    said = Decisions(rows, log_of, reads.own_log())
    return [{"log": show_log_id(log_id), "id": record_id.hex()} for log_id, record_id in said.same_as(record)]


def page_object(reads: Snapshot, page: Page) -> dict[str, Any]:
    """A page of results as JSON. `lag`: entries that are stored but not yet searchable."""
    rows = reads.records(page.rids)
    return {
        "schema": PAGE_SCHEMA,
        "total": page.total,
        "lag": lag(reads),
        "facets": page.facets | {"log": _by_log(reads, page.trees)},
        "records": [
            record_object(reads, rows[rid]) for rid in page.rids if rid in rows
        ],  # one may just have been erased
        "next": page.next,
    }


def _by_log(reads: Snapshot, trees: dict[int, int]) -> dict[str, int]:
    """Counts by log, of those by the numbers of its epochs."""
    counts: dict[str, int] = {}
    for tree, count in trees.items():
        log = show_log_id(reads.tree_numbered(tree).origin.log_id)
        counts[log] = counts.get(log, 0) + count
    return dict(sorted(counts.items(), key=lambda one: -one[1]))


def lag(reads: Snapshot) -> int:
    """How many stored entries are not yet folded into the directory."""
    return sum(tree.size - tree.derived for tree in followed(reads.trees()))


def record_states(reads: Snapshot, row: RecordRow, most: int) -> dict[int, Record]:
    """The states that a record has been put in, by position: as many of the latest as are asked for."""
    states: dict[int, Record] = {}
    for step in reads.history(row.tree, row.id, private=row.scope > SCOPE_PUBLIC):
        if len(states) == most:
            break
        state = state_at(reads, row.tree, step.position)
        if state is not None:
            states[step.position] = state
    return states


def state_at(reads: Snapshot, tree: int, position: int) -> Record | None:
    """The state that a record was put in by an entry of its history; None where that did something else, or is gone.

    A contact that is not meant for everybody is left out, as it is of the present state.
    """
    stored = next(reads.entries(tree, position, position + 1))
    if stored.payload is None:
        return None
    statement = parse_statement(parse_payload(stored.payload).statement)
    assert isinstance(statement, Statement)
    body = read_body(statement)
    if not isinstance(body, RecordPut):
        return None
    contact = body.record.contact
    if contact is not None and contact.visibility != "public":
        return replace(body.record, contact=Contact(contact.visibility))
    return body.record


def history_objects(reads: Snapshot, row: RecordRow) -> list[dict[str, Any]]:
    """What made a record what it is, latest first: what was said of it in public, or else apart from that."""
    steps = []
    for step in reads.history(row.tree, row.id, private=row.scope > SCOPE_PUBLIC):
        stored = next(reads.entries(row.tree, step.position, step.position + 1))
        if stored.payload is None:
            continue
        statement = parse_statement(parse_payload(stored.payload).statement)
        assert isinstance(statement, Statement)
        steps.append(
            {
                "position": step.position,
                "kind": statement.kind,
                "at": parse_entry(stored.entry).at,  # type: ignore[union-attr] # judged applied, so not opaque
                "author": statement.author.hex(),
                "body": to_json(statement.read_body()),
            }
        )
    return steps
