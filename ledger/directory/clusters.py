# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hits of a query as a map shows them: few as the places where they are, many as the cells of a grid.

The grid is square on a map in the Mercator projection, `CELL_PIXELS` wide at a zoom level at which the world is
256 * 2^zoom pixels wide, as web maps have it. Neighbours whose middles are closer than `APART_PIXELS` are one cell, so
that no number on the map hides another.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ledger.directory.columns import NO_POINT
from ledger.directory.search import NOTHING_HIDDEN, select

if TYPE_CHECKING:
    from ledger.directory.columns import Columns, Ids
    from ledger.directory.query import Query
    from ledger.directory.search import Hidden
    from ledger.sqlite.store import Snapshot

POINTS_MAX = 2_000
CELL_PIXELS = 64
APART_PIXELS = 44
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
    """A cell of the grid, or several: the middle of the records, how many, and the edges, all in 1e-7 degrees."""

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
        cells = [] if few else _apart(_cells(lat, lon, bounds, zoom), zoom)
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


def _apart(cells: list[Cell], zoom: int) -> list[Cell]:
    """The cells, each with those smaller ones of which the middle lies too near to its own."""
    pixels = 2 ** min(zoom, ZOOM_MAX) * 256
    across = (np.array([cell.lon for cell in cells]) / 3_600_000_000 * pixels).tolist()
    down = (mercator(np.array([cell.lat for cell in cells])) * pixels).tolist()
    kept: dict[int, list[Cell]] = {}
    near: dict[tuple[int, int], list[int]] = {}
    for one in sorted(range(len(cells)), key=lambda number: -cells[number].hits):
        column, row = int(across[one] // APART_PIXELS), int(down[one] // APART_PIXELS)
        around = [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        others = (
            (math.hypot(across[n] - across[one], down[n] - down[one]), n) for at in around for n in near.get(at, ())
        )
        distance, other = min(others, default=(math.inf, one))
        if distance < APART_PIXELS:
            kept[other].append(cells[one])
        else:
            kept[one] = [cells[one]]
            near.setdefault((column, row), []).append(one)
    return [_together(parts) for parts in kept.values()]


def _together(cells: list[Cell]) -> Cell:
    """One cell with the records of all, in the middle of the first, which is the largest."""
    first, hits = cells[0], sum(cell.hits for cell in cells)
    south, west = min(cell.south for cell in cells), min(cell.west for cell in cells)
    north, east = max(cell.north for cell in cells), max(cell.east for cell in cells)
    return Cell(first.lat, first.lon, hits, south, west, north, east)


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
