# SPDX-License-Identifier: AGPL-3.0-or-later
"""/offers: current offers and needs side by side, with what fits; renewing what is over."""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from ledger.directory.expiry import DAYS, end_of, renewed
from ledger.directory.matched import match_objects
from ledger.directory.present import brief_object, read_record
from ledger.directory.query import QueryError, parse_query
from ledger.directory.work import WORK
from ledger.own.trial import wait_until_folded
from ledger.places.opening import is_open
from ledger.reciprocity.state import EventState
from ledger.showing.events import Wanted, recent_events
from ledger.showing.rates import check_rate
from ledger.showing.view import LedgerView
from node.api.v1 import find_record
from node.directory.listing import distance_text, record_url
from node.directory.matcher import MATCHER
from node.directory.offers import fitting, offered, standing
from node.directory.work_view import is_on_day, is_wanted, read_rate, work_shown
from node.keys import CONFIG, FINDER, LEDGER
from node.reciprocity.resource_pages import unanswered
from node.routes import Parameter, Route
from node.steward.steward_pages import TEXTS, signed_in
from node.web.reading import reader_of as reader_of_ledger
from node.web.rendering import error_page, reader_of, render
from node.web.session import member_session_of, session_of
from protocol.identity import show_log_id
from protocol.record import TERMS

if TYPE_CHECKING:
    from ledger.showing.view import Found
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Reader
    from node.directory.offers import Offered
    from node.web.session import Session

SHOWN, FITTING_SHOWN, FITTING_ON_RECORD, THANKS_LOOKED = 25, 2, 8, 100
_FIELDS = ("q", "near", "radius", "terms", "category")
_WORK_FIELDS = ("work", "open", "rate")
_WORK_LOOKED_MAX = 1_000
_RADII_KM = (2, 5, 10, 25, 50, 100)
_DAY_S = 86_400


async def _offers(request: web.Request) -> web.Response:
    reader = reader_of(request)
    asked = {name: text for name in (*_FIELDS, *_WORK_FIELDS) if (text := request.query.get(name, "").strip())}
    if "near" not in asked:
        asked.pop("radius", None)
    problem, sides = "", {}
    try:
        sides = await asyncio.to_thread(_sides, request, asked, reader)
    except QueryError as error:
        problem = str(error)
    words = reader.words
    return render(
        request,
        "offers.html",
        reader,
        status=400 if problem else 200,
        problem=problem,
        asked=asked,
        sides=sides,
        terms=[(term, words.label("terms", term)) for term in TERMS],
        radii=[(f"{km}km", words.distance(km * 1000)) for km in _RADII_KM],
        csrf=session.csrf if (session := session_of(request)) else "",
    )


def _sides(request: web.Request, asked: dict[str, str], reader: Reader) -> dict[str, Any]:
    """Of offers and needs each: how many, the first of them, and where the whole list is."""
    sides = {}
    for direction, kind in (("offer", "offer"), ("want", "need")):
        records, total, more = _found(request, asked, direction, reader)
        circle = parse_query({name: [text] for name, text in asked.items() if name in _FIELDS}, reader.now).circle
        rows: list[Offered] = []
        with request.app[LEDGER].store.read() as reads:
            rids = _rids(reads, records)
            for record in records:
                rid = rids.get((record["log"], record["id"]), 0)
                matches = request.app[MATCHER].matches(reads, rid, reader.now, FITTING_SHOWN)
                distance = distance_text(record, circle, reader.words)
                rows.append(offered(record, match_objects(reads, matches, brief_object), distance, reader))
        sides[kind] = {"rows": rows, "total": total, "more": more}
    return sides


def _rids(reads: Snapshot, records: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """The row ids of public records, by log and id; one may just have been erased."""
    rids: dict[tuple[str, str], int] = {}
    wanted: dict[str, list[bytes]] = {}
    for record in records:
        wanted.setdefault(record["log"], []).append(bytes.fromhex(record["id"]))
    for tree in reads.trees():
        log = show_log_id(tree.origin.log_id)
        if log in wanted and not tree.hidden:
            found = reads.records_by_id(tree.tree, wanted[log])
            rids |= {(log, record_id.hex()): row.rid for record_id, row in found.items()}
    return rids


def _found(
    request: web.Request, asked: dict[str, str], direction: str, reader: Reader
) -> tuple[list[dict[str, Any]], int, str]:
    """The first records of a direction, how many there are, and where all of them are listed. Raises QueryError."""
    plain = {name: text for name, text in asked.items() if name in _FIELDS}
    if "work" not in asked:
        parameters = {name: [text] for name, text in plain.items()} | {"direction": [direction], "limit": [str(SHOWN)]}
        found = request.app[FINDER].find(parameters, reader.now)
        more = "/?" + urlencode(plain | {"direction": direction}) if found["next"] else ""
        return found["records"], found["total"], more
    now = "open" in asked
    rate = read_rate(asked["rate"]) if "rate" in asked else None
    if "rate" in asked and rate is None:
        raise QueryError("rate: an amount, such as 25 or 24.50 EUR")
    wanted = {"category": WORK} | plain | {"direction": direction}
    hits = request.app[FINDER].find_all({name: [text] for name, text in wanted.items()}, reader.now)
    work = [
        record
        for record in islice(hits, _WORK_LOOKED_MAX)
        if "work" in record and is_wanted(record, rate) and (not now or _is_available(record, reader.now))
    ]
    return work[:SHOWN], len(work), "/?" + urlencode(wanted) if len(work) > SHOWN else ""


def _is_available(record: dict[str, Any], now: int) -> bool:
    """Whether somebody is at work now: on one of the days, and within the hours if they say any."""
    point, hours = record.get("point"), record.get("hours", "")
    lat, lon = (round(point["lat"] * 1e7), round(point["lon"] * 1e7)) if point else (None, None)
    country = record.get("address", {}).get("country", "")
    return is_on_day(record["work"], now // _DAY_S) and (not hours or is_open(hours, lat, lon, country, now))


def on_record(request: web.Request, reads: Snapshot, row: RecordRow, record: dict[str, Any], reader: Reader) -> Any:  # noqa: ANN401 - for the template
    """What a record's page shows of an offer or need: how long it lasts, what fits; None for other records."""
    if not row.direction:
        return None
    own = row.tree == request.app[LEDGER].own.tree
    session = session_of(request)
    found = request.app[MATCHER].matches(reads, row.rid, reader.now, FITTING_ON_RECORD)
    work = record.get("work")
    check = check_rate(reads, work.get("rate", {}), reader.now // _DAY_S) if work else None
    return {
        "work": None if work is None else work_shown(work, check, reader),
        "thanks": _thanks(request, row, reads, reader),
        "wanted": row.direction == "want",
        "standing": standing(record, request.app[CONFIG].offer_days or DAYS, reader),
        "fitting": fitting(match_objects(reads, found, brief_object), reader),
        "renew": record_url(record["log"], record["id"]) + "/renew" if own and session else "",
        "csrf": session.csrf if session else "",
        "closed": record["status"] == "closed",
    }


def _thanks(request: web.Request, row: RecordRow, reads: Snapshot, reader: Reader) -> dict[str, Any]:
    """How often somebody said thanks for an offer; where a member says so, and a steward that it was given."""
    view = LedgerView(reads, reads.tree_numbered(row.tree))
    own = row.tree == request.app[LEDGER].own.tree and row.direction == "offer"
    session = member_session_of(request)
    if own:
        view.reader = reader_of_ledger(request, view, int(request.app[LEDGER].clock()))
    events = (view.book.need(EventState, one.statement.id) for one in _events_of(view, row))
    thanked = sum("thanks" in event.says and not event.corrected for event in events)
    text = reader.words.count("{number} thank-you", "{number} thank-yous", thanked) if thanked else ""
    gift = urlencode({"resource": row.id.hex(), "action": "transfer", "gift": "1"})
    return {
        "text": text,
        "action": f"/ledger/{show_log_id(view.log_id)}/resource/{row.id.hex()}/helped" if view.reader else "",
        "waits": unanswered(view, row.id) is not None,
        "csrf": session.csrf if session else "",
        "record": f"/steward/do/event?{gift}" if own and session_of(request) else "",
    }


def _events_of(view: LedgerView, row: RecordRow) -> list[Found]:
    return recent_events(view, Wanted(resource=row.id), THANKS_LOOKED).found


async def _renew(request: web.Request, _: Session) -> web.StreamResponse:
    """Puts an offer or need of the own log again, valid until the day that the button has named."""
    ledger, reader = request.app[LEDGER], reader_of(request)
    days, until = request.app[CONFIG].offer_days or DAYS, request[TEXTS].get("until", "")

    def write() -> bool:
        with ledger.store.read() as reads:
            row = find_record(reads, request.match_info["log"], request.match_info["id"])
            record = read_record(reads, row)[0]
            ends = {str(end_of(record.terms, now, days)) for now in (reader.now, reader.now - _DAY_S)}
            if row.tree != ledger.own.tree or not row.direction or until not in ends:
                return False
        said = ledger.state("record.put", {"record": renewed(record, int(until))}, os.urandom(16))
        ledger.writer.append([said]).result()
        wait_until_folded(ledger.store, ledger.own.tree)
        return True

    if not await asyncio.to_thread(write):
        return error_page(request, 403, reader.words("This form is too old: open it again"), "")
    url = record_url(show_log_id(ledger.log_id), request.match_info["id"])
    return web.Response(status=303, headers={"Location": url})


ROUTES = (
    Route(
        "GET",
        "/offers",
        _offers,
        "Offers and needs side by side, with what fits",
        "text/html",
        parameters=(
            *(Parameter(name, "as in a search") for name in (*_FIELDS, "open")),
            Parameter("work", "1: work alone"),
            Parameter("rate", "with work: by the hour, offered for at most or sought for at least, such as 24.50 EUR"),
        ),
    ),
    Route(
        "POST",
        "/record/{log}/{id}/renew",
        signed_in(_renew),
        "Renew an offer or need of the own log",
        "text/html",
        statuses=(303, 403, 404),
    ),
)
