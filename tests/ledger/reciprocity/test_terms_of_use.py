# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worked examples of spec 18 §3, §4, §7, §8 through the fold, statement by statement, to the cent."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.amounts import month_of
from tests.ledger.reciprocity.test_labour_mutual import pairs
from tests.ledger.reciprocity.town import AT, DAY, Town, post_body

VAN = b"van".ljust(16)


@pytest.fixture
def town() -> Town:
    made = Town()
    made.unit()
    made.unit("h", 2, "time")
    return made


def worked(town: Town, provider: bytes, receiver: bytes, **fields: Any) -> bytes:
    body = {"action": "work", "provider": provider, "receiver": receiver, "on": DAY} | {
        "stream": "livelihood",
        "expects": "reciprocity",
    }
    return town.must("event", body | fields, town.key(provider))


def test_a_firm_gives_back_a_part_in_hours_and_the_rest_in_money(town: Town) -> None:
    firm, one, other = town.member("for_profit"), town.member(), town.member()
    till = town.account(firm, floor=-10_000_000)
    tools, first, second = town.account(type_="pool"), town.account(one), town.account(other)
    clause = {"kind": "reinvest", "rate": [1, 20], "from": till} | {
        "to": pairs({tools: 50, first: 30, second: 20}),
        "in_kind": {"unit": "h", "price": 3_500, "cap": [2, 5]},
    }
    terms = town.contract([clause], town.log_id, firm)
    claimed = {"debtor": town.log_id, "creditor": firm, "amount": 2_000_000, "unit": "EUR", "account": till}
    claim = town.must("claim", claimed | {"contract": terms}, town.key(firm))
    event = worked(town, firm, town.log_id, effort={"amount": 1_000, "unit": "h"}, contract=terms)
    legs = {till: -65_000, tools: 32_500, first: 19_500, second: 13_000}
    basis: dict[str, Any] = {"contract": terms, "clause": 0, "claim": claim, "events": [event]}
    assert town.refused("post", post_body("reinvest", legs, **basis)) == "clause_mismatch", "nobody has confirmed it"
    town.must("ack", {"event": event, "says": "confirmed"})
    in_money = {till: -100_000, tools: 50_000, first: 30_000, second: 20_000}
    assert town.refused("post", post_body("reinvest", in_money, **basis)) == "clause_mismatch"
    town.move("reinvest", legs, **basis)
    assert [town.posted(account) for account in (till, tools, first, second)] == [-65_000, 32_500, 19_500, 13_000]
    assert town.refused("post", post_body("reinvest", legs, **basis)) == "already_resolved"


def shared_van(town: Town, members: list[bytes], per: str = "day", unit: str = "EUR") -> tuple[bytes, bytes]:
    """(Contract, account) of a van at 40.00."""
    upkeep = town.account(type_="pool")
    classes = {"worker": [0, 1], "coop": [1, 4], "nonprofit": [1, 2], "for_profit": [3, 2], "city": "deny"}
    clause = {"kind": "access", "resource": VAN, "unit_price": 4_000, "unit": unit, "per": per} | {
        "by_class": classes,
        "to": upkeep,
    }
    return town.contract([clause], town.log_id, *members), upkeep


@pytest.mark.parametrize(("class_", "fee"), [("coop", 3_000), ("nonprofit", 6_000), ("for_profit", 18_000)])
def test_a_booking_of_three_days_costs_each_class_its_part(town: Town, class_: str, fee: int) -> None:
    user = town.member(class_)
    purse = town.account(user, floor=-20_000)
    terms, upkeep = shared_van(town, [user])
    booked = {"action": "use", "provider": town.log_id, "receiver": user, "resource": VAN, "contract": terms}
    booking = town.must("commit", booked | {"begin": AT, "end": AT + 3 * 86_400}, town.key(user))
    basis: dict[str, Any] = {"contract": terms, "clause": 0, "commit": booking}
    wrong = post_body("access_fee", {purse: 1 - fee, upkeep: fee - 1}, **basis)
    assert town.refused("post", wrong) == "clause_mismatch"
    town.move("access_fee", {purse: -fee, upkeep: fee}, **basis)
    assert (town.posted(purse), town.posted(upkeep)) == (-fee, fee)
    again = post_body("access_fee", {purse: -fee, upkeep: fee}, **basis)
    assert town.refused("post", again) == "already_resolved"


def test_who_is_denied_pays_nothing_because_nothing_was_theirs(town: Town) -> None:
    city = town.member("city")
    purse = town.account(city, floor=-20_000)
    terms, upkeep = shared_van(town, [city])
    event = worked(town, town.log_id, city, action="use", resource=VAN, effort={"amount": 7_200, "unit": "h"})
    body = post_body("access_fee", {purse: -12_000, upkeep: 12_000}, contract=terms, clause=0, event=event)
    assert town.refused("post", body) == "not_authorised"


def test_the_hours_of_an_event_count_as_days(town: Town) -> None:
    user = town.member("coop")
    purse = town.account(user, floor=-20_000)
    terms, upkeep = shared_van(town, [user])
    event = worked(town, town.log_id, user, action="use", resource=VAN, effort={"amount": 4_801, "unit": "h"})
    fee = post_body("access_fee", {purse: -3_000, upkeep: 3_000}, contract=terms, clause=0, event=event)
    assert town.refused("post", fee) == "not_authorised", "who used it has not said so"
    town.must("ack", {"event": event, "says": "used"}, town.key(user))
    town.must("post", fee)


def test_a_fee_is_paid_in_the_unit_of_its_clause(town: Town) -> None:
    user = town.member("coop")
    purse = town.account(user, floor=-20_000)
    terms, upkeep = shared_van(town, [user], per="use", unit="h")
    event = worked(town, town.log_id, user, action="use", resource=VAN)
    body = post_body("access_fee", {purse: -1_000, upkeep: 1_000}, contract=terms, clause=0, event=event)
    assert town.refused("post", body) == "wrong_unit"


def test_a_lease_is_paid_once_for_each_period(town: Town) -> None:
    tenant = town.member("coop")
    purse, land = town.account(tenant, floor=-(10**9)), town.account(type_="fund")
    clause = {"kind": "lease", "resource": VAN, "years": 99, "rent": 120_000, "from": purse, "to": land}
    terms = town.contract([clause | {"every": "year"}], town.log_id, tenant)
    legs = {purse: -120_000, land: 120_000}
    town.move("rent", legs, contract=terms, clause=0, period=0)
    for period, verdict in ((0, "already_resolved"), (2, "not_in_force"), (99, "clause_mismatch")):
        body = post_body("rent", legs, contract=terms, clause=0, period=period)
        assert town.refused("post", body) == verdict
    town.move("rent", legs, contract=terms, clause=0, period=1)
    assert town.posted(land) == 240_000


def test_shares_are_bought_and_given_back(town: Town) -> None:
    town.unit("part", 0, "share")
    member = town.member("user")
    purse, held = town.account(member, floor=-50_000), town.account(member, unit="part")
    till, issued = town.account(type_="fund"), town.account(type_="external", unit="part")
    clause = {"kind": "share", "shares": "part", "nominal": 5_000, "unit": "EUR", "min": 2} | {
        "refund": "nominal",
        "notice_days": 180,
    }
    terms = town.contract([clause], town.log_id, member)
    basis: dict[str, Any] = {"contract": terms, "clause": 0}
    bought = {issued: -3, held: 3, purse: -15_000, till: 15_000}
    too_dear = post_body("share_in", bought | {purse: -15_003, till: 15_003}, **basis)
    assert town.refused("post", too_dear, town.key(member)) == "clause_mismatch"
    too_few = post_body("share_in", {issued: -1, held: 1, purse: -5_000, till: 5_000}, **basis)
    assert town.refused("post", too_few, town.key(member)) == "bad_amount"
    assert town.refused("post", post_body("share_in", bought, **basis)) == "not_authorised", "nobody is made to buy"
    town.move("share_in", bought, town.key(member), **basis)
    town.move("share_out", {issued: 1, held: -1, purse: 5_000, till: -5_000}, town.key(member), **basis)
    assert [town.posted(account) for account in (held, purse, till)] == [2, -10_000, 10_000]


def test_a_host_takes_its_part_of_an_income_once(town: Town) -> None:
    group = town.member("nonprofit", group=True)
    fund, host, bank = town.account(group), town.account(type_="pool"), town.account(type_="external")
    clause = {"kind": "host_fee", "fund": fund, "rate": [7, 100], "to": host}
    terms = town.contract([clause], town.log_id, group)
    income = town.move("transfer", {bank: -12_345, fund: 12_345})
    basis: dict[str, Any] = {"contract": terms, "clause": 0, "post": income}
    town.move("host_fee", {fund: -864, host: 864}, **basis)
    assert town.posted(fund) == 11_481
    body = post_body("host_fee", {fund: -864, host: 864}, **basis)
    assert town.refused("post", body) == "already_resolved"


def test_a_surplus_is_shared_by_what_each_has_contributed(town: Town) -> None:
    gave = (1_234_567, 800_000, 432_109, 1)
    members = sorted(town.member() for _ in gave)
    accounts = [town.account(member) for member in members]
    client = town.member("for_profit")
    bank, pool, reserve, commons = (town.account(type_=sort) for sort in ("external", "pool", "reserve", "pool"))
    clauses: list[dict[str, Any]] = [
        {"kind": "rate_contribution", "of": "claim", "rate": [1, 1], "to": [[pool, 1]]},
        {"kind": "patronage", "base": "contributions", "unit": "EUR", "reserve": [3, 10], "reserve_to": reserve}
        | {"commons": [3, 100], "commons_to": commons},
    ]
    terms = town.contract(clauses, town.log_id, *members)
    for member, account, amount in zip(members, accounts, gave, strict=True):
        claimed = {"debtor": client, "creditor": town.log_id, "for": member, "amount": amount, "unit": "EUR"}
        claim = town.must("claim", claimed | {"account": account, "contract": terms})
        town.move("settle", {bank: -amount, pool: amount}, contract=terms, claim=claim)
    month = month_of(DAY)
    declared = {"contract": terms, "clause": 1, "from": month, "until": month + 1, "surplus": 1_000_000, "pool": pool}
    dividend = town.by_decision("dividend", declared)
    shares = dict(zip(accounts, (335_334, 217_296, 117_370), strict=False))
    legs = {pool: -1_000_000, reserve: 300_000, commons: 30_000, **shares}
    basis: dict[str, Any] = {"contract": terms, "clause": 1, "dividend": dividend}
    town.move("dividend", legs, **basis)
    assert [town.posted(account) for account in accounts] == [335_334, 217_296, 117_370, 0]
    assert town.refused("post", post_body("dividend", legs, **basis)) == "already_resolved"


def test_a_surplus_is_shared_by_hours(town: Town) -> None:
    members = sorted(town.member() for _ in range(2))
    accounts = [town.account(member) for member in members]
    bank, pool, reserve = (town.account(type_=sort) for sort in ("external", "pool", "reserve"))
    town.move("opening", {bank: -90_000, pool: 90_000})
    clause = {"kind": "patronage", "base": "hours", "unit": "h", "reserve": [1, 3], "reserve_to": reserve}
    terms = town.contract([clause | {"commons": [0, 1], "commons_to": pool}], town.log_id, *members)
    for member, hours in zip(members, (200, 100), strict=True):
        done = worked(town, member, town.log_id, effort={"amount": hours, "unit": "h"})
        town.must("ack", {"event": done, "says": "confirmed"})
    given = worked(town, members[0], town.log_id, effort={"amount": 9_900, "unit": "h"}, expects="none")
    town.must("ack", {"event": given, "says": "confirmed"})
    worked(town, members[1], town.log_id, effort={"amount": 9_900, "unit": "h"})
    month = month_of(DAY)
    declared = {"contract": terms, "clause": 0, "from": month, "until": month + 1, "surplus": 90_000, "pool": pool}
    dividend = town.by_decision("dividend", declared)
    legs = {pool: -90_000, reserve: 30_000, accounts[0]: 40_000, accounts[1]: 20_000}
    town.move("dividend", legs, contract=terms, clause=0, dividend=dividend)


def test_a_claim_is_paid_in_its_own_unit(town: Town) -> None:
    member, client = town.member(), town.member("for_profit")
    purse = town.account(member)
    hours, given = town.account(type_="fund", unit="h"), town.account(type_="external", unit="h")
    payment = {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": hours}
    terms = town.contract([payment], town.log_id, member)
    claimed = {"debtor": client, "creditor": town.log_id, "for": member, "amount": 500, "unit": "EUR", "account": purse}
    claim = town.must("claim", claimed | {"contract": terms})
    body = post_body("settle", {given: -500, hours: 500}, contract=terms, claim=claim)
    assert town.refused("post", body) == "wrong_unit"
