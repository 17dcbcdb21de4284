# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 15 §4: what is not public has a state of its own, which the public one knows nothing of."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any

import pytest

from ledger.directory.columns import Columns
from ledger.directory.present import history_objects, page_object, record_object
from ledger.directory.query import parse_query
from ledger.directory.search import search
from ledger.held.private import payloads_for, take_payloads
from ledger.proofs.proving import entry_object
from ledger.sqlite.store import SqliteStore
from protocol.identity import Origin
from protocol.statement import SCOPE_CIRCLE, SCOPE_PRIVATE, SCOPE_PUBLIC
from tests.ledger.making import Scribe, derive, derived_state, hold, rebuild, record, record_id

NewStore = Callable[[], SqliteStore]
EVERY_STATUS = {"status": ["active,closed"], "limit": ["100"]}


def put(scribe: Scribe, number: int, name: str, scope: int, **fields: Any) -> int:
    return scribe.say("record.put", {"record": record(number, name, **fields)}, scope=scope)


def close(scribe: Scribe, number: int, scope: int) -> int:
    return scribe.say("record.close", {"id": record_id(number), "reason": "closed"}, scope=scope)


def page(store: SqliteStore, *, private: bool = False, columns: Columns | None = None) -> dict[str, Any]:
    with store.read() as reads:
        found = search(reads, columns or Columns.load(reads), parse_query(EVERY_STATUS, 0, private=private))
        return page_object(reads, found)


def names(store: SqliteStore, *, private: bool = False) -> list[tuple[str, str]]:
    records = page(store, private=private)["records"]
    return sorted((record["name"]["en"], record["status"]) for record in records)


def held(new_store: NewStore, scribe: Scribe, withheld: Collection[int] = ()) -> SqliteStore:
    store = new_store()
    hold(store, scribe.log, withheld)
    derive(store)
    return store


def test_the_public_learns_nothing_of_what_is_private(new_store: NewStore) -> None:
    scribe = Scribe()
    put(scribe, 1, "Bakery", SCOPE_PUBLIC)
    put(scribe, 2, "Quince", SCOPE_CIRCLE, categories=["own:quince"], address={"country": "QA"})
    put(scribe, 3, "Medlar", SCOPE_PRIVATE)
    store = held(new_store, scribe)
    found = page(store)
    assert (found["total"], [record["name"]["en"] for record in found["records"]]) == (1, ["Bakery"])
    assert "quince" not in str(found).lower()
    assert names(store, private=True) == [("Medlar", "active"), ("Quince", "active")]
    scopes = {record["entry"]["scope"] for record in page(store, private=True)["records"]}
    assert scopes == {"circle", "private"}
    with store.read() as reads:
        assert reads.record_count() == 1
        assert reads.records_by_id(1, [record_id(2)]) == {}


@pytest.mark.parametrize("first", [SCOPE_PUBLIC, SCOPE_CIRCLE])
def test_a_record_put_in_both_scopes_has_two_states(new_store: NewStore, first: int) -> None:
    scribe = Scribe()
    words = {SCOPE_PUBLIC: "Bakery", SCOPE_CIRCLE: "Bakery with a key under the mat"}
    for scope in (first, SCOPE_CIRCLE - first):
        put(scribe, 1, words[scope], scope)
    store = held(new_store, scribe)
    assert names(store) == [("Bakery", "active")]
    assert names(store, private=True) == [("Bakery with a key under the mat", "active")]
    with store.read() as reads:
        for private in (False, True):
            (row,) = reads.records_by_id(1, [record_id(1)], private=private).values()
            assert len(history_objects(reads, row)) == 1


def test_each_state_is_changed_in_its_own_scope_alone(new_store: NewStore) -> None:
    scribe = Scribe()
    put(scribe, 1, "Open", SCOPE_PUBLIC)
    put(scribe, 1, "Apart", SCOPE_PRIVATE)
    put(scribe, 2, "Alone", SCOPE_CIRCLE)
    unknown = close(scribe, 2, SCOPE_PUBLIC)
    close(scribe, 1, SCOPE_CIRCLE)
    store = held(new_store, scribe)
    assert names(store) == [("Open", "active")]
    assert names(store, private=True) == [("Alone", "active"), ("Apart", "closed")]
    with store.read() as reads:
        assert reads.verdicts(1, 0, 100) == {unknown: "unknown_ref"}  # as it is for those who hold public payloads only


def test_contacts_for_members_are_shown_to_those_who_may_read_them(new_store: NewStore) -> None:
    scribe = Scribe()
    contact = {"email": "quince@example.org", "visibility": "members"}
    for scope in (SCOPE_PUBLIC, SCOPE_CIRCLE):
        put(scribe, 1, "Bakery", scope, contact=contact)
    store = held(new_store, scribe)
    with store.read() as reads:
        shown = [
            record_object(reads, row)["contact"]
            for private in (False, True)
            for row in reads.records_by_id(1, [record_id(1)], private=private).values()
        ]
    assert shown == [{"visibility": "members"}, contact]


def test_an_entry_is_shown_as_by_those_who_may_not_read_it(new_store: NewStore) -> None:
    scribe = Scribe()
    position = put(scribe, 2, "Quince", SCOPE_CIRCLE)
    role = scribe.say("role", {"key": bytes(32), "role": "none"}, scope=SCOPE_CIRCLE)
    stores = held(new_store, scribe), held(new_store, scribe, {position, role})
    shown = []
    for store in stores:
        with store.read() as reads:
            tree = reads.trees()[0]
            shown.append([entry_object(reads, tree, at) for at in (position, role)])
    assert shown[0] == shown[1]
    assert (shown[0][0]["verdict"], shown[0][0]["payload_missing"]) == ("withheld", "not public")
    with stores[0].read() as reads:
        meant = entry_object(reads, reads.trees()[0], position, private=True)
        assert (meant["verdict"], meant["scope"], meant["statement"]["kind"]) == ("applied", "circle", "record.put")


def random_log(rng: random.Random) -> tuple[Scribe, set[int]]:
    """A log in which records change in all scopes, and the positions that are not public."""
    scribe, apart = Scribe(), set()
    for _ in range(60):
        scope, number = rng.choice([SCOPE_PUBLIC, SCOPE_PUBLIC, SCOPE_CIRCLE, SCOPE_PRIVATE]), rng.randrange(6)
        match rng.randrange(6):
            case 0 | 1 | 2:
                position = put(scribe, number, f"{rng.random()}", scope)
            case 3:
                position = close(scribe, number, scope)
            case 4:
                subject = {"log": scribe.log_id, "id": record_id(number)}
                position = scribe.say("claim.checked", {"subject": subject, "finding": "right"}, scope=scope)
            case _:
                position, scope = (
                    scribe.erase(rng.randrange(1, scribe.log.size + 1) % scribe.log.size or 1),
                    SCOPE_PUBLIC,
                )
        if scope != SCOPE_PUBLIC:
            apart.add(position)
    return scribe, apart


@pytest.mark.parametrize("seed", range(6))
def test_the_public_state_is_that_of_those_who_hold_public_payloads_only(new_store: NewStore, seed: int) -> None:
    scribe, apart = random_log(random.Random(seed))
    entitled, others = held(new_store, scribe), held(new_store, scribe, apart)
    assert page(entitled) == page(others)
    assert page(others, private=True)["total"] == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_rebuild_and_late_payloads_come_to_the_same(new_store: NewStore, seed: int) -> None:
    rng = random.Random(seed)
    scribe, apart = random_log(rng)
    at_once, late = held(new_store, scribe), held(new_store, scribe, apart)
    state = derived_state(at_once.path)
    rebuild(at_once, limit=7)
    assert derived_state(at_once.path) == state
    columns = Columns()
    with late.read() as reads:
        columns = Columns.load(reads)
    missing = sorted(apart)
    rng.shuffle(missing)
    for some in (missing[::2], missing[1::2]):
        with late.write() as change:
            take_payloads(change, Origin(scribe.log_id, 1), [(at, scribe.log.entries[at][1]) for at in some])
        rids = derive(late, limit=rng.choice([1, 9, 1000]))
        with late.read() as reads:
            columns.refresh(reads, sorted(rids))
    assert derived_state(late.path) == state
    for private in (False, True):
        assert page(late, private=private, columns=columns) == page(at_once, private=private)
    with late.read() as reads:
        origin = Origin(scribe.log_id, 1)
        given = [position for position, _ in payloads_for(reads, origin, range(scribe.log.size), b"\1" * 32)]
    assert set(given).isdisjoint(apart)
