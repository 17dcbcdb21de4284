# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events, commitments and resources as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.reciprocity.hearing import DAY_S
from ledger.reciprocity.state import Bookings, Commitment, EventState, Resource
from ledger.showing.known import moment
from ledger.showing.recent import LOOKED_MAX, Page, recent
from protocol.amounts import month_of, show_day

if TYPE_CHECKING:
    from ledger.showing.view import Found, LedgerView

EVENTS_SCHEMA, EVENT_SCHEMA = "folkmoot.events/1", "folkmoot.event/1"
STOCK_MAX = 1_000
BOOKINGS_SCHEMA, STOCK_SCHEMA = "folkmoot.bookings/1", "folkmoot.stock/1"
_ID, _LOG, _MONTH = 16, 32, 4


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


def recent_events(
    view: LedgerView, wanted: Wanted, limit: int, before: int | None = None, looked_max: int = LOOKED_MAX
) -> Page:
    """The newest events of those that are wanted."""

    def fits(one: Found) -> bool:
        event = view.book.get(EventState, one.statement.id)
        return event is not None and wanted.fits(event, event.on)

    of = [wanted.party] if len(wanted.party) == _ID else []
    return recent(view, "event", limit, of=of, before=before, fits=fits, looked_max=looked_max)


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


def calendar_objects(view: LedgerView, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
    """The active bookings that end after the beginning of the wanted days, by when they begin."""
    since, until = wanted.since, wanted.until
    found: set[tuple[int, bytes]] = set()
    for key, _ in view.reads.cells(view.tree.tree, Bookings.SORT):
        month, resource = int.from_bytes(key[-_MONTH:], "big"), key[-_MONTH - _ID : -_MONTH]
        if wanted.resource not in {b"", resource} or (since is not None and month < month_of(since)):
            continue
        cell = view.book.get(Bookings, key)
        for begin, end, one in cell.times if cell and (until is None or month <= month_of(until)) else ():
            if (since is None or end > since * DAY_S) and (until is None or begin < until * DAY_S):
                found.add((begin, one))
    meant = wanted._replace(since=None, until=None)
    shown: list[dict[str, Any]] = []
    for _, one in sorted(found):
        commitment = view.book.get(Commitment, one)
        if commitment is not None and meant.fits(commitment, None):
            shown.append(commitment_object(view, one))
            if len(shown) == limit:
                break
    return shown


def recent_commitments(
    view: LedgerView, wanted: Wanted, limit: int, before: int | None = None, looked_max: int = LOOKED_MAX
) -> Page:
    """The newest promises and bookings, whatever became of them."""

    def fits(one: Found) -> bool:
        made = view.book.get(Commitment, one.statement.id)
        day = None if made is None else made.begin // DAY_S if made.begin is not None else made.due
        return made is not None and wanted.fits(made, day)

    of = [wanted.party] if len(wanted.party) == _ID else []
    return recent(view, "commit", limit, of=of, before=before, fits=fits, looked_max=looked_max)


def commitment_objects(view: LedgerView, wanted: Wanted, limit: int, *, ended: bool = False) -> list[dict[str, Any]]:
    """What is booked and promised, by when it begins or is due; with `ended` also what is over, the newest first."""
    if ended:
        page = recent_commitments(view, wanted, limit)
        return [commitment_object(view, one.statement.id) for one in page.found]

    def fits(one: Found) -> bool:
        made = view.book.get(Commitment, one.statement.id)
        return made is not None and made.begin is None and made.state == "active" and wanted.fits(made, made.due)

    of = [wanted.party] if len(wanted.party) == _ID else []
    promised = recent(view, "commit", limit, of=of, fits=fits).found
    found = calendar_objects(view, wanted, limit) + [commitment_object(view, one.statement.id) for one in promised]
    return sorted(found, key=lambda one: one["begin"] or one["due"] or "")[:limit]


def stock_objects(view: LedgerView, resource: bytes = b"") -> list[dict[str, Any]]:
    """What there is of resources: who holds how much of one, in which unit; the first `STOCK_MAX`."""
    found: list[dict[str, Any]] = []
    for key, cell in view.book.scan(Resource, resource):
        if len(found) == STOCK_MAX:
            break
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
