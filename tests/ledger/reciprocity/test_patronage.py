# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 18 §7: how a surplus is shared, to the cent."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity.lines import legs_of, show_rule
from ledger.reciprocity.patronage import Total, patronage
from protocol.clauses import Clause, read_clauses
from tests.protocol.clauses import ids, patronages

POOL, RESERVE, COMMONS = (bytes([number]) * 16 for number in range(1, 4))
MEMBERS = [bytes([number]) * 16 for number in range(11, 15)]
ACCOUNTS = [bytes([number]) * 16 for number in range(21, 25)]
DIVIDEND = b"dividend".ljust(16)


def contract(**changed: Any) -> list[Clause]:
    clause = {
        "kind": "patronage",
        "base": "contributions",
        "unit": "EUR",
        "reserve": [30, 100],
        "reserve_to": RESERVE,
        "commons": [3, 100],
        "commons_to": COMMONS,
    }
    return read_clauses([clause | changed])


def totals(*amounts: int) -> list[Total]:
    return [Total(*one) for one in zip(MEMBERS, amounts, ACCOUNTS, strict=False)]


def test_a_surplus_of_10000() -> None:
    lines = patronage(contract(), 0, 1_000_000, POOL, totals(1_234_567, 800_000, 432_109, 1), (DIVIDEND,))
    assert [(line.name, line.account, line.amount) for line in lines] == [
        ("surplus", POOL, -1_000_000),
        ("reserve", RESERVE, 300_000),
        ("commons", COMMONS, 30_000),
        ("patronage", ACCOUNTS[0], 335_334),
        ("patronage", ACCOUNTS[1], 217_296),
        ("patronage", ACCOUNTS[2], 117_370),
        ("patronage", ACCOUNTS[3], 0),
    ]
    assert show_rule(lines[1].rule, 2) == "10000.00 × 30/100"
    assert show_rule(lines[4].rule, 2) == "6700.00 × 8000.00/24666.77"
    assert lines[3].sources == (DIVIDEND, MEMBERS[0])


def test_little_lines_and_those_of_members_without_an_account_go_to_commons() -> None:
    given = totals(1_234_567, 800_000, 432_109, 1)
    given[1] = given[1]._replace(account=None)
    lines = patronage(contract(min=100), 0, 1_000_000, POOL, given)
    assert [(line.name, line.account) for line in lines[3:]] == [
        ("patronage", ACCOUNTS[0]),
        ("no_account", COMMONS),
        ("patronage", ACCOUNTS[2]),
        ("below_min", COMMONS),
    ]
    assert dict(legs_of(lines))[COMMONS] == 30_000 + 217_296


def test_what_nobody_has_a_claim_to_goes_to_commons() -> None:
    for nobody in ([], totals(0, 0), totals(-5, 0)):
        lines = patronage(contract(), 0, 1_000_000, POOL, nobody)
        assert legs_of(lines) == [(POOL, -1_000_000), (RESERVE, 300_000), (COMMONS, 700_000)]
        assert lines[-1].name == "nobody"


def test_who_took_back_more_than_they_gave_counts_as_nothing() -> None:
    lines = patronage(contract(), 0, 1_000_000, POOL, totals(-500, 100))
    assert [line.amount for line in lines[3:]] == [0, 670_000]


def test_reserve_and_commons_never_take_more_than_there_is() -> None:
    lines = patronage(contract(reserve=[1, 2], commons=[1, 2]), 0, 1, POOL, totals(1, 1))
    assert [line.amount for line in lines] == [-1, 1, 0, 0, 0]


def test_equal_members_are_told_apart_by_id_alone() -> None:
    clauses = contract(reserve=[0, 1], commons=[0, 1])
    lines = patronage(clauses, 0, 2, POOL, list(reversed(totals(1, 1, 1))))
    assert [(line.sources[-1], line.amount) for line in lines[3:]] == list(zip(MEMBERS, (1, 1, 0), strict=False))


@given(
    patronages,
    st.integers(1, 10**15),
    st.dictionaries(ids, st.tuples(st.integers(-100, 10**12), st.none() | ids), max_size=8),
)
def test_a_surplus_is_shared_exactly(value: Any, surplus: int, gave: dict[bytes, tuple[int, bytes | None]]) -> None:
    given = [Total(member, *one) for member, one in gave.items()]
    lines = patronage(read_clauses([value]), 0, surplus, POOL, given)
    assert sum(line.amount for line in lines) == 0
    assert all(line.amount >= 0 for line in lines[1:])
    assert lines == patronage(read_clauses([value]), 0, surplus, POOL, given[::-1])
