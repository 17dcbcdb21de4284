# SPDX-License-Identifier: AGPL-3.0-or-later
"""A resource: who may use it on which terms, when it is taken, what became of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.reciprocity.calendar import Span
from ledger.reciprocity.contracts import is_in_force, is_party
from ledger.reciprocity.hearing import DAY_S
from ledger.reciprocity.state import Account, Bookings, Commitment, Contract, Member, Resource
from ledger.reciprocity.yields_use import booked_units
from ledger.showing.known import moment
from protocol.amounts import month_of, multiply
from protocol.clauses import Access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.showing.view import LedgerView

RESOURCE_SCHEMA = "folkmoot.resource/1"
_MONTH, _ID = 4, 16
DENIED = "deny"


class Terms(NamedTuple):
    """A clause of a contract that gives access, and where it stands."""

    contract_id: bytes
    contract: Contract
    number: int
    clause: Access


class Way(NamedTuple):
    """How somebody may book: under which terms, and of whom."""

    terms: Terms
    provider: bytes


class Taken(NamedTuple):
    """A time at which a resource is taken."""

    span: Span
    id: bytes
    commitment: Commitment


def terms_of(view: LedgerView, resource: bytes, day: int) -> list[Terms]:
    """The clauses that give access to a resource under contracts in force on a day."""
    return [
        Terms(contract_id, contract, number, clause)
        for contract_id, contract in view.book.scan(Contract)
        if is_in_force(contract, day)
        for number, clause in enumerate(contract.clauses)
        if isinstance(clause, Access) and clause.resource == resource
    ]


def ways_to_book(view: LedgerView, resource: bytes, receiver: bytes, day: int) -> list[Way]:
    """How a member may book a resource for a day: by contracts that they have signed, of whoever is paid."""
    member = view.book.get(Member, receiver)
    ways = []
    for terms in terms_of(view, resource, day):
        account = view.book.get(Account, terms.clause.to)
        provider = account.owner if account else view.log_id
        sides = (provider, receiver)
        both = all(is_party(view.book, terms.contract_id, terms.contract, side, day) for side in sides)
        if member is not None and both and rate_of(terms.clause, member.class_) is not None:
            ways.append(Way(terms, provider))
    return ways


def rate_of(clause: Access, class_: str) -> tuple[int, int] | None:
    """The rate at which a class pays; None: it has no access."""
    rate = dict[str, Any](clause.by_class.items()).get(class_, DENIED)
    return None if rate == DENIED else rate


def fee_of(clause: Access, class_: str, span: Span) -> int | None:
    """What a booking costs a class, in the smallest parts of the clause's unit; None: it has no access."""
    rate = rate_of(clause, class_)
    return None if rate is None else multiply(booked_units(clause.per, *span) * clause.unit_price, *rate)


def taken(view: LedgerView, resource: bytes, begin: int, end: int) -> list[Taken]:
    """When a resource is taken between two moments, by when that begins."""
    first, last = month_of(begin // DAY_S), month_of(end // DAY_S)
    found: set[tuple[int, int, bytes]] = set()
    for key in _calendars(view, resource):
        if first <= int.from_bytes(key[-_MONTH:], "big") <= last:
            cell = view.book.get(Bookings, key)
            found.update(time for time in (cell.times if cell else ()) if time[0] < end and time[1] > begin)
    return list(_taken(view, sorted(found)))


def _taken(view: LedgerView, times: list[tuple[int, int, bytes]]) -> Iterator[Taken]:
    for begin, end, commit_id in times:
        commitment = view.book.get(Commitment, commit_id)
        if commitment is not None:
            yield Taken(Span(begin, end), commit_id, commitment)


def is_known(view: LedgerView, resource: bytes) -> bool:
    """Whether a ledger has anything to say of a resource: terms, how much there is, or bookings."""
    for _, contract in view.book.scan(Contract):
        if any(isinstance(clause, Access) and clause.resource == resource for clause in contract.clauses):
            return True
    if next(iter(view.book.scan(Resource, resource)), None) is not None:
        return True
    return bool(_calendars(view, resource))


def _calendars(view: LedgerView, resource: bytes) -> list[bytes]:
    """The keys of all months of a resource's calendars, whoever provides it."""
    return view.reads.keys_with(view.tree.tree, Bookings.SORT, resource, _MONTH + _ID)


def price_object(view: LedgerView, clause: Access, class_: str) -> dict[str, Any]:
    """What a class pays: `price` for each `per`, null where it has no access."""
    rate = rate_of(clause, class_)
    price = None if rate is None else view.show(multiply(clause.unit_price, *rate), clause.unit)
    return {"class": class_, "price": price}


def terms_object(view: LedgerView, terms: Terms) -> dict[str, Any]:
    """The terms of access under a contract."""
    clause = terms.clause
    return {
        "contract": {"id": terms.contract_id.hex(), "title": terms.contract.title},
        "clause": terms.number,
        "per": clause.per,
        "unit": clause.unit,
        "classes": [price_object(view, clause, class_) for class_ in clause.by_class],
        "accede": [*terms.contract.accede],
        "deposit": None if clause.deposit is None else view.show(clause.deposit, clause.unit),
    }


def resource_object(view: LedgerView, resource: bytes, begin: int, end: int) -> dict[str, Any]:
    """A resource: its terms now, and when it is taken between two moments; by whom is told apart."""
    times = taken(view, resource, begin, end)
    return {
        "schema": RESOURCE_SCHEMA,
        "resource": {"id": resource.hex(), "name": view.resource_name(resource)},
        "terms": [terms_object(view, one) for one in terms_of(view, resource, begin // DAY_S)],
        "taken": [{"begin": moment(one.span.begin), "end": moment(one.span.end), "id": one.id.hex()} for one in times],
    }
