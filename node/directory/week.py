# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening hours as a table of the week, and how it stands now, in words; pure."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from node.web.words import message

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.places.opening import Span, Week
    from node.web.words import Words

DAYS = (
    message("Monday"), message("Tuesday"), message("Wednesday"), message("Thursday"), message("Friday"),
    message("Saturday"), message("Sunday"),
)  # fmt: skip

LATE_HOUR = 6
"""Until then a night belongs to the evening before it."""
_MIDNIGHT = "24:00"


class Day(NamedTuple):
    """A day: its name, the times at which it is open, whether it is today, whether none of it is certain."""

    name: str
    times: list[str]
    today: bool


class Table(NamedTuple):
    """The week, and how it stands now in words; `is_open` for how that is shown."""

    now: str
    is_open: bool
    days: list[Day]


def week_table(week: Week, words: Words) -> Table:
    """The table of a week (ledger.places.opening)."""
    days = [
        Day(words(DAYS[day.weekday()]), [_times(span, words) for span in spans], day == week.today)
        for day, spans in week.days
    ]
    return Table(_now(week, words), week.is_open, days)


def _now(week: Week, words: Words) -> str:
    until = week.until
    if until is None:
        return words("Open all the time") if week.is_open else words("Closed at present")
    hour = _time(until)
    if week.is_open and until.time() == time():
        hour, until = _MIDNIGHT, until - timedelta(minutes=1)
    late = week.is_open and until.hour < LATE_HOUR and (until.date() - week.today).days == 1
    if until.date() == week.today or late:
        if week.is_open:
            return words("Open now, until {time}", time=hour)
        return words("Closed now, opens at {time}", time=hour)
    day = words(DAYS[until.weekday()])
    if week.is_open:
        return words("Open now, until {day}, {time}", day=day, time=hour)
    return words("Closed now, opens on {day} at {time}", day=day, time=hour)


def _times(span: Span, words: Words) -> str:
    end = _MIDNIGHT if span.end.time() == time() else _time(span.end)
    text = f"{_time(span.begin)}\u2009\u2013\u2009{end}"
    if span.sure:
        return f"{text} ({span.note})" if span.note else text
    return words("{times}, perhaps", times=text) + (f" ({span.note})" if span.note else "")


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M}"
