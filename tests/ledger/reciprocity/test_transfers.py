# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 19: payments between two logs, with real proofs."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.state import Account, Outgoing
from tests.ledger.reciprocity.neighbours import Moot, Side, neighbours
from tests.ledger.reciprocity.town import AT

Pair = tuple[Side, Side]


@pytest.fixture
def pair() -> Pair:
    return neighbours()


def balances(side: Side) -> tuple[int, int, int]:
    """Of the wallet posted and reserved, of the neighbour's account posted."""
    wallet = side.moot.cell(Account, side.wallet)
    return wallet.posted, wallet.reserved, side.moot.posted(side.connector)


def test_a_payment_is_reserved_accepted_and_posted(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 2_500)
    assert balances(ada) == (10_000, 2_500, 0)
    accepted = bo.accept(ada, transfer)
    assert balances(bo) == (12_500, 0, -2_500)
    ada.moot.must("xfer.post", {"transfer": transfer, "proof": bo.moot.prove(accepted)})
    assert balances(ada) == (7_500, 0, 2_500)
    body = {"transfer": transfer, "proof": bo.moot.prove(accepted)}
    assert ada.moot.refused("xfer.post", body) == "already_resolved"


def test_a_payment_that_is_refused_is_free_again(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 2_500)
    refused = bo.moot.must("xfer.refuse", bo.refusing(ada, transfer))
    assert bo.moot.refused("xfer.accept", bo.accepting(ada, transfer), bo.key) == "already_resolved"
    ada.moot.must("xfer.void", {"transfer": transfer, "proof": bo.moot.prove(refused)})
    assert balances(ada) == (10_000, 0, 0)
    assert ada.moot.refused("xfer.void", {"transfer": transfer, "proof": bo.moot.prove(refused)}) == "already_resolved"


RESERVES: list[tuple[dict[str, Any], str]] = [
    ({"account": bytes(16)}, "unknown_ref"),
    ({"connector": bytes(16)}, "unknown_ref"),
    ({"log": bytes(32)}, "unknown_ref"),
    ({"amount": 0}, "bad_amount"),
    ({"amount": -5}, "bad_amount"),
    ({"unit": "CHF"}, "wrong_unit"),
    ({"scale": 3}, "wrong_unit"),
    ({"amount": 10_001}, "floor"),
]


@pytest.mark.parametrize(("fields", "verdict"), RESERVES)
def test_what_is_not_there_is_not_reserved(pair: Pair, fields: dict[str, Any], verdict: str) -> None:
    ada, bo = pair
    assert ada.moot.refused("xfer.reserve", {**ada.reserving(bo, 5), **fields}, ada.key) == verdict


def test_the_owner_pays_from_an_account_that_pays(pair: Pair) -> None:
    ada, bo = pair
    assert ada.moot.refused("xfer.reserve", ada.reserving(bo, 5)) == "not_authorised"
    for account in (ada.bank, ada.connector):
        assert ada.moot.refused("xfer.reserve", ada.reserving(bo, 5, account=account)) == "not_authorised"
    wrong = ada.reserving(bo, 5, connector=ada.wallet)
    assert ada.moot.refused("xfer.reserve", wrong, ada.key) == "unknown_ref"


def test_what_is_reserved_is_not_spent_twice(pair: Pair) -> None:
    ada, bo = pair
    ada.reserve(bo, 6_000)
    assert ada.moot.refused("xfer.reserve", ada.reserving(bo, 4_001), ada.key) == "floor"
    ada.moot.post("transfer", {ada.wallet: -4_001, ada.bank: 4_001}, ada.key)
    assert ada.moot.verdict == "floor"
    assert ada.moot.refused("account.set", {"account": ada.wallet, "state": "closed"}) == "conflict"
    assert ada.moot.refused("account.set", {"account": ada.connector, "state": "closed"}) == "conflict"


@pytest.mark.parametrize("state", ["frozen", "closed"])
def test_over_a_neighbour_that_is_held_up_nothing_is_paid(pair: Pair, state: str) -> None:
    ada, bo = pair
    ada.moot.must("account.set", {"account": ada.connector, "state": state})
    assert ada.moot.refused("xfer.reserve", ada.reserving(bo, 5), ada.key) == state


def test_trust_has_limits_on_both_sides() -> None:
    ada, bo = neighbours(floor=-300, ceiling=500)
    first = ada.reserve(bo, 300)
    assert ada.moot.refused("xfer.reserve", ada.reserving(bo, 201), ada.key) == "ceiling"
    second = ada.reserve(bo, 200)
    bo.accept(ada, first)
    assert bo.moot.refused("xfer.accept", bo.accepting(ada, second), bo.key) == "floor"


def test_what_is_on_its_way_stays_in_the_range_of_amounts() -> None:
    """Or what was accepted could not be posted."""
    ada, bo = neighbours()
    accounts = [ada.moot.account(ada.member, floor=-(10**15)) for _ in range(2)]
    body = ada.reserving(bo, 10**15, account=accounts[0])
    ada.moot.must("xfer.reserve", body, ada.key)
    assert ada.moot.refused("xfer.reserve", {**body, "account": accounts[1], "amount": 1}, ada.key) == "ceiling"


def test_an_acceptance_is_of_what_was_reserved(pair: Pair) -> None:
    ada, bo = pair
    transfer, other = ada.reserve(bo, 500), ada.reserve(bo, 600)
    bo.moot.unit("h", 2, "time")
    more = bo.moot.account(bo.member)
    hours = bo.moot.account(bo.member, unit="h")
    third = bo.moot.account(type_="connector", peer=bytes(32))
    broken: list[tuple[dict[str, Any], str]] = [
        ({"account": bytes(16)}, "unknown_ref"),
        ({"account": bo.connector}, "unknown_ref"),
        ({"connector": third}, "unknown_ref"),
        ({"connector": bo.wallet}, "unknown_ref"),
        ({"amount": 0}, "bad_amount"),
        ({"amount": -500}, "bad_amount"),
        ({"account": hours}, "wrong_unit"),
        ({"unit": "h"}, "wrong_unit"),
        ({"account": more}, "clause_mismatch"),
        ({"amount": 600}, "clause_mismatch"),
        ({"proof": ada.moot.prove(other)}, "clause_mismatch"),
        ({"proof": ada.moot.prove(ada.wallet)}, "clause_mismatch"),
        ({"proof": bo.moot.prove(bo.wallet)}, "clause_mismatch"),
    ]
    for fields, verdict in broken:
        assert bo.moot.refused("xfer.accept", bo.accepting(ada, transfer, **fields), bo.key, bo.moot.org) == verdict
    bo.accept(ada, transfer)
    assert bo.moot.refused("xfer.accept", bo.accepting(ada, transfer), bo.key) == "already_resolved"


def test_nothing_negative_is_ever_accepted(pair: Pair) -> None:
    """What another log says is its word alone: a payment of less than nothing would take from whoever gets it."""
    ada, bo = pair
    bo.moot.must("member.set", {"member": bo.member, "consent": 10**15}, bo.key)
    forged = ada.moot.say("xfer.reserve", ada.reserving(bo, -500), ada.key)
    assert ada.moot.verdict == "bad_amount"
    body: dict[str, Any] = {"transfer": forged, "log": ada.moot.log_id, "account": bo.wallet, "connector": bo.connector}
    body |= {"amount": -500, "unit": "EUR", "proof": ada.moot.prove(forged)}
    assert bo.moot.refused("xfer.accept", body) == "bad_amount"


def test_who_takes_it_says_so_or_has_agreed_before(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 500)
    assert bo.moot.refused("xfer.accept", bo.accepting(ada, transfer)) == "not_authorised"
    bo.moot.must("member.set", {"member": bo.member, "consent": 499}, bo.key)
    assert bo.moot.refused("xfer.accept", bo.accepting(ada, transfer)) == "not_authorised"
    bo.moot.must("member.set", {"member": bo.member, "consent": 500}, bo.key)
    bo.moot.must("xfer.accept", bo.accepting(ada, transfer))


def test_after_the_deadline_it_is_refused_and_never_accepted(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 500)
    bo.moot.at = AT + 1_001
    assert bo.moot.refused("xfer.accept", bo.accepting(ada, transfer), bo.key) == "late"
    other = bo.moot.member()
    late = bo.refusing(ada, transfer, "late")
    assert bo.moot.refused("xfer.refuse", late, bo.moot.keys[other]) == "not_authorised"
    bo.moot.must("xfer.refuse", late)
    assert bo.moot.refused("xfer.refuse", late) == "already_resolved"


def test_two_logs_agree_on_how_many_decimals_there_are() -> None:
    ada, bo = neighbours()
    cy = Moot("cypress")
    cy.unit(scale=3)
    member = cy.member()
    wallet = cy.account(member)
    connector = cy.account(type_="connector", peer=ada.moot.log_id)
    there = Side(cy, member, wallet, wallet, connector)
    to_cy = ada.moot.account(type_="connector", peer=cy.log_id)
    transfer = ada.reserve(there, 500, connector=to_cy)
    assert cy.refused("xfer.accept", there.accepting(ada, transfer), there.key) == "wrong_unit"
    cy.must("xfer.refuse", there.refusing(ada, transfer, "unit"))
    assert bo.moot.log_id != cy.log_id


def test_a_payment_is_posted_by_an_acceptance_of_it_and_nothing_else(pair: Pair) -> None:
    ada, bo = pair
    transfer, other = ada.reserve(bo, 500), ada.reserve(bo, 600)
    accepted = bo.accept(ada, other)
    refused = bo.moot.must("xfer.refuse", bo.refusing(ada, transfer))
    never = bo.moot.say("xfer.accept", bo.accepting(ada, transfer, amount=501), bo.key)
    bo.moot.at = AT + 1_001
    late = bo.moot.say("xfer.accept", bo.accepting(ada, transfer), bo.key)
    assert ada.moot.refused("xfer.post", {"transfer": bytes(16), "proof": bo.moot.prove(accepted)}) == "unknown_ref"
    body = {"transfer": transfer, "proof": bo.moot.prove(accepted)}
    assert ada.moot.refused("xfer.post", body, ada.key) == "not_authorised"
    for answer in (accepted, refused, never, late, bo.wallet):
        body = {"transfer": transfer, "proof": bo.moot.prove(answer)}
        assert ada.moot.refused("xfer.post", body) == "clause_mismatch"
    for answer in (accepted, bo.wallet):
        body = {"transfer": transfer, "proof": bo.moot.prove(answer)}
        assert ada.moot.refused("xfer.void", body) == "clause_mismatch"
    assert ada.moot.refused("xfer.void", {"transfer": bytes(16), "proof": bo.moot.prove(refused)}) == "unknown_ref"
    ada.moot.must("xfer.void", {"transfer": transfer, "proof": bo.moot.prove(refused)})
    body = {"transfer": transfer, "proof": bo.moot.prove(never)}
    assert ada.moot.refused("xfer.post", body) == "already_resolved", "what was refused is not taken after all"


def test_an_acceptance_of_something_else_under_the_same_id_counts_for_nothing(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 500)
    ada.moot.say("xfer.reserve", ada.reserving(bo, 500, deadline=AT + 2), ada.key, statement_id=transfer)
    assert ada.moot.verdict == "id_reused"
    body = bo.accepting(ada, transfer, proof=ada.moot.prove_at(ada.moot.position - 1))
    accepted = bo.moot.must("xfer.accept", body, bo.key)
    post = {"transfer": transfer, "proof": bo.moot.prove(accepted)}
    assert ada.moot.refused("xfer.post", post) == "clause_mismatch"


def test_what_was_accepted_is_posted_whatever_was_frozen_since(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 500)
    accepted = bo.accept(ada, transfer)
    ada.moot.must("account.set", {"account": ada.wallet, "state": "frozen", "floor": 10_000})
    ada.moot.must("account.set", {"account": ada.connector, "state": "frozen", "ceiling": 0, "floor": -1})
    ada.moot.must("xfer.post", {"transfer": transfer, "proof": bo.moot.prove(accepted)})
    assert balances(ada) == (9_500, 0, 500)


def test_an_acceptance_that_shows_up_after_the_assembly_gave_up_is_paid(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 500)
    accepted = bo.accept(ada, transfer)
    body = {"transfer": transfer}
    assert ada.moot.refused("xfer.void", {**body, "decision": bytes(16)}) == "unknown_ref"
    ada.moot.by_decision("xfer.void", body)
    assert ada.moot.cell(Outgoing, transfer).state == "given_up"
    assert balances(ada) == (10_000, 0, 0)
    ada.moot.must("account.set", {"account": ada.connector, "state": "closed"})
    ada.moot.must("xfer.post", {**body, "proof": bo.moot.prove(accepted)})
    assert balances(ada) == (9_500, 0, 500)
    again = {**body, "decision": ada.moot.decide("xfer.void", body)}
    assert ada.moot.refused("xfer.void", again) == "already_resolved"


def test_what_is_owed_between_two_is_paid_back_by_a_transfer_the_other_way(pair: Pair) -> None:
    ada, bo = pair
    transfer = ada.reserve(bo, 500)
    ada.moot.must("xfer.post", {"transfer": transfer, "proof": bo.moot.prove(bo.accept(ada, transfer))})
    fund = bo.moot.account(type_="fund")
    bo.moot.move("opening", {bo.bank: -500, fund: 500})
    body = bo.reserving(ada, 500, account=fund, to=ada.bank)
    back = bo.moot.must("xfer.reserve", body)
    accepted = ada.moot.must("xfer.accept", ada.accepting(bo, back, account=ada.bank))
    bo.moot.must("xfer.post", {"transfer": back, "proof": ada.moot.prove(accepted)})
    assert (ada.moot.posted(ada.connector), bo.moot.posted(bo.connector)) == (0, 0)


def test_no_post_touches_the_account_of_a_neighbour(pair: Pair) -> None:
    ada, _ = pair
    for amount in (5, -5):
        ada.moot.post("transfer", {ada.connector: amount, ada.bank: -amount})
        assert ada.moot.verdict == "not_authorised"
