# SPDX-License-Identifier: AGPL-3.0-or-later
"""Principles, skills and needs: by whose word, in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger.directory.query import Circle
from ledger.sqlite.store import SqliteStore
from ledger.territory.knowledge import Knowledge
from ledger.territory.needs import needs
from ledger.territory.principles import TEMPLATES, declared, holders, set_of, template_body
from ledger.territory.skills import experts, skill_counts
from protocol.knowledge import check_knowledge
from protocol.record import Subject
from tests.builders import seeded
from tests.ledger.making import Scribe, derive, hold, record_id
from tests.ledger.territory.saying import put, thing

NewStore = Callable[[], SqliteStore]
POINT = {"lat": 506_292_000, "lon": 30_573_000, "precision": 10, "method": "gps"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_sets_that_come_along_can_be_signed_and_are_in_all_languages(name: str) -> None:
    body = check_knowledge("principle.put", template_body(name))
    titles = [body.title, *(one.title for one in body.principles)]  # type: ignore[union-attr] # it is a set
    assert {tag for one in titles for tag in one} == {"en", "fr", "nl", "de", "es", "ca", "it"}
    assert all(len(one) == 7 for one in titles)


def test_declared_reviewed_endorsed_and_disputed(new_store: NewStore) -> None:
    own, other, store = Scribe("own"), Scribe("other"), new_store()
    own.put(1, "Bakery", kind="organisation")
    subject = {"log": own.log_id, "id": record_id(1)}
    for scribe in (own, other):
        scribe.say("principle.put", template_body("co-operative"))
    named = {"log": other.log_id, "id": template_body("co-operative")["id"]}
    own.say("principle.declare", {"id": seeded("d", 16), "subject": subject, "set": named, "codes": ["education"]})

    def review(scribe: Scribe, label: str, answer: str, on: int) -> None:
        body: dict[str, Any] = {"id": seeded(label, 16), "subject": subject, "set": named, "code": "education"}
        scribe.say("principle.review", body | {"answer": answer, "on": on})

    review(own, "late", "yes", 20_001)
    review(own, "early", "no", 20_000)
    review(other, "outside", "partly", 20_002)
    other.say("principle.endorse", {"about": thing(own, "late")})
    other.say("principle.dispute", {"about": thing(own, "late"), "note": "not so"})
    other.say("principle.endorse", {"about": thing(own, "d")})
    own.say("principle.endorse", {"about": thing(own, "late")})  # one's own word is no opinion of others
    for scribe in (own, other):
        hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        knowledge = Knowledge(reads)
        (found,) = declared(knowledge, Subject(own.log_id, record_id(1)))
        assert [one.endorses for one in found.opinions] == [True]
        kept = {one.principle.code: one for one in found.principles}
        assert kept["education"].declared
        assert not kept["autonomy"].declared
        assert [(one.body.answer, one.own) for one in kept["education"].reviews] == [
            ("yes", True),
            ("no", True),
            ("partly", False),
        ]
        assert [(one.endorses, one.note) for one in kept["education"].reviews[0].opinions] == [(False, "not so")]
        for one in knowledge.all("set"):
            assert [subject.id for subject, _ in holders(knowledge, one)] == [record_id(1)]
        assert len(set_of(found.set).principles) == 7


def test_who_knows_what_by_whose_word_and_how_far_away(new_store: NewStore) -> None:
    own, other, store = Scribe("own"), Scribe("other"), new_store()
    own.put(1, "Les Bobines", kind="organisation", point=POINT)
    own.put(2, "Elsewhere", kind="organisation")
    own.put(3, "Closed", kind="organisation")
    own.close(3)
    for number, skill in ((1, "skill:réparation-de-vélos"), (2, "skill:baking"), (3, "skill:baking")):
        own.say("claim.skill", {"subject": {"log": own.log_id, "id": record_id(number)}, "skill": skill})
    own.say("claim.skill", {"subject": {"log": own.log_id, "id": bytes(16)}, "skill": "skill:flying"})
    bobines = {"log": own.log_id, "id": record_id(1)}
    other.say("claim.skill", {"subject": bobines, "skill": "skill:Reparation de velos"})
    other.say("claim.skill", {"subject": bobines, "skill": "skill:singing"})
    other.say("claim.skill", {"subject": bobines, "skill": "skill:singing", "withdrawn": True})
    for scribe in (own, other):
        hold(store, scribe.log)
    derive(store)
    lille = Circle(506_292_000, 30_573_000, 5_000)
    with store.read() as reads:
        knowledge = Knowledge(reads)
        assert [one.record.title() for one in experts(knowledge)] == ["Elsewhere", "Les Bobines"]
        (found,) = experts(knowledge, "velos bobines", circle=lille)
        assert {skill: [one.log_id for one in claims] for skill, claims in found.skills.items()} == {
            "skill:réparation-de-vélos": [own.log_id, other.log_id]
        }
        assert found.distance == 0
        assert experts(knowledge, "singing") == []
        assert [one.record.title() for one in experts(knowledge, skill="skill:baking")] == ["Elsewhere"]
        assert skill_counts(knowledge)["skill:baking"] == 2


def test_needs_that_nobody_was_asked_about_stand_in_the_order_in_which_they_were_voiced(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    for label in ("first", "second", "first"):
        put(scribe, "need.put", label, {"en": label}, state="voiced", proposal=seeded("nothing", 16))
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        found = needs(Knowledge(reads), 20_000)
        assert [(one.known.id, one.votes) for one in found] == [
            (seeded("first", 16), None),
            (seeded("second", 16), None),
        ]


def test_a_denied_thing_is_not_shown(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    put(scribe, "term.put", "bad", {"en": "bad"})
    put(scribe, "term.put", "good", {"en": "good"})
    scribe.say("deny", {"log": scribe.log_id, "id": seeded("bad", 16), "denied": True, "reason": "false"})
    hold(store, scribe.log)
    derive(store)
    with store.write() as change:
        change.set_fact("own", b"1")
    with store.read() as reads:
        assert [one.title for one in Knowledge(reads).all("term")] == [{"en": "good"}]
