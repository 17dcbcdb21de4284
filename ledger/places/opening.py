# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a place is open at a moment: opening hours as OpenStreetMap writes them, in the time of where the place is.

The zone and the public holidays are those of its position; where none is known, those of the largest town of its
country; where that is not known either, nobody can say.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from ledger.places.gazetteer import everywhere
from ledger.places.geography import LAT_MAX, LON_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

_ZULU = ZoneInfo("UTC")
"""The library takes zones that have a name."""


def is_open(hours: str, lat: int | None, lon: int | None, country: str, at: int) -> bool:
    """Whether these hours are open at a moment (UTC seconds); `lat`, `lon` in 1e-7 degrees.

    What cannot be read, or told, is not open.
    """
    import opening_hours  # noqa: PLC0415 - brings the zones of the world along, which few searches need

    where = _where(lat, lon, country)
    if where is None:
        return False
    try:
        told = opening_hours.OpeningHours(hours, coords=(where[0] / 1e7, where[1] / 1e7))
        return told.is_open(datetime.fromtimestamp(at, UTC).replace(tzinfo=_ZULU))
    except (opening_hours.ParserError, ValueError, OverflowError):  # type: ignore[attr-defined] # not in its stubs
        return False


class Span(NamedTuple):
    """A time at which a place is open, or, if `sure` is not true, may be; in the time of where it is."""

    begin: datetime
    end: datetime
    sure: bool
    note: str


class Week(NamedTuple):
    """The days of a week from Monday on, and how it stands now: until when, if that ever changes."""

    today: date
    days: list[tuple[date, list[Span]]]
    is_open: bool
    until: datetime | None


def read_week(hours: str, lat: int | None, lon: int | None, country: str, at: int) -> Week | None:
    """The week of a moment (UTC seconds) by these hours, holidays among them; None where it cannot be read or told."""
    import opening_hours  # noqa: PLC0415 - as above

    where = _where(lat, lon, country)
    if where is None:
        return None
    moment = datetime.fromtimestamp(at, UTC).replace(tzinfo=_ZULU)
    try:
        told = opening_hours.OpeningHours(hours, coords=(where[0] / 1e7, where[1] / 1e7))
        # `next_change` would look for one until the year 9999: seconds, where there is none.
        now, until, state, _ = next(iter(told.intervals(moment, moment + timedelta(days=8))))
        is_open = state == opening_hours.State.OPEN
        changes = until.astimezone(UTC) < moment + timedelta(days=8)
        today = now.date()
        monday = datetime.combine(today - timedelta(days=today.weekday()), time(), now.tzinfo)
        spans = [
            Span(begin, end, state == opening_hours.State.OPEN, note)
            for begin, end, state, note in told.intervals(monday - timedelta(days=1), monday + timedelta(days=8))
            if state != opening_hours.State.CLOSED
        ]
    except (opening_hours.ParserError, ValueError, OverflowError, StopIteration):  # type: ignore[attr-defined] # as above
        return None
    days = [monday.date() + timedelta(days=number) for number in range(7)]
    return Week(today, [(day, _of_day(day, spans)) for day in days], is_open, until if changes else None)


def _of_day(day: date, spans: Sequence[Span]) -> list[Span]:
    """The spans that begin on a day. What lasts longer than a day is cut at midnight."""
    found = []
    for span in spans:
        if span.end - span.begin <= timedelta(days=1):
            if span.begin.date() == day:
                found.append(span)
            continue
        midnight = datetime.combine(day, time(), span.begin.tzinfo)
        begin, end = max(span.begin, midnight), min(span.end, midnight + timedelta(days=1))
        if begin < end:
            found.append(span._replace(begin=begin, end=end))
    return found


def _where(lat: int | None, lon: int | None, country: str) -> tuple[int, int] | None:
    """The position that stands for where a place is."""
    if lat is None or lon is None or abs(lat) > LAT_MAX or abs(lon) > LON_MAX:
        return _largest_town(country)
    return lat, lon


@cache
def _largest_towns() -> dict[str, tuple[int, int]]:
    largest: dict[str, tuple[int, int, int]] = {}
    for place in everywhere():
        largest[place.country] = max(largest.get(place.country, (-1, 0, 0)), (place.population, place.lat, place.lon))
    return {country: (lat, lon) for country, (_, lat, lon) in largest.items()}


def _largest_town(country: str) -> tuple[int, int] | None:
    return _largest_towns().get(country)
