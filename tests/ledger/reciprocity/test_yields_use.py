# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 18 §3, §4, §8: reinvestment, access by class, leases, shares and host fees, to the cent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity.lines import ClauseError, legs_of, show_rule
from ledger.reciprocity.yields_use import (
    Given,
    ShareAccounts,
    access_fee,
    booked_units,
    host_fee,
    lease_due,
    lease_end,
    lease_period,
    reinvestment,
    share_in,
    share_out,
    worked_units,
)
from protocol.amounts import parse_day, show_day
from protocol.clauses import Access, Clause, Reinvest, read_clauses
from tests.protocol.clauses import accesses, reinvestments

TOOLS, ONE, OTHER, FIRM, OWNER, USER = (bytes([number]) * 16 for number in range(1, 7))
EVENT = b"event".ljust(16)
REINVEST: dict[str, Any] = {
    "kind": "reinvest",
    "rate": [1, 20],
    "from": FIRM,
    "to": [[TOOLS, 50], [ONE, 30], [OTHER, 20]],
    "in_kind": {"unit": "h", "price": 3_500, "cap": [2, 5]},
}
ACCESS: dict[str, Any] = {
    "kind": "access",
    "resource": bytes(16),
    "unit_price": 4_000,
    "unit": "EUR",
    "per": "day",
    "by_class": {"worker": [0, 1], "coop": [1, 4], "nonprofit": [1, 2], "for_profit": [3, 2], "city": "deny"},
    "to": OWNER,
}


def contract(*clauses: Any) -> list[Clause]:
    return read_clauses(list(clauses))


def test_five_percent_come_back_partly_in_hours() -> None:
    lines = reinvestment(contract(REINVEST), 0, 2_000_000, [Given(EVENT, 1_000)], 2)
    assert [(line.name, line.account, line.amount) for line in lines] == [
        ("in_kind", b"", 35_000),
        ("cash", FIRM, -65_000),
        ("reinvest", TOOLS, 32_500),
        ("reinvest", ONE, 19_500),
        ("reinvest", OTHER, 13_000),
    ]
    assert show_rule(lines[0].rule, 2) == "10.00 h × 35.00, at most 400.00"
    assert show_rule(lines[1].rule, 2) == "-(20000.00 × 1/20 - 350.00)"
    assert lines[0].sources == (EVENT,)


def test_no_more_than_the_cap_comes_back_in_kind() -> None:
    lines = reinvestment(contract(REINVEST), 0, 2_000_000, [Given(EVENT, 20), Given(TOOLS, 10)], 0)
    assert [line.amount for line in lines[:2]] == [40_000, -60_000]
    assert lines[0].fraction == (105_000, 1)
    assert lines[0].sources == (EVENT, TOOLS)


def test_what_takes_nothing_in_kind_is_paid_in_money() -> None:
    clauses = contract({key: value for key, value in REINVEST.items() if key != "in_kind"})
    assert legs_of(reinvestment(clauses, 0, 2_000_000))[0] == (TOOLS, 50_000)
    with pytest.raises(ClauseError, match="takes nothing in kind"):
        reinvestment(clauses, 0, 2_000_000, [Given(EVENT, 1)])


@given(reinvestments, st.integers(1, 10**15), st.lists(st.integers(0, 10**6), max_size=3), st.integers(0, 9))
def test_what_goes_back_is_taken_from_one_and_given_to_all(
    value: Any, amount: int, quantities: list[int], scale: int
) -> None:
    (clause,) = clauses = contract(value)
    assert isinstance(clause, Reinvest)
    given = [Given(EVENT, quantity) for quantity in quantities] if clause.in_kind else []
    lines = reinvestment(clauses, 0, amount, given, scale)
    moved = [line for line in lines if line.account]
    assert sum(line.amount for line in moved) == 0
    assert all(line.amount >= 0 for line in lines if line.name != "cash")


@pytest.mark.parametrize(
    ("user_class", "fee"), [("worker", 0), ("coop", 3_000), ("nonprofit", 6_000), ("for_profit", 18_000)]
)
def test_three_days_cost_each_class_its_part(user_class: str, fee: int) -> None:
    lines = access_fee(contract(ACCESS), 0, user_class, 3, USER)
    assert [(line.account, line.amount) for line in lines] == [(USER, -fee), (OWNER, fee)]
    assert legs_of(lines) == ([(OWNER, fee), (USER, -fee)] if fee else [])


@pytest.mark.parametrize("user_class", ["city", "union", "pirate"])
def test_who_is_denied_or_not_listed_has_no_access(user_class: str) -> None:
    with pytest.raises(ClauseError) as refusal:
        access_fee(contract(ACCESS), 0, user_class, 3, USER)
    assert refusal.value.verdict == "not_authorised"


def test_the_rule_of_a_fee() -> None:
    (taken, got) = access_fee(contract(ACCESS), 0, "for_profit", 3, USER)
    assert [show_rule(line.rule, 2) for line in (taken, got)] == ["-(3 day × 40.00 × 3/2)", "3 day × 40.00 × 3/2"]


@given(accesses, st.integers(0, 10**4), st.sampled_from(["worker", "coop"]))
def test_a_fee_is_paid_by_one_to_the_other(value: Any, units: int, user_class: str) -> None:
    (clause,) = clauses = contract(value)
    assert isinstance(clause, Access)
    try:
        taken, got = access_fee(clauses, 0, user_class, units, USER)
    except ClauseError:
        assert dict(clause.by_class).get(user_class, "deny") == "deny"  # type: ignore[call-overload] # a class is text
        return
    assert taken.amount == -got.amount <= 0


@pytest.mark.parametrize(
    ("per", "seconds", "units"),
    [
        ("day", 1, 1),
        ("day", 86_400, 1),
        ("day", 86_401, 2),
        ("hour", 3_600, 1),
        ("hour", 3_601, 2),
        ("use", 10**6, 1),
    ],
)
def test_a_day_or_hour_that_has_begun_counts(per: str, seconds: int, units: int) -> None:
    assert booked_units(per, 1_700_000_000, 1_700_000_000 + seconds) == units


@pytest.mark.parametrize(
    ("per", "effort", "units"), [("hour", 150, 2), ("hour", 200, 2), ("day", 2_401, 2), ("use", 7, 1)]
)
def test_effort_counts_in_hours(per: str, effort: int, units: int) -> None:
    assert worked_units(per, effort, 2) == units


LEASE = {
    "kind": "lease",
    "resource": bytes(16),
    "years": 99,
    "rent": 120_000,
    "from": USER,
    "to": OWNER,
    "every": "year",
}


def test_a_lease_of_99_years() -> None:
    clauses = contract(LEASE, LEASE | {"every": "month"})
    assert show_day(lease_end(clauses, 0, parse_day("2026-03-01"))) == "2125-03-01"
    assert show_day(lease_end(clauses, 0, parse_day("2028-02-29"))) == "2127-02-28"
    assert legs_of(lease_period(clauses, 0, 98)) == [(OWNER, 120_000), (USER, -120_000)]
    begin = parse_day("2026-01-31")
    assert [show_day(lease_due(clauses, 1, begin, period)) for period in (0, 1, 12)] == [
        "2026-01-31",
        "2026-02-28",
        "2027-01-31",
    ]
    assert show_day(lease_due(clauses, 0, begin, 1)) == "2027-01-31"
    assert lease_period(clauses, 1, 99 * 12 - 1)
    for index, period in ((0, 99), (0, -1), (1, 99 * 12)):
        with pytest.raises(ClauseError, match="the lease has periods 0 to"):
            lease_period(clauses, index, period)


SHARE = {"kind": "share", "shares": "part", "nominal": 5_000, "unit": "EUR", "min": 2, "refund": "nominal"} | {
    "notice_days": 180
}
BETWEEN = ShareAccounts(issue=OWNER, holding=USER, payer=ONE, till=TOOLS)


def test_shares_come_and_go_at_their_nominal_value() -> None:
    taken = legs_of(share_in(contract(SHARE), 0, 3, BETWEEN))
    assert taken == [(TOOLS, 15_000), (ONE, -15_000), (OWNER, -3), (USER, 3)]
    back = legs_of(share_out(contract(SHARE), 0, 3, BETWEEN))
    assert back == [(account, -amount) for account, amount in taken]


def test_shares_are_taken_at_least_at_the_minimum_and_refunded_only_if_said() -> None:
    with pytest.raises(ClauseError, match="at least 2 shares"):
        share_in(contract(SHARE), 0, 1, BETWEEN)
    with pytest.raises(ClauseError, match="no shares are given back"):
        share_out(contract(SHARE), 0, 0, BETWEEN)
    with pytest.raises(ClauseError, match="refunds no shares"):
        share_out(contract(SHARE | {"refund": "none"}), 0, 1, BETWEEN)


def test_a_host_takes_its_part_of_what_comes_in() -> None:
    clauses = contract({"kind": "host_fee", "fund": USER, "rate": [7, 100], "to": OWNER})
    assert legs_of(host_fee(clauses, 0, 12_345)) == [(OWNER, 864), (USER, -864)]
    with pytest.raises(ClauseError, match="took in nothing"):
        host_fee(clauses, 0, 0)
