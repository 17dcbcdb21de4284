# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a point lies in the sea, by the coasts that every node has: they are a kilometre or two off at most. Pure."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from ledger.geography import box_around
from ledger.towns import towns_in
from node.outlines import land_shapes, projected

_OFF_M = 5_000
"""So far from land something is in the sea for sure: a harbour is not."""
_METRES_PER_DEGREE = 111_320
_AROUND = 8


class _Edge(NamedTuple):
    """The edge of a piece of land: its corners on the map of the world, and its box (left, top, right, bottom)."""

    x: np.ndarray
    y: np.ndarray
    box: tuple[float, float, float, float]


@cache
def _edges() -> tuple[_Edge, ...]:
    made = []
    for shape in land_shapes():
        corners = np.array(shape.points)
        made.append(_Edge(corners[:, 0], corners[:, 1], shape.box))
    return tuple(made)


def is_sea(lat: int, lon: int) -> bool:
    """Whether a position in 1e-7 degrees is in the sea, some kilometres from any land."""
    north, east = lat / 1e7, lon / 1e7
    if _is_land(north, east):
        return False
    up = _OFF_M / _METRES_PER_DEGREE
    across = up / max(0.05, math.cos(math.radians(north)))
    turns = [2 * math.pi * n / _AROUND for n in range(_AROUND)]
    if any(_is_land(north + up * math.sin(turn), east + across * math.cos(turn)) for turn in turns):
        return False
    return not towns_in(box_around(lat, lon, _OFF_M), 1)  # small islands have no coast here, but their towns have names


def _is_land(lat: float, lon: float) -> bool:
    x, y = projected(lon, lat)
    return any(
        edge.box[0] <= at <= edge.box[2] and edge.box[1] <= y <= edge.box[3] and _is_inside(edge, at, y)
        for edge in _edges()
        for at in (x, x + 1, x - 1)  # what crosses 180 degrees goes on beyond the edge of the world
    )


def _is_inside(edge: _Edge, x: float, y: float) -> bool:
    """Whether a ray to the right crosses the edge an odd number of times."""
    next_x, next_y = np.roll(edge.x, -1), np.roll(edge.y, -1)
    crosses = (edge.y > y) != (next_y > y)
    rise = next_y[crosses] - edge.y[crosses]
    where = edge.x[crosses] + (y - edge.y[crosses]) / rise * (next_x[crosses] - edge.x[crosses])
    return int((where > x).sum()) % 2 == 1
