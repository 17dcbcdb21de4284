# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the glossary: all words in the order of the alphabet, and one with its translations and links."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ledger.territory.glossary import (
    body_of,
    called_alike,
    headwords,
    languages_of,
    links,
    same_notion,
    search,
)
from ledger.territory.keys import TERM
from node.directory.listing import cut
from node.knowledge.showing import address, card, page, texts
from node.knowledge.star import MIDDLE, WIDTH, frame, rays
from node.routes import Parameter, Route
from node.translations import own_names
from node.web.languages import choose, lang_attribute

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.territory.glossary import Headword
    from ledger.territory.knowledge import Knowledge, Known
    from node.directory.listing import Reader

SHOWN_MAX, ALIKE_MAX, DEFINITION_CHARACTERS = 2_000, 20, 220
VOICES_MAX, LINKED_MAX = 30, 100
"""What a page of one term shows of those that say what it means, and of its links."""


def _glossary(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    asked, only = request.query.get("q", "")[:200], request.query.get("in", "")[:35]
    terms = knowledge.all(TERM)
    found = search(terms, asked) if asked.strip() else terms
    words = headwords(found, reader.languages, only)
    if asked.strip():  # the best first
        order = {one.name: number for number, one in enumerate(found)}
        words.sort(key=lambda one: order[one.known.name])
    shown = [_entry(knowledge, one, reader) for one in words[:SHOWN_MAX]]
    by_letter = groupby(shown, lambda one: str(one["letter"]))
    letters = [("", shown)] if asked.strip() else [(letter, list(row)) for letter, row in by_letter]
    counts = languages_of(terms)
    names = own_names()
    return {
        "asked": asked,
        "only": only,
        "letters": letters,
        "total": len(words),
        "in_languages": [(tag, names.get(tag, tag), reader.words.number(number)) for tag, number in counts.items()],
        "empty": not terms,
    }


def _entry(knowledge: Knowledge, one: Headword, reader: Reader) -> dict[str, Any]:
    definition = body_of(one.known).definition
    chosen = choose(definition, (one.language, *reader.languages)) if definition else None
    return {
        "word": one.word,
        "lang": lang_attribute(one.language),
        "letter": one.letter,
        "definition": chosen._replace(text=cut(chosen.text, DEFINITION_CHARACTERS)) if chosen else None,
        "card": card(knowledge, one.known, reader),
    }


def _term(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    known = knowledge.need(TERM, request.match_info["log"], request.match_info["id"])
    notion = same_notion(knowledge, known)
    voices = heard_first(notion)[:VOICES_MAX]
    cards = [
        (link, card(knowledge, link.known, reader) if link.known else None)
        for link in links(knowledge, notion)[:LINKED_MAX]
    ]
    linked = [{"relation": link.relation, "card": one, "id": link.subject.id.hex()[:8]} for link, one in cards]
    drawn = [(link.relation, one.title.text, one.url) for link, one in cards if one]
    shown = rays(drawn)
    top, height = frame(shown)
    return {
        "title": choose(known.title, reader.languages),
        "voices": [_voice(knowledge, one, reader) for one in voices],
        "more": len(notion) - len(voices),
        "linked": linked,
        "rays": shown,
        "star": {"width": WIDTH, "top": top, "height": height, "x": MIDDLE[0], "y": MIDDLE[1]},
        "short": cut(choose(known.title, reader.languages).text, 20),
        "alike": [_alike(knowledge, known, one, reader) for one in called_alike(knowledge, notion)[:ALIKE_MAX]],
    }


def heard_first(notion: list[Known]) -> list[Known]:
    """What is said to be one, in the order in which it is shown: each log once, then all that they say more."""
    before: Counter[bytes] = Counter()
    turns = []
    for one in notion:
        turns.append(before[one.log_id])
        before[one.log_id] += 1
    return [notion[number] for number in sorted(range(len(notion)), key=lambda number: turns[number])]


def _voice(knowledge: Knowledge, known: Known, reader: Reader) -> dict[str, Any]:
    """What one log says of a notion."""
    body = body_of(known)
    names = own_names()
    return {
        "card": card(knowledge, known, reader),
        "words": [(names.get(tag, tag), lang_attribute(tag), word) for tag, word in sorted(body.term.items())],
        "definitions": texts(body.definition, reader),
        "licence": body.licence,
        "sources": [one.attribution or one.set for one in body.sources],
        "edit": _edit(known),
    }


def _alike(knowledge: Knowledge, known: Known, other: Known, reader: Reader) -> dict[str, Any]:
    """A word that is spelled alike, and the form by which the first one is said to be the same."""
    edit = _edit(known)
    same = f"{edit['see']}\nsame: {address(TERM, other.name)}".strip()
    return {"card": card(knowledge, other, reader), "join": edit | {"see": same}}


def _edit(known: Known) -> dict[str, str]:
    """What the form begins with by which a term is changed."""
    body = body_of(known)
    return {
        "id": known.id.hex(),
        "licence": body.licence,
        "term": lines(body.term),
        "definition": lines(body.definition or {}),
        "place": body.place.name if body.place else "",
        "see": "\n".join(f"{one.relation}: {address(TERM, (one.term.log, one.term.id))}" for one in body.see),
    }


def lines(said_in: dict[str, str]) -> str:
    """A text in several languages as a form shows it: each on a line, behind its language."""
    return "\n".join(f"{tag}: {' '.join(text.split())}" for tag, text in sorted(said_in.items()))


ROUTES = (
    Route(
        "GET",
        "/knowledge/glossary",
        page("knowledge_glossary.html", _glossary),
        "The glossary",
        "text/html",
        (Parameter("q", "words, in any language"), Parameter("in", "only words in this language")),
        statuses=(200,),
    ),
    Route(
        "GET",
        "/knowledge/term/{log}/{id}",
        page("knowledge_term.html", _term),
        "A term: what it means, where, and what it is linked to",
        "text/html",
        statuses=(200, 404),
    ),
)
