# SPDX-License-Identifier: AGPL-3.0-or-later
"""Principles: sets of them, who holds to which, how far they keep to them, and who says otherwise (spec 22 §3)."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.territory.keys import DECLARATION, OPINION, REVIEW, SET
from protocol.knowledge import PrincipleDeclare, PrincipleOpinion, PrinciplePut, PrincipleReview
from protocol.record import Subject

if TYPE_CHECKING:
    from ledger.territory.knowledge import Knowledge, Known
    from protocol.knowledge import Principle

TEMPLATES = ("co-operative", "open-co-op", "commons")
"""The sets that come with the program: files that people copy and change."""
_ID_BYTES = 16


class Opinion(NamedTuple):
    """Who endorses or disputes something, and why."""

    log_id: bytes
    endorses: bool
    note: str
    known: Known


class Reviewed(NamedTuple):
    """What was said of one principle: the latest first; `own` if it is the organisation's own word."""

    known: Known
    body: PrincipleReview
    own: bool
    opinions: list[Opinion]


class Kept(NamedTuple):
    """A principle of a set, whether it was declared, and the reviews of how far it is kept."""

    principle: Principle
    declared: bool
    reviews: list[Reviewed]


class Declared(NamedTuple):
    """A set as one organisation holds to it. `declaration` is None where it was only reviewed."""

    set: Known
    declaration: Known | None
    opinions: list[Opinion]
    principles: list[Kept]


def template_id(name: str) -> bytes:
    """The id that a set which comes with the program has in every log (spec 22 §3)."""
    return sha256(b"folkmoot/principles/1\0" + name.encode()).digest()[:_ID_BYTES]


def template_body(name: str) -> dict[str, Any]:
    """A set that comes with the program, as the body of a statement. Raises NotFoundError."""
    if name not in TEMPLATES:
        raise NotFoundError(f"no set of principles {name[:60]!r}; there are {', '.join(TEMPLATES)}")
    text = (files("ledger.territory") / "sets" / f"{name}.toml").read_text("utf-8")
    return {"id": template_id(name), **tomllib.loads(text)}


def set_of(known: Known) -> PrinciplePut:
    """What a set says."""
    assert isinstance(known.body, PrinciplePut)
    return known.body


def find_set(knowledge: Knowledge, subject: Subject) -> Known | None:
    """The set that a subject names; where its log is not here, the same one in another log."""
    found = knowledge.find(SET, subject.log, subject.id)
    return found or next((one for one in knowledge.all(SET) if one.id == subject.id), None)


def holders(knowledge: Knowledge, known: Known) -> list[tuple[Subject, Known]]:
    """Who has declared to hold to a set, in whichever log it is said; and the declaration."""
    found = []
    for one in knowledge.all(DECLARATION):
        assert isinstance(one.body, PrincipleDeclare)
        if one.body.set.id == known.id and one.log_id == one.body.subject.log:
            found.append((one.body.subject, one))
    return found


def opinions_on(knowledge: Knowledge, known: Known) -> list[Opinion]:
    """What other logs say of a declaration or a review."""
    found = []
    for one in knowledge.about(OPINION, *known.name):
        assert isinstance(one.body, PrincipleOpinion)
        if one.log_id != known.log_id:
            found.append(Opinion(one.log_id, one.row.kind == "principle.endorse", one.body.note, one))
    return found


def declared(knowledge: Knowledge, subject: Subject) -> list[Declared]:
    """The sets that an organisation holds to or was reviewed by, principle by principle."""
    declarations = knowledge.about(DECLARATION, subject.log, subject.id)
    all_reviews = knowledge.about(REVIEW, subject.log, subject.id)
    named = {_set_named(one).id: _set_named(one) for one in (*all_reviews, *declarations)}
    found = []
    for set_id, name in named.items():
        known = find_set(knowledge, name)
        if known is not None:
            by_itself = [one for one in declarations if one.log_id == subject.log and _set_named(one).id == set_id]
            own = by_itself[-1] if by_itself else None
            reviews = [one for one in all_reviews if _set_named(one).id == set_id]
            opinions = opinions_on(knowledge, own) if own else []
            found.append(Declared(known, own, opinions, _kept(knowledge, known, own, reviews)))
    return sorted(found, key=lambda one: one.set.name)


def _set_named(known: Known) -> Subject:
    assert isinstance(known.body, PrincipleDeclare | PrincipleReview)
    return known.body.set


def _kept(knowledge: Knowledge, known: Known, own: Known | None, reviews: list[Known]) -> list[Kept]:
    by_code: dict[str, list[Reviewed]] = {}
    for one in sorted(reviews, key=_latest, reverse=True):
        body = one.body
        assert isinstance(body, PrincipleReview)
        is_own = one.log_id == body.subject.log
        by_code.setdefault(body.code, []).append(Reviewed(one, body, is_own, opinions_on(knowledge, one)))
    declaration = own.body if own else None
    assert declaration is None or isinstance(declaration, PrincipleDeclare)
    codes = declaration.codes if declaration else ()
    return [
        Kept(
            principle,
            declaration is not None and (codes is None or principle.code in codes),
            sorted(by_code.get(principle.code, ()), key=lambda one: not one.own),
        )
        for principle in set_of(known).principles
    ]


def _latest(known: Known) -> tuple[int, int]:
    assert isinstance(known.body, PrincipleReview)
    return known.body.on, known.row.position
