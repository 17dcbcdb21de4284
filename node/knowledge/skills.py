# SPDX-License-Identifier: AGPL-3.0-or-later
"""The inventory of who knows how to do what: by words, by skill, near a town."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yarl import URL

from ledger.directory.query import QueryError, parse_query
from ledger.territory.keys import TERM
from ledger.territory.skills import claim_of, experts, shared_skill, skill_counts, skill_name
from node.directory.listing import record_url
from node.knowledge.showing import address, page, said
from node.routes import Parameter, Route
from node.web.languages import choose
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.directory.query import Circle
    from ledger.territory.knowledge import Knowledge, Known
    from ledger.territory.skills import Expert
    from node.directory.listing import Reader

SHOWN_MAX, CHIPS_MAX = 300, 24
PARAMETERS = (
    Parameter("q", "words of a skill or a name"),
    Parameter("skill", "scheme:code"),
    Parameter("near", "a town, such as Lille or Gent, BE"),
    Parameter("radius", "around it, such as 5km; 10km if not given"),
)


def circle_of(request: web.Request) -> Circle | None:
    """Around what is looked. Raises QueryError."""
    named = {name: [request.query[name]] for name in ("near", "radius") if request.query.get(name, "").strip()}
    return parse_query(named, 0).circle if "near" in named else None


def _skills(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    asked, skill = request.query.get("q", "")[:200], request.query.get("skill", "")[:133]
    circle, fault = None, ""
    try:
        circle = circle_of(request)
    except QueryError:
        fault = request.query.get("near", "")[:60]
    counts = skill_counts(knowledge)
    found = [] if fault else experts(knowledge, asked, skill, circle)
    return {
        "asked": asked,
        "near": request.query.get("near", "")[:60],
        "fault": fault,
        "skill": skill_name(skill),
        "chips": [
            (
                skill_name(code),
                str(URL("/knowledge/skills").with_query(skill=code)),
                reader.words.number(number),
                bool(skill) and shared_skill(code) == shared_skill(skill),
            )
            for code, number in list(counts.items())[:CHIPS_MAX]
        ],
        "experts": [_expert(knowledge, one, reader) for one in found[:SHOWN_MAX]],
        "empty": not counts,
    }


def _expert(knowledge: Knowledge, one: Expert, reader: Reader) -> dict[str, Any]:
    record = one.record
    return {
        "name": choose(record.name, reader.languages),
        "url": record_url(show_log_id(one.log_id), record.id.hex()),
        "kind": record.kind,
        "locality": record.address.locality if record.address else "",
        "distance": reader.words.distance(one.distance) if one.distance is not None else "",
        "skills": [_skill(knowledge, one, skill, claims, reader) for skill, claims in one.skills.items()],
    }


def _skill(knowledge: Knowledge, one: Expert, skill: str, claims: list[Known], reader: Reader) -> dict[str, Any]:
    named = next((body.term for body in map(claim_of, claims) if body.term), None)
    term = knowledge.find(TERM, named.log, named.id) if named else None
    return {
        "name": choose(term.title, reader.languages).text if term else skill_name(skill),
        "term": address(TERM, term.name) if term else "",
        "work": str(URL("/").with_query(category=shared_skill(skill), over="include")),
        "own": any(claim.log_id == one.log_id for claim in claims),
        "vouched": [
            {"said": said(knowledge, claim, reader), "note": claim_of(claim).note}
            for claim in claims
            if claim.log_id != one.log_id
        ],
        "notes": [claim_of(claim).note for claim in claims if claim.log_id == one.log_id and claim_of(claim).note],
    }


ROUTES = (
    Route(
        "GET",
        "/knowledge/skills",
        page("knowledge_skills.html", _skills),
        "Who knows how to do what",
        "text/html",
        PARAMETERS,
        statuses=(200,),
    ),
)
