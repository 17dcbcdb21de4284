# SPDX-License-Identifier: AGPL-3.0-or-later
"""A few marked points over the own ground as an SVG picture, for whoever runs no scripts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.places.geography import Box
from ledger.places.towns import towns_in
from node.directory.outlines import border_path, land_path, view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 640, 360
_ZOOM_MAX = 15
_MARGIN = 0.002
"""Degrees around a single point."""
_TOWNS_MAX = 12


class Sign(NamedTuple):
    """A letter at a place in the picture, in pixels."""

    letter: str
    x: int
    y: int


class Named(NamedTuple):
    """A town at a place in the picture."""

    name: str
    x: int
    y: int


class Picture(NamedTuple):
    """What a template draws: paths of land and borders, towns, signs and the line between the first two of them."""

    width: int
    height: int
    land: str
    borders: str
    towns: list[Named]
    signs: list[Sign]


def picture_of(points: Sequence[tuple[str, float, float]]) -> Picture | None:
    """The picture of points (letter, latitude, longitude in degrees); None without any."""
    if not points:
        return None
    lats, lons = [lat for _, lat, _ in points], [lon for _, _, lon in points]
    box = (min(lats) - _MARGIN, min(lons) - _MARGIN, max(lats) + _MARGIN, max(lons) + _MARGIN)
    view = view_of(box, WIDTH, HEIGHT, _ZOOM_MAX)
    south, west, north, east = (round(edge * 1e7) for edge in view.box)

    def at(lat: float, lon: float) -> tuple[int, int]:
        x, y = view.place(lat, lon)
        return round(x), round(y)

    towns = towns_in(Box(south, west, north, east), _TOWNS_MAX)
    return Picture(
        view.width,
        view.height,
        land_path(view),
        border_path(view),
        [Named(town.name, *at(town.lat / 1e7, town.lon / 1e7)) for town in towns],
        [Sign(letter, *at(lat, lon)) for letter, lat, lon in points],
    )
