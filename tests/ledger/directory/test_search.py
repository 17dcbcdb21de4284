# SPDX-License-Identifier: AGPL-3.0-or-later
"""Search against a loop over the same records; pages that are stable while records come and go; hostile queries."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ledger.directory.columns import Columns
from ledger.directory.present import page_object
from ledger.directory.query import ARCHIVED_S, Circle, Query, QueryError, circle_box, parse_query
from ledger.directory.search import search, text_expression
from ledger.sqlite.store import SqliteStore
from ledger.text import words
from protocol.identity import Origin
from tests.ledger.finding import (
    CATEGORIES,
    COUNTRIES,
    DIRECTIONS,
    KINDS,
    LICENCES,
    SETS,
    STATUSES,
    TERMS,
    WORDS,
    Item,
    assert_page,
    drop_item,
    load,
    make_item,
    naive_search,
    order,
    store_items,
)
from tests.ledger.making import Scribe, derive, hold

NewStore = Callable[[], SqliteStore]
COUNT = 400


@pytest.fixture(scope="module")
def items() -> list[Item]:
    """Records of two logs; some ids are used by both."""
    rng = random.Random(2)
    first = [make_item(rng, 1 << 32 | n) for n in range(COUNT // 2)]
    return first + [make_item(rng, 2 << 32 | n, first[n].row.id if n % 3 == 0 else None) for n in range(COUNT // 2)]


@pytest.fixture(scope="module")
def store(items: list[Item], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path_factory.mktemp("search") / "ledger.db")
    store_items(made, items)
    yield made
    made.close()


@pytest.fixture(scope="module")
def columns(store: SqliteStore) -> Columns:
    return load(store)


def some(rng: random.Random, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(rng.sample(values, rng.randrange(1, 3))) if rng.random() < 0.25 else ()


def random_words(rng: random.Random) -> tuple[str, ...]:
    chosen = " ".join(rng.choice(WORDS)[: rng.randrange(1, 70)] for _ in range(rng.randrange(1, 3)))
    return tuple(words(chosen, query=True))


def random_box(rng: random.Random) -> tuple[int, int, int, int]:
    return rng.choice(
        [
            (-900_000_000, -1_800_000_000, 900_000_000, 1_800_000_000),
            (506_300_000, 30_600_000, 506_300_000, 30_600_000),
            (506_000_000, 30_000_000, 506_800_000, 31_000_000),
            (-3_000_000, 1_799_500_000, 3_000_000, -1_799_500_000),
            (-3_000_000, 1_799_900_000, 3_000_000, 1_800_000_000),
            (0, -10, 1, 10),
        ]
    )


def random_circle(rng: random.Random) -> Circle:
    lat, lon = rng.choice(
        [(506_300_000, 30_600_000), (0, 1_800_000_000), (0, -1_799_990_000), (899_999_999, 0), (-900_000_000, 5)]
    )
    return Circle(lat, lon, rng.choice([1, 500, 5_000, 20_000, 1_000_000]))


def random_query(rng: random.Random) -> Query:
    return Query(
        words=random_words(rng) if rng.random() < 0.5 else (),
        kinds=some(rng, KINDS),
        categories=some(rng, (*CATEGORIES, "own:none")),
        statuses=some(rng, (*STATUSES, "none")),
        licences=some(rng, LICENCES),
        sets=some(rng, SETS),
        countries=some(rng, COUNTRIES[1:]),
        box=random_box(rng) if rng.random() < 0.3 else None,
        circle=random_circle(rng) if rng.random() < 0.3 else None,
        checked_since=rng.choice([-(10**12), 0, 1, 500, 1001]) if rng.random() < 0.3 else None,
        open_at=1_790_000_000 if rng.random() < 0.2 else None,
        directions=some(rng, DIRECTIONS[1:]),
        terms=some(rng, TERMS),
        valid_at=rng.choice([4, 5, 6, 10**9]) if rng.random() < 0.3 else None,
        limit=rng.choice([1, 2, 7, 20, 100]),
    )


@pytest.mark.parametrize("seed", range(8))
def test_search_finds_what_a_loop_finds(store: SqliteStore, columns: Columns, items: list[Item], seed: int) -> None:
    rng, hits = random.Random(seed), 0
    with store.read() as reads:
        for _ in range(60):
            query = random_query(rng)
            found = naive_search(items, query)
            assert_page(search(reads, columns, query), found, query)
            hits += bool(found)
    assert hits > 20


@pytest.mark.parametrize("seed", range(4))
def test_pages_together_are_the_whole_order(store: SqliteStore, columns: Columns, items: list[Item], seed: int) -> None:
    rng = random.Random(100 + seed)
    with store.read() as reads:
        for limit in (1, 3, 7, 100):
            query = replace(random_query(rng), kinds=(), categories=(), licences=(), countries=(), limit=limit)
            found = [item.rid for item in naive_search(items, query)]
            seen: list[int] = []
            cursor: tuple[int, ...] | None = ()
            while cursor is not None:
                page = search(reads, columns, replace(query, cursor=cursor))
                assert page.total == len(found)
                assert len(page.rids) <= limit
                seen += page.rids
                cursor = parse_query({"cursor": [page.next]}, 0).cursor if page.next else None
            assert seen == found


def test_records_with_one_id_in_two_logs_are_both_found(new_store: NewStore) -> None:
    """A log that copies ids and names of another must not push its records off between two pages."""
    store, rng = new_store(), random.Random(4)
    twins = []
    for number in range(10):
        item = make_item(rng, 1 << 32 | number)
        item = Item(item.row._replace(sort_key=bytes(24), status="active"), item.found_by)
        twin = Item(item.row._replace(rid=2 << 32 | number, tree=2), item.found_by._replace(rid=2 << 32 | number))
        twins += [item, twin]
    store_items(store, twins)
    columns = load(store)
    with store.read() as reads:
        first = search(reads, columns, Query(limit=9))
        cursor = parse_query({"cursor": [first.next]}, 0).cursor
        rest = search(reads, columns, Query(limit=100, cursor=cursor))
    assert sorted(first.rids + rest.rids) == sorted(item.rid for item in twins)


def test_records_are_found_by_log(new_store: NewStore) -> None:
    store = new_store()
    with store.write() as change:
        trees = [change.add_tree(Origin(bytes([number]) * 32, 1)).tree for number in (1, 2)]
    items = [make_item(random.Random(number), tree << 32 | number) for tree in trees for number in range(1, 4)]
    store_items(store, items)
    columns = load(store)
    with store.read() as reads:
        whole = search(reads, columns, Query(statuses=STATUSES))
        one = search(reads, columns, Query(statuses=STATUSES, logs=(bytes([2]) * 32,)))
        none = search(reads, columns, Query(statuses=STATUSES, logs=(bytes([3]) * 32,)))
    assert whole.trees == dict.fromkeys(trees, 3)
    assert (one.total, one.trees) == (3, {trees[1]: 3})
    assert (none.total, none.trees) == (0, {})


@pytest.mark.parametrize("seed", range(6))
def test_pages_are_stable_while_records_come_and_go(new_store: NewStore, seed: int) -> None:
    rng, store = random.Random(seed), new_store()
    present = {rid: make_item(rng, rid) for rid in (1 << 32 | n for n in range(60))}
    store_items(store, list(present.values()))
    columns = load(store)
    circle = Circle(506_300_000, 30_600_000, 1_000_000) if seed % 2 else None
    query = Query(statuses=STATUSES, circle=circle, limit=7, words=("coop",) if seed % 3 == 0 else ())
    stayed, seen, number = set(present), [], 1_000
    cursor: tuple[int, ...] | None = ()
    while cursor is not None:
        with store.read() as reads:
            page = search(reads, columns, replace(query, cursor=cursor))
        seen += [present[rid] for rid in page.rids]
        cursor = parse_query({"cursor": [page.next]}, 0).cursor if page.next else None
        changed = []
        for _ in range(3):
            gone = rng.choice(sorted(present))
            drop_item(store, present.pop(gone))
            stayed.discard(gone)
            number += 1
            new = make_item(rng, 1 << 32 | number)
            present[new.rid] = new
            store_items(store, [new])
            changed += [gone, new.rid]
        with store.read() as reads:
            columns.refresh(reads, changed)
    rids = [item.rid for item in seen]
    assert len(set(rids)) == len(rids)
    assert seen == sorted(seen, key=lambda item: order(item, query))
    wanted = {item.rid for item in naive_search([present[rid] for rid in stayed], query)}
    assert wanted <= set(rids)


# ruff: noqa: E501 - a list of what people might type
HOSTILE = [
    '"', '""', "'", "foo AND", "NEAR(a b)", "NEAR", "a NEAR/2 b", "*", "^a", "a*", "-a", "+a", "(", ")", "((((", "{name} : a",
    "name:a", "\0", "a\0b", "OR OR OR", "NOT a", "a; DROP TABLE record", "%", "_", "\\", "\N{COMBINING ACUTE ACCENT}",
    "\N{ZERO WIDTH JOINER}", "\N{RIGHT-TO-LEFT OVERRIDE}a", "a\N{VARIATION SELECTOR-16}", "ि", "्", "\U000e0041", "\ud800",
    "a" * 10_000, "a " * 5_000, "é" * 10_000, '"' * 10_000, "(" * 10_000, "ﷺ" * 500, "\U0001f600", "İ", "ß" * 50, "가" * 60,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_only_text(store: SqliteStore, columns: Columns, items: list[Item], text: str) -> None:
    query = parse_query({"q": [text]}, 0)
    assert len(query.words) <= 16
    with store.read() as reads:
        assert_page(search(reads, columns, query), naive_search(items, query), query)
        assert len(columns.places(reads.matching(text_expression(["forge"])))) > 0


def test_every_word_is_quoted() -> None:
    assert text_expression(['a"b', "c"]) == '"a""b"* AND "c"*'
    assert text_expression(["a", "b"], "name") == '{name} : ("a"* AND "b"*)'


@pytest.mark.parametrize(
    "parameters",
    [
        {"colour": "blue"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "9" * 5_000},
        {"limit": "１"},
        {"cursor": "abc"},
        {"cursor": "é"},
        {"cursor": "A" * 64},
        {"checked_within": "soon"},
        {"checked_within": "9" * 6},
        {"bbox": "1,2,3"},
        {"bbox": "0,91,1,92"},
        {"lat": "1"},
        {"lat": "91", "lon": "0"},
        {"lat": "nan", "lon": "0"},
        {"radius": "1km"},
        {"lat": "1", "lon": "1", "radius": "5000km"},
        {"near": "Xyzzyville"},
        {"open": "tomorrow"},
        {"over": "yes"},
        {"archived": "yes"},
        {"near": "\0" * 1_000},
    ],
    ids=str,
)
def test_queries_that_make_no_sense_are_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(QueryError):
        parse_query({name: [value] for name, value in parameters.items()}, 10**9)


def test_a_whole_query() -> None:
    parameters = {"q": ["Épicerie"], "kind": ["place,offer", "place"], "checked_within": ["2w"], "limit": ["5"]}
    query = parse_query(parameters | {"lat": ["50.63"], "lon": ["3.06"], "radius": ["5 km"]}, 10**9)
    assert query == Query(
        words=("epicerie",),
        kinds=("place", "offer"),
        checked_since=10**9 - 14 * 86_400,
        seen_since=10**9 - ARCHIVED_S,
        valid_at=10**9,
        circle=Circle(506_300_000, 30_600_000, 5_000),
        limit=5,
    )
    everything = {"over": ["include"], "archived": ["include"]}
    assert parse_query(everything, 0) == Query()
    assert parse_query({"q": ["  "], "near": [""]}, 7) == Query(valid_at=7, seen_since=7 - ARCHIVED_S)
    only = {"over": ["include"], "archived": ["only"]}
    assert parse_query(only, 7) == Query(seen_before=7 - ARCHIVED_S)
    assert parse_query({"over": ["include"], "status": ["closed"]}, 7) == Query(statuses=("closed",))
    offers = {"open": ["now"], "direction": ["offer"], "terms": ["lend,give"]}
    wanted = Query(directions=("offer",), terms=("lend", "give"), open_at=7, valid_at=7)
    assert parse_query(offers | {"archived": ["include"]}, 7) == wanted


def test_the_box_of_a_circle_holds_the_circle() -> None:
    rng = random.Random(6)
    for _ in range(300):
        circle = random_circle(rng)
        south, west, north, east = circle_box(circle)
        item = make_item(rng, 1)
        row = item.row
        if row.lat is None or row.lon is None:
            continue
        in_circle = naive_search([Item(row._replace(status="active"), item.found_by)], Query(circle=circle))
        in_box = south <= row.lat <= north and (
            west <= row.lon <= east if west <= east else row.lon >= west or row.lon <= east
        )
        assert in_box or not in_circle


def test_a_page_leaves_out_what_was_erased_meanwhile(new_store: NewStore) -> None:
    store, scribe = new_store(), Scribe()
    for number in range(3):
        scribe.put(number, f"Bakery {number}")
    hold(store, scribe.log)
    derive(store)
    columns = load(store)
    scribe.erase(2)
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        shown = page_object(reads, search(reads, columns, Query()))
    assert [one["name"]["en"] for one in shown["records"]] == ["Bakery 0", "Bakery 2"]
