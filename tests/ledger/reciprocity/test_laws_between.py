# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws of payments between two logs (spec 19), whatever goes wrong between them: nothing is lost or spent twice."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger.reciprocity.state import Account, Incoming, Outgoing
from tests.ledger.reciprocity.neighbours import Side, neighbours
from tests.ledger.reciprocity.town import AT

which = st.sampled_from((0, 1))
seeds = st.integers(0, 2**32 - 1)


class Trade(RuleBasedStateMachine):
    """Two organisations whose nodes answer and finish payments, or are slow, or say something wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.sides = neighbours(floor=-3_000, ceiling=8_000)
        for side in self.sides:
            side.moot.must("member.set", {"member": side.member, "consent": 2_000}, side.key)

    @rule(payer=which, amount=st.sampled_from((1, 900, 2_500, 4_000, 9_000)), soon=st.booleans())
    def pay(self, payer: int, amount: int, *, soon: bool) -> None:
        """A member pays a member of the other."""
        side, other = self.sides[payer], self.sides[1 - payer]
        deadline = side.moot.at + (5 if soon else 100_000)
        side.moot.say("xfer.reserve", side.reserving(other, amount, deadline=deadline), side.key)

    @rule(payee=which, seed=seeds)
    def answer(self, payee: int, seed: int) -> None:
        """A node answers one payment that waits."""
        side, payer = self.sides[payee], self.sides[1 - payee]
        waiting = [one for one in _open(payer) if _answer(side, payer, one) is None]
        if waiting:
            self._answer(side, payer, Random(seed).choice(waiting))

    def _answer(self, side: Side, payer: Side, transfer: bytes) -> None:
        side.moot.say("xfer.accept", side.accepting(payer, transfer))
        if side.moot.verdict == "not_authorised":
            side.moot.say("xfer.accept", side.accepting(payer, transfer), side.key)
        if side.moot.verdict != "applied":
            assert side.moot.verdict in {"late", "floor", "ceiling", "frozen"}
            side.moot.must("xfer.refuse", side.refusing(payer, transfer, "limit"))

    @rule(payer=which, seed=seeds)
    def finish(self, payer: int, seed: int) -> None:
        """A node posts or voids one payment that was answered."""
        side, payee = self.sides[payer], self.sides[1 - payer]
        answered = [one for one in _unfinished(side) if _answer(payee, side, one) is not None]
        if answered:
            self._finish(side, payee, Random(seed).choice(answered))

    def _finish(self, side: Side, payee: Side, transfer: bytes) -> None:
        found = _answer(payee, side, transfer)
        assert found is not None
        body = {"transfer": transfer, "proof": payee.moot.prove_at(found.position)}
        if found.state == "accepted":
            side.moot.must("xfer.post", body)
        elif side.moot.cell(Outgoing, transfer).state == "reserved":
            side.moot.must("xfer.void", body)

    @rule(payer=which, seed=seeds)
    def give_up(self, payer: int, seed: int) -> None:
        """The assembly gives one up."""
        side = self.sides[payer]
        waiting = _open(side)
        if waiting:
            side.moot.by_decision("xfer.void", {"transfer": Random(seed).choice(waiting)})

    @rule(where=which, seconds=st.integers(1, 50))
    def wait(self, where: int, seconds: int) -> None:
        """Time passes."""
        self.sides[where].moot.at += seconds

    @rule(where=which, state=st.sampled_from(("open", "frozen")), account=st.sampled_from(("wallet", "connector")))
    def hold_up(self, where: int, state: str, account: str) -> None:
        """An account is frozen, or free again."""
        side = self.sides[where]
        side.moot.must("account.set", {"account": getattr(side, account), "state": state})

    @rule(where=which, seed=seeds)
    def meddle(self, where: int, seed: int) -> None:
        """Something is said that is not so: another amount, an answer for another payment, a second answer."""
        chance, side, other = Random(seed), self.sides[where], self.sides[1 - where]
        mine, theirs = [key for key, _ in _all(side)], [key for key, _ in _all(other)]
        if not mine or not theirs:
            return
        one, another, own = chance.choice(theirs), chance.choice(theirs), chance.choice(mine)
        tries: list[tuple[str, dict[str, Any]]] = [
            ("xfer.accept", side.accepting(other, one, amount=chance.choice([-900, 0, 1, 900]))),
            ("xfer.accept", side.accepting(other, one, proof=other.moot.prove(another))),
            ("xfer.accept", side.accepting(other, one, account=side.bank)),
            ("xfer.post", {"transfer": own, "proof": other.moot.prove(one)}),
            ("xfer.void", {"transfer": own, "proof": other.moot.prove(another)}),
        ]
        kind, body = chance.choice(tries)
        if kind == "xfer.accept" and body["amount"] == other.moot.cell(Outgoing, one).amount and one == another:
            return
        side.moot.say(kind, body, side.moot.org, side.key)
        if side.moot.verdict == "applied":
            assert kind == "xfer.accept"
            assert body["proof"]["index"] == other.moot.where(one)

    @rule(where=which, seed=seeds)
    def finish_again(self, where: int, seed: int) -> None:
        """What is finished is finished, and what was answered is answered."""
        side, other, chance = self.sides[where], self.sides[1 - where], Random(seed)
        answers = {key: answer for key, _ in _all(side) if (answer := _answer(other, side, key)) is not None}
        if not answers:
            return
        one = chance.choice(list(answers))
        body = {"transfer": one, "proof": other.moot.prove_at(answers[one].position)}
        if side.moot.cell(Outgoing, one).state in {"posted", "void"}:
            assert side.moot.refused("xfer.post", body) == "already_resolved"
            assert side.moot.refused("xfer.void", body) == "already_resolved"
        assert other.moot.refused("xfer.accept", other.accepting(side, one), other.key) == "already_resolved"
        assert other.moot.refused("xfer.refuse", other.refusing(side, one)) == "already_resolved"

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        """On either side."""
        for side in self.sides:
            assert sum(account.posted for _, account in side.moot.book.scan(Account)) == 0

    @invariant()
    def reserved_is_what_is_on_its_way(self) -> None:
        """And can be taken from nobody twice."""
        for side in self.sides:
            held = sum(transfer.amount for _, transfer in _all(side) if transfer.state == "reserved")
            assert side.moot.cell(Account, side.wallet).reserved == held
            assert side.moot.cell(Account, side.connector).pending == held

    @invariant()
    def what_was_posted_was_accepted(self) -> None:
        """And what was void was not."""
        for side, other in (self.sides, self.sides[::-1]):
            for key, transfer in _all(side):
                answer = _answer(other, side, key)
                if transfer.state == "posted":
                    assert answer is not None
                    assert answer.state == "accepted"
                if transfer.state == "void":
                    assert answer is not None
                    assert answer.state == "refused"

    @invariant()
    def neighbours_agree_but_for_what_is_on_its_way(self) -> None:
        """Their accounts with each other cancel but for what was accepted and is not posted yet."""
        underway = sum(
            transfer.amount
            for side, other in (self.sides, self.sides[::-1])
            for key, transfer in _all(side)
            if transfer.state != "posted" and (answer := _answer(other, side, key)) and answer.state == "accepted"
        )
        assert sum(side.moot.posted(side.connector) for side in self.sides) == -underway

    def teardown(self) -> None:
        """Once both nodes have caught up, each payment is posted and accepted, or void and not accepted."""
        for side in self.sides:
            side.moot.at = max(side.moot.at, AT) + 10**6
            side.moot.must("account.set", {"account": side.wallet, "state": "open"})
            side.moot.must("account.set", {"account": side.connector, "state": "open"})
        for payer, payee in (self.sides, self.sides[::-1]):
            for one in [key for key in _open(payer) if _answer(payee, payer, key) is None]:
                self._answer(payee, payer, one)
            for one in _unfinished(payer):
                if _answer(payee, payer, one) is not None:
                    self._finish(payer, payee, one)
            for key, transfer in _all(payer):
                answer = _answer(payee, payer, key)
                accepted = answer is not None and answer.state == "accepted"
                assert (transfer.state, accepted) in {("posted", True), ("void", False), ("given_up", False)}
        assert sum(side.moot.posted(side.connector) for side in self.sides) == 0


def _all(side: Side) -> list[tuple[bytes, Outgoing]]:
    return list(side.moot.book.scan(Outgoing))


def _open(side: Side) -> list[bytes]:
    return [key for key, transfer in _all(side) if transfer.state == "reserved"]


def _unfinished(side: Side) -> list[bytes]:
    return [key for key, transfer in _all(side) if transfer.state in {"reserved", "given_up"}]


def _answer(payee: Side, payer: Side, transfer: bytes) -> Incoming | None:
    return payee.moot.book.get(Incoming, payer.moot.log_id + transfer)


def test_the_laws_hold_between_two() -> None:
    few = settings(max_examples=10, stateful_step_count=12, deadline=None)
    run_state_machine_as_test(Trade, settings=few)


@pytest.mark.long
def test_the_laws_hold_between_two_for_long() -> None:
    many = settings(max_examples=150, stateful_step_count=60, deadline=None, phases=[Phase.generate])
    run_state_machine_as_test(Trade, settings=many)
