# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first page of what is known: what there is, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.territory.keys import PROBLEM, SET, TERM
from ledger.territory.needs import needs
from ledger.territory.skills import skill_counts
from node.knowledge import glossary, principles, problems, skills
from node.knowledge import needs as need_pages
from node.knowledge.showing import card, page
from node.reciprocity.ledger_api import today_of
from node.routes import Route
from protocol.knowledge import ProblemPut

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.territory.knowledge import Knowledge
    from node.directory.listing import Reader

NEWEST = 4


def _overview(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    newest = sorted(knowledge.all(TERM), key=lambda one: (-one.row.at, one.name))[:NEWEST]
    problems_known = knowledge.all(PROBLEM)
    is_open = [one for one in problems_known if isinstance(one.body, ProblemPut) and one.body.state != "solved"]
    wanted = needs(knowledge, today_of(request))
    count, number = reader.words.count, reader.words.number
    return {
        "terms": count("{number} term", "{number} terms", len(knowledge.all(TERM))),
        "newest": [card(knowledge, one, reader) for one in newest],
        "open": number(len(is_open)),
        "solved": number(len(problems_known) - len(is_open)),
        "problems": [card(knowledge, one, reader) for one in is_open[:NEWEST]],
        "needs": [
            (
                card(knowledge, one.known, reader),
                count("{number} vote for it", "{number} votes for it", one.votes.supporting) if one.votes else "",
            )
            for one in wanted[:NEWEST]
        ],
        "needs_count": count("{number} need", "{number} needs", len(wanted)),
        "skills": list(skill_counts(knowledge).items())[: 2 * NEWEST],
        "sets": [card(knowledge, one, reader) for one in {one.id: one for one in knowledge.all(SET)}.values()][:NEWEST],
    }


ROUTES = (
    Route("GET", "/knowledge", page("knowledge.html", _overview), "What is known here", "text/html", statuses=(200,)),
    *glossary.ROUTES,
    *problems.ROUTES,
    *need_pages.ROUTES,
    *skills.ROUTES,
    *principles.ROUTES,
)
