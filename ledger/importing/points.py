# SPDX-License-Identifier: AGPL-3.0-or-later
"""Points: decimal degrees as text to integers of 1e-7 degree, without floats on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

PRECISION_METRES_MIN: Final = 10
PRECISION_METRES_MAX: Final = 100_000

_METRES_PER_DEGREE: Final = 111_320
_DEGREES: Final = re.compile(r"([+-]?)(\d{1,9})(?:[.,](\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?")
_LATITUDE_MAX: Final = 900_000_000
_LONGITUDE_MAX: Final = 1_800_000_000


class Degrees(NamedTuple):
    """A position in 1e-7 degrees, and whether latitude and longitude had to be exchanged to make it one."""

    latitude: int
    longitude: int
    exchanged: bool = False


def parse_degrees(text: str) -> Decimal | None:
    """Decimal degrees with a point or a comma, or None if the text is not such a number."""
    match = _DEGREES.fullmatch(text.strip().removesuffix("°").replace("\u2212", "-"))
    if match is None:
        return None
    sign, whole, fraction, exponent = match.groups()
    return Decimal(f"{sign}{whole}.{fraction or '0'}e{exponent or '0'}")


def parse_point(latitude: str, longitude: str) -> Degrees | str:
    """The position that two cells say, or why they say none, in plain English.

    A latitude beyond 90 degrees beside a longitude within them is read as longitude and latitude.
    """
    degrees = parse_degrees(latitude), parse_degrees(longitude)
    if degrees[0] is None or degrees[1] is None:
        return "Not two numbers of decimal degrees, such as 53.488061 and -2.237449. Correct the coordinates."
    north, east = _units(degrees[0]), _units(degrees[1])
    if north == 0 == east:
        return "(0, 0) is in the sea off Africa: the place of a lost position. Give the true one, or leave it empty."
    if abs(north) <= _LATITUDE_MAX and abs(east) <= _LONGITUDE_MAX:
        return Degrees(north, east)
    if abs(north) <= _LONGITUDE_MAX and abs(east) <= _LATITUDE_MAX:
        return Degrees(east, north, exchanged=True)
    return (
        "Outside the range of degrees (latitude -90 to 90, longitude -180 to 180): perhaps a national grid, or a lost"
        " decimal point. Give WGS 84 decimal degrees."
    )


def _units(degrees: Decimal) -> int:
    return int(degrees.scaleb(7).to_integral_value(ROUND_HALF_EVEN))


def bounding_point(positions: Iterable[tuple[str, str]]) -> tuple[str, str, int] | None:
    """(latitude, longitude, precision in metres) of the middle of the box around (longitude, latitude) positions.

    The precision is half the diagonal, measured as at the equator, where a degree is longest. None without positions.
    """
    parsed = [(parse_degrees(longitude), parse_degrees(latitude)) for longitude, latitude in positions]
    known = [(east, north) for east, north in parsed if east is not None and north is not None]
    if not known:
        return None
    west, east = min(east for east, _ in known), max(east for east, _ in known)
    south, north = min(north for _, north in known), max(north for _, north in known)
    diagonal = ((east - west) ** 2 + (north - south) ** 2).sqrt() * _METRES_PER_DEGREE
    precision = min(max(int(diagonal / 2), PRECISION_METRES_MIN), PRECISION_METRES_MAX)
    return f"{(south + north) / 2:f}", f"{(west + east) / 2:f}", precision
