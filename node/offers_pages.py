# SPDX-License-Identifier: AGPL-3.0-or-later
"""/offers: current offers and needs side by side, with what fits; renewing what is over."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from ledger.expiry import DAYS, end_of, renewed
from ledger.matched import match_objects
from ledger.present import read_record
from ledger.query import QueryError, parse_query
from ledger.trial import wait_until_folded
from node.api import find_record
from node.keys import CONFIG, FINDER, LEDGER
from node.listing import distance_text, record_url
from node.matcher import MATCHER
from node.offers import fitting, offered, standing
from node.rendering import error_page, reader_of, render
from node.routes import Parameter, Route
from node.session import session_of
from node.steward_pages import TEXTS, signed_in
from protocol.identity import show_log_id
from protocol.record import TERMS

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.listing import Reader
    from node.offers import Offered
    from node.session import Session

SHOWN, FITTING_SHOWN, FITTING_ON_RECORD = 25, 2, 8
_FIELDS = ("q", "near", "radius", "terms", "category")
_RADII_KM = (2, 5, 10, 25, 50, 100)
_DAY_S = 86_400


async def _offers(request: web.Request) -> web.Response:
    reader = reader_of(request)
    asked = {name: text for name in _FIELDS if (text := request.query.get(name, "").strip())}
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
        parameters = {name: [text] for name, text in asked.items()} | {"direction": [direction], "limit": [str(SHOWN)]}
        found = request.app[FINDER].find(parameters, reader.now)
        circle = parse_query(parameters, reader.now).circle
        rows: list[Offered] = []
        with request.app[LEDGER].store.read() as reads:
            for record in found["records"]:
                row = find_record(reads, record["log"], record["id"])
                matches = request.app[MATCHER].matches(reads, row.rid, reader.now, FITTING_SHOWN)
                distance = distance_text(record, circle, reader.words)
                rows.append(offered(record, match_objects(reads, matches), distance, reader))
        sides[kind] = {
            "rows": rows,
            "total": found["total"],
            "more": "/?" + urlencode(asked | {"direction": direction}) if found["next"] else "",
        }
    return sides


def on_record(request: web.Request, reads: Snapshot, row: RecordRow, record: dict[str, Any], reader: Reader) -> Any:  # noqa: ANN401 - for the template
    """What a record's page shows of an offer or need: how long it lasts, what fits; None for other records."""
    if not row.direction:
        return None
    own = row.tree == request.app[LEDGER].own.tree
    session = session_of(request)
    found = request.app[MATCHER].matches(reads, row.rid, reader.now, FITTING_ON_RECORD)
    return {
        "wanted": row.direction == "want",
        "standing": standing(record, request.app[CONFIG].offer_days or DAYS, reader),
        "fitting": fitting(match_objects(reads, found), reader),
        "renew": record_url(record["log"], record["id"]) + "/renew" if own and session else "",
        "csrf": session.csrf if session else "",
        "closed": record["status"] == "closed",
    }


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
        parameters=tuple(Parameter(name, "as in a search") for name in _FIELDS),
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
