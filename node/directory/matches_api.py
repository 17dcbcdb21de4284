# SPDX-License-Identifier: AGPL-3.0-or-later
"""GET /v1/matches: offers and needs that fit each other, with the reasons."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from ledger.directory.matched import MATCHES_SCHEMA, match_objects
from node.api.v1 import SEARCH_PARAMETERS, find_record, json_answer
from node.directory.matcher import MATCHER, MATCHES_SHOWN
from node.keys import FINDER, LEDGER
from node.routes import Route

if TYPE_CHECKING:
    from aiohttp import web

_OWN_PARAMETERS = frozenset({"kind", "direction", "over"})
"""What a search for offers or needs says of itself."""


async def _matches(request: web.Request) -> web.Response:
    """Of the offers that a search finds, what fits each."""
    asked = {name: request.query.getall(name) for name in request.query if name not in _OWN_PARAMETERS}

    def read() -> dict[str, Any]:
        now = int(time.time())
        found = request.app[FINDER].find(asked | {"direction": ["offer"]}, now)
        with request.app[LEDGER].store.read() as reads:
            offers = []
            for record in found["records"]:
                row = find_record(reads, record["log"], record["id"])
                matches = match_objects(reads, request.app[MATCHER].matches(reads, row.rid, now))
                offers.append({"record": record, "matches": matches})
        return {"schema": MATCHES_SCHEMA, "total": found["total"], "offers": offers, "next": found["next"]}

    return json_answer(await asyncio.to_thread(read))


async def _matches_of(request: web.Request) -> web.Response:
    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            row = find_record(reads, request.match_info["log"], request.match_info["id"])
            found = request.app[MATCHER].matches(reads, row.rid, int(time.time()))
            return {"schema": MATCHES_SCHEMA, "matches": match_objects(reads, found)}

    return json_answer(await asyncio.to_thread(read))


ROUTES = (
    Route(
        "GET",
        "/v1/matches",
        _matches,
        f"Offers that a search finds, each with up to {MATCHES_SHOWN} needs that fit and why",
        parameters=tuple(one for one in SEARCH_PARAMETERS if one.name not in _OWN_PARAMETERS),
    ),
    Route(
        "GET",
        "/v1/matches/{log}/{id}",
        _matches_of,
        "What fits an offer or a need best, and why",
        statuses=(200, 404),
    ),
)
