# SPDX-License-Identifier: AGPL-3.0-or-later
"""The towns that a map of a region names: the largest, and no two so close that their names would meet."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ledger.places.gazetteer import everywhere, numbered
from ledger.places.geography import box_around

if TYPE_CHECKING:
    from ledger.places.gazetteer import Place
    from ledger.places.geography import Box

TOWNS_MAX: Final = 40
ROWS: Final = 9
COLUMNS: Final = 6
"""A map is this many names high and wide at most."""
_LOOKED_AT_MAX: Final = 600


class _Table(NamedTuple):
    """Positions of all places in 1e-7 degrees, and their numbers in the gazetteer, the most populous first."""

    lat: np.ndarray
    lon: np.ndarray
    number: np.ndarray


@cache
def _table() -> _Table:
    columns = np.array([(place.lat, place.lon, place.population) for place in everywhere()], "int64")
    order = np.argsort(-columns[:, 2], kind="stable")
    return _Table(columns[order, 0].astype("int32"), columns[order, 1].astype("int32"), order.astype("int32"))


def towns_in(box: Box, most: int = TOWNS_MAX) -> list[Place]:
    """The towns to name on a map of a box, the most populous first."""
    table = _table()
    inside = (table.lat >= box.south) & (table.lat <= box.north)
    if box.west <= box.east:
        inside &= (table.lon >= box.west) & (table.lon <= box.east)
    else:
        inside &= (table.lon >= box.west) | (table.lon <= box.east)
    height, width = max(1, box.north - box.south), (box.east - box.west) % 3_600_000_000 or 3_600_000_000
    taken: set[tuple[int, int]] = set()
    towns: list[Place] = []
    for at in np.flatnonzero(inside)[:_LOOKED_AT_MAX].tolist():
        row = (int(table.lat[at]) - box.south) * ROWS // height
        column = (int(table.lon[at]) - box.west) % 3_600_000_000 * COLUMNS // width
        # A name lies beside its town, so the cells beside it are full as well.
        if taken.isdisjoint(
            {(row, column), (row, column + 1), (row, column - 1), (row - 1, column), (row + 1, column)}
        ):
            taken.add((row, column))
            towns.append(numbered(int(table.number[at])))
            if len(towns) == most:
                break
    return towns


def near_towns(lat: np.ndarray, lon: np.ndarray, metres: int) -> np.ndarray:
    """Which of these positions in 1e-7 degrees have a town in the box that reaches so far around them."""
    east_of, order = _by_latitude()
    boxes = [box_around(*position, metres) for position in zip(lat.tolist(), lon.tolist(), strict=True)]
    south, west, north, east = np.array(boxes, "int32").reshape(-1, 4).T
    firsts, lasts = np.searchsorted(order, south), np.searchsorted(order, north, "right")
    near = np.zeros(len(lat), bool)
    for at in np.flatnonzero(lasts > firsts).tolist():
        towns = east_of[firsts[at] : lasts[at]]
        if west[at] <= east[at]:
            near[at] = ((towns >= west[at]) & (towns <= east[at])).any()
        else:
            near[at] = ((towns >= west[at]) | (towns <= east[at])).any()
    return near


@cache
def _by_latitude() -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of all places, from the south to the north."""
    table = _table()
    order = np.argsort(table.lat)
    return table.lon[order], table.lat[order]
