# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §9: what is held up by a dispute, by whom, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.state import Accession, Contract
from tests.builders import signing_key
from tests.ledger.reciprocity.test_labour_mutual import Mutual
from tests.ledger.reciprocity.town import AT, DAY, Town, event_body, post_body

VAN = b"van".ljust(16)


@pytest.fixture
def mutual() -> Mutual:
    return Mutual()


def test_a_party_opens_it_and_nobody_else(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    stranger = mutual.member()
    assert mutual.refused("dispute.open", {"about": bytes(16)}) == "unknown_ref"
    assert mutual.refused("dispute.open", {"about": mutual.wages}) == "unknown_ref"
    for key in (mutual.keys[stranger], signing_key("a stranger"), mutual.keys[mutual.pledgers[0]]):
        assert mutual.refused("dispute.open", {"about": claim}, key) == "not_authorised"
    for key in (mutual.keys[mutual.client], mutual.keys[mutual.worker], mutual.org):
        mutual.must("dispute.open", {"about": claim}, key)


def test_nothing_happens_to_a_claim_in_dispute(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    waged = mutual.invoice(100_000)
    mutual.must("advance", {"claim": waged, "on": DAY})
    basis: dict[str, Any] = {"contract": mutual.terms}
    settled = post_body("settle", {mutual.bank: -1, mutual.fund: 1}, claim=claim, **basis)
    legs = {mutual.fund: -93_500, mutual.wages: 52_019, mutual.social: 28_476, mutual.tax: 13_005}
    wage = post_body("wage", legs, claim=waged, clause=2, **basis)
    off = post_body("writeoff", {}, claim=claim)
    off["basis"]["decision"] = mutual.decide("post", off)
    disputes = [mutual.must("dispute.open", {"about": one}) for one in (claim, waged)]
    for body in (settled, wage, off):
        assert mutual.refused("post", body) == "frozen"
    assert mutual.refused("advance", {"claim": claim, "on": DAY}) == "frozen"
    for dispute in disputes:
        mutual.must("dispute.close", {"dispute": dispute, "outcome": "settled"})
    for body in (settled, wage, off):
        mutual.must("post", body)


def test_nothing_that_rests_on_a_contract_in_dispute_moves(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    paid = post_body("settle", {mutual.bank: -1, mutual.fund: 1}, contract=mutual.terms, claim=claim)
    post = mutual.must("post", paid)
    new = mutual.must(
        "contract.offer",
        {
            "parties": mutual.cell(Contract, mutual.terms).parties,
            "clauses": [{"kind": "gift", "ack": "wanted"}],
            "from": DAY,
            "title": {"en": "New"},
            "supersedes": mutual.terms,
        },
    )
    mutual.must("dispute.open", {"about": mutual.terms}, mutual.keys[mutual.pledgers[0]])
    assert mutual.refused("post", paid) == "frozen"
    back = post_body("correction", {mutual.bank: 1, mutual.fund: -1}, post=post)
    assert mutual.refused("post", back) == "frozen"
    assert mutual.refused("contract.end", {"contract": mutual.terms, "on": DAY}) == "frozen"
    signing = {"contract": new, "party": mutual.log_id, "terms": mutual.cell(Contract, new).terms}
    assert mutual.refused("contract.sign", signing) == "frozen"
    body = {"debtor": mutual.client, "creditor": mutual.log_id, "for": mutual.worker, "amount": 5, "unit": "EUR"}
    body |= {"account": mutual.wages, "contract": mutual.terms}
    assert mutual.refused("claim", body) == "frozen"


def test_who_acceded_holds_a_contract_up_for_themselves_alone() -> None:
    town = Town()
    town.unit()
    pool = town.account(type_="pool")
    access = {"kind": "access", "resource": VAN, "unit_price": 100, "unit": "EUR", "per": "use", "to": pool}
    terms = town.contract([{**access, "by_class": {"user": [1, 1]}}], town.log_id, accede=["user"])
    users = [town.member("user") for _ in range(2)]
    fees = []
    for number, user in enumerate(users):
        town.sign(terms, user)
        purse = town.account(user, floor=-1_000)
        booked = {"action": "use", "provider": town.log_id, "receiver": user, "resource": VAN, "contract": terms}
        times = {"begin": AT + 60 * number, "end": AT + 60 * number + 60}
        commit = town.must("commit", {**booked, **times}, town.keys[user])
        fees.append(post_body("access_fee", {purse: -100, pool: 100}, contract=terms, clause=0, commit=commit))
    dispute = town.must("dispute.open", {"about": terms}, town.keys[users[0]])
    assert town.cell(Accession, terms + users[0]).disputes == 1
    assert town.refused("post", fees[0]) == "frozen"
    assert town.refused("contract.end", {"contract": terms, "on": DAY}, town.keys[users[0]]) == "frozen"
    town.must("post", fees[1])
    town.must("dispute.close", {"dispute": dispute, "outcome": "withdrawn"}, town.keys[users[0]])
    town.must("post", fees[0])


def test_events_commitments_and_posts_are_held_up() -> None:
    town = Town()
    town.unit()
    ada, bo = town.member(), town.member()
    keys = town.keys
    promised = town.must("commit", {"action": "work", "provider": ada, "receiver": bo}, keys[ada])
    event = town.event(ada, bo)
    first, second, bank = town.account(ada), town.account(bo), town.account(type_="external")
    town.move("opening", {bank: -9, first: 9})
    paid = town.move("transfer", {first: -5, second: 5}, keys[ada])
    for about in (promised, event, paid):
        town.must("dispute.open", {"about": about}, keys[bo])
    assert town.refused("commit.cancel", {"commit": promised}, keys[ada]) == "frozen"
    assert town.refused("event", event_body(ada, bo, fulfils=promised), keys[ada]) == "frozen"
    assert town.refused("ack", {"event": event, "says": "thanks"}, keys[bo]) == "frozen"
    assert town.refused("correct", {"event": event}, keys[ada]) == "frozen"
    back = post_body("correction", {first: 5, second: -5}, post=paid)
    assert town.refused("post", back, keys[bo]) == "frozen"


def test_who_opened_it_withdraws_it_and_the_assembly_has_the_last_word() -> None:
    town = Town()
    ada, bo = town.member(), town.member()
    keys = town.keys
    event = town.event(ada, bo)
    dispute = town.must("dispute.open", {"about": event}, keys[bo])
    assert town.refused("dispute.open", {"about": event}, keys[bo]) == "already_resolved", "one at a time"
    body = {"dispute": dispute, "outcome": "withdrawn"}
    assert town.refused("dispute.close", {**body, "dispute": bytes(16)}, keys[bo]) == "unknown_ref"
    for key in (keys[ada], town.org):
        assert town.refused("dispute.close", body, key) == "not_authorised"
    assert town.refused("dispute.close", {**body, "outcome": "upheld"}, keys[bo]) == "not_authorised"
    town.must("dispute.close", body, keys[bo])
    assert town.refused("dispute.close", body, keys[bo]) == "already_resolved"
    again = town.must("dispute.open", {"about": event}, keys[bo])
    town.by_decision("dispute.close", {"dispute": again, "outcome": "upheld"})
    assert town.refused("dispute.open", {"about": event}, keys[bo]) == "already_resolved", "that was decided"
    town.must("dispute.open", {"about": event}, keys[ada])


def test_what_was_rejected_is_not_disputed() -> None:
    town = Town()
    town.unit()
    ada = town.member()
    wallet, pool = town.account(ada), town.account(type_="pool")
    never = town.post("transfer", {wallet: -5, pool: 5}, town.keys[ada])
    assert town.refused("dispute.open", {"about": never}, town.keys[ada]) == "unknown_ref"
