# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hits on a map: the same as those of the search, each in the cell where it lies, at every zoom level."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pytest

from ledger.directory.clusters import APART_PIXELS, CELLS_MAX, ZOOM_MAX, clusters, mercator
from ledger.directory.columns import Columns
from ledger.directory.query import Query
from ledger.directory.search import Hidden
from ledger.sqlite.store import SqliteStore
from tests.ledger.finding import Item, load, make_item, naive_search, store_items

COUNT = 600


@pytest.fixture(scope="module")
def items() -> list[Item]:
    rng = random.Random(5)
    return [make_item(rng, 1 << 32 | number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def store(items: list[Item], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path_factory.mktemp("clusters") / "ledger.db")
    store_items(made, items)
    yield made
    made.close()


@pytest.fixture(scope="module")
def columns(store: SqliteStore) -> Columns:
    return load(store)


def positions(items: list[Item], query: Query) -> list[tuple[int, int]]:
    """Where the hits of a query are."""
    hits = {item.rid for item in naive_search(items, query)}
    rows = [item.row for item in items if item.rid in hits]
    return [(row.lat, row.lon) for row in rows if row.lat is not None and row.lon is not None]


QUERIES = [
    Query(),
    Query(kinds=("place",)),
    Query(box=(506_000_000, 30_000_000, 506_800_000, 31_000_000)),
    Query(words=("coop",)),
]


@pytest.mark.parametrize("query", QUERIES)
def test_few_hits_are_places(store: SqliteStore, columns: Columns, items: list[Item], query: Query) -> None:
    with store.read() as reads:
        found = clusters(reads, columns, query, 5)
    wanted = positions(items, query)
    assert {(place.lat, place.lon): place.hits for place in found.places} == Counter(wanted)
    assert (found.total, found.cells) == (len(wanted), [])
    kinds = {item.rid: item.row.kind for item in items}
    assert all(place.kind in {"", kinds[place.rid]} for place in found.places)
    assert all(place.kind for place in found.places if place.hits == 1)


@pytest.mark.parametrize("zoom", [0, 3, 9, ZOOM_MAX])
@pytest.mark.parametrize("query", QUERIES[:3])
def test_many_hits_are_cells(store: SqliteStore, columns: Columns, items: list[Item], query: Query, zoom: int) -> None:
    with store.read() as reads:
        found = clusters(reads, columns, query, zoom, most=0)
    wanted = positions(items, query)
    assert found.total == sum(cell.hits for cell in found.cells) == len(wanted)
    assert len(found.cells) <= CELLS_MAX
    assert found.bounds == (
        *(min(pair[axis] for pair in wanted) for axis in (0, 1)),
        *(max(pair[axis] for pair in wanted) for axis in (0, 1)),
    )
    for cell in found.cells:
        inside = [
            (lat, lon) for lat, lon in wanted if cell.west <= lon <= cell.east and _within(lat, cell.south, cell.north)
        ]
        assert len(inside) >= cell.hits
        assert cell.west <= cell.lon <= cell.east


@pytest.mark.parametrize("zoom", [3, 6, 9, 12])
def test_no_cell_hides_another(store: SqliteStore, columns: Columns, items: list[Item], zoom: int) -> None:
    with store.read() as reads:
        found = clusters(reads, columns, Query(), zoom, most=0)
    assert sum(cell.hits for cell in found.cells) == len(positions(items, Query()))
    pixels = 256 * 2**zoom
    spots = [(cell.lon / 3_600_000_000 * pixels, float(mercator(cell.lat)) * pixels) for cell in found.cells]
    assert all(math.dist(one, other) >= APART_PIXELS for one, other in combinations(spots, 2))
    assert zoom > 3 or len(spots) > 1


def _within(lat: int, south: int, north: int) -> bool:
    """Whether a latitude lies between two as the map has them: it ends before the poles."""
    return float(mercator(north)) - 1e-9 <= float(mercator(lat)) <= float(mercator(south)) + 1e-9


def test_what_is_denied_is_on_no_map(store: SqliteStore, columns: Columns) -> None:
    with store.read() as reads:
        assert clusters(reads, columns, Query(), 3, Hidden(frozenset({1}), frozenset())).total == 0
        assert clusters(reads, columns, Query(), 3, Hidden(frozenset({1}), frozenset())).bounds is None
