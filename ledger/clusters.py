# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hits of a query as a map shows them: few as the places where they are, many as the cells of a grid.

The grid is square on a map in the Mercator projection, `CELL_PIXELS` wide at a zoom level at which the world is
256 * 2^zoom pixels wide, as web maps have it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ledger.columns import NO_POINT
from ledger.search import NOTHING_HIDDEN, select

if TYPE_CHECKING:
    from ledger.columns import Columns, Ids
    from ledger.query import Query
    from ledger.search import Hidden
    from ledger.sqlite.store import Snapshot

POINTS_MAX = 2_000
CELL_PIXELS = 64
CELLS_MAX = 4_096
ZOOM_MAX = 20
LAT_MAX = 850_511_287
"""Where a Mercator map ends, in 1e-7 degrees."""


class Place(NamedTuple):
    """A position (1e-7 degrees), how many records are there, their kind (empty: of several), the row id of one."""

    lat: int
    lon: int
    hits: int
    kind: str
    rid: int


class Cell(NamedTuple):
    """A cell of the grid: the middle of its records, how many, and its edges, all in 1e-7 degrees."""

    lat: int
    lon: int
    hits: int
    south: int
    west: int
    north: int
    east: int


class Clusters(NamedTuple):
    """The hits on a map: `total` of them have a position, in the box `bounds` (south, west, north, east).

    Either `places` or `cells` is empty. `unplaced` hits have no position.
    """

    total: int
    unplaced: int
    bounds: tuple[int, int, int, int] | None
    places: list[Place]
    cells: list[Cell]


def clusters(
    reads: Snapshot, columns: Columns, query: Query, zoom: int, hidden: Hidden = NOTHING_HIDDEN, most: int = POINTS_MAX
) -> Clusters:
    """Those of a query for a map at a zoom level; up to `most` hits are given as places."""
    with columns.lock:
        hits = select(reads, columns, query, hidden)
        ids = hits[columns.lat[hits] != NO_POINT]
        if not len(ids):
            return Clusters(0, len(hits), None, [], [])
        lat, lon = columns.lat[ids], columns.lon[ids]
        bounds = (int(lat.min()), int(lon.min()), int(lat.max()), int(lon.max()))
        few = len(ids) <= most
        places = _places(columns, ids) if few else []
        cells = [] if few else _cells(lat, lon, bounds, zoom)
    return Clusters(len(ids), len(hits) - len(ids), bounds, places, cells)


def _places(columns: Columns, ids: Ids) -> list[Place]:
    """Each position once, from the north: those that are drawn later stand in front."""
    lat, lon, kind = columns.lat[ids], columns.lon[ids], columns.coded["kind"][ids]
    order = np.lexsort((kind, lon, -lat.astype("int64")))
    lat, lon, kind = lat[order], lon[order], kind[order]
    starts = np.flatnonzero(np.concatenate([[True], (lat[1:] != lat[:-1]) | (lon[1:] != lon[:-1])]))
    ends = np.append(starts[1:], len(lat))
    one_kind = kind[starts] == kind[ends - 1]
    texts = columns.words["kind"].texts
    kinds = [texts[number] if one else "" for number, one in zip(kind[starts].tolist(), one_kind, strict=True)]
    rids = columns.rid[ids[order[starts]]].tolist()
    return list(map(Place, lat[starts].tolist(), lon[starts].tolist(), (ends - starts).tolist(), kinds, rids))


def _cells(lat: np.ndarray, lon: np.ndarray, bounds: tuple[int, int, int, int], zoom: int) -> list[Cell]:
    across = _cells_across(bounds, zoom)
    column = np.minimum((lon.astype("int64") + 1_800_000_000) * across // 3_600_000_000, across - 1)
    row = np.minimum((mercator(lat) * across).astype("int64"), across - 1)
    left, top = int(column.min()), int(row.min())
    width = int(column.max()) - left + 1
    cell = (row - top) * width + column - left
    counts = np.bincount(cell)
    used = np.flatnonzero(counts)
    many = counts[used]
    middle_lat = np.rint(np.bincount(cell, lat)[used] / many).astype("int64").tolist()
    middle_lon = np.rint(np.bincount(cell, lon)[used] / many).astype("int64").tolist()
    west = _longitudes(left + used % width, across).tolist()
    east = _longitudes(left + used % width + 1, across).tolist()
    north = _latitudes(top + used // width, across).tolist()
    south = _latitudes(top + used // width + 1, across).tolist()
    return list(map(Cell, middle_lat, middle_lon, many.tolist(), south, west, north, east))


def _cells_across(bounds: tuple[int, int, int, int], zoom: int) -> int:
    """How many cells the world is wide: fewer than the zoom level says where the hits lie in too many of them."""
    south, west, north, east = bounds
    height, width = float(mercator(south) - mercator(north)), (east - west) / 3_600_000_000
    across = 2 ** min(zoom, ZOOM_MAX) * 256 // CELL_PIXELS
    while across > 1 and (height * across + 2) * (width * across + 2) > CELLS_MAX:
        across //= 2
    return int(across)


def mercator(lat: np.ndarray | int) -> np.ndarray:
    """How far down the map latitudes in 1e-7 degrees lie: 0 at its upper edge, 1 at its lower one."""
    sine = np.sin(np.radians(np.clip(lat, -LAT_MAX, LAT_MAX) / 1e7))
    down: np.ndarray = 0.5 - np.arctanh(sine) / (2 * math.pi)
    return down


def _latitudes(rows: np.ndarray, across: int) -> np.ndarray:
    """The latitudes of the upper edges of rows, in 1e-7 degrees."""
    edges: np.ndarray = np.rint(np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * rows / across)))) * 1e7).astype("int64")
    return edges


def _longitudes(columns: np.ndarray, across: int) -> np.ndarray:
    edges: np.ndarray = columns * 3_600_000_000 // across - 1_800_000_000
    return edges
