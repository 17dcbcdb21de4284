# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §4: accounts, their limits and states."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.state import Account
from protocol.amounts import AMOUNT_MAX
from tests.builders import seeded
from tests.ledger.reciprocity.town import Town, post_body


@pytest.fixture
def town() -> Town:
    made = Town()
    made.unit()
    return made


def test_what_an_account_names_is_there_and_the_organisation_opens_it(town: Town) -> None:
    member = town.member()
    body = {"owner": member, "unit": "EUR", "type": "member"}
    assert town.refused("account.open", {**body, "unit": "CHF"}) == "unknown_ref"
    assert town.refused("account.open", {**body, "owner": bytes(16)}) == "unknown_ref"
    assert town.refused("account.open", {**body, "owner": bytes(32)}) == "unknown_ref", "another organisation"
    assert town.refused("account.open", body, town.keys[member]) == "not_authorised"
    town.must("account.open", body)


def test_who_may_owe_agrees_to_it(town: Town) -> None:
    member = town.member()
    body = {"owner": member, "unit": "EUR", "type": "member", "floor": -1}
    assert town.refused("account.open", body) == "not_authorised"
    account = town.must("account.open", body, town.org, town.keys[member])
    lower = {"account": account, "floor": -2}
    assert town.refused("account.set", lower) == "not_authorised"
    town.must("account.set", {"account": account, "floor": 0})
    assert town.refused("account.set", {"account": account, "floor": -1}) == "not_authorised"
    town.must("account.set", lower, town.org, town.keys[member])


@pytest.mark.parametrize("type_", ["reserve", "connector", "external"])
def test_some_accounts_are_the_organisations_alone(town: Town, type_: str) -> None:
    body: dict[str, Any] = {"owner": town.member(), "unit": "EUR", "type": type_}
    if type_ == "connector":
        body["peer"] = seeded("other log")
    assert town.refused("account.open", body) == "not_authorised"
    town.must("account.open", {**body, "owner": town.log_id})


def test_limits_are_in_order(town: Town) -> None:
    body = {"owner": town.log_id, "unit": "EUR", "type": "pool"}
    assert town.refused("account.open", {**body, "floor": 2, "ceiling": 1}) == "bad_amount"
    assert town.refused("account.open", {**body, "ceiling": -1}) == "bad_amount", "the floor is 0"
    assert town.refused("account.open", {**body, "type": "reserve", "floor": 1}) == "bad_amount"
    reserve = town.account(type_="reserve")
    assert town.refused("account.set", {"account": reserve, "floor": -1}) == "bad_amount"
    pool = town.account(type_="pool", ceiling=10)
    assert town.refused("account.set", {"account": pool, "floor": 11}) == "bad_amount"
    assert town.refused("account.set", {"account": bytes(16), "floor": 1}) == "unknown_ref"


def test_a_neighbour_has_one_account_in_each_unit(town: Town) -> None:
    town.unit("CHF")
    peer = seeded("other log")
    body = {"owner": town.log_id, "unit": "EUR", "type": "connector", "peer": peer}
    assert town.refused("account.open", {**body, "peer": town.log_id}) == "unknown_ref"
    town.must("account.open", body)
    assert town.refused("account.open", body) == "already_resolved"
    town.must("account.open", {**body, "unit": "CHF"})


def test_what_worsens_a_broken_limit_is_refused_and_what_betters_it_is_not(town: Town) -> None:
    member = town.member()
    key, bank = town.keys[member], town.account(type_="external")
    wallet = town.account(member, ceiling=100)
    town.move("opening", {bank: -100, wallet: 100})
    town.post("opening", {bank: -1, wallet: 1})
    assert town.verdict == "ceiling"
    town.post("transfer", {wallet: -101, bank: 101}, key)
    assert town.verdict == "floor"
    town.must("account.set", {"account": wallet, "ceiling": 40, "floor": 30})
    town.move("transfer", {wallet: -10, bank: 10}, key)
    assert town.posted(wallet) == 90, "still too much, but less so"
    town.must("account.set", {"account": wallet, "ceiling": 500, "floor": 200})
    town.move("opening", {bank: -5, wallet: 5})
    town.post("transfer", {wallet: -1, bank: 1}, key)
    assert town.verdict == "floor"


def test_from_a_frozen_account_nothing_is_taken_and_a_closed_one_is_closed_for_good(town: Town) -> None:
    pool, bank = town.account(type_="pool"), town.account(type_="external")
    town.move("opening", {bank: -100, pool: 100})
    town.must("account.set", {"account": pool, "state": "frozen"})
    town.post("transfer", {pool: -1, bank: 1})
    assert town.verdict == "frozen"
    town.move("opening", {bank: -1, pool: 1})
    assert town.refused("account.set", {"account": pool, "state": "closed"}) == "conflict"
    town.must("account.set", {"account": pool, "state": "open"})
    town.move("transfer", {pool: -101, bank: 101})
    town.must("account.set", {"account": pool, "state": "closed"})
    town.post("opening", {bank: -1, pool: 1})
    assert town.verdict == "closed"
    assert town.refused("account.set", {"account": pool, "state": "open"}) == "closed"


def test_no_amount_leaves_its_range(town: Town) -> None:
    bank, pool = town.account(type_="external"), town.account(type_="pool")
    town.move("opening", {bank: -AMOUNT_MAX, pool: AMOUNT_MAX})
    town.post("opening", {bank: -1, pool: 1})
    assert town.verdict == "bad_amount"


def test_a_change_of_limits_may_rest_on_a_decision(town: Town) -> None:
    town.member()
    pool = town.account(type_="pool")
    body = {"account": pool, "ceiling": 5}
    assert town.refused("account.set", {**body, "decision": bytes(16)}) == "unknown_ref"
    town.by_decision("account.set", body)
    other = town.decide("account.set", {**body, "ceiling": 6})
    assert town.refused("account.set", {**body, "decision": other}) == "not_authorised"
    assert town.cell(Account, pool).ceiling == 5


def test_what_is_taken_is_given_for_each_unit(town: Town) -> None:
    town.unit("h", 2, "time")
    bank, pool, hours = town.account(type_="external"), town.account(type_="pool"), town.account(type_="pool", unit="h")
    assert town.refused("post", post_body("opening", {bank: -5, pool: 4})) == "unbalanced"
    assert town.refused("post", post_body("opening", {bank: -5, hours: 5})) == "unbalanced"
    assert town.refused("post", post_body("opening", {bank: -5, bytes(16): 5})) == "unknown_ref"
