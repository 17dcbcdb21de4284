# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derived tables follow from the logs alone: whatever was erased, in whatever order logs came, at whatever pace."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from functools import partial
from sqlite3 import connect
from typing import Any

import pytest

from ledger.deriving.derive import Deriver
from ledger.errors import StoreFullError
from ledger.sqlite.store import SqliteStore
from tests.builders import Log, amend, make_charter, seeded, signing_key
from tests.ledger.making import Scribe, derive, derived_state, hold, rebuild, record_id

NewStore = Callable[[], SqliteStore]
STEWARD, STRANGER = signing_key("steward"), signing_key("stranger")


def verdicts(store: SqliteStore) -> dict[int, str]:
    with store.read() as reads:
        return reads.verdicts(1, 0, 10_000)


def status(store: SqliteStore, number: int) -> str:
    with store.read() as reads:
        rows = reads.records_by_id(1, [record_id(number)])
    return rows[record_id(number)].status if rows else "none"


def put_and_close(scribe: Scribe) -> None:
    scribe.put(1, "Bakery")
    scribe.put(2, "Forge", categories=["own:iron", "own:fire"])
    scribe.close(1)
    scribe.put(2, "Smithy")


def test_verdicts_on_a_log(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.put(1, "Bakery")
    scribe.put(2, "Forge", by=STEWARD)
    scribe.appoint(STEWARD)
    scribe.put(2, "Forge", by=STEWARD)
    scribe.close(3)
    scribe.say("pledge.make", {})
    scribe.say("record.close", {"id": 1})
    scribe.appoint(STEWARD, "none")
    scribe.put(2, "Smithy", by=STEWARD)
    hold(store, scribe.log)
    derive(store)
    found = {2: "not_authorised", 5: "unknown_ref", 6: "opaque", 7: "malformed", 9: "not_authorised"}
    assert verdicts(store) == found
    rebuild(store, 1)
    assert verdicts(store) == found


def test_update_close_reopen_and_check(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    seen = []
    steps: list[Callable[[], Any]] = [
        lambda: scribe.put(1, "Bakery"),
        lambda: scribe.close(1),
        lambda: scribe.put(1, "Bakery", status="paused"),
        lambda: scribe.check(1),
    ]
    for step in steps:
        step()
        hold(store, scribe.log)
        derive(store)
        seen.append(status(store, 1))
    assert seen == ["active", "closed", "paused", "paused"]
    with store.read() as reads:
        (row,) = reads.records_by_id(1, [record_id(1)]).values()
        assert row.checked_at == 1_735_689_600 + 60 * 4
        assert [step.position for step in reads.history(1, record_id(1))] == [4, 3, 2, 1]


def say_puts(scribe: Scribe) -> int:
    return scribe.put(1, "Canary wharf", description={"en": "canary"}, categories=["own:canary"])


def case_only_put(scribe: Scribe) -> int:
    return say_puts(scribe)


def case_first_of_two_puts(scribe: Scribe) -> int:
    target = say_puts(scribe)
    scribe.put(1, "Bakery")
    return target


def case_last_of_two_puts(scribe: Scribe) -> int:
    scribe.put(1, "Bakery")
    return say_puts(scribe)


def case_put_that_was_closed(scribe: Scribe) -> int:
    target = say_puts(scribe)
    scribe.close(1)
    return target


def case_put_between_others(scribe: Scribe) -> int:
    scribe.put(1, "Bakery", categories=["own:bread"])
    scribe.check(1)
    target = say_puts(scribe)
    scribe.check(1)
    scribe.close(1)
    scribe.put(1, "Forge")
    return target


def case_close(scribe: Scribe) -> int:
    scribe.put(1, "Bakery")
    return scribe.close(1)


def case_close_before_a_check(scribe: Scribe) -> int:
    scribe.put(1, "Bakery")
    target = scribe.close(1)
    scribe.check(1)
    return target


def case_steward(scribe: Scribe) -> int:
    target = scribe.appoint(STEWARD)
    scribe.put(1, "Bakery", by=STEWARD)
    scribe.put(2, "Forge")
    return target


def case_end_of_a_steward(scribe: Scribe) -> int:
    scribe.appoint(STEWARD)
    target = scribe.appoint(STEWARD, "none")
    scribe.put(1, "Bakery", by=STEWARD)
    return target


def case_role_that_was_said_twice(scribe: Scribe) -> int:
    scribe.appoint(STEWARD)
    target = scribe.appoint(STEWARD)
    scribe.put(1, "Bakery", by=STEWARD)
    return target


def case_checked(scribe: Scribe) -> int:
    scribe.put(1, "Bakery")
    scribe.check(1)
    return scribe.check(1)


def case_checked_with_another_finding(scribe: Scribe) -> int:
    scribe.put(1, "Bakery")
    return scribe.check(1, "changed")


def case_report(scribe: Scribe) -> int:
    subject = {"log": seeded("other log"), "id": record_id(1)}
    return scribe.say("claim.report", {"subject": subject, "type": "wrong", "note": "canary"})


def case_import_start(scribe: Scribe) -> int:
    target = scribe.start_import("import")
    body = {"record": {"id": record_id(1), "kind": "place", "name": {"en": "Bakery"}, "licence": "CC0-1.0"}}
    scribe.say("record.put", body | {"import": seeded("import", 16)})
    scribe.end_import("import")
    return target


def case_first_of_two_import_starts(scribe: Scribe) -> int:
    target = scribe.start_import("import", "canary")
    scribe.start_import("import", "shops")
    return target


def case_first_of_three_import_ends(scribe: Scribe) -> int:
    scribe.start_import("import")
    target = scribe.end_import("import")
    scribe.end_import("import")
    scribe.undo_import("import")
    return target


def case_last_import_end(scribe: Scribe) -> int:
    scribe.start_import("import")
    scribe.end_import("import")
    return scribe.end_import("import")


def case_undo(scribe: Scribe) -> int:
    scribe.start_import("import")
    return scribe.undo_import("import")


def case_not_authorised(scribe: Scribe) -> int:
    return scribe.put(1, "Canary", by=STRANGER)


def case_opaque(scribe: Scribe) -> int:
    return scribe.say("pledge.make", {"canary": 1})


def case_malformed(scribe: Scribe) -> int:
    return scribe.say("record.put", {"canary": 1})


CASES = [case for name, case in sorted(globals().items()) if name.startswith("case_")]


@pytest.mark.parametrize("limit", [1, 1000])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__[5:])
def test_what_was_erased_might_never_have_been_seen(
    new_store: NewStore, case: Callable[[Scribe], int], limit: int
) -> None:
    scribe = Scribe()
    put_and_close(Scribe("other"))
    scribe.put(7, "Mill")
    target = case(scribe)
    scribe.erase(target)
    scribe.put(8, "Dairy")
    seeing, blind = new_store(), new_store()
    hold(seeing, scribe.log)
    hold(blind, scribe.log, withheld={target})
    derive(seeing, limit)
    derive(blind, limit)
    assert verdicts(seeing)[target] == "erased"
    assert derived_state(seeing.path) == derived_state(blind.path)
    with seeing.read() as reads:
        before = reads.derived_digest()
        assert next(reads.entries(1, target, target + 1)).payload is None
    rebuild(seeing, limit)
    with seeing.read() as reads:
        assert reads.derived_digest() == before


def test_a_charter_and_an_erasure_are_never_erased(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    charter = scribe.log.append(amend(scribe.organisation, make_charter("moot", 1)))
    put = scribe.put(1, "Bakery")
    erasure = scribe.erase(put)
    for target in (charter, erasure):
        scribe.erase(target)
    hold(store, scribe.log)
    derive(store)
    assert verdicts(store) == {put: "erased"}
    with store.read() as reads:
        lacking = reads.lacking(1, 0, 100)
    assert lacking == {put: "erased"}


def test_authors_erase_what_they_said_and_a_rebuild_agrees(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.appoint(STEWARD)
    put = scribe.put(1, "Bakery", by=STEWARD)
    early = scribe.erase(put, by=STRANGER)
    scribe.erase(put, by=STEWARD)
    late = scribe.erase(put, by=STEWARD)
    hold(store, scribe.log)
    derive(store)
    # The payload that names its author is gone by then: only the statement that took it still counts as allowed.
    found = {put: "erased", early: "not_authorised", late: "not_authorised"}
    assert verdicts(store) == found
    before = derived_state(store.path)
    for limit in (1, 1000):
        rebuild(store, limit)
        assert derived_state(store.path) == before


def test_an_erased_import_by_a_steward_stays_erased_when_the_log_is_folded_anew(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.appoint(STEWARD)
    body = {"id": seeded("i", 16), "set": "s", "file": seeded("f"), "name": "n", "licence": "CC0-1.0"}
    start = scribe.say("import.start", body, by=STEWARD)
    scribe.erase(start, by=STEWARD)
    hold(store, scribe.log)
    derive(store)
    assert verdicts(store) == {start: "erased"}


def test_changed_rows_are_named(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    tree = 1 << 32
    first, second = scribe.put(1, "Bakery"), scribe.put(1, "Forge")
    scribe.appoint(STEWARD)
    third = scribe.put(2, "Mill", by=STEWARD)
    hold(store, scribe.log)
    assert derive(store) == {tree | first, tree | third}
    scribe.erase(first)
    hold(store, scribe.log)
    assert derive(store) == {tree | first, tree | second}
    scribe.erase(3)
    hold(store, scribe.log)
    assert derive(store) == {tree | second, tree | third}
    assert status(store, 2) == "none"


def test_withheld_and_faulty_payloads_have_no_effect(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    withheld = scribe.put(1, "Bakery")
    scribe.put(2, "Forge")
    hold(store, scribe.log, withheld={withheld})
    derive(store)
    assert verdicts(store) == {withheld: "withheld"}
    assert [status(store, number) for number in (1, 2)] == ["none", "active"]


def test_a_peer_that_keeps_the_charter_back_stops_nobody(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.log.append(amend(scribe.organisation, make_charter("moot", 1)))
    put = scribe.put(1, "Bakery")
    hold(store, scribe.log, withheld={0})
    for limit in (1, 1000):
        rebuild(store, limit)
        assert verdicts(store) == {0: "withheld", 1: "not_authorised", put: "not_authorised"}


def test_a_failed_transaction_teaches_nothing(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.appoint(STEWARD)
    scribe.put(1, "Bakery", by=STEWARD)
    scribe.log.append(amend(scribe.organisation, make_charter("moot", 1, keys=[STRANGER.public])))
    after = scribe.put(3, "Mill")
    hold(store, scribe.log)
    deriver = Deriver()
    with pytest.raises(StoreFullError), store.write() as change:
        deriver.step(change, change.tree_numbered(1), 1000)
        raise StoreFullError("as if the disk were full now")
    deriver.forget()
    derive(store, 1, deriver)
    assert verdicts(store) == {after: "not_authorised"}


def _put_at_random(scribe: Scribe, rng: random.Random, number: int, people: list[Any]) -> Any:
    return scribe.put(number, f"Place {number} {rng.random()}", by=rng.choice(people))


def random_log(scribe: Scribe, rng: random.Random, steps: int) -> Log:
    """Statements of all kinds at random, with erasures of any of them."""
    people = [None, STEWARD, STRANGER]
    for _ in range(steps):
        number = rng.randrange(6)
        acts: list[Callable[[], Any]] = [
            partial(_put_at_random, scribe, rng, number, people),
            partial(scribe.close, number),
            partial(scribe.check, number, rng.choice(["right", "changed"])),
            lambda: scribe.erase(rng.randrange(1, scribe.log.size + 1), by=rng.choice(people)),
            lambda: scribe.appoint(rng.choice([STEWARD, STRANGER]), rng.choice(["steward", "none"])),
            lambda: scribe.start_import(f"import {rng.randrange(2)}", rng.choice(["a", "b"])),
            lambda: scribe.end_import(f"import {rng.randrange(2)}"),
            lambda: scribe.undo_import(f"import {rng.randrange(2)}"),
        ]
        rng.choices(acts, [8, 3, 3, 4, 2, 1, 1, 1])[0]()
    return scribe.log


@pytest.mark.parametrize("seed", range(4))
def test_the_pace_does_not_matter_and_a_rebuild_changes_nothing(new_store: NewStore, seed: int) -> None:
    rng = random.Random(seed)
    log = random_log(Scribe(), rng, 60)
    stores = [new_store() for _ in range(3)]
    hold(stores[0], log)
    derive(stores[0], 1)
    hold(stores[1], log)
    derive(stores[1], 1000)
    growing = Log(log.organisation)
    for _, payload in log.entries[1:]:
        growing.append(payload)
        if rng.random() < 0.3:
            hold(stores[2], growing)
            derive(stores[2], rng.choice([1, 5, 1000]))
    hold(stores[2], growing)
    derive(stores[2])
    states = [derived_state(store.path) for store in stores]
    assert states[1] == states[0]
    assert states[2] == states[0]
    for store in stores:
        rebuild(store, rng.choice([1, 7, 1000]))
        assert derived_state(store.path) == states[0]


@pytest.mark.parametrize("seed", range(4))
def test_logs_may_come_in_any_order(new_store: NewStore, seed: int) -> None:
    rng = random.Random(seed)
    logs = [random_log(Scribe(label), rng, 40) for label in ("moot", "coop")]
    states = []
    for _ in range(3):
        store, growing = new_store(), [Log(log.organisation) for log in logs]
        while any(one.size < log.size for one, log in zip(growing, logs, strict=True)):
            which = rng.randrange(2)
            one, log = growing[which], logs[which]
            for _, payload in log.entries[one.size : one.size + rng.randrange(1, 12)]:
                one.append(payload)
            hold(store, one)
            if rng.random() < 0.5:
                derive(store, rng.choice([3, 1000]))
        derive(store)
        states.append(derived_state(store.path))
    assert states[1] == states[0]
    assert states[2] == states[0]


def test_the_text_index_holds_nothing_of_what_was_erased(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    target = say_puts(scribe)
    scribe.put(2, "Forge")
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert reads.matching('"canary"*').tolist() == [1 << 32 | target]
    scribe.erase(target)
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert reads.matching('"canary"*').tolist() == []
        assert len(reads.matching('"forge"*')) == 1
    with closing(connect(store.path)) as connection:
        assert connection.execute("INSERT INTO record_text (record_text) VALUES ('integrity-check')").rowcount >= -1
        blocks = b"".join(row[0] for row in connection.execute("SELECT block FROM record_text_data"))
    assert b"forge" in blocks
    assert b"anary" not in blocks
