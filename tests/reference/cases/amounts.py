# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 17 §1: amounts, days and months. Integers that may be large are decimal text."""

from collections.abc import Iterator
from fractions import Fraction

from tests.reference import amounts
from tests.reference.vector import Fields, Group

LARGEST, RATE_MAX = 10**15, 10**9


def groups() -> Iterator[Group]:
    """The groups of the section."""
    yield products(Group("multiply", "amount times rate, rounded. Gives product.", check_product))
    yield splits(Group("split", "total in shares by weights. Gives shares.", check_split))
    yield conversions(Group("convert", "What is paid for received at rate. Gives paid.", check_conversion))
    yield texts(Group("amount_text", "The amount that text says at scale; writing it again gives text.", check_text))
    yield days(Group("day_text", "The day that text names; writing it again gives text.", check_day))
    yield months(Group("month_text", "The month that text names.", check_month))
    about = "From day text: working_days later, and months later; text again."
    yield later(Group("later", about, check_later))


def check_product(inputs: Fields) -> Fields:
    return {"product": str(amounts.rounded(int(inputs["amount"]) * Fraction(*inputs["rate"])))}


def check_split(inputs: Fields) -> Fields:
    return {"shares": [str(share) for share in amounts.split(int(inputs["total"]), inputs["weights"])]}


def check_conversion(inputs: Fields) -> Fields:
    return {"paid": str(amounts.convert(int(inputs["received"]), Fraction(*inputs["rate"])))}


def check_text(inputs: Fields) -> Fields:
    amount = amounts.read_amount(inputs["text"], inputs["scale"])
    assert amounts.write_amount(amount, inputs["scale"]) == inputs["text"]
    return {"amount": str(amount)}


def check_day(inputs: Fields) -> Fields:
    day = amounts.read_day(inputs["text"])
    assert amounts.date_of(day).isoformat() == inputs["text"]
    found = amounts.date_of(day)
    return {"day": day, "month": 12 * found.year + found.month - 1}


def check_month(inputs: Fields) -> Fields:
    return {"month": amounts.read_month(inputs["text"])}


def check_later(inputs: Fields) -> Fields:
    day = amounts.read_day(inputs["text"])
    return {
        "after_working_days": amounts.date_of(amounts.working_days_later(day, inputs["working_days"])).isoformat(),
        "after_months": amounts.date_of(amounts.months_later(day, inputs["months"])).isoformat(),
    }


def products(group: Group) -> Group:
    for name, amount, rate in (
        ("nothing", 0, [1, 3]),
        ("half up", 1, [1, 2]),
        ("half of three", 3, [1, 2]),
        ("minus a half goes away from zero", -1, [1, 2]),
        ("minus three halves", -3, [1, 2]),
        ("just below a half", 1, [499_999_999, RATE_MAX]),
        ("a third", 100, [1, 3]),
        ("two thirds of a debt", -100, [2, 3]),
        ("rate 0", 12_345, [0, 1]),
        ("not in lowest terms", 33_333, [65, 1000]),
        ("more than the whole", 12_000, [3, 2]),
        ("largest", LARGEST, [RATE_MAX, 1]),
        ("largest debt by the smallest rate", -LARGEST, [1, RATE_MAX]),
        ("an exact half that floats do not see", 999_999_999_999_999, [1, 2]),
    ):
        group.valid(name, amount=str(amount), rate=rate)
    return group


def splits(group: Group) -> Group:
    for name, total, weights in (
        ("21.67 as 50:10:5", 2_167, [50, 10, 5]),
        ("a tie goes to the first", 1, [1, 1]),
        ("two ties", 2, [1, 1, 1]),
        ("a debt mirrors a credit", -2, [1, 1, 1]),
        ("335.00 over pledges", 33_500, [25_000, 25_000, 50_000, 12_500]),
        ("weight 0 gets nothing", 5, [0, 3, 0, 4]),
        ("one share", -7, [1]),
        ("nothing to share", 0, [1, 2]),
        ("the largest remainder stands last", 10, [3, 3, 5]),
        ("largest", LARGEST, [RATE_MAX, RATE_MAX - 1, 1]),
    ):
        group.valid(name, total=str(total), weights=weights)
    return group


def conversions(group: Group) -> Group:
    for name, received, rate in (
        ("even", 100, [2, 1]),
        ("up", 100, [3, 1]),
        ("one for many", 1, [RATE_MAX, 1]),
        ("many for one", 7, [1, 3]),
        ("largest", LARGEST, [7, RATE_MAX]),
    ):
        group.valid(name, received=str(received), rate=rate)
    return group


def texts(group: Group) -> Group:
    for text, scale in (
        ("12.50", 2),
        ("-12.50", 2),
        ("0.05", 2),
        ("-0.01", 2),
        ("0", 0),
        ("7", 0),
        ("0.000000001", 9),
        ("10000000000000.00", 2),
        ("-1000000000000000", 0),
    ):
        group.valid(f"{text} at scale {scale}", text=text, scale=scale)
    for text, scale in (
        ("", 2),
        ("12,50", 2),
        ("12.5", 2),
        ("12.500", 2),
        ("12", 2),
        ("12.", 2),
        (".50", 2),
        ("12.0", 0),
        ("+12.50", 2),
        ("--1.00", 2),
        ("012.50", 2),
        ("-0.00", 2),
        ("1e3", 0),
        ("1 000.00", 2),
        (" 1.00", 2),
        ("1.00\n", 2),
        ("\u0661.00", 2),
        ("10000000000000.01", 2),
        ("99999999999999999999", 0),
    ):
        group.invalid(f"{text!r} at scale {scale}", "amount", text=text, scale=scale)
    return group


def days(group: Group) -> Group:
    for text in (
        "0001-01-01",
        "1582-10-10",
        "1900-02-28",
        "1969-12-31",
        "1970-01-01",
        "2000-02-29",
        "2024-02-29",
        "2026-03-02",
        "2100-03-01",
        "2127-02-28",
        "9999-12-31",
    ):
        group.valid(text, text=text)
    for text in (
        "",
        "0000-12-31",
        "1900-02-29",
        "2026-02-29",
        "2026-04-31",
        "2026-00-10",
        "2026-13-01",
        "2026-3-2",
        "20260302",
        "2026-W10-1",
        "02.03.2026",
        "2026-03-02T00:00",
        "10000-01-01",
        "-001-01-01",
    ):
        group.invalid(repr(text), "day", text=text)
    return group


def months(group: Group) -> Group:
    for text in ("0001-01", "1970-01", "2026-03", "9999-12"):
        group.valid(text, text=text)
    for text in ("", "0000-12", "2026-00", "2026-13", "2026-3", "2026", "2026-03-01", "10000-01"):
        group.invalid(repr(text), "month", text=text)
    return group


def later(group: Group) -> Group:
    for name, text, working, count in (
        ("seven working days from a Monday, 99 years", "2026-03-02", 7, 99 * 12),
        ("none", "2026-03-07", 0, 0),
        ("one from a Saturday", "2026-03-07", 1, 1),
        ("one from a Sunday", "2026-03-08", 1, 1),
        ("one from a Friday", "2026-03-06", 1, 11),
        ("five from a Wednesday", "2026-03-04", 5, 12),
        ("the longest", "2026-03-02", 366, 99 * 12),
        ("29 February and 99 years", "2028-02-29", 3, 99 * 12),
        ("31 January and a month", "2026-01-31", 10, 1),
        ("31 January and 13 months", "2027-01-31", 10, 13),
        ("before 1970", "1969-12-31", 2, 2),
    ):
        group.valid(name, text=text, working_days=working, months=count)
    return group
