# SPDX-License-Identifier: AGPL-3.0-or-later
"""Amounts, days and months, spec 17 §1, over exact fractions and the calendar of the standard library."""

import calendar
import re
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

from tests.reference.rejection import reject, require

AMOUNT_MAX = 10**15
EPOCH = date(1970, 1, 1)


def rounded(exact: Fraction) -> int:
    """The nearest whole number; half goes away from 0."""
    size = floor(abs(exact) + Fraction(1, 2))
    return size if exact > 0 else -size


def split(total: int, weights: list[int]) -> list[int]:
    """Shares by largest remainder, one unit after the other; those of a debt mirror those of a credit."""
    sign = -1 if total < 0 else 1
    exact = [Fraction(abs(total) * weight, sum(weights)) for weight in weights]
    shares = [floor(one) for one in exact]
    while sum(shares) < abs(total):
        wanting = [one - share for one, share in zip(exact, shares, strict=True)]
        shares[wanting.index(max(wanting))] += 1
    return [sign * share for share in shares]


def convert(received: int, rate: Fraction) -> int:
    """What is paid for so many units received."""
    return ceil(received / rate)


def read_amount(text: str, scale: int) -> int:
    """The amount that a text says, or `amount`."""
    decimals = rf"\.[0-9]{{{scale}}}" if scale else ""
    require(re.fullmatch(rf"-?(0|[1-9][0-9]*){decimals}", text, re.ASCII), "amount")
    amount = int(text.replace(".", ""))
    require(abs(amount) <= AMOUNT_MAX, "amount")
    require(amount or not text.startswith("-"), "amount")
    return amount


def write_amount(amount: int, scale: int) -> str:
    """The text of an amount."""
    whole, rest = divmod(abs(amount), 10**scale)
    return ("-" if amount < 0 else "") + (f"{whole}.{str(rest).rjust(scale, '0')}" if scale else str(whole))


def read_day(text: str) -> int:
    """The day of an ISO date, or `day`."""
    require(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII), "day")
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        reject("day")


def read_month(text: str) -> int:
    """The month of YYYY-MM, or `month`."""
    require(re.fullmatch(r"[0-9]{4}-[0-9]{2}", text, re.ASCII), "month")
    year, month = int(text[:4]), int(text[5:])
    require(year >= 1 and 1 <= month <= 12, "month")
    return 12 * year + month - 1


def date_of(day: int) -> date:
    """The date of a day."""
    return EPOCH + timedelta(days=day)


def working_days_later(day: int, count: int) -> int:
    """The count-th Monday to Friday after a day."""
    while count:
        day += 1
        count -= date_of(day).weekday() < 5
    return day


def months_later(day: int, months: int) -> int:
    """The same date so many months later, or the last day of that month."""
    begin = date_of(day)
    year, month = divmod(12 * begin.year + begin.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return (date(year, month + 1, min(begin.day, last)) - EPOCH).days
