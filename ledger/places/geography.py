# SPDX-License-Identifier: AGPL-3.0-or-later
"""Distances and boxes on the globe, and how people write them.

Positions are latitude and longitude in integers of 1e-7 degrees (spec 10), distances in whole metres.
The Earth is a sphere of the mean radius of WGS84: off by up to 0.5 %, which no search near a town notices.
"""

import math
import re
from decimal import Decimal
from typing import Final, NamedTuple

E7: Final = 10_000_000
LAT_MAX: Final = 90 * E7
LON_MAX: Final = 180 * E7
EARTH_RADIUS_M: Final = 6_371_008.7714
DISTANCE_M_MAX: Final = 20_015_114  # to the other side of the Earth

_ECHO_CHARACTERS_MAX: Final = 40
_DEGREES: Final = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")
_DISTANCE: Final = re.compile(r"([0-9]{1,8})(?:[.,]([0-9]+))?\s*(km|m)?", re.IGNORECASE)


class Box(NamedTuple):
    """The positions from `south` to `north` and from `west` eastwards to `east`, edges included.

    In 1e-7 degrees. Where `west > east` the box crosses the antimeridian: it holds the longitudes from
    `west` up and those from `east` down.
    """

    south: int
    west: int
    north: int
    east: int


def distance_m(lat1: int, lon1: int, lat2: int, lon2: int) -> int:
    """Metres between two positions, along the surface (the haversine formula)."""
    phi1, phi2 = math.radians(lat1 / E7), math.radians(lat2 / E7)
    half_lat = (phi2 - phi1) / 2
    half_lon = math.radians((lon2 - lon1) / E7) / 2
    square = math.sin(half_lat) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lon) ** 2
    return round(2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, square))))


def box_around(lat: int, lon: int, radius_m: int) -> Box:
    """The smallest box, give or take a metre, with every position within `radius_m` of this one.

    Around a pole it has every longitude; across the antimeridian it has `west > east`.
    Raises `ValueError` for a radius below 0.
    """
    if radius_m < 0:
        raise ValueError(f"a radius cannot be below 0 m: {radius_m}")
    # One metre more, because distances are rounded.
    angle = (radius_m + 1) / EARTH_RADIUS_M
    height = math.ceil(math.degrees(angle) * E7)
    south, north = lat - height, lat + height
    if south <= -LAT_MAX or north >= LAT_MAX:
        return Box(max(south, -LAT_MAX), -LON_MAX, min(north, LAT_MAX), LON_MAX)
    # The circle is widest where a meridian touches it, which is not at its centre's latitude.
    width = math.ceil(math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(lat / E7)))) * E7)
    west, east = lon - width, lon + width
    # A box that only touches the antimeridian crosses it too, for 180 and -180 degrees are one place.
    if west <= -LON_MAX:
        west += 2 * LON_MAX
    if east >= LON_MAX:
        east -= 2 * LON_MAX
    return Box(south, west, north, east)


def degrees(text: str) -> int:
    """Decimal degrees as people write them (`50.63391`, `-3.1`) in 1e-7 degrees, rounded.

    Raises `ValueError` for anything else, and beyond 180 degrees.
    """
    if not _DEGREES.fullmatch(text.strip()):
        raise ValueError(f"not decimal degrees, such as 50.634: {_echo(text)}")
    value = int((Decimal(text.strip()) * E7).to_integral_value())
    if abs(value) > LON_MAX:
        raise ValueError(f"beyond 180 degrees: {_echo(text)}")
    return value


def parse_box(text: str) -> Box:
    """A box written as `west,south,east,north` in decimal degrees, the order of GeoJSON.

    West of more than east crosses the antimeridian. Raises `ValueError` for anything that is not a box.
    """
    edges = text.split(",")
    if len(edges) != 4:
        raise ValueError(f"a box is west,south,east,north in decimal degrees: {_echo(text)}")
    west, south, east, north = map(degrees, edges)
    if max(abs(south), abs(north)) > LAT_MAX:
        raise ValueError(f"a box's south and north cannot be beyond 90 degrees: {_echo(text)}")
    if south > north:
        raise ValueError(f"a box's south cannot be north of its north: {_echo(text)}")
    return Box(south, west, north, east)


def parse_distance(text: str) -> int:
    """A distance as people write it (`10km`, `500 m`, `2,5 km`) in metres, at least 1.

    Kilometres may have two decimals, after a point or a comma; three could be a thousand, and are refused.
    Raises `ValueError` for anything else, and beyond the other side of the Earth.
    """
    match = _DISTANCE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not a distance, such as 10 km or 500 m: {_echo(text)}")
    whole, decimals, unit = match.groups(default="")
    if not unit:
        raise ValueError(f"a distance needs its unit, km or m: {_echo(text)}")
    if len(decimals) > (2 if unit.lower() == "km" else 0):
        raise ValueError(f"a distance has whole metres, or kilometres with two decimals: {_echo(text)}")
    metres = int(whole) * 1000 + int(decimals.ljust(3, "0")) if unit.lower() == "km" else int(whole)
    if not 1 <= metres <= DISTANCE_M_MAX:
        raise ValueError(f"a distance is from 1 m to {DISTANCE_M_MAX // 1000} km: {_echo(text)}")
    return metres


def _echo(text: str) -> str:
    return repr(text if len(text) <= _ECHO_CHARACTERS_MAX else text[:_ECHO_CHARACTERS_MAX] + "...")
