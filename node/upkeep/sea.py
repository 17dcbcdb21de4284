# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which points lie in the sea, by the coasts that every node has: they are a kilometre or two off at most. Pure.

Of many at once, because each alone would have to go through all coasts.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from ledger.places.towns import near_towns
from node.directory.outlines import LAT_MAX, land_shapes

_OFF_M = 5_000
"""So far from land something is in the sea for sure: a harbour is not."""
_METRES_PER_DEGREE = 111_320
_AROUND = 8
_TOGETHER = 64
"""So many points of nearly one height are compared with all the edges at that height at once."""


class _Edges(NamedTuple):
    """All edges of all pieces of land, one beside the other in each piece: from where to where, and of which piece.

    `low` to `right`: between which heights an edge lies, and between which longitudes all of its piece.
    """

    x: np.ndarray
    y: np.ndarray
    next_x: np.ndarray
    next_y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    left: np.ndarray
    right: np.ndarray
    piece: np.ndarray


@cache
def _edges() -> _Edges:
    pieces = []
    for shape in land_shapes():
        corners = np.array(shape.points)
        west, _, east, _ = shape.box
        # What crosses 180 degrees goes on beyond the edge of the world: it is there, and on the other side.
        pieces += [corners + np.array((turn, 0)) for turn in (0, -1, 1) if west + turn <= 1 and east + turn >= 0]
    sizes = [len(corners) for corners in pieces]
    x, y = np.concatenate(pieces).T
    next_x, next_y = np.concatenate([np.roll(corners, -1, axis=0) for corners in pieces]).T
    left = np.repeat([corners[:, 0].min() for corners in pieces], sizes)
    right = np.repeat([corners[:, 0].max() for corners in pieces], sizes)
    piece = np.repeat(np.arange(len(pieces)), sizes)
    return _Edges(x, y, next_x, next_y, np.minimum(y, next_y), np.maximum(y, next_y), left, right, piece)


def is_sea(lat: int, lon: int) -> bool:
    """Whether a position in 1e-7 degrees is in the sea, some kilometres from any land."""
    return bool(are_sea(np.array([lat]), np.array([lon]))[0])


def are_sea(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Which of these positions in 1e-7 degrees are in the sea, some kilometres from any land."""
    north, east = lat / 1e7, lon / 1e7
    left = np.flatnonzero(~_are_land(north, east))
    up = _OFF_M / _METRES_PER_DEGREE
    across = up / np.maximum(0.05, np.cos(np.radians(north)))
    for turn in (2 * math.pi * n / _AROUND for n in range(_AROUND)):
        spots = north[left] + up * math.sin(turn), east[left] + across[left] * math.cos(turn)
        left = left[~_are_land(*spots)]
    # Small islands have no coast here, but their towns have names.
    left = left[~near_towns(lat[left], lon[left], _OFF_M)]
    sea = np.zeros(len(lat), bool)
    sea[left] = True
    return sea


def _are_land(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    sine = np.sin(np.radians(np.clip(lat, -LAT_MAX, LAT_MAX)))
    x, y = lon / 360 + 0.5, 0.5 - np.arctanh(sine) / (2 * math.pi)
    land = np.zeros(len(lat), bool)
    order = np.argsort(y)
    for begin in range(0, len(order), _TOGETHER):
        spots = order[begin : begin + _TOGETHER]
        land[spots] = _are_inside(x[spots], y[spots])
    return land


def _are_inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points, all of nearly one height, are on land: a ray from there leaves a piece an odd number of times."""
    edges = _edges()
    here = (edges.low <= y.max()) & (edges.high > y.min()) & (edges.left <= x.max()) & (edges.right >= x.min())
    # A ray to the left leaves a piece as often as one to the right: the one that meets less of it is looked at.
    to_left, to_right = np.minimum(edges.x, edges.next_x) <= x.max(), np.maximum(edges.x, edges.next_x) >= x.min()
    sides = [np.flatnonzero(here & side) for side in (to_left, to_right)]
    at = min(sides, key=len)
    if not len(at):
        return np.zeros(len(x), bool)
    x1, y1, x2, y2 = (column[at] for column in edges[:4])
    rise = np.where(y1 == y2, 1.0, y2 - y1)
    down = y[:, None]
    where = x1 + (down - y1) / rise * (x2 - x1)
    beside = where < x[:, None] if at is sides[0] else where > x[:, None]
    crossed = ((y1 > down) != (y2 > down)) & beside
    first = np.flatnonzero(np.diff(edges.piece[at], prepend=-1))
    odd = np.add.reduceat(crossed, first, axis=1, dtype="int32") % 2 == 1
    inside: np.ndarray = odd.any(axis=1)
    return inside
