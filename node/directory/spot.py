# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small map with one point and the circle within which it lies, as shapes for SVG; pure but for the base map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.places.geography import Box
from node.directory.outlines import View, border_path, land_path, projected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.places.gazetteer import Place

WIDTH, HEIGHT = 360, 240
_ZOOMS = ((2_000, 10), (10_000, 9), (30_000, 8), (100_000, 6))
"""Up to what precision in metres, and how near one looks then: near enough to see a town's neighbours."""
_EQUATOR_M = 40_075_017
_RADIUS_MIN = 7.0
_TOWNS_MAX = 9
_NAME_PIXELS, _LINE_PIXELS = 7, 16


class Town(NamedTuple):
    """A town on the map, in pixels."""

    name: str
    x: int
    y: int


class Spot(NamedTuple):
    """What is drawn. `radius` is that of the circle; `exact` says that it is smaller than the mark."""

    width: int
    height: int
    land: str
    borders: str
    towns: list[Town]
    x: int
    y: int
    radius: float
    exact: bool


def draw_spot(point: Mapping[str, Any], towns_in: Callable[[Box], Iterable[Place]]) -> Spot:
    """The map around a point of a record object, in degrees."""
    lat, lon, precision = point["lat"], point["lon"], point["precision"]
    zoom = next(zoom for metres, zoom in _ZOOMS if precision <= metres)
    x, y = projected(lon, lat)
    world = 256 * 2**zoom
    view = View(zoom, round(x * world - WIDTH / 2), round(y * world - HEIGHT / 2), WIDTH, HEIGHT)
    radius = precision * world / (_EQUATOR_M * max(0.1, math.cos(math.radians(lat))))
    south, west, north, east = (round(edge * 1e7) for edge in view.box)
    return Spot(
        width=WIDTH,
        height=HEIGHT,
        land=land_path(view),
        borders=border_path(view),
        towns=_apart(view, towns_in(Box(south, west, north, east))),
        x=WIDTH // 2,
        y=HEIGHT // 2,
        radius=round(max(radius, _RADIUS_MIN), 1),
        exact=radius < _RADIUS_MIN,
    )


def _apart(view: View, towns: Iterable[Place]) -> list[Town]:
    """The towns whose names have room, the first ones first."""
    found: list[Town] = []
    for town in towns:
        x, y = map(round, view.place(town.lat / 1e7, town.lon / 1e7))
        right = x + 6 + len(town.name) * _NAME_PIXELS
        free = all(
            abs(y - other.y) > _LINE_PIXELS or right < other.x or x > other.x + 6 + len(other.name) * _NAME_PIXELS
            for other in found
        )
        if free and x >= 0 and right <= view.width and _LINE_PIXELS <= y <= view.height - 6:
            found.append(Town(town.name, x, y))
        if len(found) == _TOWNS_MAX:
            break
    return found
