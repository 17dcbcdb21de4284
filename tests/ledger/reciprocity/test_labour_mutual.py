# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worked example of a labour mutual, statement by statement, to the cent."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.state import ClaimState
from tests.ledger.reciprocity.town import DAY, Town, post_body


class Mutual(Town):
    """A mutual with a fund of 5,000.00, one worker, one client, four who pledge."""

    def __init__(self) -> None:
        super().__init__()
        self.unit()
        self.worker, self.client = self.member(), self.member("for_profit")
        self.pledgers = [self.member() for _ in range(4)]
        self.wages = self.account(self.worker)
        self.bank = self.account(type_="external")
        self.services, self.social, self.tax = (self.account(type_="pool") for _ in range(3))
        self.fund = self.account(type_="fund")
        self.reserve = self.account(type_="reserve")
        pledges = sorted(self.account(pledger, floor=-100_000) for pledger in self.pledgers)
        self.pledges = dict(zip(pledges, (25_000, 25_000, 50_000, 12_500), strict=True))
        shares = {self.services: 50, self.fund: 10, self.reserve: 5}
        lines = [
            {"name": "gross", "base": ["budget"], "rate": [4, 5]},
            {"name": "employer", "base": ["budget"], "less": ["gross"], "rate": [1, 1], "to": self.social},
            {"name": "employee", "base": ["gross"], "rate": [1307, 10000], "to": self.social},
            {"name": "tax", "base": ["gross"], "less": ["employee"], "rate": [1, 5], "to": self.tax},
        ]
        clauses: list[dict[str, Any]] = [
            {"kind": "rate_contribution", "of": "claim", "rate": [65, 1000], "to": pairs(shares)},
            {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": self.fund},
            {"kind": "wage_conversion", "lines": lines},
            {"kind": "mutual_guarantee", "pool": self.fund, "pledges": pairs(self.pledges)},
        ]
        self.terms = self.contract(clauses, self.log_id, self.worker, *self.pledgers)
        self.move("opening", {self.bank: -500_000, self.fund: 500_000})

    def invoice(self, amount: int) -> bytes:
        body = {
            "debtor": self.client,
            "creditor": self.log_id,
            "for": self.worker,
            "amount": amount,
            "unit": "EUR",
            "account": self.wages,
            "ended": DAY,
            "contract": self.terms,
        }
        return self.must("claim", body)

    def pay_wage(self, claim: bytes) -> None:
        legs = {self.fund: -93_500, self.wages: 52_019, self.social: 28_476, self.tax: 13_005}
        self.move("wage", legs, contract=self.terms, clause=2, claim=claim)


def pairs(weights: dict[bytes, int]) -> list[list[Any]]:
    return [list(pair) for pair in sorted(weights.items())]


@pytest.fixture
def mutual() -> Mutual:
    return Mutual()


def test_paid_in_advance_and_recovered(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    legs = {mutual.fund: -93_500, mutual.wages: 52_019, mutual.social: 28_476, mutual.tax: 13_005}
    basis: dict[str, Any] = {"contract": mutual.terms, "clause": 2, "claim": claim}
    assert mutual.refused("post", post_body("wage", legs, **basis)) == "not_in_force", "neither advanced nor paid"
    mutual.must("advance", {"claim": claim, "on": DAY})
    mutual.pay_wage(claim)
    assert mutual.posted(mutual.fund) == 406_500
    assert mutual.refused("post", post_body("wage", legs, **basis)) == "already_resolved"
    paid = {mutual.bank: -100_000, mutual.services: 5_000, mutual.reserve: 500}
    wrong = {**paid, mutual.fund: 94_501, mutual.services: 4_999}
    settled: dict[str, Any] = {"contract": mutual.terms, "claim": claim}
    assert mutual.refused("post", post_body("settle", wrong, **settled)) == "clause_mismatch"
    mutual.move("settle", {**paid, mutual.fund: 94_500}, **settled)
    assert mutual.posted(mutual.fund) == 501_000
    assert [mutual.posted(account) for account in (mutual.services, mutual.reserve)] == [5_000, 500]
    found = mutual.book.get(ClaimState, claim)
    assert found is not None
    assert found.closed == "paid"
    assert mutual.refused("post", post_body("settle", {**paid, mutual.fund: 94_500}, **settled)) == "already_resolved"


def test_a_client_who_fails_is_borne_by_the_pledges(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    mutual.must("advance", {"claim": claim, "on": DAY})
    mutual.pay_wage(claim)
    mutual.move("settle", {mutual.bank: -60_000, mutual.fund: 60_000}, contract=mutual.terms, claim=claim)
    assert mutual.posted(mutual.fund) == 466_500
    borne = dict(zip(mutual.pledges, (-7_445, -7_444, -14_889, -3_722), strict=True))
    call = {**borne, mutual.fund: 33_500}
    basis: dict[str, Any] = {"contract": mutual.terms, "clause": 3, "claim": claim}
    body = post_body("guarantee_call", call, **basis)
    assert mutual.refused("post", body) == "not_authorised", "the assembly has not said so"
    decision = mutual.decide("post", body)
    mutual.move("guarantee_call", call, **basis, decision=decision)
    assert mutual.posted(mutual.fund) == 500_000
    assert mutual.refused("post", post_body("guarantee_call", call, **basis, decision=decision)) == "already_resolved"


def test_the_reserve_is_indivisible_without_a_decision(mutual: Mutual) -> None:
    mutual.move("transfer", {mutual.fund: -1_000, mutual.reserve: 1_000})
    out = {mutual.reserve: -1_000, mutual.fund: 1_000}
    assert mutual.refused("post", post_body("transfer", out)) == "indivisible"
    decision = mutual.decide("post", post_body("transfer", out))
    mutual.move("transfer", out, decision=decision)
    assert mutual.posted(mutual.reserve) == 0
