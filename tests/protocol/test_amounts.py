# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §1: amounts, rates, days and months."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.amounts import (
    AMOUNT_MAX,
    DAY_MAX,
    DAY_MIN,
    RATE_MAX,
    add_days,
    add_months,
    add_working_days,
    add_years,
    convert,
    first_day,
    month_of,
    multiply,
    parse_amount,
    parse_day,
    parse_month,
    show_amount,
    show_day,
    show_month,
    split,
)
from protocol.errors import Malformed
from tests.protocol.vectors import Case, agreed, vectors

EPOCH = date(1970, 1, 1)
amounts = st.integers(-AMOUNT_MAX, AMOUNT_MAX) | st.integers(-1_000, 1_000)
numerators = st.integers(0, RATE_MAX) | st.integers(0, 100)
denominators = st.integers(1, RATE_MAX) | st.integers(1, 100)
all_weights = st.lists(st.integers(0, RATE_MAX) | st.integers(0, 3), min_size=1, max_size=12).filter(any)
scales = st.integers(0, 9)
days = st.integers(DAY_MIN, DAY_MAX)


@given(amounts, numerators, denominators)
def test_a_product_is_the_nearest_whole_number_and_half_goes_away_from_zero(a: int, n: int, d: int) -> None:
    product, exact = multiply(a, n, d), Fraction(a) * Fraction(n, d)
    assert abs(product - exact) <= Fraction(1, 2)
    if abs(product - exact) == Fraction(1, 2):
        assert abs(product) > abs(exact)
    assert multiply(-a, n, d) == -product


def test_half_a_cent_is_a_cent() -> None:
    assert [multiply(amount, 1, 2) for amount in (1, 3, -1, -3, 0)] == [1, 2, -1, -2, 0]


@given(amounts, all_weights)
def test_shares_are_the_total_and_no_share_is_a_unit_off(total: int, weights: list[int]) -> None:
    shares, whole = split(total, weights), sum(weights)
    assert sum(shares) == total
    assert all(abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True))
    assert split(-total, weights) == [-share for share in shares]


@given(st.integers(0, AMOUNT_MAX), all_weights)
def test_left_over_units_go_to_the_largest_remainders_and_then_to_the_first(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    got = [share * whole > total * weight for share, weight in zip(split(total, weights), weights, strict=True)]
    ranks = sorted((-(total * weight % whole), place) for place, weight in enumerate(weights))
    assert [got[place] for _, place in ranks] == sorted(got, reverse=True)


def test_shares_known_by_hand() -> None:
    assert split(2167, [50, 10, 5]) == [1667, 333, 167]
    assert split(33500, [250, 250, 500, 125]) == [7445, 7444, 14889, 3722]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(1, [0, 1, 0]) == [0, 1, 0]


@given(st.integers(0, AMOUNT_MAX), st.integers(1, RATE_MAX), denominators)
def test_nobody_who_converts_pays_too_little_or_a_unit_too_much(received: int, n: int, d: int) -> None:
    assert convert(received, n, d) == ceil(Fraction(received) * Fraction(d, n))


@given(amounts, scales)
def test_an_amount_has_one_spelling(amount: int, scale: int) -> None:
    text = show_amount(amount, scale)
    assert parse_amount(text, scale) == amount
    assert Fraction(text) == Fraction(amount, 10**scale)


@pytest.mark.parametrize(
    ("text", "scale", "amount"), [("-12.50", 2, -1250), ("0.05", 2, 5), ("7", 0, 7), ("-0.000000001", 9, -1)]
)
def test_amounts_known_by_hand(text: str, scale: int, amount: int) -> None:
    assert parse_amount(text, scale) == amount
    assert show_amount(amount, scale) == text


@pytest.mark.parametrize(
    ("text", "scale", "says"),
    [
        ("12,50", 2, "write it like 12.50"),
        ("", 2, "write it like 12.50"),
        ("1 000.00", 2, "is not an amount"),
        ("+1.00", 2, "is not an amount"),
        ("1e3", 2, "is not an amount"),
        ("01.00", 2, "is not an amount"),
        ("١.00", 2, "is not an amount"),
        ("1.00\n", 2, "is not an amount"),
        (".50", 2, "is not an amount"),
        ("12.5", 2, "exactly 2 decimals, as in 12.50"),
        ("12", 2, "exactly 2 decimals"),
        ("12.500", 2, "exactly 2 decimals"),
        ("12.0", 0, "no decimals, as in 1250"),
        ("-0.00", 2, "nothing has no sign"),
        ("10000000000000.01", 2, "is more than 10000000000000.00"),
        ("9" * 400, 0, "is not an amount"),
    ],
)
def test_what_is_no_amount_is_refused_in_plain_words(text: str, scale: int, says: str) -> None:
    with pytest.raises(Malformed, match=says) as refusal:
        parse_amount(text, scale)
    assert refusal.value.reason == "amount"


@given(days)
def test_days_are_those_of_the_calendar(day: int) -> None:
    known = EPOCH + timedelta(days=day)
    assert show_day(day) == known.isoformat()
    assert parse_day(known.isoformat()) == day
    assert month_of(day) == 12 * known.year + known.month - 1
    assert first_day(month_of(day)) == day - known.day + 1
    assert parse_month(show_month(month_of(day))) == month_of(day)
    assert show_month(month_of(day)) == known.isoformat()[:7]


def test_every_day_of_four_centuries() -> None:
    begin = (date(1900, 1, 1) - EPOCH).days
    end = (date(2300, 3, 1) - EPOCH).days
    assert [show_day(day) for day in range(begin, end)] == [
        datetime.fromtimestamp(86_400 * day, tz=UTC).date().isoformat() for day in range(begin, end)
    ]


@pytest.mark.parametrize(
    "text",
    ["2026-02-29", "2026-13-01", "2026-00-01", "2026-04-31", "0000-01-01", "2026-3-2", "2026-03-02 ", "03.02.26"],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="write it like 2026-03-02"):
        parse_day(text)


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-00", "0000-01", "2026-03-02"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="write it like 2026-03"):
        parse_month(text)


def test_months_known_by_hand() -> None:
    assert month_of(parse_day("2026-03-31")) == parse_month("2026-03") == 24_314


@given(days, st.integers(0, 366))
def test_working_days_are_mondays_to_fridays(day: int, count: int) -> None:
    working = ((day + 3 + step) % 7 < 5 for step in range(1, 2 * count + 8))
    reached = next(step for step, passed in enumerate(accumulate(working), 1) if passed == count) if count else 0
    assert add_working_days(day, count) == day + reached


def test_seven_days_and_seven_working_days() -> None:
    monday = parse_day("2026-03-02")
    assert show_day(add_days(monday, 7)) == "2026-03-09"
    assert show_day(add_working_days(monday, 7)) == "2026-03-11"
    assert show_day(add_working_days(parse_day("2026-03-07"), 1)) == "2026-03-09"


@pytest.mark.parametrize(
    ("begin", "years", "end"),
    [
        ("2026-03-01", 99, "2125-03-01"),
        ("2028-02-29", 99, "2127-02-28"),
        ("2028-02-29", 4, "2032-02-29"),
        ("2000-02-29", 100, "2100-02-28"),
    ],
)
def test_years_later(begin: str, years: int, end: str) -> None:
    assert show_day(add_years(parse_day(begin), years)) == end
    assert show_day(add_months(parse_day(begin), 12 * years)) == end


def test_months_later() -> None:
    last = parse_day("2026-01-31")
    assert [show_day(add_months(last, count)) for count in (0, 1, 2, 13)] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2027-02-28",
    ]


@vectors("17-reciprocity", "multiply")
def test_multiply_vectors(case: Case) -> None:
    assert multiply(int(case["amount"]), *case["rate"]) == int(case["product"])


@vectors("17-reciprocity", "split")
def test_split_vectors(case: Case) -> None:
    assert split(int(case["total"]), case["weights"]) == [int(share) for share in case["shares"]]


@vectors("17-reciprocity", "convert")
def test_convert_vectors(case: Case) -> None:
    assert convert(int(case["received"]), *case["rate"]) == int(case["paid"])


@vectors("17-reciprocity", "amount_text")
def test_amount_text_vectors(case: Case) -> None:
    with agreed(case):
        assert parse_amount(case["text"], case["scale"]) == int(case["amount"])
    if case["valid"]:
        assert show_amount(int(case["amount"]), case["scale"]) == case["text"]


@vectors("17-reciprocity", "day_text")
def test_day_text_vectors(case: Case) -> None:
    with agreed(case):
        day = parse_day(case["text"])
        assert (day, month_of(day), show_day(day)) == (case["day"], case["month"], case["text"])


@vectors("17-reciprocity", "month_text")
def test_month_text_vectors(case: Case) -> None:
    with agreed(case):
        assert parse_month(case["text"]) == case["month"]
    if case["valid"]:
        assert show_month(case["month"]) == case["text"]


@vectors("17-reciprocity", "later")
def test_later_vectors(case: Case) -> None:
    day = parse_day(case["text"])
    assert show_day(add_working_days(day, case["working_days"])) == case["after_working_days"]
    assert show_day(add_months(day, case["months"])) == case["after_months"]
