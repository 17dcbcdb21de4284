# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 18 §1, §2, §5, §6, §9: what a claim yields, to the cent, and the laws that hold for any contract."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity.lines import ClauseError, Line, legs_of, show_rule
from ledger.reciprocity.yields import budget, can_advance, contribution, loss, payable_by, settlement, wage
from protocol.amounts import multiply, parse_day, show_day
from protocol.clauses import Clause, MutualGuarantee, RateContribution, read_clauses
from tests.protocol.clauses import contributions, guarantees, payments, wages

# In the order of the ids, as shares stand: services, fund, reserve.
SERVICES, FUND, RESERVE, MEMBER, SOCIAL, TAX = (bytes([number]) * 16 for number in range(1, 7))
PLEDGES = [bytes([number]) * 16 for number in range(11, 15)]
CONTRACT, CLAIM = b"contract".ljust(16), b"claim".ljust(16)


def mutual(calendar: str = "days", **payment: Any) -> list[Clause]:
    """The labour mutual of the worked example."""
    return read_clauses(
        [
            {
                "kind": "rate_contribution",
                "of": "claim",
                "rate": [65, 1000],
                "to": [[SERVICES, 50], [FUND, 10], [RESERVE, 5]],
            },
            {"kind": "guaranteed_payment", "days": 7, "calendar": calendar, "fund": FUND, **payment},
            {
                "kind": "wage_conversion",
                "lines": [
                    {"name": "gross", "base": ["budget"], "rate": [100, 125]},
                    {"name": "employer", "base": ["gross"], "rate": [1, 4], "to": SOCIAL},
                    {"name": "employee", "base": ["gross"], "rate": [1307, 10_000], "to": SOCIAL},
                    {"name": "tax", "base": ["gross"], "less": ["employee"], "rate": [1, 5], "to": TAX},
                ],
            },
            {
                "kind": "mutual_guarantee",
                "pool": FUND,
                "pledges": [list(pledge) for pledge in zip(PLEDGES, [25_000, 25_000, 50_000, 12_500], strict=True)],
            },
        ]
    )


def amounts(lines: list[Line]) -> dict[str, int]:
    return {line.name: line.amount for line in lines}


def test_an_invoice_of_1000_gives_65_and_leaves_935() -> None:
    lines = contribution(mutual(), 100_000, (CONTRACT, CLAIM))
    assert [(line.account, line.amount) for line in lines] == [(SERVICES, 5_000), (FUND, 1_000), (RESERVE, 500)]
    assert budget(mutual(), 100_000) == 93_500
    assert lines[0] == Line(
        clause=0,
        kind="rate_contribution",
        name="contribution",
        account=SERVICES,
        amount=5_000,
        rule="{6500} × 50/65, {6500} = {100000} × 65/1000",
        fraction=(5_000, 1),
        sources=(CONTRACT, CLAIM),
    )
    assert show_rule(lines[0].rule, 2) == "65.00 × 50/65, 65.00 = 1000.00 × 65/1000"


def test_an_invoice_of_333_33_gives_21_67() -> None:
    lines = contribution(mutual(), 33_333)
    assert [line.amount for line in lines] == [1_667, 333, 167]
    assert lines[1].fraction == (4_334, 13)


def test_it_is_payable_in_seven_days_or_seven_working_days() -> None:
    ended = parse_day("2026-03-02")
    found = [payable_by(mutual(calendar), ended) for calendar in ("days", "working")]
    assert [show_day(day) for day in found if day is not None] == ["2026-03-09", "2026-03-11"]
    assert payable_by(mutual()[:1], ended) is None


def test_the_fund_pays_first_up_to_its_cap() -> None:
    assert can_advance(mutual(), 10**12)
    assert can_advance(mutual(cap=93_500), 100_000)
    assert not can_advance(mutual(cap=93_499), 100_000)
    assert not can_advance(mutual()[:1], 100_000)


def test_the_wage_is_what_the_design_says() -> None:
    lines = wage(mutual(), 2, 100_000, MEMBER, (CLAIM,))
    assert [(line.name, line.amount) for line in lines] == [
        ("budget", -93_500),
        ("gross", 74_800),
        ("employer", 18_700),
        ("employee", 9_776),
        ("tax", 13_005),
        ("residual", 52_019),
    ]
    assert legs_of(lines) == [(FUND, -93_500), (MEMBER, 52_019), (SOCIAL, 28_476), (TAX, 13_005)]
    assert lines[1].account == b""
    assert [show_rule(line.rule, 2) for line in lines] == [
        "-935.00",
        "935.00 × 100/125",
        "748.00 × 1/4",
        "748.00 × 1307/10000",
        "(748.00 - 97.76) × 1/5",
        "935.00 - 187.00 - 97.76 - 130.05",
    ]
    assert lines[3].fraction == (244_409, 25)
    assert all(line.sources == (CLAIM,) and line.clause == 2 for line in lines)


def test_a_contract_without_wage_pays_the_budget_out_of_the_fund() -> None:
    assert legs_of(wage(mutual()[:2], 1, 100_000, MEMBER)) == [(FUND, -93_500), (MEMBER, 93_500)]
    with pytest.raises(ClauseError, match="is to be a wage_conversion"):
        wage(mutual(), 1, 100_000, MEMBER)


def test_without_a_guarantee_the_account_of_the_claim_pays_the_lines() -> None:
    clauses = [mutual()[0], mutual()[2]]
    assert legs_of(wage(clauses, 1, 100_000, MEMBER)) == [(MEMBER, -41_481), (SOCIAL, 28_476), (TAX, 13_005)]


def test_nobody_is_owed_less_than_nothing_by_a_wage_that_promises_too_much() -> None:
    value: Any = [
        {
            "kind": "wage_conversion",
            "lines": [
                {"name": "a", "base": ["budget"], "rate": [3, 4], "to": SOCIAL},
                {"name": "b", "base": ["budget"], "rate": [1, 2], "to": TAX},
                {"name": "c", "base": ["a"], "less": ["budget"], "rate": [1, 1], "to": TAX},
            ],
        }
    ]
    lines = wage(read_clauses(value), 0, 1_000, MEMBER)
    assert amounts(lines) == {"budget": -1_000, "a": 750, "b": 250, "c": 0, "residual": 0}
    assert [show_rule(line.rule, 2) for line in lines[2:4]] == [
        "10.00 × 1/2, at most 2.50",
        "(7.50 - 10.00) × 1/1, at least 0.00",
    ]


def test_the_client_pays_all() -> None:
    lines = settlement(mutual(), 100_000, MEMBER, 0, 100_000)
    assert [(line.account, line.amount) for line in lines] == [
        (FUND, 93_500),
        (SERVICES, 5_000),
        (FUND, 1_000),
        (RESERVE, 500),
    ]
    assert legs_of(lines) == [(SERVICES, 5_000), (FUND, 94_500), (RESERVE, 500)]


def test_the_client_pays_600_and_fails() -> None:
    assert legs_of(settlement(mutual(), 100_000, MEMBER, 0, 60_000)) == [(FUND, 60_000)]
    lines = loss(mutual(), 3, 100_000, 60_000, (CLAIM,))
    assert [line.amount for line in lines] == [-7_445, -7_444, -14_889, -3_722, 33_500]
    assert legs_of(lines)[0] == (FUND, 33_500)
    assert show_rule(lines[0].rule, 2) == "-335.00 × 25000/112500"
    assert show_rule(lines[-1].rule, 2) == "935.00 - 600.00, at most 1125.00"


def test_the_fund_of_the_worked_example() -> None:
    fund = 500_000
    moves = [
        wage(mutual(), 2, 100_000, MEMBER),
        settlement(mutual(), 100_000, MEMBER, 0, 100_000),
    ]
    balances = [fund := fund + dict(legs_of(lines))[FUND] for lines in moves]
    assert balances == [406_500, 501_000]
    failed = 406_500 + dict(legs_of(settlement(mutual(), 100_000, MEMBER, 0, 60_000)))[FUND]
    assert failed == 466_500


def test_no_pledge_bears_more_than_it_promised() -> None:
    lines = loss(mutual(), 3, 1_000_000, 0)
    assert [line.amount for line in lines] == [-25_000, -25_000, -50_000, -12_500, 112_500]
    assert lines[-1].fraction == (935_000, 1)
    assert legs_of(loss(mutual(), 3, 100_000, 93_500)) == []


def test_a_payment_without_a_guarantee_or_a_contract_is_the_members() -> None:
    assert legs_of(settlement(mutual()[:1], 100_000, MEMBER, 0, 93_500)) == [(MEMBER, 93_500)]
    (line,) = settlement([], 100_000, MEMBER, 0, 100_000)
    assert (line.clause, line.kind, line.account, line.amount) == (-1, "", MEMBER, 100_000)


@pytest.mark.parametrize(("before", "payment"), [(0, 0), (0, -5), (0, 100_001), (99_999, 2), (-1, 1)])
def test_nobody_pays_nothing_or_more_than_is_owed(before: int, payment: int) -> None:
    with pytest.raises(ClauseError) as refusal:
        settlement(mutual(), 100_000, MEMBER, before, payment)
    assert refusal.value.verdict == "bad_amount"


@pytest.mark.parametrize("index", [0, 1, 2, 4, -1])
def test_a_clause_is_of_the_kind_that_is_meant(index: int) -> None:
    with pytest.raises(ClauseError, match=f"clause {index} is to be a mutual_guarantee") as refusal:
        loss(mutual(), index, 100_000, 0)
    assert refusal.value.verdict == "clause_mismatch"


@st.composite
def contracts(draw: st.DrawFn) -> list[Clause]:
    """Contributions, perhaps a guarantee, perhaps a wage, in any order."""
    made = draw(st.lists(contributions, max_size=4))
    made += (
        draw(st.lists(payments, max_size=1)) + draw(st.lists(wages, max_size=1)) + draw(guarantees.map(lambda g: [g]))
    )
    return read_clauses(draw(st.permutations(made)))


claims = st.integers(1, 200) | st.integers(1, 10**15)


@given(contracts(), claims)
def test_contribution_and_budget_are_the_claim(clauses: list[Clause], amount: int) -> None:
    lines = contribution(clauses, amount)
    assert sum(line.amount for line in lines) + budget(clauses, amount) == amount
    assert budget(clauses, amount) >= 0
    assert all(line.amount >= 0 for line in lines)
    assert all(abs(line.amount - Fraction(*line.fraction)) < 1 for line in lines)


@given(st.lists(contributions, min_size=1, max_size=1), claims)
def test_a_contribution_is_rounded_once(value: Any, amount: int) -> None:
    (clause,) = read_clauses(value)
    assert isinstance(clause, RateContribution)
    total = sum(line.amount for line in contribution([clause], amount))
    assert total == multiply(amount, *clause.rate)
    assert abs(total - Fraction(amount) * Fraction(*clause.rate)) <= Fraction(1, 2)


@given(contracts(), claims, st.data())
def test_payments_in_parts_come_to_what_one_payment_does(
    clauses: list[Clause], amount: int, data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(1, amount), max_size=5).map(lambda cuts: sorted({0, amount} | cuts)))
    whole = settlement(clauses, amount, MEMBER, 0, amount)
    summed = [0] * len(whole)
    for before, after in pairwise(cuts):
        lines = settlement(clauses, amount, MEMBER, before, after - before)
        assert sum(line.amount for line in lines) == after - before
        assert all(line.amount >= 0 for line in lines)
        summed = [total + line.amount for total, line in zip(summed, lines, strict=True)]
    assert summed == [line.amount for line in whole]
    assert summed == [budget(clauses, amount), *(line.amount for line in contribution(clauses, amount))]


@given(contracts(), claims)
def test_a_wage_sums_to_nothing_and_credits_nobody_less_than_nothing(clauses: list[Clause], amount: int) -> None:
    index = next((n for n, c in enumerate(clauses) if type(c).__name__ == "WageConversion"), None)
    if index is None:
        return
    lines = wage(clauses, index, amount, MEMBER)
    assert sum(leg for _, leg in legs_of(lines)) == 0
    assert lines[0].amount == -budget(clauses, amount)
    assert all(line.amount >= 0 for line in lines[1:])


@given(contracts(), claims, st.data())
def test_a_loss_is_borne_once_and_within_the_pledges(clauses: list[Clause], amount: int, data: st.DataObject) -> None:
    index = next(n for n, c in enumerate(clauses) if isinstance(c, MutualGuarantee))
    paid = data.draw(st.integers(0, amount))
    lines = loss(clauses, index, amount, paid)
    assert sum(line.amount for line in lines) == 0
    clause = clauses[index]
    assert isinstance(clause, MutualGuarantee)
    assert all(0 <= -line.amount <= weight for line, (_, weight) in zip(lines, clause.pledges, strict=False))
    assert 0 <= lines[-1].amount <= max(0, budget(clauses, amount) - paid)
