# SPDX-License-Identifier: AGPL-3.0-or-later
"""Amounts, rates, days and months: whole numbers, never a float, rounded once (spec 17 §1).

An amount counts the smallest part of its unit: 1250 is 12.50 at scale 2. A rate is (numerator, denominator).
A day counts from 1970-01-01, a month is 12 * year + month - 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import gcd
from typing import Annotated, TypeAlias

from msgspec import Meta

from protocol.errors import Malformed

AMOUNT_MAX, RATE_MAX, SCALE_MAX = 10**15, 10**9, 9
DAY_MIN, DAY_MAX = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31: what a statement may name."""

Amount = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
UnsignedAmount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
PositiveAmount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
Scale = Annotated[int, Meta(ge=0, le=SCALE_MAX)]
Weight = Annotated[int, Meta(ge=0, le=RATE_MAX)]
Rate: TypeAlias = tuple[Annotated[int, Meta(ge=0, le=RATE_MAX)], Annotated[int, Meta(ge=1, le=RATE_MAX)]]
Day = Annotated[int, Meta(ge=DAY_MIN, le=DAY_MAX)]
Month = Annotated[int, Meta(ge=12, lt=12 * 10_000)]
UnitCode = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,12}\Z")]

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,9}))?", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))? ?%", re.ASCII)
_FRACTION = re.compile(r"([0-9]{1,10})(?: ?/ ?([0-9]{1,10}))?", re.ASCII)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_WORKING_DAYS = 5


def multiply(amount: int, numerator: int, denominator: int) -> int:
    """The amount times a rate, rounded half up, alike for negative amounts."""
    size = (2 * abs(amount) * numerator + denominator) // (2 * denominator)
    return size if amount >= 0 else -size


def split(total: int, weights: Sequence[int]) -> list[int]:
    """The total in shares that are exactly it in sum. The weights are at least 0, their sum at least 1.

    Each share is rounded down; the units left over go to the largest remainders, of equal ones to the first.
    """
    if total < 0:
        return [-share for share in split(-total, weights)]
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    if left:
        remainders = [-(total * weight % whole) for weight in weights]
        for index in sorted(range(len(weights)), key=remainders.__getitem__)[:left]:
            shares[index] += 1
    return shares


def convert(received: int, numerator: int, denominator: int) -> int:
    """What is paid for `received` units, at `numerator` received for each `denominator` paid: never too little."""
    return -(-received * denominator // numerator)


def parse_amount(text: str, scale: int) -> int:
    """The amount that a text with exactly the unit's decimals says. Raises Malformed (`amount`)."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise Malformed("amount", f"{text[:40]!r} is not an amount: write it like {show_amount(1250, scale)}")
    sign, whole, decimals = found[1], found[2], found[3] or ""
    if len(decimals) != scale:
        wanted = f"exactly {scale} decimals" if scale else "no decimals"
        raise Malformed("amount", f"{text[:40]!r}: this unit has {wanted}, as in {show_amount(1250, scale)}")
    amount = int(whole + decimals)
    if amount > AMOUNT_MAX:
        raise Malformed("amount", f"{text[:40]!r} is more than {show_amount(AMOUNT_MAX, scale)}")
    if sign and not amount:
        raise Malformed("amount", f"{text[:40]!r}: nothing has no sign, write it as {show_amount(0, scale)}")
    return -amount if sign else amount


def show_amount(amount: int, scale: int) -> str:
    """The amount as text, with exactly the unit's decimals and a point: what `parse_amount` reads."""
    digits = f"{abs(amount):0{scale + 1}}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else sign + digits


def parse_rate(text: str) -> tuple[int, int]:
    """The rate that "6.5 %", "13/200" or a whole number says, in lowest terms. Raises Malformed (`rate`)."""
    numerator = denominator = 0
    if percent := _PERCENT.fullmatch(text):
        decimals = percent[2] or ""
        numerator, denominator = int(percent[1] + decimals), 100 * 10 ** len(decimals)
    elif fraction := _FRACTION.fullmatch(text):
        numerator, denominator = int(fraction[1]), int(fraction[2] or 1)
    if not denominator:
        raise Malformed("rate", f'{text[:40]!r} is not a rate: write it like "6.5 %" or "13/200"')
    common = gcd(numerator, denominator)
    numerator, denominator = numerator // common, denominator // common
    if max(numerator, denominator) > RATE_MAX:
        raise Malformed("rate", f"{text[:40]!r} is too fine: both numbers of a fraction are at most {RATE_MAX}")
    return numerator, denominator


def parse_day(text: str) -> int:
    """The day that YYYY-MM-DD names. Raises Malformed (`day`)."""
    found = _DAY.fullmatch(text)
    if found is not None:
        year, month, number = (int(part) for part in found.groups())
        if year >= 1 and 1 <= month <= 12 and 1 <= number <= _month_days(year, month):
            return _day_of(year, month, number)
    raise Malformed("day", f"{text[:40]!r} is not a day: write it like 2026-03-02")


def show_day(day: int) -> str:
    """The day as YYYY-MM-DD."""
    year, month, number = _date_of(day)
    return f"{year:04}-{month:02}-{number:02}"


def parse_month(text: str) -> int:
    """The month that YYYY-MM names. Raises Malformed (`month`)."""
    found = _MONTH.fullmatch(text)
    if found is not None and int(found[1]) >= 1 and 1 <= int(found[2]) <= 12:
        return 12 * int(found[1]) + int(found[2]) - 1
    raise Malformed("month", f"{text[:40]!r} is not a month: write it like 2026-03")


def show_month(month: int) -> str:
    """The month as YYYY-MM."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def month_of(day: int) -> int:
    """The month in which a day lies."""
    year, month, _ = _date_of(day)
    return 12 * year + month - 1


def first_day(month: int) -> int:
    """The first day of a month."""
    return _day_of(month // 12, month % 12 + 1, 1)


def add_days(day: int, count: int) -> int:
    """So many days later, each day counted."""
    return day + count


def add_working_days(day: int, count: int) -> int:
    """So many days later, counting Mondays to Fridays only; holidays are not known here. 0 days later is the day."""
    if not count:
        return day
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday, Monday is 0
    if weekday >= _WORKING_DAYS:
        day, weekday = day - (weekday - _WORKING_DAYS + 1), _WORKING_DAYS - 1
    return day + count + 2 * ((weekday + count) // _WORKING_DAYS)


def add_years(day: int, years: int) -> int:
    """The same date so many years later; 29 February becomes the 28th where there is none."""
    year, month, number = _date_of(day)
    year += years
    return _day_of(year, month, min(number, _month_days(year, month)))


def add_months(day: int, months: int) -> int:
    """The same date so many months later; a date that the month does not have becomes its last day."""
    year, month, number = _date_of(day)
    whole = 12 * year + month - 1 + months
    year, month = whole // 12, whole % 12 + 1
    return _day_of(year, month, min(number, _month_days(year, month)))


def _month_days(year: int, month: int) -> int:
    if month == 2:
        return 28 + (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    return 31 - (month in {4, 6, 9, 11})


def _day_of(year: int, month: int, number: int) -> int:
    """The day of a date of the Gregorian calendar. Years begin in March, so that the leap day is their last one."""
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + number - 719_469


def _date_of(day: int) -> tuple[int, int, int]:
    """(year, month, day of the month) of a day: the inverse, over cycles of 400 years of 146,097 days."""
    cycle, rest = divmod(day + 719_468, 146_097)
    year = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
    rest -= 365 * year + year // 4 - year // 100
    month = (5 * rest + 2) // 153
    number = rest - (153 * month + 2) // 5 + 1
    year += 400 * cycle
    return (year, month + 3, number) if month < 10 else (year + 1, month - 9, number)
