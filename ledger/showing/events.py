# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events, commitments and resources as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Commitment, EventState, Resource
from ledger.showing.known import moment
from protocol.amounts import show_day

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

EVENTS_SCHEMA, EVENT_SCHEMA = "folkmoot.events/1", "folkmoot.event/1"
BOOKINGS_SCHEMA, STOCK_SCHEMA = "folkmoot.bookings/1", "folkmoot.stock/1"
_ID, _LOG = 16, 32


class Wanted(NamedTuple):
    """Which of many things are asked for: of a party, under a contract, of a resource, in days from and until."""

    party: bytes = b""
    contract: bytes = b""
    resource: bytes = b""
    since: int | None = None
    until: int | None = None

    def fits(self, thing: EventState | Commitment, day: int | None) -> bool:
        """Whether one of them is meant; `day` is its own. The day `until` is not among them."""
        if self.party and self.party not in {thing.provider, thing.receiver}:
            return False
        if (self.contract and thing.contract != self.contract) or (self.resource and thing.resource != self.resource):
            return False
        if day is None:
            return self.since is None and self.until is None
        return (self.since is None or day >= self.since) and (self.until is None or day < self.until)


def event_object(view: LedgerView, event_id: bytes) -> dict[str, Any]:
    """One event, and what was said of it since. Raises NotFoundError."""
    event = view.book.get(EventState, event_id)
    if event is None:
        raise NotFoundError(f"no event {event_id.hex()} in this ledger")
    return {
        "id": event_id.hex(),
        "on": show_day(event.on),
        "action": event.action,
        "provider": view.party_object(event.provider),
        "receiver": view.party_object(event.receiver),
        "resource": _thing(view, event.resource),
        "to": _thing(view, event.to),
        "quantity": view.quantity_object(*event.quantity) if event.quantity else None,
        "effort": view.quantity_object(*event.effort) if event.effort else None,
        "footprint": [view.quantity_object(*one) for one in event.footprint],
        "stream": event.stream,
        "gift": event.gift,
        "says": event.says,
        "contract": event.contract.hex() or None,
        "fulfils": event.fulfils.hex() or None,
        "corrected": event.corrected,
        "used": event.used,
        "disputes": event.disputes,
    }


def event_objects(view: LedgerView, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """The newest events of those that are wanted."""
    found = [(event.on, key) for key, event in view.book.scan(EventState) if wanted.fits(event, event.on)]
    return [event_object(view, key) for _, key in sorted(found, reverse=True)[:limit]]


def commitment_object(view: LedgerView, commit_id: bytes) -> dict[str, Any]:
    """One promise or booking. Raises NotFoundError."""
    commitment = view.book.get(Commitment, commit_id)
    if commitment is None:
        raise NotFoundError(f"no booking {commit_id.hex()} in this ledger")
    return {
        "id": commit_id.hex(),
        "action": commitment.action,
        "provider": view.party_object(commitment.provider),
        "receiver": view.party_object(commitment.receiver),
        "resource": _thing(view, commitment.resource),
        "begin": None if commitment.begin is None else moment(commitment.begin),
        "end": None if commitment.end is None else moment(commitment.end),
        "due": None if commitment.due is None else show_day(commitment.due),
        "quantity": view.quantity_object(*commitment.quantity) if commitment.quantity else None,
        "contract": commitment.contract.hex() or None,
        "state": commitment.state,
        "charged": commitment.charged,
        "disputes": commitment.disputes,
    }


def commitment_objects(view: LedgerView, wanted: Wanted, limit: int, *, ended: bool = False) -> list[dict[str, Any]]:
    """Promises and bookings by when they begin or are due; those that were cancelled or fulfilled only if asked for."""
    found = []
    for key, one in view.book.scan(Commitment):
        day = one.begin // 86_400 if one.begin is not None else one.due
        if wanted.fits(one, day) and (ended or one.state == "active"):
            found.append((one.begin if one.begin is not None else (one.due or 0) * 86_400, key))
    return [commitment_object(view, key) for _, key in sorted(found)[:limit]]


def stock_objects(view: LedgerView, resource: bytes = b"") -> list[dict[str, Any]]:
    """What there is of resources: who holds how much of one, in which unit."""
    found = []
    for key, cell in view.book.scan(Resource, resource):
        one, rest = key[:_ID], key[_ID:]
        size = _LOG if rest.startswith(view.log_id) else _ID
        holder, unit = rest[:size], rest[size:].decode()
        found.append(
            {
                "resource": _thing(view, one),
                "holder": view.party_object(holder),
                "unit": unit,
                "accounting": view.show(cell.accounting, unit),
                "on_hand": view.show(cell.on_hand, unit),
            }
        )
    return found


def _thing(view: LedgerView, resource: bytes) -> dict[str, str] | None:
    """A resource with what the directory calls it."""
    return {"id": resource.hex(), "name": view.resource_name(resource)} if resource else None
