# SPDX-License-Identifier: AGPL-3.0-or-later
"""Undoing an import puts back the states before it, and leaves alone what was changed since (spec 10 §1)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ledger.importing.undo import Undoing, plan_undo
from ledger.sqlite.store import SqliteStore
from tests.builders import seeded
from tests.ledger.conftest import OpenStore
from tests.ledger.making import Scribe, derive, hold, record, record_id

KEY = seeded("import", 16)
NUMBERS = range(6)


def settled(store: SqliteStore, scribe: Scribe) -> dict[bytes, tuple[object, ...]]:
    """What the directory says of each record, but for where it was said."""
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        rows = reads.all_records(-1, 1000)
        return {row.id: (row.status, row.sort_key, row.kind, row.licence, row.checked_at) for row in rows}


def put_by_import(scribe: Scribe, number: int, name: str, key: bytes = KEY, **fields: Any) -> None:
    scribe.say("record.put", {"record": record(number, name, **fields), "import": key})


def close_by_import(scribe: Scribe, number: int) -> None:
    scribe.say("record.close", {"id": record_id(number), "reason": "gone", "import": KEY})


def undo(store: SqliteStore, scribe: Scribe) -> Undoing:
    with store.read() as reads:
        undoing = plan_undo(reads, 1, KEY)
    for statement in undoing.statements:
        scribe.say(statement.kind, statement.body)
    return undoing


def test_every_state_is_put_back(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    scribe.put(0, "Bakery")
    scribe.put(1, "Forge", status="paused")
    scribe.put(2, "Mill", checked_at=7)
    scribe.check(2)
    scribe.put(4, "Inn")
    before = settled(store, scribe)
    put_by_import(scribe, 0, "Boulangerie", licence="ODbL-1.0")
    close_by_import(scribe, 1)
    put_by_import(scribe, 2, "Moulin")
    put_by_import(scribe, 3, "New")
    settled(store, scribe)
    undoing = undo(store, scribe)
    after = settled(store, scribe)
    assert undoing.changed_since == []
    assert after.pop(record_id(3))[0] == "closed"
    assert after == before


def test_what_was_changed_since_is_left_alone(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    scribe.put(0, "Bakery")
    for number in range(3):
        put_by_import(scribe, number, "Imported")
    scribe.put(0, "Boulangerie")
    scribe.check(1)
    put_by_import(scribe, 2, "Newer", seeded("another import", 16))
    before = settled(store, scribe)
    undoing = undo(store, scribe)
    assert undoing == Undoing([], [record_id(number) for number in range(3)])
    assert settled(store, scribe) == before


def test_a_record_touched_twice_is_put_back_once(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    scribe.put(0, "Bakery")
    before = settled(store, scribe)
    put_by_import(scribe, 0, "First")
    put_by_import(scribe, 0, "Second")
    close_by_import(scribe, 0)
    settled(store, scribe)
    assert len(undo(store, scribe).statements) == 1
    assert settled(store, scribe) == before


def test_undoing_twice_writes_the_same_statements(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    put_by_import(scribe, 0, "First")
    put_by_import(scribe, 1, "Second")
    settled(store, scribe)
    with store.read() as reads:
        assert plan_undo(reads, 1, KEY) == plan_undo(reads, 1, KEY)
        assert plan_undo(reads, 1, seeded("unknown", 16)) == Undoing([], [])
    undo(store, scribe)
    settled(store, scribe)
    with store.read() as reads:
        assert plan_undo(reads, 1, KEY).statements == []


def test_a_state_that_was_erased_is_not_put_back(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    scribe.put(0, "Bakery")
    erased = scribe.put(0, "Canary")
    put_by_import(scribe, 0, "Imported")
    scribe.erase(erased)
    settled(store, scribe)
    undo(store, scribe)
    assert settled(store, scribe)[record_id(0)][1] == b"bakery".ljust(24, b"\0")


@pytest.mark.parametrize("seed", range(8))
def test_whatever_came_before(open_store: OpenStore, seed: int) -> None:
    rng, store, scribe = random.Random(seed), open_store(), Scribe()
    for _ in range(20):
        number = rng.choice(NUMBERS)
        match rng.randrange(4):
            case 0 | 1:
                scribe.put(number, rng.choice(["Bakery", "Forge", "Mill"]), status=rng.choice(["paused", "planned"]))
            case 2:
                scribe.close(number)
            case _:
                scribe.check(number)
    before = settled(store, scribe)
    for number in rng.sample(NUMBERS, 4):
        if rng.random() < 0.7 or record_id(number) not in before:
            put_by_import(scribe, number, "Imported")
        else:
            close_by_import(scribe, number)
    settled(store, scribe)
    undo(store, scribe)
    after = settled(store, scribe)
    for number in NUMBERS:
        was, now = before.get(record_id(number)), after.get(record_id(number))
        if was is not None and was[0] != "closed":
            assert now == was
        elif now is not None:
            assert now[0] == "closed"
