# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §8: what is owed, who says so, and who pays before the client does."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity import shared
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.state import ClaimState, DividendState
from protocol.amounts import month_of
from tests.ledger.reciprocity.test_labour_mutual import Mutual, pairs
from tests.ledger.reciprocity.town import DAY, Town, post_body


@pytest.fixture
def mutual() -> Mutual:
    return Mutual()


def claimed(mutual: Mutual, **fields: Any) -> dict[str, Any]:
    body = {"debtor": mutual.client, "creditor": mutual.log_id, "for": mutual.worker, "amount": 100_000, "unit": "EUR"}
    return {**body, "account": mutual.wages, "ended": DAY, "contract": mutual.terms, **fields}


def test_what_a_claim_names_is_there(mutual: Mutual) -> None:
    gone = bytes(16)
    for broken in ("debtor", "creditor", "for", "account", "contract"):
        assert mutual.refused("claim", claimed(mutual, **{broken: gone})) == "unknown_ref"
    assert mutual.refused("claim", claimed(mutual, unit="CHF")) == "unknown_ref"


def test_a_claim_is_the_creditors_word_and_nobody_owes_themselves(mutual: Mutual) -> None:
    body = claimed(mutual)
    assert mutual.refused("claim", body, mutual.keys[mutual.worker]) == "not_authorised"
    assert mutual.refused("claim", {**body, "debtor": mutual.log_id}) == "not_authorised"
    other = mutual.account(mutual.client)
    assert mutual.refused("claim", {**body, "account": other}) == "not_authorised"
    stranger = mutual.member()
    elsewhere = {**body, "creditor": stranger, "for": stranger, "account": mutual.account(stranger)}
    assert mutual.refused("claim", elsewhere, mutual.keys[stranger]) == "not_authorised", "no party of the contract"
    mutual.must("member.set", {"member": mutual.client, "status": "left"})
    assert mutual.refused("claim", body) == "not_authorised"


def test_a_claim_is_of_something_in_the_unit_of_its_account(mutual: Mutual) -> None:
    mutual.unit("h", 2, "time")
    for amount in (0, -5):
        assert mutual.refused("claim", claimed(mutual, amount=amount)) == "bad_amount"
    assert mutual.refused("claim", claimed(mutual, unit="h")) == "wrong_unit"


def test_a_claim_needs_its_contract_in_force_on_the_day_of_the_work(mutual: Mutual) -> None:
    assert mutual.refused("claim", claimed(mutual, ended=DAY - 366)) == "not_in_force"
    mutual.must("contract.end", {"contract": mutual.terms, "on": DAY})
    mutual.at += 5 * 86_400
    late = claimed(mutual)
    del late["ended"]
    assert mutual.refused("claim", late) == "not_in_force", "the entry's day"
    claim = mutual.must("claim", claimed(mutual))
    mutual.must("advance", {"claim": claim, "on": DAY + 5})


def test_an_advance_is_the_organisations_once_up_to_the_cap(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    body = {"claim": claim, "on": DAY}
    assert mutual.refused("advance", {**body, "claim": bytes(16)}) == "unknown_ref"
    assert mutual.refused("advance", body, mutual.keys[mutual.worker]) == "not_authorised"
    mutual.must("advance", body)
    assert mutual.refused("advance", body) == "already_resolved"
    plain = mutual.claim(mutual.client, mutual.worker, 5, mutual.wages)
    assert mutual.refused("advance", {"claim": plain, "on": DAY}) == "clause_mismatch"


def test_a_fund_that_is_somebody_elses_is_not_advanced_from_without_its_owner() -> None:
    town = Town()
    town.unit()
    group, worker, client = town.member(group=True), town.member(), town.member("for_profit")
    fund, wages = town.account(group), town.account(worker)
    clause = {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": fund, "cap": 500}
    terms = town.contract([clause], town.log_id, group, worker)
    body: dict[str, Any] = {"for": worker, "contract": terms}
    claim, large = (town.claim(client, town.log_id, amount, wages, **body) for amount in (500, 501))
    assert town.refused("advance", {"claim": claim, "on": DAY}) == "not_authorised"
    assert town.refused("advance", {"claim": large, "on": DAY}, town.org, town.keys[group]) == "ceiling"
    town.must("advance", {"claim": claim, "on": DAY}, town.org, town.keys[group])


def test_a_claim_without_a_contract_is_paid_to_its_account(mutual: Mutual) -> None:
    claim = mutual.claim(mutual.client, mutual.worker, 500, mutual.wages)
    purse = mutual.account(mutual.client, floor=-1_000)
    key = mutual.keys[mutual.client]
    legs = {purse: -200, mutual.wages: 200}
    assert mutual.refused("post", post_body("settle", legs, claim=claim)) == "not_authorised", "the client pays"
    assert mutual.refused("post", post_body("settle", legs, claim=claim, contract=mutual.terms)) == "clause_mismatch"
    mutual.move("settle", legs, key, claim=claim)
    too_much = {purse: -301, mutual.wages: 301}
    assert mutual.refused("post", post_body("settle", too_much, claim=claim), key) == "bad_amount"
    pledge = next(iter(mutual.pledges))
    others = {pledge: -1, mutual.wages: 1}
    signer = next(mutual.keys[one] for one in mutual.pledgers if mutual.cell_owner(pledge) == one)
    assert mutual.refused("post", post_body("settle", others, claim=claim), signer) == "not_authorised"
    mutual.move("settle", {mutual.bank: -300, mutual.wages: 300}, claim=claim)
    assert mutual.cell(ClaimState, claim).closed == "paid"


def test_a_wage_is_of_the_claim_under_its_own_contract(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    mutual.must("advance", {"claim": claim, "on": DAY})
    other = mutual.contract([{"kind": "gift", "ack": "wanted"}], mutual.log_id)
    legs = {mutual.fund: -93_500, mutual.wages: 52_019, mutual.social: 28_476, mutual.tax: 13_005}
    for contract in (other, mutual.terms):
        body = post_body("wage", legs, claim=claim, contract=contract, clause=0)
        assert mutual.refused("post", body) == "clause_mismatch"


def test_a_pledge_bears_no_more_than_its_weight_in_all(mutual: Mutual) -> None:
    """However many clients fail."""
    basis: dict[str, Any] = {"contract": mutual.terms, "clause": 3}
    claims = [mutual.invoice(100_000) for _ in range(3)]
    for claim in claims:
        mutual.must("advance", {"claim": claim, "on": DAY})
    borne = dict.fromkeys(mutual.pledges, 0)
    mutual.move("opening", {mutual.bank: -(10**6), mutual.fund: 10**6})
    for claim, loss in zip(claims, (93_500, 19_000, 0), strict=True):
        shares = _split(loss, [weight - borne[account] for account, weight in mutual.pledges.items()])
        legs = {account: -share for account, share in zip(mutual.pledges, shares, strict=True) if share}
        body = post_body("guarantee_call", {**legs, **({mutual.fund: loss} if loss else {})}, **basis, claim=claim)
        mutual.by_decision("post", body)
        borne = {account: borne[account] + share for account, share in zip(mutual.pledges, shares, strict=True)}
    assert borne == mutual.pledges


def _split(total: int, weights: list[int]) -> list[int]:
    whole = sum(weights) or 1
    shares = [total * weight // whole for weight in weights]
    rest = sorted(range(len(weights)), key=lambda one: -(total * weights[one] % whole))
    for one in rest[: total - sum(shares)]:
        shares[one] += 1
    return shares


class Dividends(Town):
    """Two members who have bought, and a clause that shares a surplus among them."""

    def __init__(self) -> None:
        super().__init__()
        self.unit()
        self.members = sorted(self.member() for _ in range(2))
        self.accounts = [self.account(member, floor=-100_000) for member in self.members]
        self.pool, self.reserve = self.account(type_="pool"), self.account(type_="reserve")
        clause: dict[str, Any] = {
            "kind": "patronage",
            "base": "purchases",
            "unit": "EUR",
            "reserve": [1, 2],
            "commons": [0, 1],
        }
        clauses = [{**clause, "reserve_to": self.reserve, "commons_to": self.pool}, {"kind": "gift", "ack": "wanted"}]
        self.terms = self.contract(clauses, self.log_id, *self.members)
        for member, account, amount in zip(self.members, self.accounts, (300, 100), strict=True):
            self.move("transfer", {account: -amount, self.pool: amount}, self.keys[member])
        month = month_of(DAY)
        self.body: dict[str, Any] = {
            "contract": self.terms,
            "clause": 0,
            "from": month - 1,
            "until": month,
            "surplus": 400,
        }
        self.body |= {"pool": self.pool}


def test_a_dividend_is_declared_by_decision_over_the_months_that_it_names() -> None:
    town = Dividends()
    month = month_of(DAY)
    assert town.refused("dividend", {**town.body, "decision": bytes(16)}) == "unknown_ref"
    broken: list[tuple[dict[str, Any], str]] = [
        ({"pool": town.reserve}, "not_authorised"),
        ({"pool": town.accounts[0]}, "not_authorised"),
        ({"surplus": 0}, "bad_amount"),
        ({"until": month - 1}, "bad_amount"),
        ({"from": month - shared.MONTHS_MAX - 1}, "bad_amount"),
        ({"until": month + 24 * 12, "from": month + 24 * 12 - 1}, "applied"),
        ({"clause": 1}, "clause_mismatch"),
        ({"clause": 2}, "clause_mismatch"),
        ({"from": month - 20, "until": month - 18}, "not_in_force"),
    ]
    for fields, verdict in broken:
        body = {**town.body, **fields}
        town.say("dividend", {**body, "decision": town.decide("dividend", body)})
        assert town.verdict == verdict, fields


def test_what_is_declared_is_posted_as_it_was_worked_out() -> None:
    town = Dividends()
    month = month_of(DAY)
    town.body |= {"from": month, "until": month + 1}
    dividend = town.by_decision("dividend", town.body)
    town.move("transfer", {town.accounts[1]: -5_000, town.pool: 5_000}, town.keys[town.members[1]])
    legs = {town.pool: -400, town.reserve: 200, town.accounts[0]: 150, town.accounts[1]: 50}
    assert town.cell(DividendState, dividend).legs == sorted(legs.items())
    basis: dict[str, Any] = {"contract": town.terms, "clause": 0, "dividend": dividend}
    body = post_body("dividend", legs, **basis)
    assert town.refused("post", post_body("dividend", legs, **{**basis, "clause": 1})) == "clause_mismatch"
    other = {**legs, town.accounts[0]: 149, town.accounts[1]: 51}
    assert town.refused("post", post_body("dividend", other, **basis)) == "clause_mismatch"
    assert town.refused("post", body, town.keys[town.members[0]]) == "not_authorised", "the pool is not theirs"
    town.must("post", body)
    assert town.refused("post", body) == "already_resolved"


def test_more_members_than_a_post_has_legs_cannot_be_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LEGS_MAX", 1)
    town = Dividends()
    month = month_of(DAY)
    body = {**town.body, "from": month, "until": month + 1}
    assert town.refused("dividend", {**body, "decision": town.decide("dividend", body)}) == "clause_mismatch"


def test_a_decision_permits_what_it_names_and_once() -> None:
    town = Dividends()
    month = month_of(DAY)
    body = {**town.body, "from": month, "until": month + 1}
    decision = town.decide("dividend", body)
    assert town.refused("dividend", {**body, "surplus": 401, "decision": decision}) == "not_authorised"
    member = town.keys[town.members[0]]
    assert town.refused("dividend", {**body, "decision": decision}, member) == "not_authorised"
    town.must("dividend", {**body, "decision": decision})
    assert town.refused("dividend", {**body, "decision": decision}) == "already_resolved"
    assert len(act_digest(body)) == 32
    assert pairs({b"b": 1, b"a": 2}) == [[b"a", 2], [b"b", 1]]
