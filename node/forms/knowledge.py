# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about what is known: words, problems, needs, skills."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.directory.present import read_record
from ledger.directory.search import text_expression
from ledger.errors import NotFoundError
from ledger.own.spoken import Draft
from ledger.places.gazetteer import find
from ledger.territory.keys import NEED, PROBLEM, TERM
from ledger.territory.knowledge import SORTS, Knowledge, subject_of, subject_value
from ledger.territory.needs import choices_in
from ledger.text import fold, words
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message
from protocol.knowledge import NEED_STATES, PROBLEM_STATES, RELATIONS
from protocol.record import is_language_tag

if TYPE_CHECKING:
    from protocol.encoding import Value

_LINE = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\s*:\s*(.+)")
_NAMED = re.compile(r"(?:.*/)?([a-z2-7]{52})/([0-9a-f]{32})(?:[#?].*)?")
_RELATION = re.compile(r"([a-z]+)\s*:\s*(.+)")
LICENCE = "CC-BY-SA-4.0"
YEAR = 365
LANGUAGES_HINT = message("Each language on a line, such as fr: tiers-lieu. Without a language it is in your own.")
_THING_HINT = message("Its name, or the address of its page here.")
_USUAL = message("In plain words; the usual ones, if you write nothing.")
_PLACE = Field("place", message("Place"), required=False, hint=message("Where it is so; a town, a quarter, a street."))
LICENCE_FIELD = Field("licence", message("Licence"), required=False, default=LICENCE)
ID = Field("id", message("Id"), required=False, hint=message("Only to change what is there already."))
NOTE = Field("note", message("Note"), required=False)


def languages(asked: Asked, name: str) -> dict[str, str]:
    """A text in several languages from the lines of a field."""
    found: dict[str, str] = {}
    tag = asked.view.language
    for line in filter(None, map(str.strip, (asked[name] or "").splitlines())):
        match = _LINE.fullmatch(line)
        if match and is_language_tag(match[1]):
            tag = match[1]
            found[tag] = match[2].strip()
        else:
            found[tag] = f"{found[tag]}\n{line}" if tag in found else line
    return found


def texts(asked: Asked, *names: str) -> dict[str, Any]:
    """The fields in which there is something, as texts in several languages."""
    return {name: found for name in names if (found := languages(asked, name))}


def thing_id(asked: Asked) -> bytes:
    """The id of what is changed, or a new one."""
    text = asked["id"]
    if not text:
        return asked.new_id(0)
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise Unfit("id", message("An id is 32 characters of 0-9 and a-f."))
    return bytes.fromhex(text)


def place(asked: Asked) -> dict[str, Any]:
    """The place, with the middle of the town where the gazetteer knows it."""
    name = asked["place"]
    if not name:
        return {}
    town = find(name)
    point = {"lat": town.lat, "lon": town.lon, "precision": 5_000, "method": "town"} if town else None
    return {"place": {"name": name, **({"point": point} if point else {})}}


def subject(asked: Asked, name: str, sort: str) -> dict[str, Any]:
    """What a field names: the address of its page, LOG/ID, or what it is called. Raises Unfit."""
    return _subject(asked, name, asked[name], sort)


def _subject(asked: Asked, name: str, text: str, sort: str) -> dict[str, Any]:
    match = _NAMED.fullmatch(text.strip())
    if match:
        return subject_of(match[1], match[2])
    try:
        return subject_value(Knowledge(asked.view.reads).named(sort, text.strip()).name)
    except NotFoundError:
        said = message("{text} is not known here, or several are called so: choose one, or write its id.")
        raise Unfit(name, said, text=text[:60]) from None


def record(asked: Asked, name: str = "subject") -> dict[str, Any]:
    """The record that a field names: the address of its page, LOG/ID, or what it is called. Raises Unfit."""
    text = asked[name].strip()
    match = _NAMED.fullmatch(text)
    if match:
        return subject_of(match[1], match[2])
    reads, wanted = asked.view.reads, fold(text)
    rows = reads.records(reads.matching(text_expression(words(text, query=True))).tolist()).values() if wanted else ()
    named = [
        row
        for row in rows
        if row.scope == 0 and wanted in {fold(one) for one in read_record(reads, row)[0].name.values()}
    ]
    own = [row for row in named if row.tree == asked.view.tree.tree] or named
    if len(own) != 1:
        said = message("{text} is not known here, or several are called so: choose one, or write its id.")
        raise Unfit(name, said, text=text[:60])
    return {"log": reads.tree_numbered(own[0].tree).origin.log_id, "id": own[0].id}


def said_by_organisation(asked: Asked, kind: str, body: dict[str, Value]) -> list[Draft]:
    """What the organisation says, and nobody else has to sign."""
    return [Draft(kind, body, (asked.view.log_id,))]


def _term(asked: Asked) -> list[Draft]:
    see: list[Value] = []
    for line in filter(None, map(str.strip, (asked["see"] or "").splitlines())):
        match = _RELATION.fullmatch(line)
        if match is None or match[1] not in RELATIONS:
            raise Unfit(
                "see", message("Each line is one of {words}, a colon, and the term."), words=", ".join(RELATIONS)
            )
        see.append({"relation": match[1], "term": _subject(asked, "see", match[2], TERM)})
    body: dict[str, Value] = {"id": thing_id(asked), **texts(asked, "term", "definition"), **place(asked)}
    body |= {"see": see} if see else {}
    return said_by_organisation(asked, "term.put", body | {"licence": asked["licence"] or LICENCE})


def _problem(asked: Asked) -> list[Draft]:
    thing, kept = thing_id(asked), {}
    before = Knowledge(asked.view.reads).find(PROBLEM, asked.view.log_id, thing)
    if before is not None:
        kept = msgspec.to_builtins(before.body, builtin_types=(bytes,))
    body: dict[str, Value] = {"id": thing, **texts(asked, "title", "description"), **place(asked)}
    body |= {"state": asked["state"], "licence": asked["licence"] or LICENCE}
    body |= {key: kept[key] for key in ("solutions", "categories") if kept.get(key)}
    return said_by_organisation(asked, "problem.put", body)


def _solution(asked: Asked) -> list[Draft]:
    named = subject(asked, "problem", PROBLEM)
    known = Knowledge(asked.view.reads).find(PROBLEM, named["log"], named["id"])
    if known is None or known.log_id != asked.view.log_id:
        raise Unfit("problem", message("Only whoever wrote it down can add to it: write it down as your own."))
    body: dict[str, Any] = msgspec.to_builtins(known.body, builtin_types=(bytes,))
    made: dict[str, Any] = {"how": languages(asked, "how"), **asked.given("who", "evidence", "on")}
    if asked["by"]:
        made["by"] = record(asked, "by")
    body["solutions"] = [*body.get("solutions", []), made]
    return said_by_organisation(asked, "problem.put", body | {"state": asked["state"]})


def _need(asked: Asked) -> list[Draft]:
    thing, kept = thing_id(asked), {}
    before = Knowledge(asked.view.reads).find(NEED, asked.view.log_id, thing)
    if before is not None:
        kept = msgspec.to_builtins(before.body, builtin_types=(bytes,))
    body: dict[str, Value] = {"id": thing, **texts(asked, "title", "description", "answer"), **place(asked)}
    body |= {"state": asked["state"], "licence": asked["licence"] or LICENCE, **asked.given("heard")}
    if asked["problem"]:
        body["problem"] = subject(asked, "problem", PROBLEM)
    body |= {key: kept[key] for key in ("proposal", "categories") if kept.get(key)}
    return said_by_organisation(asked, "need.put", body)


def _need_vote(asked: Asked) -> list[Draft]:
    """The question to the members, and the need with the id of it."""
    named = subject(asked, "need", NEED)
    known = Knowledge(asked.view.reads).find(NEED, named["log"], named["id"])
    if known is None or known.log_id != asked.view.log_id:
        raise Unfit("need", message("Members vote on needs of their own organisation: write it down as your own."))
    body: dict[str, Any] = msgspec.to_builtins(known.body, builtin_types=(bytes,))
    names = ("choice_for", "choice_against", "choice_back")
    usual = choices_in(asked.view.language)
    choices: list[Value] = [asked[name] or own for name, own in zip(names, usual, strict=True)]
    closes = asked["closes"] if asked["closes"] is not None else asked.today + YEAR
    question: dict[str, Value] = {"title": body["title"], "choices": choices, "closes": closes}
    proposal_id = asked.new_id(0)
    organisation = (asked.view.log_id,)
    return [
        Draft("proposal", question, organisation, id=proposal_id),
        Draft("need.put", body | {"proposal": proposal_id}, organisation),
    ]


def _skill(asked: Asked) -> list[Draft]:
    code = asked["skill"].strip()
    if ":" not in code:
        code = " ".join(code.casefold().split())
    body: dict[str, Value] = {
        "subject": record(asked),
        "skill": code if ":" in code else f"skill:{code}",
        **asked.given("note"),
    }
    if asked["term"]:
        body["term"] = subject(asked, "term", TERM)
    if asked["withdrawn"]:
        body["withdrawn"] = True
    return said_by_organisation(asked, "claim.skill", body)


def _take_back(asked: Asked) -> list[Draft]:
    sort = SORTS[asked["sort"]]
    known = Knowledge(asked.view.reads).find(sort, asked.view.log_id, thing_id(asked))
    if known is None:
        raise Unfit("id", message("Nothing of this organisation has that id."))
    body: dict[str, Any] = msgspec.to_builtins(known.body, builtin_types=(bytes,))
    return said_by_organisation(asked, known.row.kind, body | {"withdrawn": True})


_TITLE = Field("title", message("Title"), "area", hint=LANGUAGES_HINT)
_DESCRIPTION = Field("description", message("Description"), "area", required=False, hint=LANGUAGES_HINT)
_PROBLEM_STATE = Field(
    "state", message("State"), "choice", choices=PROBLEM_STATES, group="problem_state", default="open"
)

FORMS = (
    Form(
        "term",
        "knowledge",
        message("Explain a word"),
        message("What it means, in as many languages as you know. Others can say what it means where they are."),
        (
            Field("term", message("Word"), "area", hint=LANGUAGES_HINT),
            Field("definition", message("What it means"), "area", required=False, hint=LANGUAGES_HINT),
            _PLACE,
            Field(
                "see",
                message("Linked words"),
                "area",
                required=False,
                hint=message("Each on a line: broader, narrower, related, same or differs, a colon, and the word."),
            ),
            LICENCE_FIELD,
            ID,
        ),
        _term,
    ),
    Form(
        "problem",
        "knowledge",
        message("Write down a problem"),
        message("What does not work, or did not until somebody solved it."),
        (_TITLE, _DESCRIPTION, _PLACE, _PROBLEM_STATE, LICENCE_FIELD, ID),
        _problem,
    ),
    Form(
        "solution",
        "knowledge",
        message("Add how it was solved"),
        message("So that others can do it again: how, by whom, when, and where that can be seen."),
        (
            Field("problem", message("Problem"), hint=_THING_HINT),
            Field("how", message("How"), "area", hint=LANGUAGES_HINT),
            Field("who", message("By whom"), required=False, hint=message("A name, as it may be shown to everybody.")),
            Field("by", message("Organisation in the directory"), required=False, hint=_THING_HINT),
            Field("evidence", message("Evidence"), required=False, hint=message("The address of a page.")),
            Field("on", message("Day"), "day", required=False),
            _PROBLEM_STATE._replace(default="solved"),
        ),
        _solution,
    ),
    Form(
        "need",
        "knowledge",
        message("Write down a need"),
        message("As somebody has voiced it. It can be put to the vote of the members after that."),
        (
            _TITLE,
            _DESCRIPTION,
            _PLACE,
            Field(
                "heard",
                message("How it was heard"),
                required=False,
                hint=message("At the market, by letter; no names."),
            ),
            Field("state", message("State"), "choice", choices=NEED_STATES, group="need_state", default="voiced"),
            Field("answer", message("What became of it"), "area", required=False, hint=LANGUAGES_HINT),
            Field("problem", message("Problem"), required=False, hint=_THING_HINT),
            LICENCE_FIELD,
            ID,
        ),
        _need,
    ),
    Form(
        "need-vote",
        "knowledge",
        message("Put a need to the vote"),
        message("The members are asked, as by any proposal. The third choice takes a vote back."),
        (
            Field("need", message("Need"), hint=_THING_HINT),
            Field("choice_for", message("Choice for it"), required=False, hint=_USUAL),
            Field("choice_against", message("Choice against it"), required=False, hint=_USUAL),
            Field("choice_back", message("Choice that takes a vote back"), required=False, hint=_USUAL),
            Field(
                "closes",
                message("Last day to vote"),
                "day",
                required=False,
                hint=message("In a year, if none is named."),
            ),
        ),
        _need_vote,
    ),
    Form(
        "skill",
        "knowledge",
        message("Say what somebody is good at"),
        message(
            "Of your own organisation it is your word; of another, you vouch for it. Persons only if they are listed."
        ),
        (
            Field(
                "subject", message("Who"), hint=message("Their name in the directory, or the address of their page.")
            ),
            Field("skill", message("Skill"), hint=message("A few plain words, such as bicycle repair.")),
            Field("term", message("Word in the glossary"), required=False, hint=_THING_HINT),
            NOTE,
            Field("withdrawn", message("It is not so any more"), "check", required=False),
        ),
        _skill,
    ),
    Form(
        "take-back",
        "knowledge",
        message("Take something back"),
        message("It is not shown any more. What was signed stays in the log until it is erased."),
        (
            Field("sort", message("What it is"), "choice", choices=tuple(SORTS), group="known_sort"),
            ID._replace(required=True, hint=""),
        ),
        _take_back,
    ),
)
