# SPDX-License-Identifier: AGPL-3.0-or-later
"""What surrounds a record: what points at it, what else it is called elsewhere, under which contracts it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.present import record_object
from ledger.errors import NotFoundError
from ledger.held.denying import denied_records
from ledger.reciprocity.state import Contract, Member
from ledger.showing.contracts import contract_object, contract_objects
from ledger.showing.view import LedgerView, held_ledger
from ledger.text import fold
from protocol.identity import parse_log_id
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow

POINTING_MAX = 200
CONTRACTS_MAX = 50


def shown_row(reads: Snapshot, log_id: bytes, record_id: bytes) -> RecordRow | None:
    """The public state of a record, if it is held here and may be shown."""
    for tree in reads.epochs(log_id):
        row = None if tree.hidden else reads.records_by_id(tree.tree, [record_id]).get(record_id)
        if row is not None and row.rid not in denied_records(reads):
            return row
    return None


def pointing_objects(reads: Snapshot, log_id: bytes, record_id: bytes) -> list[tuple[str, dict[str, Any]]]:
    """(predicate, record) of the open records that state a relation to a record."""
    pointing = reads.relations_to(log_id, record_id, POINTING_MAX)
    rows, denied = reads.records([rid for rid, _ in pointing]), denied_records(reads)
    hidden = {tree.tree for tree in reads.trees() if tree.hidden}
    return [
        (predicate, record_object(reads, row))
        for rid, predicate in pointing
        if (row := rows.get(rid)) is not None
        and row.scope == SCOPE_PUBLIC
        and row.status != "closed"
        and rid not in denied
        and row.tree not in hidden
    ]


def contracts_of(
    reads: Snapshot, record: Mapping[str, Any], languages: tuple[str, ...], today: int
) -> list[tuple[str, dict[str, Any]]]:
    """(log, contract) of the contracts that everybody may read and in which a record has a part; newest first.

    A part has the organisation itself, where the record has its name; a member to whom the record states a relation;
    a thing whose use or lease the contract is about.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for log, party in _parties(reads, record):
        view = _ledger(reads, log, languages)
        if view is not None and (party == view.log_id or view.book.get(Member, party) is not None):
            found |= {(log, one["id"]): one for one in contract_objects(view, today, party)}
    view = _ledger(reads, record["log"], languages)
    if view is not None and record["kind"] in {"resource", "place"}:
        for key in _about(view, bytes.fromhex(record["id"])):
            found[record["log"], key.hex()] = contract_object(view, key, today)
    ordered = sorted(found.items(), key=lambda item: (item[1]["from"], item[1]["id"]), reverse=True)
    return [(log, contract) for (log, _), contract in ordered[:CONTRACTS_MAX]]


def _parties(reads: Snapshot, record: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """(log, party) of those who may be party to a contract of that log's ledger."""
    view = _ledger(reads, record["log"], ())
    if view is not None and record["kind"] == "organisation":
        named = {fold(name) for name in view.charter.name.values()}
        if named & {fold(name) for name in record["name"].values()}:
            yield record["log"], view.log_id
    for relation in record.get("relations", ()):
        yield relation["object"]["log"], bytes.fromhex(relation["object"]["id"])


def _ledger(reads: Snapshot, log: str, languages: tuple[str, ...]) -> LedgerView | None:
    try:
        return LedgerView(reads, held_ledger(reads, parse_log_id(log)), languages=languages)
    except NotFoundError:
        return None


def _about(view: LedgerView, thing: bytes) -> Iterator[bytes]:
    """The contracts with a clause about the use of a thing."""
    for key, contract in view.book.scan(Contract):
        if any(getattr(clause, "resource", b"") == thing for clause in contract.clauses):
            yield key
