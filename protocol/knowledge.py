# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements about what is known in a territory: terms, skills, problems, needs, principles (spec 22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec

from protocol.amounts import Day
from protocol.errors import Malformed
from protocol.record import (
    Id,
    Note,
    Point,
    Source,
    Subject,
    is_category,
    is_language_tag,
    is_licence,
    is_plain_text,
    is_web_url,
)

if TYPE_CHECKING:
    from protocol.encoding import Value
    from protocol.statement import Statement

_Meta = msgspec.Meta
_Many = _Meta(min_length=1, max_length=32)
Title = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=200)]], _Many]
Remarks = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=2000)]], _Many]
Texts = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=4000)]], _Many]
_Short = Annotated[str, _Meta(min_length=1, max_length=200)]
_Url = Annotated[str, _Meta(min_length=1, max_length=2000)]
_Licence = Annotated[str, _Meta(min_length=1, max_length=100)]
_Category = Annotated[str, _Meta(max_length=133)]
_Categories = Annotated[list[_Category], _Meta(max_length=32)]
Code = Annotated[str, _Meta(pattern=r"^[a-z0-9-]{1,64}\Z")]
Relation = Literal["broader", "narrower", "related", "same", "differs"]
ProblemState = Literal["open", "partly", "solved"]
NeedState = Literal["voiced", "taken_up", "met", "declined"]
Answer = Literal["yes", "partly", "no"]

RELATIONS: tuple[str, ...] = ("broader", "narrower", "related", "same", "differs")
PROBLEM_STATES: tuple[str, ...] = ("open", "partly", "solved")
NEED_STATES: tuple[str, ...] = ("voiced", "taken_up", "met", "declined")
ANSWERS: tuple[str, ...] = ("yes", "partly", "no")


class Place(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where something is so: a name, and a point if there is one."""

    name: _Short
    point: Point | None = None


class See(msgspec.Struct, frozen=True, gc=False):
    """A link to another term."""

    relation: Relation
    term: Subject


class TermPut(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """`term.put`: a word, and what it means here."""

    id: Id
    term: Title
    licence: _Licence
    definition: Texts | None = None
    place: Place | None = None
    see: Annotated[list[See], _Meta(max_length=64)] = []
    categories: _Categories = []
    sources: Annotated[list[Source], _Meta(max_length=16)] = []
    withdrawn: bool = False


class Solution(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """How a problem was solved, and by whom."""

    how: Remarks
    who: _Short | None = None
    by: Subject | None = None
    evidence: _Url | None = None
    on: Day | None = None


class ProblemPut(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """`problem.put`: what does not work, and what was done about it."""

    id: Id
    title: Title
    state: ProblemState
    licence: _Licence
    description: Texts | None = None
    place: Place | None = None
    solutions: Annotated[list[Solution], _Meta(max_length=32)] = []
    categories: _Categories = []
    withdrawn: bool = False


class NeedPut(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """`need.put`: what people need, how that came to be known, and what became of it."""

    id: Id
    title: Title
    state: NeedState
    licence: _Licence
    description: Texts | None = None
    place: Place | None = None
    heard: _Short | None = None
    answer: Remarks | None = None
    proposal: Id | None = None
    problem: Subject | None = None
    categories: _Categories = []
    withdrawn: bool = False


class SkillClaim(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.skill`: an organisation or a person knows how to do something."""

    subject: Subject
    skill: _Category
    term: Subject | None = None
    note: Note = ""
    withdrawn: bool = False


class Principle(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One principle of a set."""

    code: Code
    title: Title
    text: Remarks | None = None


class PrinciplePut(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """`principle.put`: a set of principles."""

    id: Id
    title: Title
    principles: Annotated[list[Principle], _Meta(min_length=1, max_length=64)]
    licence: _Licence
    source: _Url | None = None
    withdrawn: bool = False


class PrincipleDeclare(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`principle.declare`: somebody holds to a set of principles, or to some of it."""

    id: Id
    subject: Subject
    set: Subject
    codes: Annotated[list[Code], _Meta(min_length=1, max_length=64)] | None = None
    note: Remarks | None = None
    withdrawn: bool = False


class PrincipleReview(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """`principle.review`: how far somebody keeps to a principle, and what shows it."""

    id: Id
    subject: Subject
    set: Subject
    code: Code
    answer: Answer
    on: Day
    evidence: Remarks | None = None
    links: Annotated[list[_Url], _Meta(max_length=16)] = []
    withdrawn: bool = False


class PrincipleOpinion(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`principle.endorse`, `principle.dispute`: what somebody else thinks of a declaration or a review."""

    about: Subject
    note: Note = ""
    withdrawn: bool = False


KnowledgeBody: TypeAlias = (
    TermPut | ProblemPut | NeedPut | SkillClaim | PrinciplePut | PrincipleDeclare | PrincipleReview | PrincipleOpinion
)

KNOWLEDGE_BODIES: dict[str, type[KnowledgeBody]] = {
    "term.put": TermPut,
    "problem.put": ProblemPut,
    "need.put": NeedPut,
    "claim.skill": SkillClaim,
    "principle.put": PrinciplePut,
    "principle.declare": PrincipleDeclare,
    "principle.review": PrincipleReview,
    "principle.endorse": PrincipleOpinion,
    "principle.dispute": PrincipleOpinion,
}

_decoders = {kind: msgspec.msgpack.Decoder(body) for kind, body in KNOWLEDGE_BODIES.items()}
_LANGUAGES = frozenset({"term", "title", "definition", "description", "how", "answer", "evidence", "text", "note"})
_URLS = frozenset({"source", "evidence"})


def read_knowledge(statement: Statement) -> KnowledgeBody:
    """What a statement of one of these kinds says. Raises Malformed."""
    statement.read_body()
    try:
        body = _decoders[statement.kind].decode(bytes(statement.body))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("malformed", f"{statement.kind}: {error}") from None
    _check_limits(msgspec.to_builtins(body, builtin_types=(bytes,)), statement.kind, "malformed")
    return body


def check_knowledge(kind: str, value: dict[str, Value]) -> KnowledgeBody:
    """What is about to be signed. Raises Malformed if anything in it is unknown, empty or wrong."""
    try:
        body: KnowledgeBody = msgspec.convert(value, KNOWLEDGE_BODIES[kind], builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed("body", f"{kind}: {error}") from None
    known = msgspec.to_builtins(body, builtin_types=(bytes,))
    if known != value:
        other = sorted(key for key in value if key not in known or value[key] != known[key])
        raise Malformed("body", f"{kind}: no field, or an empty one: {', '.join(other)[:100]}")
    _check_limits(known, kind, "body")
    licence = known.get("licence")
    if licence is not None and not is_licence(licence):
        raise Malformed("body", f"{kind}: licence: not an SPDX expression: {licence[:80]!r}")
    return body


def _check_limits(value: dict[str, Any], kind: str, reason: str) -> None:
    """The rules that types do not state. Raises Malformed."""

    def require(holds: bool, what: str) -> None:  # noqa: FBT001 - what must hold
        if not holds:
            raise Malformed(reason, f"{kind}: {what}")

    categories = [*value.get("categories", []), *([value["skill"]] if "skill" in value else [])]
    for category in categories:
        require(is_category(category), f"not scheme:code: {category[:80]!r}")
    require(len(set(categories)) == len(categories), "a category stands twice")
    codes = [*(value.get("codes") or []), *[one["code"] for one in value.get("principles", [])]]
    require(len(set(codes)) == len(codes), "a code stands twice")
    point = (value.get("place") or {}).get("point")
    require(not point or (point["lat"], point["lon"]) != (0, 0), "place: (0, 0) is the place of a lost position")
    for link in value.get("links", []):
        require(is_web_url(link), f"links: neither http nor https: {link[:80]!r}")
    _check_texts(value, require)


def _check_texts(value: Any, require: Any, key: str = "") -> None:  # noqa: ANN401 - any part of a body
    """All texts, wherever they stand: without control characters; languages and addresses are of their form."""
    if isinstance(value, str):
        require(is_plain_text(value), f"text with control characters: {value[:60]!r}")
        require(key not in _URLS or is_web_url(value), f"{key}: neither http nor https: {value[:80]!r}")
    elif isinstance(value, dict):
        for name, part in value.items():
            require(key not in _LANGUAGES or is_language_tag(name), f"not a language tag: {name[:40]!r}")
            _check_texts(part, require, "" if key in _LANGUAGES else name)
    elif isinstance(value, list):
        for part in value:
            _check_texts(part, require)
