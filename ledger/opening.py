# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a place is open at a moment: opening hours as OpenStreetMap writes them, in the time of where the place is.

The zone and the public holidays are those of its position; where none is known, those of the largest town of its
country; where that is not known either, nobody can say.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from ledger.gazetteer import everywhere
from ledger.geography import LAT_MAX, LON_MAX

_ZULU = ZoneInfo("UTC")
"""The library takes zones that have a name."""


def is_open(hours: str, lat: int | None, lon: int | None, country: str, at: int) -> bool:
    """Whether these hours are open at a moment (UTC seconds); `lat`, `lon` in 1e-7 degrees.

    What cannot be read, or told, is not open.
    """
    import opening_hours  # noqa: PLC0415 - brings the zones of the world along, which few searches need

    if lat is None or lon is None or abs(lat) > LAT_MAX or abs(lon) > LON_MAX:
        where = _largest_town(country)
    else:
        where = lat, lon
    if where is None:
        return False
    try:
        told = opening_hours.OpeningHours(hours, coords=(where[0] / 1e7, where[1] / 1e7))
        return told.is_open(datetime.fromtimestamp(at, UTC).replace(tzinfo=_ZULU))
    except (opening_hours.ParserError, ValueError, OverflowError):  # type: ignore[attr-defined] # not in its stubs
        return False


@cache
def _largest_towns() -> dict[str, tuple[int, int]]:
    largest: dict[str, tuple[int, int, int]] = {}
    for place in everywhere():
        largest[place.country] = max(largest.get(place.country, (-1, 0, 0)), (place.population, place.lat, place.lon))
    return {country: (lat, lon) for country, (_, lat, lon) in largest.items()}


def _largest_town(country: str) -> tuple[int, int] | None:
    return _largest_towns().get(country)
