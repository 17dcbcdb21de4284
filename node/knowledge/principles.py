# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of principles: the sets, who holds to one, and how far an organisation keeps to what it declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.territory.keys import SET
from ledger.territory.knowledge import subject_of
from ledger.territory.principles import declared, holders, set_of
from node.knowledge.showing import card, page, record_link, said, texts
from node.routes import Route
from node.web.languages import choose
from protocol.amounts import show_day
from protocol.identity import show_log_id
from protocol.knowledge import PrincipleDeclare
from protocol.record import Subject

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.territory.knowledge import Knowledge, Known
    from ledger.territory.principles import Declared, Kept, Opinion, Reviewed
    from node.directory.listing import Reader


def holder_url(subject: Subject) -> str:
    """The page of what an organisation holds to."""
    return f"/knowledge/holder/{show_log_id(subject.log)}/{subject.id.hex()}"


def _sets(_: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    by_id: dict[bytes, Known] = {}
    count = reader.words.count
    own = knowledge.reads.own_log()
    for one in sorted(knowledge.all(SET), key=lambda one: one.log_id != own):
        by_id.setdefault(one.id, one)
    return {
        "sets": [
            {
                "card": card(knowledge, one, reader),
                "count": count("{number} principle", "{number} principles", len(set_of(one).principles)),
                "holders": count(
                    "{number} organisation holds to them",
                    "{number} organisations hold to them",
                    len(holders(knowledge, one)),
                ),
            }
            for one in by_id.values()
        ]
    }


def _set(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    known = knowledge.need(SET, request.match_info["log"], request.match_info["id"])
    body = set_of(known)
    return {
        "card": card(knowledge, known, reader),
        "principles": [(choose(one.title, reader.languages), texts(one.text, reader)[:1]) for one in body.principles],
        "source": body.source or "",
        "licence": body.licence,
        "holders": [
            {
                "name": record_link(knowledge, subject, reader).text,
                "url": holder_url(subject),
                "said": said(knowledge, one, reader),
                "part": isinstance(one.body, PrincipleDeclare) and one.body.codes is not None,
            }
            for subject, one in holders(knowledge, known)
        ],
    }


def _holder(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    named = subject_of(request.match_info["log"], request.match_info["id"])
    subject = Subject(named["log"], named["id"])
    found = declared(knowledge, subject)
    if knowledge.record(subject) is None and not found:
        raise NotFoundError("nothing is known here of that organisation")
    link = record_link(knowledge, subject, reader)
    return {
        "link": link,
        "subject": f"{show_log_id(subject.log)}/{subject.id.hex()}",
        "own": subject.log == knowledge.reads.own_log(),
        "sets": [_declared(knowledge, one, reader) for one in found],
    }


def _declared(knowledge: Knowledge, one: Declared, reader: Reader) -> dict[str, Any]:
    body = one.declaration.body if one.declaration else None
    answers = [kept.reviews[0].body.answer for kept in one.principles if kept.reviews and kept.reviews[0].own]
    return {
        "card": card(knowledge, one.set, reader),
        "declaration": said(knowledge, one.declaration, reader) if one.declaration else None,
        "about": _name(one.declaration) if one.declaration else "",
        "notes": texts(body.note, reader) if isinstance(body, PrincipleDeclare) else [],
        "opinions": [_opinion(knowledge, opinion, reader) for opinion in one.opinions],
        "principles": [_kept(knowledge, kept, reader) for kept in one.principles],
        "answers": [(code, answers.count(code)) for code in ("yes", "partly", "no")],
        "unanswered": len(one.principles) - len(answers),
    }


def _kept(knowledge: Knowledge, kept: Kept, reader: Reader) -> dict[str, Any]:
    return {
        "title": choose(kept.principle.title, reader.languages),
        "texts": texts(kept.principle.text, reader)[:1],
        "code": kept.principle.code,
        "declared": kept.declared,
        "reviews": [_review(knowledge, one, reader) for one in kept.reviews],
    }


def _review(knowledge: Knowledge, one: Reviewed, reader: Reader) -> dict[str, Any]:
    return {
        "answer": one.body.answer,
        "own": one.own,
        "on": show_day(one.body.on),
        "evidence": texts(one.body.evidence, reader),
        "links": one.body.links,
        "said": said(knowledge, one.known, reader),
        "about": _name(one.known),
        "opinions": [_opinion(knowledge, opinion, reader) for opinion in one.opinions],
    }


def _opinion(knowledge: Knowledge, one: Opinion, reader: Reader) -> dict[str, Any]:
    return {"endorses": one.endorses, "note": one.note, "said": said(knowledge, one.known, reader)}


def _name(known: Known) -> str:
    return f"{show_log_id(known.log_id)}/{known.id.hex()}"


ROUTES = (
    Route(
        "GET",
        "/knowledge/principles",
        page("knowledge_principles.html", _sets),
        "Sets of principles",
        "text/html",
        statuses=(200,),
    ),
    Route(
        "GET",
        "/knowledge/principles/{log}/{id}",
        page("knowledge_set.html", _set),
        "A set of principles, and who holds to it",
        "text/html",
        statuses=(200, 404),
    ),
    Route(
        "GET",
        "/knowledge/holder/{log}/{id}",
        page("knowledge_holder.html", _holder),
        "What an organisation holds to, and how far it keeps to it",
        "text/html",
        statuses=(200, 404),
    ),
)
