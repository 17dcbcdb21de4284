# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §4: units and members, and whose word each field of theirs is."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.state import Member
from tests.builders import signing_key
from tests.ledger.reciprocity.town import Town

EURO = {"code": "EUR", "scale": 2, "sort": "money", "name": {"en": "Euro"}}


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_unit_is_defined_once_by_the_organisation(town: Town) -> None:
    member = town.member()
    assert town.refused("unit.define", EURO, town.keys[member]) == "not_authorised"
    town.must("unit.define", EURO)
    assert town.refused("unit.define", {**EURO, "scale": 3}) == "already_resolved"


def test_who_joins_signs_with_a_key_that_was_never_anybodys(town: Town) -> None:
    key = signing_key("newcomer")
    body = {"key": key.public, "class": "user", "custody": "own"}
    assert town.refused("member.join", body) == "not_authorised"
    assert town.refused("member.join", body, key) == "not_authorised"
    town.must("member.join", body, town.org, key)
    assert town.refused("member.join", body, town.org, key) == "already_resolved"


@pytest.mark.parametrize(
    ("class_", "votes"), [("worker", True), ("coop", True), ("city", False), ("for_profit", False)]
)
def test_the_class_says_who_votes_unless_somebody_says_otherwise(town: Town, class_: str, votes: bool) -> None:  # noqa: FBT001 - a column of the table
    assert town.cell(Member, town.member(class_)).votes is votes
    assert town.cell(Member, town.member(class_, votes=not votes)).votes is not votes


def test_a_group_has_no_vote(town: Town) -> None:
    group = town.member(group=True)
    assert not town.cell(Member, group).votes
    assert town.refused("member.set", {"member": group, "votes": True}) == "not_authorised"


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"class": "city"}, "org"),
    ({"votes": False}, "org"),
    ({"status": "paused"}, "org"),
    ({"status": "active"}, "org"),
    ({"status": "left"}, "either"),
    ({"consent": 5}, "member"),
    ({"delegate": b""}, "member"),
    ({"custody": "node"}, "member"),
]


@pytest.mark.parametrize(("fields", "whose"), FIELDS)
def test_each_field_of_a_member_is_somebodys_word(town: Town, fields: dict[str, Any], whose: str) -> None:
    member, other = town.member(), town.member()
    body = {"member": member, **fields}
    assert town.refused("member.set", body, town.keys[other]) == "not_authorised"
    town.say("member.set", body)
    assert (town.verdict == "applied") == (whose in {"org", "either"})
    member = town.member()
    town.say("member.set", {"member": member, **fields}, town.keys[member])
    assert (town.verdict == "applied") == (whose in {"member", "either"})


def test_what_is_not_there_cannot_be_set(town: Town) -> None:
    member = town.member()
    assert town.refused("member.set", {"member": bytes(16), "class": "city"}) == "unknown_ref"
    delegate = {"member": member, "delegate": bytes(16)}
    assert town.refused("member.set", delegate, signing_key("a stranger")) == "unknown_ref", "before who signed it"
    assert town.refused("member.set", {"member": member, "class": "city", "decision": bytes(16)}) == "unknown_ref"


def test_a_key_is_given_on_with_the_old_one_and_never_comes_back(town: Town) -> None:
    member, other = town.member(), town.member()
    old, new = town.keys[member], signing_key("new")
    body = {"member": member, "key": new.public}
    assert town.refused("member.set", body, old) == "not_authorised"
    assert town.refused("member.set", body, town.org, new) == "not_authorised"
    taken = {"member": member, "key": town.keys[other].public}
    assert town.refused("member.set", taken, old, town.keys[other]) == "already_resolved"
    town.must("member.set", body, old, new)
    assert town.refused("member.set", {"member": member, "consent": 1}, old) == "not_authorised"
    back = {"member": member, "key": old.public}
    assert town.refused("member.set", back, old, new) == "already_resolved"
    join = {"key": old.public, "class": "worker", "custody": "own"}
    assert town.refused("member.join", join, town.org, old) == "already_resolved"
    assert town.refused("note", {"about": member, "text": "I am gone"}, old) == "not_authorised"


def test_a_lost_key_is_replaced_by_decision_with_the_new_one(town: Town) -> None:
    member = town.member()
    new = signing_key("new")
    body = {"member": member, "key": new.public}
    decision = town.decide("member.set", body)
    assert town.refused("member.set", {**body, "decision": decision}, town.org) == "not_authorised"
    town.must("member.set", {**body, "decision": decision}, town.org, new)
    assert town.cell(Member, member).key == new.public


def test_who_is_paused_or_has_left_says_nothing_until_the_organisation_takes_them_back(town: Town) -> None:
    town.unit()
    member = town.member()
    key, wallet = town.keys[member], town.account(member, floor=-100)
    bank = town.account(type_="external")
    for status in ("paused", "left"):
        town.must("member.set", {"member": member, "status": status})
        for body in ({"consent": 3}, {"status": "active"}, {"status": "left"}):
            assert town.refused("member.set", {"member": member, **body}, key) == "not_authorised"
        town.post("transfer", {wallet: -1, bank: 1}, key)
        assert town.verdict == "not_authorised"
        assert town.refused("account.open", {"owner": member, "unit": "EUR", "type": "member"}) == "not_authorised"
        town.must("member.set", {"member": member, "status": "active"})
    town.move("transfer", {wallet: -1, bank: 1}, key)


def test_words_are_a_members_or_the_organisations(town: Town) -> None:
    member, other, stranger = town.member(), town.member(), signing_key("a stranger")
    profile = {"member": member, "name": "Ada", "languages": ["en"]}
    for key in (town.keys[member], town.org):
        town.must("member.profile", profile, key)
    assert town.refused("member.profile", profile, town.keys[other]) == "not_authorised"
    assert town.refused("member.profile", {"member": bytes(16)}) == "unknown_ref"
    note = {"about": member, "text": "welcome"}
    town.must("note", note, town.keys[other])
    assert town.refused("note", note, stranger) == "not_authorised"
    assert town.refused("note", {"about": bytes(16), "text": "?"}) == "unknown_ref"


def test_a_note_is_not_about_what_was_rejected(town: Town) -> None:
    rejected = town.say("member.join", {"key": bytes(32), "class": "user", "custody": "own"})
    assert town.refused("note", {"about": rejected, "text": "?"}) == "unknown_ref"
