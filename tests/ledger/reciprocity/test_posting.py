# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §7: by whose word amounts move, and how a post is taken back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger.reciprocity.state import Account, ClaimState, Commitment, EventState, Totals
from ledger.reciprocity.totals import totals_key
from protocol.amounts import month_of
from protocol.errors import Malformed
from protocol.reciprocity import check_reciprocity
from tests.ledger.reciprocity.test_labour_mutual import Mutual
from tests.ledger.reciprocity.town import AT, DAY, Town, post_body

VAN = b"van".ljust(16)


@pytest.fixture
def town() -> Town:
    made = Town()
    made.unit()
    return made


@pytest.fixture
def mutual() -> Mutual:
    return Mutual()


def test_each_owner_who_is_debited_has_signed(town: Town) -> None:
    ada, bo = town.member(), town.member()
    first, second, bank = town.account(ada), town.account(bo), town.account(type_="external")
    town.move("opening", {bank: -100, first: 60, second: 40})
    legs = {first: -10, second: -5, bank: 15}
    body = post_body("transfer", legs)
    for signers in ([town.org], [town.keys[ada]], [town.keys[bo], town.org]):
        assert town.refused("post", body, *signers) == "not_authorised"
    town.must("post", body, town.keys[ada], town.keys[bo])


def test_legs_of_nothing_and_legs_alone_are_no_post(town: Town) -> None:
    bank, pool = town.account(type_="external"), town.account(type_="pool")
    assert town.refused("post", post_body("opening", {bank: 0, pool: 0})) == "bad_amount"
    for legs in ({}, {bank: 0}):
        assert town.refused("post", post_body("opening", legs)) in {"unbalanced", "bad_amount"}


def test_an_exchange_is_of_two_units(town: Town) -> None:
    town.unit("h", 2, "time")
    euros, other = town.account(type_="external"), town.account(type_="pool")
    hours, more = town.account(type_="external", unit="h"), town.account(type_="pool", unit="h")
    town.move("exchange", {euros: -2_000, other: 2_000, hours: -100, more: 100})
    assert town.refused("post", post_body("exchange", {euros: -1, other: 1})) == "wrong_unit"


def test_a_decision_speaks_for_nobody_but_the_organisation(town: Town) -> None:
    """But for a correction, a majority takes nothing from a member."""
    ada, bo = town.member(), town.member()
    wallet, pool, bank = town.account(ada), town.account(type_="pool"), town.account(type_="external")
    town.move("opening", {bank: -100, wallet: 100})
    body = post_body("demurrage", {wallet: -5, pool: 5})
    decision = town.decide("post", body)
    assert town.refused("post", {**body, "basis": {"decision": decision}}) == "not_authorised"
    assert town.refused("post", {**body, "basis": {"decision": decision}}, town.keys[bo]) == "not_authorised"
    assert town.refused("post", {**body, "basis": {"decision": bytes(16)}}) == "unknown_ref"


def test_a_reserve_falls_by_decision_only(town: Town) -> None:
    town.member()
    reserve, bank = town.account(type_="reserve"), town.account(type_="external")
    town.move("opening", {bank: -100, reserve: 100})
    body = post_body("transfer", {reserve: -60, bank: 60})
    assert town.refused("post", body) == "indivisible"
    decision = town.decide("post", body)
    town.must("post", {**body, "basis": {"decision": decision}})
    assert town.refused("post", {**body, "basis": {"decision": decision}}) == "already_resolved"
    other = post_body("transfer", {reserve: -30, bank: 30}, decision=decision)
    assert town.refused("post", other) == "not_authorised", "another amount was not decided"


CORRECTED = [("transfer", {"wallet": -30, "pool": 30}), ("contribution", {"wallet": -7, "pool": 7})]


@pytest.mark.parametrize(("code", "legs"), CORRECTED)
def test_reversing_a_reversal_restores(town: Town, code: str, legs: dict[str, int]) -> None:
    ada = town.member()
    key, accounts = town.keys[ada], {"wallet": town.account(ada), "pool": town.account(type_="pool")}
    bank = town.account(type_="external")
    town.move("opening", {bank: -100, accounts["wallet"]: 100})
    said = {accounts[name]: amount for name, amount in legs.items()}
    back = {account: -amount for account, amount in said.items()}
    before = town.snapshot()
    first = town.move(code, said, key)
    after = town.snapshot()
    assert town.refused("post", post_body("correction", said, post=first), key) == "clause_mismatch"
    assert town.refused("post", post_body("correction", back, post=first), key) == "not_authorised", "it is the pool's"
    second = town.move("correction", back, post=first)
    assert amounts(town.snapshot()) == amounts(before)
    assert town.refused("post", post_body("correction", back, post=first)) == "already_resolved"
    third = town.move("correction", said, key, post=second)
    assert amounts(town.snapshot()) == amounts(after)
    town.move("correction", back, post=third)
    assert amounts(town.snapshot()) == amounts(before)


def amounts(cells: dict[tuple[str, bytes], bytes]) -> dict[tuple[str, bytes], Any]:
    """What accounts hold and members did; nothing is the same as a total that is 0."""
    found: dict[tuple[str, bytes], Any] = {}
    for (sort, key), data in cells.items():
        if sort == Account.SORT:
            account = msgspec.msgpack.decode(data, type=Account)
            found[sort, key] = (account.posted, account.reserved)
        elif sort == Totals.SORT and (totals := msgspec.msgpack.decode(data, type=Totals)) != Totals():
            found[sort, key] = totals
    return found


def test_the_assembly_may_correct_what_nobody_signs_back(town: Town) -> None:
    ada, bo = town.member(), town.member()
    first, second, bank = town.account(ada), town.account(bo), town.account(type_="external")
    town.move("opening", {bank: -100, first: 100})
    paid = town.move("transfer", {first: -30, second: 30}, town.keys[ada])
    back = post_body("correction", {first: 30, second: -30}, post=paid)
    assert town.refused("post", back, town.keys[ada]) == "not_authorised"
    town.by_decision("post", back)
    assert (town.posted(first), town.posted(second)) == (100, 0)


def test_what_was_rejected_is_not_corrected(town: Town) -> None:
    ada = town.member()
    wallet, pool = town.account(ada), town.account(type_="pool")
    never = town.post("transfer", {wallet: -30, pool: 30}, town.keys[ada])
    assert town.verdict == "floor"
    assert town.refused("post", post_body("correction", {wallet: 30, pool: -30}, post=never)) == "unknown_ref"
    assert town.refused("post", post_body("correction", {wallet: 30, pool: -30}, post=ada)) == "unknown_ref"


def test_a_payment_that_bounced_is_owed_again(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    basis: dict[str, Any] = {"contract": mutual.terms, "claim": claim}
    first = {mutual.bank: -60_000, mutual.fund: 60_000}
    second = {mutual.bank: -40_000, mutual.fund: 34_500, mutual.services: 5_000, mutual.reserve: 500}
    one, other = mutual.move("settle", first, **basis), mutual.move("settle", second, **basis)
    month = totals_key(month_of(DAY), "EUR", mutual.worker)
    assert mutual.cell(Totals, month).contributions == 6_500
    back = {account: -amount for account, amount in first.items()}
    assert mutual.refused("post", post_body("correction", back, post=one)) == "conflict", "not the last one"
    back = {account: -amount for account, amount in second.items()}
    bounced = post_body("correction", back, post=other)
    assert mutual.refused("post", bounced) == "indivisible", "the reserve gives back by decision"
    taken = mutual.by_decision("post", bounced)
    found = mutual.cell(ClaimState, claim)
    assert (found.paid, found.closed, found.last) == (60_000, "", one)
    assert mutual.cell(Totals, month).contributions == 0
    again = mutual.move("correction", second, post=taken)
    assert mutual.cell(ClaimState, claim).closed == "paid"
    assert mutual.cell(Totals, month).contributions == 6_500
    assert again


def test_what_came_in_between_keeps_a_payment_from_being_done_again(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    basis: dict[str, Any] = {"contract": mutual.terms, "claim": claim}
    legs = {mutual.bank: -1_000, mutual.fund: 1_000}
    one = mutual.move("settle", legs, **basis)
    back = mutual.move("correction", {account: -amount for account, amount in legs.items()}, post=one)
    mutual.move("settle", legs, **basis)
    assert mutual.refused("post", post_body("correction", legs, post=back)) == "conflict"


def test_a_wage_that_was_taken_back_is_paid_once_more(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    mutual.must("advance", {"claim": claim, "on": DAY})
    legs = {mutual.fund: -93_500, mutual.wages: 52_019, mutual.social: 28_476, mutual.tax: 13_005}
    back = {account: -amount for account, amount in legs.items()}
    basis: dict[str, Any] = {"contract": mutual.terms, "clause": 2, "claim": claim}
    wage = mutual.move("wage", legs, **basis)
    key = mutual.keys[mutual.worker]
    assert mutual.refused("post", post_body("correction", back, post=wage)) == "not_authorised"
    undone = mutual.move("correction", back, mutual.org, key, post=wage)
    mutual.move("wage", legs, **basis)
    assert mutual.refused("post", post_body("correction", legs, post=undone)) == "already_resolved"
    assert mutual.posted(mutual.wages) == 52_019


def test_a_guarantee_that_was_called_too_early_is_given_back(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    mutual.must("advance", {"claim": claim, "on": DAY})
    mutual.pay_wage(claim)
    basis: dict[str, Any] = {"contract": mutual.terms, "clause": 3, "claim": claim}
    legs = {**dict(zip(mutual.pledges, (-20_778, -20_778, -41_555, -10_389), strict=True)), mutual.fund: 93_500}
    call = mutual.by_decision("post", post_body("guarantee_call", legs, **basis))
    back = {account: -amount for account, amount in legs.items()}
    undone = mutual.move("correction", back, post=call)
    assert mutual.cell(ClaimState, claim).closed == ""
    mutual.move("settle", {mutual.bank: -1, mutual.fund: 1}, contract=mutual.terms, claim=claim)
    redo = post_body("correction", legs, post=undone)
    signers = [mutual.org, *(mutual.keys[one] for one in mutual.pledgers)]
    assert mutual.refused("post", redo, *signers) == "conflict", "something was paid since"


def test_a_claim_that_was_written_off_is_open_again_by_decision(mutual: Mutual) -> None:
    claim = mutual.invoice(100_000)
    assert mutual.refused("post", post_body("writeoff", {}, claim=claim)) == "not_authorised"
    post = mutual.by_decision("post", post_body("writeoff", {}, claim=claim))
    basis: dict[str, Any] = {"contract": mutual.terms, "claim": claim}
    pay = post_body("settle", {mutual.bank: -1, mutual.fund: 1}, **basis)
    assert mutual.refused("post", pay) == "already_resolved"
    mutual.move("correction", {}, post=post)
    mutual.must("post", pay)


def test_a_fee_for_a_booking_is_given_back_and_taken_once_for_booking_and_use(town: Town) -> None:
    user = town.member()
    purse, upkeep = town.account(user, floor=-10_000), town.account(type_="pool")
    access = {"kind": "access", "resource": VAN, "unit_price": 4_000, "unit": "EUR", "per": "day", "to": upkeep}
    terms = town.contract([{**access, "by_class": {"worker": [1, 1]}}], town.log_id, user)
    booked = {"action": "use", "provider": town.log_id, "receiver": user, "resource": VAN, "contract": terms}
    booking = town.must("commit", {**booked, "begin": AT, "end": AT + 86_400}, town.keys[user])
    event = town.event(town.log_id, user, "use", resource=VAN, fulfils=booking)
    town.must("ack", {"event": event, "says": "used"}, town.keys[user])
    legs = {purse: -4_000, upkeep: 4_000}
    town.unit("h", 2, "time")
    basis: dict[str, Any] = {"contract": terms, "clause": 0}
    fee = town.move("access_fee", legs, **basis, commit=booking)
    assert town.refused("post", post_body("access_fee", legs, **basis, event=event)) == "clause_mismatch", "no effort"
    month = totals_key(month_of(DAY), "EUR", user)
    assert town.cell(Totals, month).purchases == 4_000
    town.move("correction", {purse: 4_000, upkeep: -4_000}, post=fee)
    assert town.cell(Totals, month).purchases == 0
    assert not town.cell(Commitment, booking).charged
    town.move("access_fee", legs, **basis, commit=booking)
    assert not town.cell(EventState, event).used


def test_only_what_is_paid_to_the_organisation_alone_counts_as_bought(town: Town) -> None:
    ada = town.member()
    key, month = town.keys[ada], totals_key(month_of(DAY), "EUR", ada)
    wallet, other = town.account(ada), town.account(ada)
    pool, bank = town.account(type_="pool"), town.account(type_="external")
    town.move("opening", {bank: -100, wallet: 100})
    town.move("transfer", {wallet: -50, other: 49, pool: 1}, key)
    town.move("transfer", {wallet: -10, bank: 10}, key)
    assert town.book.get(Totals, month) is None, "from one pocket to the other, or taken home"
    town.move("transfer", {wallet: -15, pool: 15}, key)
    assert town.cell(Totals, month).purchases == 15


@pytest.mark.parametrize(
    ("code", "basis"),
    [
        ("transfer", {"claim": bytes(16)}),
        ("wage", None),
        ("wage", {"contract": bytes(16), "claim": bytes(16)}),
        ("access_fee", {"contract": bytes(16), "clause": 0}),
        ("access_fee", {"contract": bytes(16), "clause": 0, "event": bytes(16), "commit": bytes(16)}),
        ("share_in", {"contract": bytes(16)}),
        ("correction", {"post": bytes(16), "claim": bytes(16)}),
        ("reinvest", {"contract": bytes(16), "clause": 0, "claim": bytes(16), "events": [b"b" * 16, b"a" * 16]}),
    ],
)
def test_a_basis_has_what_its_code_needs_and_nothing_else(code: str, basis: dict[str, Any] | None) -> None:
    body: dict[str, Any] = {"code": code, "legs": [], "on": DAY}
    with pytest.raises(Malformed) as fault:
        check_reciprocity("post", body if basis is None else {**body, "basis": basis})
    assert fault.value.reason == "malformed"


def test_what_a_basis_names_is_there(town: Town) -> None:
    bank, pool = town.account(type_="external"), town.account(type_="pool")
    legs, gone = {bank: -1, pool: 1}, bytes(16)
    bases: dict[str, dict[str, Any]] = {
        "settle": {"claim": gone},
        "rent": {"contract": gone, "clause": 0, "period": 0},
        "access_fee": {"contract": gone, "clause": 0, "event": gone},
        "correction": {"post": gone},
    }
    for code, basis in bases.items():
        assert town.refused("post", post_body(code, legs, **basis)) == "unknown_ref"
