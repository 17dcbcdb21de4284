# SPDX-License-Identifier: AGPL-3.0-or-later
"""Random records, and a search over them that is nothing but a loop: what `ledger.directory.search` must agree with."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ledger.deriving.records import sort_key
from ledger.directory.columns import Columns
from ledger.directory.query import Circle, Query
from ledger.directory.search import Page
from ledger.sqlite.store import SqliteStore
from ledger.text import fold
from ledger.values import HistoryRow, RecordIndex, RecordRow
from tests.builders import seeded

WORDS = (
    "Épicerie", "épi", "Coopérative", "coop", "L'Œuvre", "Straße", "forge", "Forge-Neuve", "किताब", "がっこう", "ไทย",
    "книга", "Łódź", "1000", "10", "x" * 60, "x" * 45,
)  # fmt: skip
KINDS, LICENCES, COUNTRIES = ("place", "offer", "resource"), ("CC0-1.0", "ODbL-1.0"), ("", "FR", "DE")
SETS = ("", "shops", "coops-uk")
DIRECTIONS, TERMS = ("", "offer", "want"), ("give", "lend", "mutual", "barter")
STATUSES = ("active", "planned", "paused", "closed", "melting")
CATEGORIES = tuple(f"own:{letter}" for letter in "abcdefghij")


class Item(NamedTuple):
    """A record as it stands in a store, with the words it is found by."""

    row: RecordRow
    found_by: RecordIndex

    @property
    def rid(self) -> int:
        """Its row id."""
        return self.row.rid


def make_item(rng: random.Random, rid: int, record_id: bytes | None = None) -> Item:
    """A random record; many are near the antimeridian, near a pole, or at one place."""
    name, text = (" ".join(rng.choices(WORDS, k=rng.randrange(4))) for _ in range(2))
    lat: int | None
    lon: int | None
    match rng.randrange(5):
        case 0:
            lat, lon = None, None
        case 1:
            lat, lon = rng.randint(-2 * 10**6, 2 * 10**6), (1_799_000_000 + rng.randrange(2_000_000)) % 3_600_000_000
            lon = lon - 3_600_000_000 if lon > 1_800_000_000 else lon
        case 2:
            lat, lon = 900_000_000 - rng.randrange(3) * 10**5, rng.randrange(-1_800_000_000, 1_800_000_001)
        case 3:
            lat, lon = 506_300_000 + rng.randrange(10**6), 30_600_000 + rng.randrange(10**6)
        case _:
            lat, lon = 506_300_000, 30_600_000
    row = RecordRow(
        rid=rid,
        tree=rid >> 32,
        id=record_id or seeded(f"record {rid} {rng.random()}", 16),
        put=rid & 0xFFFFFFFF,
        latest=rid & 0xFFFFFFFF,
        kind=rng.choice(KINDS),
        status=rng.choices(STATUSES, [8, 2, 2, 2, 1])[0],
        sort_key=sort_key(fold(name)),
        lat=lat,
        lon=lon,
        country=rng.choice(COUNTRIES),
        licence=rng.choice(LICENCES),
        source=SETS[rid % 3],
        outside_id="",
        checked_at=rng.choice([None, 0, 500, 1000]),
        direction=rng.choice(DIRECTIONS),
        terms=" ".join(rng.sample(TERMS, rng.randrange(3))),
        valid_until=rng.choice([None, 5, 900]),
        hours=rng.choice(("", "24/7", "off", "about noon")),
    )
    categories = tuple(sorted(rng.sample(CATEGORIES, rng.choice([0, 1, 2, 4, 5, 9]))))
    return Item(row, RecordIndex(rid, fold(name), fold(text), categories))


def store_items(store: SqliteStore, items: Sequence[Item], replaced: Iterable[int] = ()) -> None:
    """Puts records into a store as the fold would."""
    with store.write() as change:
        change.put_records([item.row for item in items], [item.found_by for item in items], replaced)


def drop_item(store: SqliteStore, item: Item) -> None:
    """Takes a record out of a store."""
    with store.write() as change:
        change.add_history([HistoryRow(item.row.tree, item.row.latest, item.row.id, None, None)])
        change.drop_record(item.row)


def naive_search(items: Iterable[Item], query: Query) -> list[Item]:
    """All that is found, in order, whatever the limit and the cursor."""
    found = [item for item in items if _matches(item, query)]
    return sorted(found, key=lambda item: order(item, query))


def order(item: Item, query: Query) -> tuple[object, ...]:
    """What results are ordered by."""
    if query.circle:
        first = distance(item, query.circle)
    else:
        first = 0 if query.words and _has_words(query.words, [item.found_by.name]) else 1
    return first, item.row.sort_key, item.row.id, item.rid


def distance(item: Item, circle: Circle) -> int:
    """Metres to the middle, rounded down."""
    assert item.row.lat is not None
    assert item.row.lon is not None
    lat, lon = math.radians(item.row.lat / 1e7), math.radians(item.row.lon / 1e7)
    lat0, lon0 = math.radians(circle.lat / 1e7), math.radians(circle.lon / 1e7)
    half = math.sin((lat - lat0) / 2) ** 2 + math.cos(lat) * math.cos(lat0) * math.sin((lon - lon0) / 2) ** 2
    return int(2 * 6_371_008.8 * math.asin(math.sqrt(min(half, 1))))


def _matches(item: Item, query: Query) -> bool:
    row = item.row
    return (
        row.status in (query.statuses or ("active", "planned", "paused"))
        and (not query.kinds or row.kind in query.kinds)
        and (not query.licences or row.licence in query.licences)
        and (not query.sets or row.source in query.sets)
        and (not query.countries or row.country in query.countries)
        and (not query.directions or row.direction in query.directions)
        and (not query.terms or bool(set(query.terms) & set(row.terms.split()) - {"barter"}))
        and (query.valid_at is None or row.valid_until is None or row.valid_until >= query.valid_at)
        and (query.open_at is None or (row.hours == "24/7" and (row.lat is not None or row.country != "")))
        and (not query.categories or bool(set(query.categories) & set(item.found_by.categories)))
        and (query.checked_since is None or (row.checked_at is not None and row.checked_at >= query.checked_since))
        and _has_words(query.words, [item.found_by.name, item.found_by.text])
        and (query.box is None or _inside(row, query.box))
        and (query.circle is None or (row.lat is not None and distance(item, query.circle) <= query.circle.radius_m))
    )


def _has_words(words: Sequence[str], texts: Sequence[str]) -> bool:
    found = [word for text in texts for word in text.split()]
    return all(any(word.startswith(wanted) for word in found) for wanted in words)


def _inside(row: RecordRow, box: tuple[int, int, int, int]) -> bool:
    south, west, north, east = box
    if row.lat is None or row.lon is None or not south <= row.lat <= north:
        return False
    return west <= row.lon <= east if west <= east else row.lon >= west or row.lon <= east


def naive_facets(found: Sequence[Item]) -> dict[str, dict[str, int]]:
    """Counts of every value among what was found."""
    return {
        "category": dict(Counter(category for item in found for category in item.found_by.categories)),
        "kind": dict(Counter(item.row.kind for item in found)),
        "licence": dict(Counter(item.row.licence for item in found)),
        "country": dict(Counter(item.row.country for item in found if item.row.country)),
        "status": dict(Counter(item.row.status for item in found)),
        "direction": dict(Counter(item.row.direction for item in found if item.row.direction)),
        "terms": dict(Counter(term for item in found for term in item.row.terms.split() if term != "barter")),
    }


def assert_page(page: Page, found: Sequence[Item], query: Query) -> None:
    """That a first page says what the loop has found."""
    assert page.total == len(found)
    assert page.rids == [item.rid for item in found[: query.limit]]
    assert bool(page.next) == (len(found) > query.limit)
    assert page.facets == naive_facets(found)
    for facet in page.facets.values():
        assert list(facet.items()) == sorted(facet.items(), key=lambda pair: (-pair[1], pair[0]))


def load(store: SqliteStore) -> Columns:
    """The columns of a store as it is now."""
    with store.read() as reads:
        return Columns.load(reads)
