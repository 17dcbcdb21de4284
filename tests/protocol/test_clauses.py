# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 18: the clauses of a contract, as they may be signed and as they are received."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.clauses import (
    CLAUSE_KINDS,
    accounts_of,
    body_of,
    check_clauses,
    debited_accounts,
    kind_of,
    read_clauses,
)
from protocol.encoding import decode, encode
from protocol.errors import Malformed
from tests.protocol.clauses import clauses
from tests.protocol.strategies import damaged, values
from tests.protocol.vectors import Case, agreed, vectors

A, B, C, D = (bytes([number]) * 16 for number in range(1, 5))
GOOD: dict[str, dict[str, Any]] = {
    "rate_contribution": {"of": "claim", "rate": [65, 1000], "to": [[A, 50], [B, 10]]},
    "guaranteed_payment": {"days": 7, "calendar": "working", "fund": A},
    "wage_conversion": {
        "lines": [
            {"name": "gross", "base": ["budget"], "rate": [4, 5]},
            {"name": "employee", "base": ["gross"], "rate": [1307, 10_000], "to": A},
            {"name": "tax", "base": ["gross"], "less": ["employee"], "rate": [1, 5], "to": B},
        ]
    },
    "reinvest": {"rate": [1, 20], "from": A, "to": [[B, 1]], "in_kind": {"unit": "h", "price": 3500, "cap": [2, 5]}},
    "access": {
        "resource": A,
        "unit_price": 4000,
        "unit": "EUR",
        "per": "day",
        "by_class": {"coop": [1, 4], "for_profit": [3, 2], "city": "deny"},
        "to": B,
    },
    "patronage": {
        "base": "hours",
        "unit": "EUR",
        "reserve": [3, 10],
        "reserve_to": A,
        "commons": [7, 10],
        "commons_to": B,
    },
    "mutual_guarantee": {"pool": A, "pledges": [[B, 25_000], [C, 0]]},
    "share": {"shares": "part", "nominal": 5000, "unit": "EUR", "min": 1, "refund": "nominal", "notice_days": 180},
    "lease": {"resource": A, "years": 99, "rent": 12_000, "from": B, "to": C, "every": "year"},
    "gift": {"ack": "wanted"},
    "host_fee": {"fund": A, "rate": [1, 20], "to": B},
}


def good(kind: str, **changed: Any) -> dict[str, Any]:
    return {"kind": kind} | GOOD[kind] | changed


@vectors("18-clauses", "clauses")
def test_clauses_vectors(case: Case) -> None:
    value = decode(bytes.fromhex(case["clauses_hex"]))
    with agreed(case):
        assert [kind_of(clause) for clause in read_clauses(value)] == case["kinds"]
    if case["valid"]:
        with agreed({"valid": case["signable"], "reason": "clause"}):
            check_clauses(value)


@given(st.lists(clauses, min_size=1, max_size=4))
def test_what_may_be_signed_is_read_as_it_was_meant(value: Any) -> None:
    if sum(clause["kind"] == "guaranteed_payment" for clause in value) > 1:
        with pytest.raises(Malformed, match="at most one"):
            check_clauses(value)
        return
    checked = check_clauses(value)
    assert [body_of(clause) for clause in checked] == value
    assert read_clauses(decode(encode(value))) == checked
    assert [kind_of(clause) for clause in checked] == [clause["kind"] for clause in value]


@given(values | st.lists(values, max_size=3) | st.lists(clauses | values, max_size=3))
def test_any_value_is_refused_or_clauses(value: Any) -> None:
    try:
        found = read_clauses(value)
    except Malformed:
        return
    assert [body_of(clause) for clause in found] == [body_of(clause) for clause in read_clauses(value)]


@given(damaged(clauses.map(lambda clause: encode([clause]))))
def test_damaged_clauses_are_refused_or_read_again_the_same(data: bytes) -> None:
    try:
        found = read_clauses(decode(data))
    except Malformed:
        return
    assert read_clauses([body_of(clause) for clause in found]) == found


def test_every_kind_has_an_example_here() -> None:
    assert list(GOOD) == list(CLAUSE_KINDS)
    for kind, (clause,) in ((kind, check_clauses([good(kind)])) for kind in GOOD):
        assert isinstance(clause, CLAUSE_KINDS[kind])


@pytest.mark.parametrize("kind", GOOD)
def test_an_unknown_key_is_let_pass_but_not_signed(kind: str) -> None:
    more = good(kind, colour="blue")
    assert read_clauses([more]) == read_clauses([good(kind)])
    with pytest.raises(Malformed, match=rf"clause 0 \({kind}\): there is more in it") as refusal:
        check_clauses([more])
    assert refusal.value.reason == "clause"


@pytest.mark.parametrize("kind", GOOD)
def test_every_field_has_a_type(kind: str) -> None:
    for name in GOOD[kind]:
        wrong: Any
        for wrong in (True, 1.5, None, {}, [[]], "no such word", -1, 10**16):
            if wrong is None and name == "in_kind":
                continue
            with pytest.raises(Malformed):
                check_clauses([good(kind, **{name: wrong})])


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        ({"kind": "demurrage", "rate": [1, 100]}, "Invalid value 'demurrage'"),
        ({"of": "claim"}, "kind"),
        (good("rate_contribution", rate=[1001, 1000]), "more than the whole"),
        (good("rate_contribution", rate=[1, 0]), "Expected `int` >= 1"),
        (good("rate_contribution", rate=[1]), "length 2"),
        (good("rate_contribution", to=[]), "length >= 1"),
        (good("rate_contribution", to=[[B, 1], [A, 1]]), "ascending order"),
        (good("rate_contribution", to=[[A, 1], [A, 2]]), "ascending order"),
        (good("rate_contribution", to=[[A, 0], [B, 0]]), "all weights are 0"),
        (good("rate_contribution", to=[[bytes([1, n]) * 8, 1] for n in range(33)]), "length <= 32"),
        (good("rate_contribution", to=[[A[:15], 1]]), "length >= 16"),
        (good("rate_contribution", to=[[A, 10**9 + 1]]), "<= 1000000000"),
        (good("guaranteed_payment", days=367), "<= 366"),
        (good("guaranteed_payment", cap=0), ">= 1"),
        (good("wage_conversion", lines=[]), "length >= 1"),
        (good("wage_conversion", lines=[{"name": "x", "base": ["y"], "rate": [1, 1]}]), "not an earlier line"),
        (good("wage_conversion", lines=[{"name": "x", "base": ["x"], "rate": [1, 1]}]), "not an earlier line"),
        (good("wage_conversion", lines=[{"name": "x", "base": ["budget"] * 2, "rate": [1, 1]}]), "or twice"),
        (good("wage_conversion", lines=[{"name": "x", "base": [], "rate": [1, 1]}]), "length >= 1"),
        (good("wage_conversion", lines=[{"name": "budget", "base": ["budget"], "rate": [1, 1]}]), "is taken"),
        (good("wage_conversion", lines=[{"name": "residual", "base": ["budget"], "rate": [1, 1]}]), "is taken"),
        (good("wage_conversion", lines=[{"name": "x", "base": ["budget"], "rate": [1, 1]}] * 2), "is taken"),
        (good("wage_conversion", lines=[{"name": "a\nb", "base": ["budget"], "rate": [1, 1]}]), "regex"),
        (good("reinvest", rate=[2, 1]), "more than the whole"),
        (good("reinvest", in_kind={"unit": "h", "price": 1, "cap": [3, 2]}), "in_kind.cap: 3/2 is more"),
        (good("access", by_class={}), "length >= 1"),
        (good("access", by_class={"pirate": [1, 1]}), "Invalid enum value 'pirate'"),
        (good("access", unit="a b"), "regex"),
        (good("patronage", reserve=[31, 100]), "more than the whole"),
        (good("share", shares="EUR"), "two units"),
        (good("lease", years=100), "<= 99"),
        (good("host_fee", to=A), "to itself"),
    ],
)
def test_what_breaks_a_rule_is_refused(clause: dict[str, Any], says: str) -> None:
    with pytest.raises(Malformed, match=says) as refusal:
        read_clauses([clause])
    assert refusal.value.reason == "malformed"


def test_the_number_of_clauses_is_limited() -> None:
    assert len(read_clauses([good("gift")] * 32)) == 32
    wrong: Any
    for wrong in ([], [good("gift")] * 33, good("gift"), [good("guaranteed_payment")] * 2):
        with pytest.raises(Malformed):
            read_clauses(wrong)


def test_an_empty_list_that_can_be_left_out_is_not_signed() -> None:
    lines = [{"name": "x", "base": ["budget"], "less": [], "rate": [1, 1]}]
    assert read_clauses([good("wage_conversion", lines=lines)])
    with pytest.raises(Malformed, match="or an empty one"):
        check_clauses([good("wage_conversion", lines=lines)])


@pytest.mark.parametrize(
    ("kind", "named", "debited"),
    [
        ("rate_contribution", {A, B}, set()),
        ("guaranteed_payment", {A}, {A}),
        ("wage_conversion", {A, B}, set()),
        ("reinvest", {A, B}, {A}),
        ("access", {B}, set()),
        ("patronage", {A, B}, set()),
        ("mutual_guarantee", {A, B, C}, {B, C}),
        ("share", set(), set()),
        ("lease", {B, C}, {B}),
        ("gift", set(), set()),
        ("host_fee", {A, B}, {A}),
    ],
)
def test_accounts_that_a_clause_names_and_takes_from(kind: str, named: set[bytes], debited: set[bytes]) -> None:
    (clause,) = read_clauses([good(kind)])
    assert accounts_of(clause) == named
    assert debited_accounts(clause) == debited
