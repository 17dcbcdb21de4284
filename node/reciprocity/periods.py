# SPDX-License-Identifier: AGPL-3.0-or-later
"""The months that a page of the ledger is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.amounts import parse_month, show_month
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

YEAR = 12
MONTHS_MAX = 12 * 100


class Period(NamedTuple):
    """The months first..last, both included."""

    first: int
    last: int

    @property
    def since(self) -> str:
        """The first month as YYYY-MM."""
        return show_month(self.first)

    @property
    def until(self) -> str:
        """The last month as YYYY-MM."""
        return show_month(self.last)

    def steps(self) -> list[Period]:
        """What it is made of: its months, or its years where these would be too many to be seen apart."""
        if self.last - self.first < 3 * YEAR:
            return [Period(month, month) for month in range(self.first, self.last + 1)]
        years = range(self.first // YEAR, self.last // YEAR + 1)
        return [Period(max(self.first, YEAR * year), min(self.last, YEAR * year + YEAR - 1)) for year in years]


def read_period(query: Mapping[str, str], newest: int) -> Period:
    """The period that somebody asks for with `from` and `until`; a year up to the `newest` month if they do not.

    Raises Malformed.
    """
    until = parse_month(query["until"]) if query.get("until") else None
    since = parse_month(query["from"]) if query.get("from") else None
    last = until if until is not None else newest if since is None else max(newest, since)
    first = since if since is not None else last - YEAR + 1
    if not 0 <= last - first < MONTHS_MAX:
        raise Malformed(
            "month", f"from {show_month(first)} until {show_month(last)} is not a period of 1 to 1,200 months"
        )
    return Period(max(YEAR, first), last)
