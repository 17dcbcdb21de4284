# SPDX-License-Identifier: AGPL-3.0-or-later
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.places.geography import (
    DISTANCE_M_MAX,
    E7,
    EARTH_RADIUS_M,
    LAT_MAX,
    LON_MAX,
    Box,
    box_around,
    degrees,
    distance_m,
    parse_box,
    parse_distance,
)

LILLE = 506_339_100, 30_551_200
PARIS = 488_534_100, 23_488_000

latitudes = st.integers(-LAT_MAX, LAT_MAX)
longitudes = st.integers(-LON_MAX, LON_MAX)
radii = st.integers(0, DISTANCE_M_MAX) | st.integers(0, 100_000)


def contains(box: Box, lat: int, lon: int) -> bool:
    if not box.south <= lat <= box.north:
        return False
    if box.west <= box.east:
        return box.west <= lon <= box.east
    return lon >= box.west or lon <= box.east


def destination(lat: int, lon: int, bearing: float, angle: float) -> tuple[int, int]:
    """Where one comes to from a position, after an angle of the globe at this bearing (radians)."""
    phi = math.radians(lat / E7)
    sine = math.sin(phi) * math.cos(angle) + math.cos(phi) * math.sin(angle) * math.cos(bearing)
    phi2 = math.asin(max(-1.0, min(1.0, sine)))
    turn = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(phi),
        math.cos(angle) - math.sin(phi) * math.sin(phi2),
    )
    lon2 = round(lon + math.degrees(turn) * E7)
    return round(math.degrees(phi2) * E7), (lon2 + LON_MAX) % (2 * LON_MAX) - LON_MAX


def test_distance_from_lille_to_paris() -> None:
    # 204.2 km on the ellipsoid (Vincenty); the sphere is off by less than 0.5 %.
    assert distance_m(*LILLE, *PARIS) == pytest.approx(204_200, rel=0.005)


@pytest.mark.parametrize(
    ("positions", "metres"),
    [
        ((0, 0, 0, 0), 0),
        ((0, 0, 0, LON_MAX), DISTANCE_M_MAX),
        ((-LAT_MAX, 5, LAT_MAX, -7), DISTANCE_M_MAX),
        ((LAT_MAX, 0, LAT_MAX, LON_MAX), 0),
        ((0, LON_MAX, 0, -LON_MAX), 0),
        ((0, 0, E7, 0), 111_195),
        ((60 * E7, 179 * E7, 60 * E7, -179 * E7), 111_191),
    ],
)
def test_known_distances(positions: tuple[int, int, int, int], metres: int) -> None:
    assert distance_m(*positions) == metres


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_symmetric_and_bounded(lat1: int, lon1: int, lat2: int, lon2: int) -> None:
    distance = distance_m(lat1, lon1, lat2, lon2)
    assert distance == distance_m(lat2, lon2, lat1, lon1)
    assert 0 <= distance <= DISTANCE_M_MAX


def test_box_around_a_town() -> None:
    box = box_around(*LILLE, 10_000)
    assert box.south < LILLE[0] < box.north
    assert (box.north - box.south) / E7 == pytest.approx(0.1799, abs=0.0001)
    assert (box.east - box.west) / E7 == pytest.approx(0.2836, abs=0.0001)


def test_box_across_the_antimeridian() -> None:
    box = box_around(-175_000_000, 1_799_000_000, 50_000)
    assert box.west > box.east
    assert contains(box, -175_000_000, -1_799_000_000)
    assert not contains(box, -175_000_000, 0)


def test_box_that_touches_the_antimeridian_holds_both_its_names() -> None:
    for east_edge in range(-30, 30):
        box = box_around(0, LON_MAX - 90_000 + east_edge, 1_000)
        if distance_m(0, LON_MAX - 90_000 + east_edge, 0, LON_MAX) <= 1_000:
            assert contains(box, 0, LON_MAX)
            assert contains(box, 0, -LON_MAX)


@pytest.mark.parametrize("lat", [LAT_MAX, -LAT_MAX, LAT_MAX - 1000, 1000 - LAT_MAX])
def test_box_around_a_pole_has_every_longitude(lat: int) -> None:
    box = box_around(lat, 0, 1_000)
    assert (box.west, box.east) == (-LON_MAX, LON_MAX)
    assert abs(box.north - box.south) < E7
    assert -LAT_MAX <= box.south < box.north <= LAT_MAX


def test_box_of_half_the_earth_is_the_earth() -> None:
    assert box_around(0, 0, DISTANCE_M_MAX) == (-LAT_MAX, -LON_MAX, LAT_MAX, LON_MAX)


def test_radius_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        box_around(0, 0, -1)


@given(latitudes, longitudes, radii, st.floats(0, 2 * math.pi), st.floats(0, 1))
@example(899_000_000, LON_MAX, 11_000, math.pi / 2, 1.0)
@example(-850_000_000, -LON_MAX, 500_000, 3 * math.pi / 2, 1.0)
def test_every_point_within_the_radius_lies_in_the_box(
    lat: int, lon: int, radius_m: int, bearing: float, share: float
) -> None:
    box = box_around(lat, lon, radius_m)
    there = destination(lat, lon, bearing, share * radius_m / EARTH_RADIUS_M)
    if distance_m(lat, lon, *there) <= radius_m:
        assert contains(box, *there)


@given(latitudes, longitudes, st.integers(1, 1_000_000))
def test_box_is_no_larger_than_it_needs(lat: int, lon: int, radius_m: int) -> None:
    box = box_around(lat, lon, radius_m)
    for edge in (box.south, box.north):
        if abs(edge) < LAT_MAX:
            assert distance_m(lat, lon, edge, lon) <= radius_m + 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("50.63391", 506_339_100),
        (" -3.1 ", -31_000_000),
        ("+4", 40_000_000),
        ("180", LON_MAX),
        ("-180.0", -LON_MAX),
        ("0.00000014999", 1),
        ("0.1234567", 1_234_567),
    ],
)
def test_degrees(text: str, value: int) -> None:
    assert degrees(text) == value


@pytest.mark.parametrize("text", ["", "-", "1e2", "nan", "inf", "3,1", "1.", ".5", "0x1", "٣", "1_0", "9" * 99])
def test_degrees_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not decimal degrees"):
        degrees(text)


def test_degrees_beyond_the_globe_are_refused() -> None:
    with pytest.raises(ValueError, match="beyond 180"):
        degrees("180.0000001")


@given(longitudes)
def test_degrees_reads_what_is_written_exactly(value: int) -> None:
    sign = "-" if value < 0 else ""
    assert degrees(f"{sign}{abs(value) // E7}.{abs(value) % E7:07}") == value


def test_parse_box() -> None:
    assert parse_box("2.9,50.5,3.2,50.7") == Box(505_000_000, 29_000_000, 507_000_000, 32_000_000)
    assert parse_box("170, -20, -170, -10").west == 170 * E7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "west,south,east,north"),
        ("1,2,3", "west,south,east,north"),
        ("1,2,3,4,5", "west,south,east,north"),
        ("1,2,x,4", "not decimal degrees"),
        ("1,50,2,49", "north of its north"),
        ("1,50,2,91", "beyond 90"),
        ("-181,50,2,51", "beyond 180"),
    ],
)
def test_boxes_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_box(text)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("10km", 10_000),
        ("500 m", 500),
        ("2,5 km", 2_500),
        ("2.25KM", 2_250),
        ("0.01 km", 10),
        ("1\u202fkm", 1_000),
        (" 1 M ", 1),
        ("20015 km", 20_015_000),
    ],
)
def test_parse_distance(text: str, metres: int) -> None:
    assert parse_distance(text) == metres


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a distance"),
        ("km", "not a distance"),
        ("-1 km", "not a distance"),
        ("ten km", "not a distance"),
        ("1.km", "not a distance"),
        ("5 miles", "not a distance"),
        ("999999999 m", "not a distance"),
        ("10", "needs its unit"),
        ("1,500 km", "two decimals"),
        ("1,5 m", "whole metres"),
        ("0 km", "from 1 m"),
        ("20016 km", "from 1 m"),
    ],
)
def test_distances_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_distance(text)


def test_refusals_do_not_repeat_long_texts() -> None:
    with pytest.raises(ValueError, match="not a distance") as refusal:
        parse_distance("x" * 10_000)
    assert len(str(refusal.value)) < 120
