# SPDX-License-Identifier: AGPL-3.0-or-later
"""Columns that follow changes answer as columns that are loaded anew."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from ledger.directory.columns import Columns
from ledger.directory.query import Query
from ledger.directory.search import search
from ledger.sqlite.store import SqliteStore
from tests.ledger.finding import (
    CATEGORIES,
    KINDS,
    STATUSES,
    Item,
    assert_page,
    drop_item,
    load,
    make_item,
    naive_search,
    store_items,
)

NewStore = Callable[[], SqliteStore]
EVERYTHING = Query(statuses=STATUSES, limit=100)


def queries() -> list[Query]:
    found = [EVERYTHING, Query(limit=100), Query(words=("coop",), statuses=STATUSES)]
    found += [Query(kinds=(kind,)) for kind in KINDS]
    found += [Query(categories=(category,), statuses=STATUSES) for category in CATEGORIES]
    found += [Query(statuses=(status,)) for status in STATUSES]
    return [*found, Query(box=(506_000_000, 30_000_000, 507_500_000, 32_000_000)), Query(checked_since=500)]


def assert_agrees(store: SqliteStore, columns: Columns, items: dict[int, Item]) -> None:
    with store.read() as reads:
        for query in queries():
            assert_page(search(reads, columns, query), naive_search(items.values(), query), query)


@pytest.mark.parametrize("seed", range(4))
def test_columns_follow_changes_and_removals(new_store: NewStore, seed: int) -> None:
    rng, store = random.Random(seed), new_store()
    present: dict[int, Item] = {}
    columns = load(store)
    assert_agrees(store, columns, present)
    for _ in range(12):
        changed = []
        for _ in range(6):
            rid = 1 << 32 | rng.randrange(30)
            before = present.pop(rid, None)
            if before and rng.random() < 0.4:
                drop_item(store, before)
            else:
                present[rid] = make_item(rng, rid)
                store_items(store, [present[rid]], [rid])
            changed.append(rid)
        with store.read() as reads:
            columns.refresh(reads, changed)
        assert_agrees(store, columns, present)
        assert_agrees(store, load(store), present)


def test_columns_grow(new_store: NewStore) -> None:
    rng, store = random.Random(9), new_store()
    present = {rid: make_item(rng, rid) for rid in (1 << 32 | n for n in range(1_023))}
    store_items(store, list(present.values()))
    columns = load(store)
    for number in range(1_023, 1_030):
        rid = 1 << 32 | number
        present[rid] = make_item(rng, rid)
        store_items(store, [present[rid]])
        with store.read() as reads:
            columns.refresh(reads, [rid])
    assert_agrees(store, columns, present)


def test_a_record_that_loses_its_many_categories(new_store: NewStore) -> None:
    rng, store = random.Random(9), new_store()
    item = make_item(rng, 1 << 32)
    many = Item(item.row, item.found_by._replace(categories=CATEGORIES[:9]))
    few = Item(item.row, item.found_by._replace(categories=CATEGORIES[:1]))
    columns = load(store)
    for one in (many, few, many):
        store_items(store, [one], [one.rid])
        with store.read() as reads:
            columns.refresh(reads, [one.rid])
        assert_agrees(store, columns, {one.rid: one})


def test_rows_that_are_not_taken_in_yet_are_left_out(new_store: NewStore) -> None:
    rng, store = random.Random(9), new_store()
    old, new = make_item(rng, 1 << 32), make_item(rng, 1 << 32 | 1)
    store_items(store, [old])
    columns = load(store)
    store_items(store, [new])
    with store.read() as reads:
        assert search(reads, columns, EVERYTHING).rids == [old.rid]
        columns.refresh(reads, [])
        columns.refresh(reads, [77 << 32])
        assert search(reads, columns, EVERYTHING).rids == [old.rid]
        columns.refresh(reads, [new.rid])
        assert search(reads, columns, EVERYTHING).total == 2


def test_searching_while_columns_change(new_store: NewStore) -> None:
    rng, store = random.Random(9), new_store()
    present = {rid: make_item(rng, rid) for rid in (1 << 32 | n for n in range(200))}
    store_items(store, list(present.values()))
    columns, done = load(store), threading.Event()
    problems: list[Exception] = []

    def look() -> None:
        try:
            with store.read() as reads:
                while not done.is_set():
                    page = search(reads, columns, Query(words=("coop",), statuses=STATUSES))
                    assert page.total == sum(page.facets["status"].values())
        except Exception as error:  # noqa: BLE001 - told below
            problems.append(error)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    with store.read() as reads:
        for _ in range(150):
            columns.refresh(reads, rng.sample(sorted(present), 20))
    done.set()
    for thread in threads:
        thread.join(60)
    assert problems == []


def test_places_in_any_of_some_categories() -> None:
    columns = Columns()
    rows = [make_item(random.Random(rid), rid).row for rid in (1, 2, 3, 4)]
    columns.put(rows, [(1, "a:b"), *((2, f"x:{n}") for n in range(6)), (3, "c:d")])
    assert columns.known_categories(["a:b", "x:5", "not:there"]) == [0, 6]
    assert columns.places_in(columns.known_categories(["a:b", "x:5"])).tolist() == [0, 1]
    assert columns.places_in(columns.known_categories(["c:d"])).tolist() == [2]
    assert columns.places_in([]).tolist() == []
