# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §5 and §10: one verdict for each entry, ids that serve once, and the state that follows."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.applying import _HANDLERS
from ledger.reciprocity.state import Account, Member, Progress
from ledger.reciprocity.state_check import leaf_of, state_body, state_tree
from protocol.chain import START, link
from protocol.merkle import leaf_hash, root_of
from protocol.reciprocity import PERSONAL_KINDS, RECIPROCITY_BODIES
from protocol.statement import make_statement
from tests.builders import seeded
from tests.ledger.reciprocity.town import Town

EURO = {"code": "EUR", "scale": 2, "sort": "money", "name": {"en": "Euro"}}


@pytest.fixture
def town() -> Town:
    return Town()


def test_every_kind_is_folded() -> None:
    assert _HANDLERS.keys() == RECIPROCITY_BODIES.keys()


def test_an_id_serves_once_whatever_came_of_it(town: Town) -> None:
    one = seeded("one", 16)
    town.say("unit.define", EURO, statement_id=one)
    assert town.verdict == "applied"
    town.say("unit.define", EURO, statement_id=one)
    assert town.verdict == "duplicate"
    town.say("unit.define", {**EURO, "scale": 3}, statement_id=one)
    assert town.verdict == "id_reused"
    member = town.member()
    town.say("unit.define", EURO, town.keys[member], statement_id=one)
    assert town.verdict == "id_reused", "by another author"
    rejected = town.say("unit.define", EURO)
    assert town.verdict == "already_resolved"
    town.say("unit.define", {**EURO, "code": "CHF"}, statement_id=rejected)
    assert town.verdict == "id_reused"
    town.say("unit.define", EURO, statement_id=rejected)
    assert town.verdict == "duplicate", "and it still has no effect"


@pytest.mark.parametrize("kind", sorted(PERSONAL_KINDS))
def test_ids_of_words_are_not_looked_at(town: Town, kind: str) -> None:
    member = town.member()
    bodies: dict[str, dict[str, Any]] = {"note": {"about": member, "text": "!"}, "member.profile": {"member": member}}
    for _ in range(2):
        town.say(kind, bodies[kind], statement_id=member)
        assert town.verdict == "applied"


def test_a_chain_is_what_concerned_somebody_in_order(town: Town) -> None:
    town.unit()
    member = town.member()
    head = link(START, town.entries[-1].leaf, town.position - 1)
    assert town.cell(Member, member).head == head
    body: dict[str, Any] = {"member": member, "consent": 5}
    said = seeded("said", 16)
    data = make_statement(town.log_id, "member.set", said, town.at, town.keys[member].public, body)
    town.enter(data, (town.keys[member],))
    found = town.cell(Member, member)
    assert (found.count, found.head) == (2, link(head, leaf_hash(data), town.position - 1))
    town.refused("member.set", {"member": member, "class": "city"}, town.keys[member])
    assert town.cell(Member, member).count == 2


def test_leaves_stand_in_the_order_in_which_they_came(town: Town) -> None:
    town.unit()
    things = []
    for _ in range(5):
        things.append(town.member())
        things.append(town.account(things[-1]))
    leaves = [leaf_of(town.book, thing) for thing in things]
    assert [town.book.get(Member, thing) is None for thing in things] == [False, True] * 5
    tree = state_tree(town.book)
    assert list(tree.ids()) == things
    assert tree.root() == root_of(leaf_hash(leaf.encode()) for leaf in leaves)
    assert (leaves[1].scale, leaves[1].unit, leaves[0].unit) == (2, "EUR", "")
    assert town.cell(Account, things[1]).number == 1


def test_a_state_is_what_follows_from_all_before_it(town: Town) -> None:
    town.unit()
    member = town.member()
    right = state_body(town.book, town.position, town.org.public)
    assert right is not None
    assert town.refused("state", right, town.keys[member]) == "not_authorised"
    for broken in ({"size": town.position + 2}, {"leaves": 2}, {"root": bytes(32)}):
        body = state_body(town.book, town.position, town.org.public)
        assert body is not None
        assert town.refused("state", {**body, **broken}) == "state_mismatch"
    body = state_body(town.book, town.position, town.org.public)
    assert body is not None
    town.must("state", body)
    assert state_body(town.book, town.position, town.org.public) is None, "nothing new"
    assert state_body(town.book, town.position, bytes(32)) is not None, "another key says so too"
    town.account(member)
    assert state_body(town.book, town.position, town.org.public) is not None
    assert town.cell(Progress, b"").leaves == 2


def test_the_tree_follows_what_changes(town: Town) -> None:
    town.unit()
    member = town.member()
    state_tree(town.book)
    wallet, bank = town.account(member), town.account(type_="external")
    state_tree(town.book)
    town.move("opening", {bank: -5, wallet: 5})
    anew = Town()
    anew.book.source = town.kept
    town.snapshot()
    assert state_tree(town.book).root() == state_tree(anew.book).root()
