# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a resource: its calendar, the terms of its use by class, what became of bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.reciprocity.calendar import Span, local_time
from ledger.reciprocity.state import Commitment, EventState, Member
from ledger.showing.events import Wanted, recent_events
from ledger.showing.resources import (
    Taken,
    is_known,
    resource_object,
    taken,
    terms_object,
    terms_of,
)
from ledger.showing.view import LedgerView
from node.directory.listing import record_url
from node.forms.field import Field
from node.forms.options import options_of
from node.keys import LEDGER
from node.reciprocity.booked import zone_of
from node.reciprocity.calendar_feed import private_link
from node.reciprocity.calendar_view import cells_of, other_view, read_shown, span_of, span_text
from node.reciprocity.ledger_acts_api import DAYS
from node.reciprocity.ledger_api import answering
from node.reciprocity.ledger_pages import page
from node.reciprocity.ledgers import id_of
from node.routes import Route
from node.web.session import member_session_of, session_of
from protocol.amounts import parse_day
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from aiohttp import web

    from ledger.showing.resources import Terms
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Reader
    from node.web.words import Words

PATH = "/resource/{resource}"
_BOOKED_KINDS = frozenset({"resource", "place", "service"})
NEXT_SHOWN, USES_SHOWN = 30, 10
_DAY_S, _AHEAD_DAYS, _BEHIND_DAYS = 86_400, 400, 400


def resource_values(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    """What the page of a resource shows. Raises NotFoundError if nothing is known of it."""
    resource = id_of(request, "resource")
    name = view.resource_name(resource)
    if not name and not is_known(view, resource):
        raise NotFoundError(f"no resource {resource.hex()} in this ledger")
    now, zone, words = int(request.app[LEDGER].clock()), zone_of(request), reader.words
    own = view.tree.tree == request.app[LEDGER].own.tree
    shown = read_shown(request.query, local_time(now, zone).date())
    window = span_of(shown, zone)
    times = taken(view, resource, *window)
    session = session_of(request) or member_session_of(request)
    acts = own and (view.private or bool(view.reader))
    return {
        "resource": {"id": resource.hex(), "name": name},
        "record_url": record_url(show_log_id(view.log_id), resource.hex()) if name else "",
        "zone": zone.key,
        "terms": [terms_shown(view, one, words) for one in terms_of(view, resource, now // _DAY_S)],
        "shown": shown,
        "title": words.month(shown.month[0] * 12 + shown.month[1] - 1) if shown.month else "",
        "weeks": cells_of(shown, [(one.span, is_mine(view, one.commitment)) for one in times], zone, now, words),
        "before": shown.moved(-1).query,
        "after": shown.moved(1).query,
        "other": other_view(shown, local_time(now, zone).date()).query,
        "next": upcoming(view, resource, now, zone, words),
        "waiting": waiting(view, resource, now, zone, words) if acts else [],
        "uses": uses(view, resource, words),
        "acts": acts,
        "csrf": session.csrf if session and acts else "",
        "receivers": options_of(Field("receiver", "", "party"), view, words) if own and view.private else [],
        "private_link": private_link(request, view, resource) if own and view.reader else "",
        "here": f"/ledger/{show_log_id(view.log_id)}/resource/{resource.hex()}",
        "fault": "",
        "faults": {},
        "free": [],
        "texts": {},
    }


def terms_shown(view: LedgerView, terms: Terms, words: Words) -> dict[str, Any]:
    """Terms of access in words: what each class pays."""
    told = terms_object(view, terms)
    rows = []
    for one in told["classes"]:
        if one["price"] is None:
            text = words("no access")
        elif not terms.clause.unit_price or not float(one["price"]):
            text = words("free of charge")
        else:
            amount = f"{words.amount(one['price'])}\N{NO-BREAK SPACE}{told['unit']}"
            text = _PER[told["per"]](words, amount)
        rows.append((words.label("class", one["class"]), text))
    return told | {"rows": rows}


_PER = {
    "day": lambda words, amount: words("{amount} a day, what has begun counts", amount=amount),
    "hour": lambda words, amount: words("{amount} an hour, what has begun counts", amount=amount),
    "use": lambda words, amount: words("{amount} each time", amount=amount),
}


def is_mine(view: LedgerView, commitment: Commitment) -> bool:
    """Whether a booking is the reader's."""
    return bool(view.reader) and view.reader in {commitment.receiver, commitment.provider}


def may_record(view: LedgerView, commitment: Commitment) -> bool:
    """Whether the reader says that it was used as booked.

    Whoever lent it does, and of what the organisation lends also whoever had it: the booking, by which they owe what
    they owe, has said all but that.
    """
    return view.private or view.reader == commitment.provider or may_thank(view, commitment)


def may_thank(view: LedgerView, commitment: Commitment) -> bool:
    """Whether the reader says thanks for a booking that is over before anybody has recorded that it was used."""
    return is_mine(view, commitment) and (view.reader, view.log_id) == (commitment.receiver, commitment.provider)


def booking_shown(view: LedgerView, one: Taken, zone: ZoneInfo, words: Words) -> dict[str, Any]:
    """A booking in a list: whose it is only for those concerned and for stewards."""
    told = view.private or is_mine(view, one.commitment)
    return {
        "id": one.id.hex(),
        "when": span_text(one.span, zone, words),
        "receiver": view.party_object(one.commitment.receiver) if told else None,
        "mine": is_mine(view, one.commitment),
        "cancels": told,
        "records": may_record(view, one.commitment),
        "thanks": may_thank(view, one.commitment),
        "denies": view.private or view.reader == one.commitment.provider,
    }


def upcoming(view: LedgerView, resource: bytes, now: int, zone: ZoneInfo, words: Words) -> list[dict[str, Any]]:
    """The bookings that are not over, the first ones."""
    found = taken(view, resource, now, now + _AHEAD_DAYS * _DAY_S)
    return [booking_shown(view, one, zone, words) for one in found[:NEXT_SHOWN]]


def waiting(view: LedgerView, resource: bytes, now: int, zone: ZoneInfo, words: Words) -> list[dict[str, Any]]:
    """The bookings that are over, and of which nobody has said yet what became of them."""
    found = [one for one in taken(view, resource, now - _BEHIND_DAYS * _DAY_S, now) if one.span.end <= now]
    shown = [booking_shown(view, one, zone, words) for one in reversed(found)]
    return [one for one in shown if one["records"] or one["mine"]][:NEXT_SHOWN]


def uses(view: LedgerView, resource: bytes, words: Words) -> list[dict[str, Any]]:
    """What was done with a resource, the newest first, and what those who received said of it."""
    shown = []
    for found in recent_events(view, Wanted(resource=resource), USES_SHOWN).found:
        event = view.book.need(EventState, found.statement.id)
        if event.corrected:
            continue
        told = view.private or view.reader in {event.receiver, event.provider}
        member = view.book.get(Member, event.receiver)
        kept = view.private and (member is None or member.custody == "node")
        shown.append(
            {
                "id": found.statement.id.hex(),
                "day": words.date(event.on * _DAY_S),
                "action": words.label("action", event.action),
                "receiver": view.party_object(event.receiver) if told else None,
                "says": [words.label("says", one) for one in event.says],
                "thanks": "thanks" not in event.says and ((view.reader == event.receiver and told) or kept),
            }
        )
    return shown


def unanswered(view: LedgerView, resource: bytes) -> bytes | None:
    """The newest of what the reader was given of something, for which they have not said thanks; None: nothing."""
    if not view.reader:
        return None
    for found in recent_events(view, Wanted(party=view.reader, resource=resource), USES_SHOWN).found:
        event = view.book.need(EventState, found.statement.id)
        if event.receiver == view.reader and not event.corrected and "thanks" not in event.says:
            return found.statement.id
    return None


def calendar_url(reads: Snapshot, row: RecordRow) -> str:
    """Where the calendar of what a record describes is; empty if the ledger of its log knows nothing of it."""
    if row.kind not in _BOOKED_KINDS:
        return ""
    view = LedgerView(reads, reads.tree_numbered(row.tree))
    known = is_known(view, row.id)
    return f"/ledger/{show_log_id(view.log_id)}/resource/{row.id.hex()}" if known else ""


def _data(request: web.Request, view: LedgerView) -> dict[str, Any]:
    resource, now = id_of(request, "resource"), int(request.app[LEDGER].clock())
    if not view.resource_name(resource) and not is_known(view, resource):
        raise NotFoundError(f"no resource {resource.hex()} in this ledger")
    first = parse_day(request.query["from"]) * _DAY_S if "from" in request.query else now
    last = parse_day(request.query["until"]) * _DAY_S if "until" in request.query else first + 31 * _DAY_S
    told = resource_object(view, resource, *Span(first, max(first, min(last, first + _AHEAD_DAYS * _DAY_S))))
    return told | {"zone": zone_of(request).key}


ROUTES = (
    Route(
        "GET",
        f"/ledger/{{log}}{PATH}",
        page("ledger_resource.html", resource_values),
        "A resource: calendar, terms of use, bookings",
        "text/html",
        statuses=(200, 404),
    ),
)
API_ROUTES = (
    Route(
        "GET",
        "/v1/ledger/{log}/resources/{resource}",
        answering(_data),
        "A resource: its terms by class, and when it is taken (31 days from now if not told otherwise)",
        parameters=DAYS,
        statuses=(200, 404),
    ),
)
