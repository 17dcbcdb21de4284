# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened and what was decided in a ledger, under /v1/ledger: events, bookings, posts, assembly, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.showing.assembly import (
    DISPUTES_SCHEMA,
    NOTES_SCHEMA,
    PROPOSAL_SCHEMA,
    PROPOSALS_SCHEMA,
    dispute_objects,
    note_objects,
    proposal_object,
    proposal_objects,
    rules_object,
)
from ledger.showing.collectives import (
    COLLECTIVE_SCHEMA,
    COLLECTIVES_SCHEMA,
    collective_object,
    collective_objects,
)
from ledger.showing.events import (
    BOOKINGS_SCHEMA,
    EVENT_SCHEMA,
    EVENTS_SCHEMA,
    STOCK_SCHEMA,
    Wanted,
    calendar_objects,
    commitment_object,
    event_object,
    recent_commitments,
    recent_events,
    stock_objects,
)
from ledger.showing.posts import POST_SCHEMA, POSTS_SCHEMA, accounts_of, find_post, post_object, recent_posts
from ledger.showing.recent import page_object
from node.api.v1 import SCOPE_PARAMETER
from node.keys import LEDGER
from node.reciprocity.ledger_api import answering
from node.reciprocity.ledgers import id_of
from node.routes import Parameter, Route
from node.web.paging import AFTER, LIMITED, limit_of, slice_object
from protocol.amounts import parse_day
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from ledger.showing.view import LedgerView

_LEDGER = "/v1/ledger/{log}"
_DAY_S = 86_400
PARTY = Parameter("party", "of a member or of the organisation, by id")
CONTRACT = Parameter("contract", "under a contract, by id")
RESOURCE = Parameter("resource", "of a resource, by id")
ACCOUNT = Parameter("account", "of an account, by id")
DAYS = (Parameter("from", "from this day on, such as 2026-03-02"), Parameter("until", "before this day"))
BEFORE = Parameter("before", "`next` of the page before; a page may be short and go on")
ALL = Parameter("all", "1: those that are over, too")


def _one(request: web.Request, name: str) -> bytes:
    """An id, or a log's, that a query parameter names; empty if there is none. Raises Malformed."""
    text = request.query.get(name, "")
    if len(text) == 52:
        return parse_log_id(text)
    try:
        one = bytes.fromhex(text)
    except ValueError:
        one = b"?"
    if len(one) not in {0, 16}:
        raise Malformed(name, f"{name} is an id of 32 hexadecimal digits, or the 52 characters of the log's")
    return one


def _day(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    return None if text is None else parse_day(text)


def _wanted(request: web.Request) -> Wanted:
    party, contract, resource = (_one(request, name) for name in ("party", "contract", "resource"))
    return Wanted(party, contract, resource, _day(request, "from"), _day(request, "until"))


def _today(request: web.Request) -> int:
    return int(request.app[LEDGER].clock()) // _DAY_S


def _before(request: web.Request) -> int | None:
    text = request.query.get("before")
    if text is not None and not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Malformed("before", "before is `next` of the page before")
    return None if text is None else int(text)


def _events(request: web.Request, view: LedgerView) -> dict[str, Any]:
    page = recent_events(view, _wanted(request), limit_of(request.query), _before(request))
    return page_object(EVENTS_SCHEMA, "events", page, lambda one: event_object(view, one.statement.id))


def _bookings(request: web.Request, view: LedgerView) -> dict[str, Any]:
    wanted, limit = _wanted(request), limit_of(request.query)
    if request.query.get("all", "") == "1":
        page = recent_commitments(view, wanted, limit, _before(request))
        return page_object(BOOKINGS_SCHEMA, "bookings", page, lambda one: commitment_object(view, one.statement.id))
    if wanted.since is None:
        wanted = wanted._replace(since=_today(request))
    return {"schema": BOOKINGS_SCHEMA, "bookings": calendar_objects(view, wanted, limit), "next": None}


def _posts(request: web.Request, view: LedgerView) -> dict[str, Any]:
    account, party = _one(request, "account"), _one(request, "party")
    accounts = accounts_of(view, party) if party else None
    page = recent_posts(
        view,
        limit_of(request.query),
        [account] if account else accounts,
        since=_day(request, "from"),
        until=_day(request, "until"),
        before=_before(request),
    )
    return page_object(POSTS_SCHEMA, "posts", page, lambda one: post_object(view, one))


def _proposals(request: web.Request, view: LedgerView) -> dict[str, Any]:
    rules = rules_object(view)
    del rules["schema"]
    return slice_object(request.query, PROPOSALS_SCHEMA, "proposals", proposal_objects(view, _today(request))) | {
        "rules": rules
    }


def _disputes(request: web.Request, view: LedgerView) -> dict[str, Any]:
    closed = request.query.get("all", "") == "1"
    return slice_object(request.query, DISPUTES_SCHEMA, "disputes", dispute_objects(view, closed=closed))


def _route(path: str, about: str, work: Callable[[web.Request, LedgerView], Any], *parameters: Parameter) -> Route:
    every = (*parameters, SCOPE_PARAMETER)
    return Route("GET", _LEDGER + path, answering(work), about, parameters=every, statuses=_STATUSES)


_STATUSES = (200, 401, 404)
_PAGE = (*DAYS, LIMITED, BEFORE)
_PART = (LIMITED, AFTER)


ROUTES = (
    _route("/events", "What happened, the newest first", _events, PARTY, CONTRACT, RESOURCE, *_PAGE),
    _route(
        "/events/{event}",
        "Something that happened, and what was said of it",
        lambda request, view: {"schema": EVENT_SCHEMA, "event": event_object(view, id_of(request, "event"))},
    ),
    _route(
        "/bookings", "Times that are taken; with all=1 promises, too", _bookings, PARTY, CONTRACT, RESOURCE, *_PAGE, ALL
    ),
    _route(
        "/stock",
        "What there is of resources, by holder",
        lambda request, view: slice_object(
            request.query, STOCK_SCHEMA, "stock", stock_objects(view, _one(request, "resource"))
        ),
        RESOURCE,
        *_PART,
    ),
    _route("/posts", "Movements between accounts, the newest first", _posts, ACCOUNT, PARTY, *_PAGE),
    _route(
        "/posts/{post}",
        "A movement between accounts, by its id or the position of its entry",
        lambda request, view: {
            "schema": POST_SCHEMA,
            "post": post_object(view, find_post(view, request.match_info["post"])),
        },
    ),
    _route("/proposals", "What the assembly was asked, and its rules", _proposals, *_PART),
    _route(
        "/proposals/{proposal}",
        "A proposal with its votes",
        lambda request, view: {
            "schema": PROPOSAL_SCHEMA,
            "proposal": proposal_object(view, id_of(request, "proposal"), _today(request)),
        },
    ),
    _route("/disputes", "Disagreements that are open", _disputes, ALL, *_PART),
    _route(
        "/collectives",
        "Hosted groups with their funds",
        lambda request, view: slice_object(request.query, COLLECTIVES_SCHEMA, "collectives", collective_objects(view)),
        *_PART,
    ),
    _route(
        "/collectives/{member}",
        "A hosted group: its fund, what came in and went out, what it is asked to pay",
        lambda request, view: {
            "schema": COLLECTIVE_SCHEMA,
            "collective": collective_object(view, id_of(request, "member"), _today(request)),
        },
    ),
    _route(
        "/notes/{about}",
        "Notes about something, as far as whoever asks may see them",
        lambda request, view: slice_object(
            request.query, NOTES_SCHEMA, "notes", note_objects(view, id_of(request, "about"))
        ),
        *_PART,
    ),
)
