# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of problems: which are solved, how and by whom, and which are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.territory.keys import NEED, PROBLEM
from node.knowledge.glossary import lines
from node.knowledge.showing import card, page, record_link, texts
from node.routes import Parameter, Route
from node.web.languages import choose
from protocol.amounts import show_day
from protocol.knowledge import PROBLEM_STATES, ProblemPut

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.territory.knowledge import Knowledge, Known
    from node.directory.listing import Reader

SHOWN_MAX = 500


def _body(known: Known) -> ProblemPut:
    assert isinstance(known.body, ProblemPut)
    return known.body


def _problems(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    wanted = request.query.get("state", "")
    problems = sorted(knowledge.all(PROBLEM), key=lambda one: (-one.row.at, one.name))
    counts = {state: sum(_body(one).state == state for one in problems) for state in PROBLEM_STATES}
    shown = [one for one in problems if wanted in ("", _body(one).state)][:SHOWN_MAX]
    return {
        "wanted": wanted,
        "counts": [(state, reader.words.number(number)) for state, number in counts.items()],
        "problems": [_item(knowledge, one, reader) for one in shown],
        "empty": not problems,
    }


def _item(knowledge: Knowledge, known: Known, reader: Reader) -> dict[str, Any]:
    body = _body(known)
    return {
        "card": card(knowledge, known, reader),
        "state": body.state,
        "description": choose(body.description, reader.languages) if body.description else None,
        "solutions": [
            {
                "how": texts(one.how, reader),
                "who": one.who or "",
                "by": record_link(knowledge, one.by, reader) if one.by else None,
                "evidence": one.evidence or "",
                "on": show_day(one.on) if one.on is not None else "",
            }
            for one in body.solutions
        ],
    }


def _problem(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    known = knowledge.need(PROBLEM, request.match_info["log"], request.match_info["id"])
    body = _body(known)
    return {
        **_item(knowledge, known, reader),
        "descriptions": texts(body.description, reader),
        "licence": body.licence,
        "needs": [card(knowledge, one, reader) for one in knowledge.about(NEED, *known.name)],
        "edit": {
            "id": known.id.hex(),
            "licence": body.licence,
            "title": lines(body.title),
            "description": lines(body.description or {}),
            "place": body.place.name if body.place else "",
            "state": body.state,
        },
    }


ROUTES = (
    Route(
        "GET",
        "/knowledge/problems",
        page("knowledge_problems.html", _problems),
        "Problems, solved and open",
        "text/html",
        (Parameter("state", "open, partly or solved"),),
        statuses=(200,),
    ),
    Route(
        "GET",
        "/knowledge/problem/{log}/{id}",
        page("knowledge_problem.html", _problem),
        "A problem, and what was done about it",
        "text/html",
        statuses=(200, 404),
    ),
)
