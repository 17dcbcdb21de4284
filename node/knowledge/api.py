# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known in a territory, under /v1/knowledge: what the pages show, as JSON; the glossary as SKOS, too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.territory.glossary import search
from ledger.territory.keys import TERM
from ledger.territory.knowledge import KNOWLEDGE_SCHEMA, SORTS, THING_SCHEMA, Knowledge, thing_object
from ledger.territory.linked import glossary_document
from ledger.territory.showing import experts_object, known_objects, votes_object
from node.api.publishing import base_of
from node.api.v1 import json_answer
from node.keys import LEDGER
from node.knowledge.skills import PARAMETERS, circle_of
from node.reciprocity.ledger_api import today_of
from node.routes import Parameter, Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _answering(work: Callable[[web.Request, Knowledge], Any]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        def read() -> Any:  # noqa: ANN401 - any JSON value
            with request.app[LEDGER].store.read() as reads:
                return work(request, Knowledge(reads))

        return json_answer(await asyncio.to_thread(read))

    return handler


def _sort(request: web.Request) -> str:
    """The sort that a path names. Raises NotFoundError."""
    name = request.match_info["sort"]
    if name not in SORTS:
        raise NotFoundError(f"no sort {name[:40]!r} of what is known; there are {', '.join(SORTS)}")
    return SORTS[name]


def _list(request: web.Request, knowledge: Knowledge) -> dict[str, Any]:
    sort, asked = _sort(request), request.query.get("q", "")
    found = search(knowledge.all(TERM), asked) if sort == TERM and asked.strip() else None
    return {
        "schema": KNOWLEDGE_SCHEMA,
        "sort": request.match_info["sort"],
        "known": known_objects(knowledge, sort, today_of(request), found),
    }


def _one(request: web.Request, knowledge: Knowledge) -> dict[str, Any]:
    known = knowledge.need(_sort(request), request.match_info["log"], request.match_info["id"])
    value = thing_object(knowledge, known) | votes_object(knowledge, known, today_of(request))
    return {"schema": THING_SCHEMA, "known": value}


def _experts(request: web.Request, knowledge: Knowledge) -> dict[str, Any]:
    return experts_object(knowledge, request.query.get("q", ""), request.query.get("skill", ""), circle_of(request))


def _skos(request: web.Request, knowledge: Knowledge) -> dict[str, Any]:
    return glossary_document(knowledge, knowledge.all(TERM), base_of(request))


ROUTES = (
    Route("GET", "/v1/knowledge/glossary.jsonld", _answering(_skos), "The glossary as SKOS concepts in JSON-LD"),
    Route("GET", "/v1/knowledge/experts", _answering(_experts), "Who knows how to do what", parameters=PARAMETERS),
    Route(
        "GET",
        "/v1/knowledge/{sort}",
        _answering(_list),
        "All of a sort: " + ", ".join(SORTS),
        parameters=(Parameter("q", "of terms: words, in any language"),),
        statuses=(200, 400, 404),
    ),
    Route(
        "GET",
        "/v1/knowledge/{sort}/{log}/{id}",
        _answering(_one),
        "One thing that is known",
        statuses=(200, 400, 404),
    ),
)
