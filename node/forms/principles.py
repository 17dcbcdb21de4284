# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about principles: sets of them, who holds to one, how far they are kept, what others say of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.own.spoken import Draft
from ledger.territory.keys import DECLARATION, REVIEW, SET
from ledger.territory.knowledge import Knowledge
from ledger.territory.principles import TEMPLATES, find_set, set_of, template_body
from ledger.text import fold
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.forms.knowledge import (
    ID,
    LANGUAGES_HINT,
    LICENCE,
    LICENCE_FIELD,
    NOTE,
    languages,
    record,
    subject,
    texts,
    thing_id,
)
from node.web.words import message
from protocol.knowledge import ANSWERS, PrinciplePut
from protocol.record import Subject

if TYPE_CHECKING:
    from protocol.encoding import Value

_CODE_CHARACTERS = 64


def _say(asked: Asked, kind: str, body: dict[str, Any]) -> list[Draft]:
    return [Draft(kind, body, (asked.view.log_id,))]


def _take_up(asked: Asked) -> list[Draft]:
    return _say(asked, "principle.put", template_body(asked["template"]))


def _write(asked: Asked) -> list[Draft]:
    principles: list[Value] = []
    for line in filter(None, map(str.strip, asked["principles"].splitlines())):
        title, _, text = line.partition(": ")
        code = "-".join(fold(title).split())[:_CODE_CHARACTERS].strip("-")
        code = "".join(one for one in code if one.isascii()) or f"principle-{len(principles) + 1}"
        tag = asked.view.language
        principles.append({"code": code, "title": {tag: title}, **({"text": {tag: text}} if text else {})})
    body = {
        "id": thing_id(asked),
        **texts(asked, "title"),
        "principles": principles,
        "licence": asked["licence"] or LICENCE,
    }
    return _say(asked, "principle.put", body | asked.given("source"))


def _set(asked: Asked) -> tuple[dict[str, Any], PrinciplePut]:
    named = subject(asked, "set", SET)
    known = find_set(Knowledge(asked.view.reads), Subject(named["log"], named["id"]))
    if known is None:
        raise Unfit("set", message("That set is not known here."))
    return named, set_of(known)


def _declare(asked: Asked) -> list[Draft]:
    named, known = _set(asked)
    body: dict[str, Any] = {"id": thing_id(asked), "subject": record(asked), "set": named, **texts(asked, "note")}
    if asked["codes"]:
        body["codes"] = [_code("codes", one, known) for one in asked["codes"].splitlines() if one.strip()]
    return _say(asked, "principle.declare", body)


def _code(name: str, text: str, known: PrinciplePut) -> str:
    """The code of a principle that is named by its code, title or number."""
    wanted = text.strip()
    for number, one in enumerate(known.principles, 1):
        if wanted in (one.code, str(number)) or fold(wanted) in {fold(title) for title in one.title.values()}:
            return one.code
    codes = ", ".join(one.code for one in known.principles)
    raise Unfit(name, message("That is none of the set: {codes}"), codes=codes)


def _review(asked: Asked) -> list[Draft]:
    named, known = _set(asked)
    body: dict[str, Any] = {
        "id": thing_id(asked),
        "subject": record(asked),
        "set": named,
        "code": _code("code", asked["code"], known),
        "answer": asked["answer"],
        "on": asked["on"] if asked["on"] is not None else asked.today,
    }
    evidence = languages(asked, "evidence")
    body |= {"evidence": evidence} if evidence else {}
    body |= {"links": asked["links"].split()} if asked["links"] else {}
    return _say(asked, "principle.review", body)


def _opinion(asked: Asked) -> list[Draft]:
    named = subject(asked, "about", REVIEW)
    knowledge = Knowledge(asked.view.reads)
    if not any(knowledge.find(sort, named["log"], named["id"]) for sort in (REVIEW, DECLARATION)):
        raise Unfit("about", message("No declaration or review has that name here."))
    if named["log"] == asked.view.log_id:
        raise Unfit("about", message("Others endorse or dispute what an organisation says of itself."))
    kind = "principle.endorse" if asked["opinion"] == "endorse" else "principle.dispute"
    body: dict[str, Any] = {"about": named, **asked.given("note")}
    return _say(asked, kind, body | ({"withdrawn": True} if asked["withdrawn"] else {}))


_SUBJECT = Field(
    "subject", message("Organisation in the directory"), hint=message("Its name, or the address of its page here.")
)
_SET = Field("set", message("Set of principles"), hint=message("Its name, or the address of its page here."))

FORMS = (
    Form(
        "principles-taken",
        "knowledge",
        message("Take up a known set of principles"),
        message("The same set as others have, so that what is said of it can be compared."),
        (Field("template", message("Set of principles"), "choice", choices=TEMPLATES, group="principle_set"),),
        _take_up,
    ),
    Form(
        "principles",
        "knowledge",
        message("Write your own principles"),
        message("What your territory or assembly asks of organisations."),
        (
            Field("title", message("Title"), "area", hint=LANGUAGES_HINT),
            Field(
                "principles",
                message("Principles"),
                "area",
                hint=message("Each on a line; behind a colon what it means."),
            ),
            Field("source", message("Source"), required=False, hint=message("The address of a page.")),
            LICENCE_FIELD,
            ID,
        ),
        _write,
    ),
    Form(
        "principles-declared",
        "knowledge",
        message("Declare principles"),
        message("An organisation of your log holds to a set from now on, and lets others look."),
        (
            _SUBJECT,
            _SET,
            Field(
                "codes",
                message("Only these principles"),
                "area",
                required=False,
                hint=message("Each on a line, by its title or number. All of them, if none is named."),
            ),
            Field("note", message("Note"), "area", required=False, hint=LANGUAGES_HINT),
            ID,
        ),
        _declare,
    ),
    Form(
        "principles-reviewed",
        "knowledge",
        message("Review a principle"),
        message("How far it is kept to, and what shows that. Of your own organisation it is a self-review."),
        (
            _SUBJECT,
            _SET,
            Field("code", message("Principle"), hint=message("Its title or number.")),
            Field("answer", message("Is it kept to?"), "choice", choices=ANSWERS, group="answer"),
            Field("evidence", message("What shows it"), "area", required=False, hint=LANGUAGES_HINT),
            Field(
                "links",
                message("Where it can be seen"),
                "area",
                required=False,
                hint=message("Addresses, each on a line."),
            ),
            Field("on", message("Day"), "day", required=False, hint=message("Today, if none is named.")),
            ID,
        ),
        _review,
    ),
    Form(
        "principles-opinion",
        "knowledge",
        message("Endorse or dispute"),
        message("What you think of what another organisation says of itself. Your last word counts."),
        (
            Field("about", message("Declaration or review")),
            Field("opinion", message("Your word"), "choice", choices=("endorse", "dispute"), group="opinion"),
            NOTE,
            Field("withdrawn", message("Take it back"), "check", required=False),
        ),
        _opinion,
    ),
)
