# SPDX-License-Identifier: AGPL-3.0-or-later
"""A month or a week of a resource as a page shows it: each day a strip of 24 hours, and the same in words. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ledger.reciprocity.calendar import Span, days_from, local_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ledger.reciprocity.calendar import Day
    from node.web.words import Words

_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR, _DAYS, _STEP_S = 1970, 2200, 7, 300
_EN_DASH = "\N{EN DASH}"


class Shown(NamedTuple):
    """The days that are shown, as the address says it: a month (then whole weeks around it), or a week."""

    first: date
    days: int
    month: tuple[int, int] | None

    @property
    def query(self) -> str:
        """The same as the end of an address."""
        if self.month:
            return f"?month={self.month[0]:04}-{self.month[1]:02}"
        year, week, _ = self.first.isocalendar()
        return f"?week={year:04}-W{week:02}"

    def moved(self, by: int) -> Shown:
        """The month or week that comes after it, or before."""
        if self.month:
            number = self.month[0] * 12 + self.month[1] - 1 + by
            return month_shown(number // 12, number % 12 + 1)
        return week_shown(self.first + timedelta(days=_DAYS * by))


class Block(NamedTuple):
    """A part of a strip, in steps of five minutes: where it begins and how wide it is."""

    x: int
    width: int
    mine: bool


class Cell(NamedTuple):
    """A day: its number and date in words, its place, its strip, and what is taken and free of it in words."""

    number: str
    name: str
    iso: str
    inside: bool
    today: bool
    past: bool
    week: str
    blocks: list[Block]
    taken: list[str]
    free: list[str]


def read_shown(query: Mapping[str, str], today: date) -> Shown:
    """What an address asks for: this month if it says nothing, or nothing that there is."""
    if found := _WEEK.fullmatch(query.get("week", "")):
        try:
            return week_shown(_within(date.fromisocalendar(int(found[1]), int(found[2]), 1)))
        except ValueError:
            pass
    if found := _MONTH.fullmatch(query.get("month", "")):
        try:
            return month_shown(*_within(date(int(found[1]), int(found[2]), 1)).timetuple()[:2])
        except ValueError:
            pass
    return month_shown(today.year, today.month)


def _within(day: date) -> date:
    if not _FIRST_YEAR < day.year < _LAST_YEAR:
        raise ValueError(day)
    return day


def month_shown(year: int, month: int) -> Shown:
    """A month, in whole weeks from Monday to Sunday."""
    first = date(year, month, 1)
    begin = first - timedelta(days=first.weekday())
    after = date(year + month // 12, month % 12 + 1, 1)
    weeks = -(-(after - begin).days // _DAYS)
    return Shown(begin, weeks * _DAYS, (year, month))


def week_shown(day: date) -> Shown:
    """The week of a day."""
    return Shown(day - timedelta(days=day.weekday()), _DAYS, None)


def other_view(shown: Shown, today: date) -> Shown:
    """Of a month the week of today, or else its first one; of a week the month in which most of it lies."""
    if shown.month is None:
        middle = shown.first + timedelta(days=3)
        return month_shown(middle.year, middle.month)
    inside = (today.year, today.month) == shown.month
    return week_shown(today if inside else date(*shown.month, 1))


def span_of(shown: Shown, zone: ZoneInfo) -> Span:
    """From the first moment that is shown up to the last."""
    days = days_from(shown.first, shown.days, zone, ())
    return Span(days[0].begin, days[-1].end)


def cells_of(
    shown: Shown, taken: Sequence[tuple[Span, bool]], zone: ZoneInfo, now: int, words: Words
) -> list[list[Cell]]:
    """The weeks that are shown; what is taken goes with whether it is the reader's own."""
    mine = {span for span, own in taken if own}
    today = local_time(now, zone).date()
    cells = [
        _cell(day, shown, {one for one in mine if one.begin < day.end and one.end > day.begin}, zone, today, words)
        for day in days_from(shown.first, shown.days, zone, [span for span, _ in taken])
    ]
    return [cells[begin : begin + _DAYS] for begin in range(0, len(cells), _DAYS)]


def _cell(day: Day, shown: Shown, mine: set[Span], zone: ZoneInfo, today: date, words: Words) -> Cell:
    blocks = []
    for one in day.taken:
        begin, end = _step(one.begin, day, zone), _step(one.end, day, zone)
        own = any(other.begin <= one.begin and one.end <= other.end for other in mine)
        blocks.append(Block(begin, max(1, end - begin), own))
    return Cell(
        number=str(day.date.day),
        name=words.day(day.date.isoformat()),
        iso=day.date.isoformat(),
        inside=shown.month is None or (day.date.year, day.date.month) == shown.month,
        today=day.date == today,
        past=day.date < today,
        week=week_shown(day.date).query,
        blocks=blocks,
        taken=[_hours(one, day, zone) for one in day.taken],
        free=[_hours(one, day, zone) for one in day.free],
    )


def _step(at: int, day: Day, zone: ZoneInfo) -> int:
    """Where a moment of a day stands on its strip: by what the clock shows."""
    if at >= day.end:
        return 24 * 3_600 // _STEP_S
    local = local_time(at, zone)
    return (local.hour * 3_600 + local.minute * 60) // _STEP_S


def _hours(span: Span, day: Day, zone: ZoneInfo) -> str:
    end = "24:00" if span.end >= day.end else f"{local_time(span.end, zone):%H:%M}"
    return f"{local_time(span.begin, zone):%H:%M}{_EN_DASH}{end}"


def span_text(span: Span, zone: ZoneInfo, words: Words) -> str:
    """A span in words: the day, from when to when, and the other day if it ends on one."""
    begin, end = local_time(span.begin, zone), local_time(span.end, zone)
    first = f"{words.day(begin.date().isoformat())}, {begin:%H:%M}"
    if begin.date() == end.date():
        return f"{first}{_EN_DASH}{end:%H:%M}"
    return f"{first} {_EN_DASH} {words.day(end.date().isoformat())}, {end:%H:%M}"
