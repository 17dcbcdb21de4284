# SPDX-License-Identifier: AGPL-3.0-or-later
"""Days and hours of a place, and what is free between bookings; pure.

Bookings are spans of UTC seconds. A day is as long as it is where the resource stands: 23 or 25 hours when the clocks
change. An hour that comes twice means the first one; one that does not come is no time at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

ALTERNATIVES = 4
_DAYS_TRIED = 14


class Span(NamedTuple):
    """From one moment up to another (UTC seconds)."""

    begin: int
    end: int


class Day(NamedTuple):
    """A day where the resource stands: its spans that are taken and those that are free, cut at midnight."""

    date: date
    begin: int
    end: int
    taken: list[Span]
    free: list[Span]


def local_time(at: int, zone: ZoneInfo) -> datetime:
    """A moment as the clock there shows it."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def moment_of(local: datetime, zone: ZoneInfo) -> int:
    """The moment when the clock there shows a time. Raises ValueError for one that it never shows."""
    at = int(local.replace(tzinfo=zone, fold=0).timestamp())
    if local_time(at, zone).replace(tzinfo=None, fold=0) != local.replace(tzinfo=None, fold=0):
        raise ValueError(f"the clocks go forward there: {local:%Y-%m-%d %H:%M} does not come")
    return at


def midnight(day: date, zone: ZoneInfo) -> int:
    """When a day begins there, also where its first hour is left out."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def days_from(first: date, count: int, zone: ZoneInfo, taken: Iterable[Span]) -> list[Day]:
    """So many days from one on, each with what is taken and free in it."""
    spans = sorted(taken)
    days = []
    for number in range(count):
        day = first + timedelta(days=number)
        begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
        inside = [
            Span(max(begin, one.begin), min(end, one.end)) for one in spans if one.begin < end and one.end > begin
        ]
        days.append(Day(day, begin, end, inside, free_between(begin, end, inside)))
    return days


def free_between(begin: int, end: int, taken: Sequence[Span]) -> list[Span]:
    """What is free of a span; what is taken is sorted by when it begins."""
    free, at = [], begin
    for one in taken:
        if one.begin > at:
            free.append(Span(at, min(one.begin, end)))
        at = max(at, one.end)
        if at >= end:
            return free
    return [*free, Span(at, end)] if at < end else free


def alternatives(wanted: Span, taken: Iterable[Span], zone: ZoneInfo, now: int) -> list[Span]:
    """When it is free for as long: at the same hour of the days after, before and after what is in the way."""
    spans = sorted(taken)
    length = wanted.end - wanted.begin
    tried = [at for one in spans if one.end > now for at in (one.end, one.begin - length)]
    local = local_time(wanted.begin, zone).replace(tzinfo=None, fold=0)
    for number in range(1, _DAYS_TRIED + 1):
        try:
            tried.append(moment_of(local + timedelta(days=number), zone))
        except ValueError:
            continue
    near = sorted({at for at in tried if at >= now}, key=lambda at: (abs(at - wanted.begin), at))
    found = [Span(at, at + length) for at in near if is_free(Span(at, at + length), spans)]
    return sorted(found[:ALTERNATIVES])


def is_free(span: Span, taken: Iterable[Span]) -> bool:
    """Whether nothing overlaps a span."""
    return not any(one.begin < span.end and one.end > span.begin for one in taken)
