# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §8: one member one vote, delegates, quorum and majority, and what a decision permits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity.assembly import DELEGATIONS_MAX, Count
from ledger.reciprocity.book import Rules
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.state import ProposalState
from tests.builders import signing_key
from tests.ledger.reciprocity.town import DAY, Town

DAY_S = 86_400


@pytest.fixture
def town() -> Town:
    return Town()


def ask(town: Town, choices: int = 2, **fields: Any) -> bytes:
    names = [f"choice {number}" for number in range(choices)]
    return town.must("proposal", {"title": {"en": "?"}, "choices": names, "closes": DAY, **fields})


def vote(town: Town, asked: bytes, member: bytes, choice: int = 0) -> None:
    town.must("vote", {"proposal": asked, "member": member, "choice": choice}, town.keys[member])


def outcome(asked: bytes, choice: int, counts: list[int], abstained: int = 0) -> dict[str, Any]:
    return {"proposal": asked, "choice": choice, "counts": counts, "abstained": abstained}


def closed(town: Town) -> None:
    """The day after."""
    town.at = (DAY + 1) * DAY_S


def test_any_active_member_asks_and_nobody_else(town: Town) -> None:
    ada, city = town.member(), town.member("city")
    body = {"title": {"en": "?"}, "choices": ["yes", "no"], "closes": DAY}
    assert town.refused("proposal", body, signing_key("a stranger")) == "not_authorised"
    for member in (ada, city):
        asked = town.must("proposal", body, town.keys[member])
        assert town.cell(ProposalState, asked).author == member
    town.must("member.set", {"member": ada, "status": "paused"})
    assert town.refused("proposal", body, town.keys[ada]) == "not_authorised"


def test_a_vote_is_the_members_own_and_the_last_one_counts(town: Town) -> None:
    ada, bo, city = town.member(), town.member(), town.member("city")
    asked = ask(town)
    body = {"proposal": asked, "member": ada, "choice": 0}
    assert town.refused("vote", {**body, "proposal": bytes(16)}, town.keys[ada]) == "unknown_ref"
    assert town.refused("vote", {**body, "member": bytes(16)}, town.keys[ada]) == "unknown_ref"
    assert town.refused("vote", {**body, "choice": 2}, town.keys[ada]) == "unknown_ref"
    assert town.refused("vote", body, town.keys[bo]) == "not_authorised"
    assert town.refused("vote", {**body, "member": city}, town.keys[city]) == "not_authorised"
    vote(town, asked, ada, 0)
    vote(town, asked, ada, 1)
    vote(town, asked, bo, 1)
    assert town.refused("decision", outcome(asked, 0, [1, 1])) == "clause_mismatch"
    town.must("decision", outcome(asked, 1, [0, 2]))
    assert town.refused("vote", body, town.keys[ada]) == "late"
    assert town.refused("decision", outcome(asked, 1, [0, 2])) == "already_resolved"


def test_before_the_vote_closes_all_have_to_have_voted_and_after_it_nobody_votes(town: Town) -> None:
    ada, bo, cy = town.member(), town.member(), town.member()
    asked = ask(town)
    vote(town, asked, ada)
    vote(town, asked, bo)
    assert town.refused("decision", outcome(asked, 0, [2, 0], 1)) == "not_in_force"
    closed(town)
    assert town.refused("vote", {"proposal": asked, "member": cy, "choice": 1}, town.keys[cy]) == "late"
    for body in (outcome(asked, 1, [2, 0], 1), outcome(asked, 0, [2, 0], 0), outcome(asked, 0, [3, 0], 0)):
        assert town.refused("decision", body) == "clause_mismatch"
    assert town.refused("decision", outcome(asked, 2, [2, 0], 1)) == "unknown_ref"
    assert town.refused("decision", outcome(asked, 0, [2, 0], 1), town.keys[ada]) == "not_authorised"
    town.must("decision", outcome(asked, 0, [2, 0], 1))


def test_who_votes_is_who_may_when_it_is_decided(town: Town) -> None:
    ada, bo = town.member(), town.member()
    asked = ask(town)
    vote(town, asked, ada, 0)
    vote(town, asked, bo, 1)
    town.must("member.set", {"member": bo, "votes": False})
    town.must("decision", outcome(asked, 0, [1, 0]))


def test_who_joins_leaves_or_is_paused_counts_in_the_next_decision(town: Town) -> None:
    ada, bo = town.member(), town.member()
    for change, abstained in (
        ({"member": bo, "status": "paused"}, 0),
        ({"member": bo, "status": "active"}, 1),
        ({"member": bo, "votes": False}, 0),
    ):
        town.must("member.set", change)
        town.at = DAY * DAY_S
        asked = ask(town)
        vote(town, asked, ada)
        closed(town)
        town.must("decision", outcome(asked, 0, [1, 0], abstained))
    town.member()
    town.at = DAY * DAY_S
    asked = ask(town)
    vote(town, asked, ada)
    closed(town)
    town.must("decision", outcome(asked, 0, [1, 0], 1))


def test_who_did_not_vote_votes_as_their_delegate_and_a_circle_does_not(town: Town) -> None:
    ada, bo, cy, di, ed = (town.member() for _ in range(5))
    for one, delegate in ((bo, ada), (cy, bo), (di, ed), (ed, di)):
        town.must("member.set", {"member": one, "delegate": delegate}, town.keys[one])
    asked = ask(town)
    vote(town, asked, ada, 1)
    closed(town)
    town.must("decision", outcome(asked, 1, [0, 3], 2))


def test_a_delegate_without_a_vote_carries_none(town: Town) -> None:
    ada, bo, city = town.member(), town.member(), town.member("city")
    town.must("member.set", {"member": bo, "delegate": city}, town.keys[bo])
    town.must("member.set", {"member": city, "delegate": ada}, town.keys[city])
    asked = ask(town)
    vote(town, asked, ada)
    closed(town)
    town.must("decision", outcome(asked, 0, [1, 0], 1))


def test_delegations_are_followed_so_far(town: Town) -> None:
    chain = [town.member() for _ in range(DELEGATIONS_MAX + 2)]
    for one, delegate in pairwise(chain):
        town.must("member.set", {"member": one, "delegate": delegate}, town.keys[one])
    asked = ask(town)
    vote(town, asked, chain[-1])
    closed(town)
    town.must("decision", outcome(asked, 0, [DELEGATIONS_MAX + 1, 0], 1))


@pytest.mark.parametrize(
    ("counts", "members", "rules", "choice"),
    [
        ([2, 1], 6, Rules(), 0),
        ([2, 1], 7, Rules(), None),
        ([2, 2], 4, Rules(), None),
        ([0, 0], 0, Rules((0, 1), (0, 1)), None),
        ([1, 0], 9, Rules((0, 1), (1, 2)), 0),
        ([3, 2, 1], 6, Rules(), None),
        ([3, 2, 1], 6, Rules((1, 1), (2, 5)), 0),
        ([2, 2, 1], 5, Rules((1, 1), (1, 3)), None),
        ([2, 1], 3, Rules((1, 1), (2, 3)), None),
        ([5, 0], 5, Rules((1, 1), (1, 1)), None),
    ],
)
def test_quorum_and_majority(counts: list[int], members: int, rules: Rules, choice: int | None) -> None:
    assert Count(counts, members - sum(counts), members).outcome(rules) == choice


def test_a_decision_for_another_choice_permits_nothing(town: Town) -> None:
    town.unit()
    ada, pool = town.member(), town.account(type_="pool")
    body: dict[str, Any] = {"account": pool, "ceiling": 5}
    asked = ask(town, acts=[["account.set", act_digest(body)]])
    vote(town, asked, ada, 1)
    decision = town.must("decision", outcome(asked, 1, [0, 1]))
    assert town.refused("account.set", {**body, "decision": decision}) == "not_authorised"


@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 2))), min_size=10, max_size=10))
def test_every_vote_is_counted_once(said: list[tuple[int, int | None]]) -> None:
    """Whoever delegates to whom: who may vote is counted for a choice or as abstaining, and votes never multiply."""
    town = Town()
    members = [town.member() for _ in said]
    asked = ask(town, 3)
    for member, (delegate, choice) in zip(members, said, strict=True):
        town.must("member.set", {"member": member, "delegate": members[delegate]}, town.keys[member])
        if choice is not None:
            vote(town, asked, member, choice)
    counts = [0, 0, 0]
    for number in range(len(said)):
        at, seen = number, set[int]()
        while at not in seen and said[at][1] is None:
            seen.add(at)
            at = said[at][0]
        choice = said[at][1]
        if choice is not None:
            counts[choice] += 1
    closed(town)
    best = counts.index(max(counts))
    town.say("decision", outcome(asked, best, counts, 10 - sum(counts)))
    wins = 2 * sum(counts) >= 10 and 2 * max(counts) > sum(counts) and counts.count(max(counts)) == 1
    assert town.verdict == ("applied" if wins else "clause_mismatch")
