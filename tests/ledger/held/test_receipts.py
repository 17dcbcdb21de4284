# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 03 §7: who has dropped what was erased says so; what that may cost a log is bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger.held import receipts
from ledger.held.private import take_payloads
from ledger.held.receipts import erasures_object, owed
from ledger.ledger import Ledger
from ledger.proofs.proving import entry_object
from ledger.sqlite.store import SqliteStore
from protocol.directory import POSITIONS_MAX
from protocol.identity import Origin, show_log_id
from protocol.statement import AT_MAX
from tests.builders import START
from tests.ledger.making import Scribe, derive, derived_state, hold, rebuild

NewStore = Callable[[], SqliteStore]


@pytest.fixture
def other() -> Scribe:
    """An organisation that erases two of its three records."""
    scribe = Scribe("other")
    for number in range(3):
        scribe.put(number, f"Commons {number}")
    scribe.erase(3)
    scribe.erase(1)
    return scribe


def receipt(about: bytes, positions: list[int], epoch: int = 1) -> dict[str, Any]:
    return {"log": about, "epoch": epoch, "positions": positions}


def owed_by(ledger: Ledger, now: int = START, lately: set[bytes] | None = None) -> list[receipts.Owed]:
    with ledger.store.read() as reads:
        return owed(reads, ledger.own.tree, now, lately or set())


def write(ledger: Ledger, one: receipts.Owed) -> None:
    ledger.writer.append([ledger.state("receipt", one.body, one.id)]).result()
    ledger.writer.settle()


def mark_told(ledger: Ledger, one: receipts.Owed) -> None:
    ledger.writer.run(lambda change: change.set_told(one.tree, one.positions)).result()


def take(ledger: Ledger, scribe: Scribe) -> None:
    hold(ledger.store, scribe.log)
    ledger.writer.run(lambda _: None).result()
    ledger.writer.settle()


def test_what_was_dropped_is_owed_once_and_told_in_one(ledger: Ledger, other: Scribe) -> None:
    take(ledger, other)
    (one,) = owed_by(ledger)
    assert (one.origin, one.positions) == (Origin(other.log_id, 1), [1, 3])
    assert owed_by(ledger, lately={other.log_id}) == []
    write(ledger, one)
    size = ledger.own.size
    write(ledger, one)  # a crash before it was marked: the same is said once
    assert ledger.own.size == size
    mark_told(ledger, one)
    assert owed_by(ledger) == []
    other.erase(2)
    take(ledger, other)
    assert [one.positions for one in owed_by(ledger)] == [[2]]


def test_nothing_is_owed_of_the_own_log_nor_of_one_that_is_not_held_whole(ledger: Ledger, other: Scribe) -> None:
    ledger.writer.append([ledger.state("role", {"key": bytes(32), "role": "none"})]).result()
    ledger.writer.append([ledger.state("erase", {"position": 1, "reason": "law"})]).result()
    take(ledger, other)
    with ledger.store.read() as reads:
        tree = reads.tree(Origin(other.log_id, 1))
    assert tree is not None
    assert [one.tree for one in owed_by(ledger)] == [tree.tree]
    ledger.writer.run(lambda change: change.set_head(tree.tree, tree.head, tree.size + 1)).result()
    assert owed_by(ledger) == []


def test_however_much_others_erase_little_is_said_in_a_day(
    ledger: Ledger, other: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "PER_LOG_A_DAY", 3)
    monkeypatch.setattr(receipts, "A_DAY", 5)
    another = Scribe("another")
    another.put(1, "Commons")
    another.erase(1)
    take(ledger, another)
    for _ in range(6):
        other.put(9, "Commons")
        other.erase(other.log.size - 1)
        take(ledger, other)
        for one in owed_by(ledger):
            if one.origin.log_id == other.log_id:
                write(ledger, one)
                mark_told(ledger, one)
    with ledger.store.read() as reads:
        said = [log for _, log in reads.receipts_by(ledger.own.tree, 100)]
    assert said == [other.log_id] * 3
    assert [one.origin.log_id for one in owed_by(ledger)] == [another.log_id]
    monkeypatch.setattr(receipts, "A_DAY", 3)
    assert owed_by(ledger) == []
    later = {one.origin.log_id: one.positions for one in owed_by(ledger, AT_MAX)}
    assert len(later[other.log_id]) == 3  # all that came in between is told at once


def test_one_receipt_holds_no_more_than_is_allowed(ledger: Ledger, other: Scribe) -> None:
    take(ledger, other)
    with ledger.store.read() as reads:
        tree = reads.tree(Origin(other.log_id, 1))
    assert tree is not None
    many = [(position, "erased") for position in range(10, 10 + 2 * POSITIONS_MAX)]
    ledger.writer.run(lambda change: change.add_lacking(tree.tree, many)).result()
    (one,) = owed_by(ledger)
    assert one.positions == [1, 3, *range(10, 8 + POSITIONS_MAX)]


@pytest.mark.long
def test_a_hundred_thousand_erasures_make_a_day_no_longer(ledger: Ledger, other: Scribe) -> None:
    take(ledger, other)
    with ledger.store.read() as reads:
        tree = reads.tree(Origin(other.log_id, 1))
    assert tree is not None
    many = [(position, "erased") for position in range(10, 100_010)]
    ledger.writer.run(lambda change: change.add_lacking(tree.tree, many)).result()
    before = ledger.own.size
    while due := owed_by(ledger):
        for one in due:
            write(ledger, one)
            mark_told(ledger, one)
    assert ledger.own.size - before == receipts.PER_LOG_A_DAY
    (rest,) = owed_by(ledger, AT_MAX)
    assert rest.positions[0] == 10 - 2 + receipts.PER_LOG_A_DAY * POSITIONS_MAX


def test_the_one_who_erased_sees_who_has_followed(new_store: NewStore, other: Scribe) -> None:
    birch, cedar, liar = Scribe("birch"), Scribe("cedar"), Scribe("liar")
    birch.say("receipt", receipt(other.log_id, [1]))
    birch.say("receipt", receipt(other.log_id, [2, 3]))
    cedar.say("receipt", receipt(other.log_id, [1, 3]))
    for body in (
        receipt(liar.log_id, [1]),
        receipt(other.log_id, [3, 1]),
        receipt(other.log_id, [0]),
        receipt(other.log_id, [1], epoch=2),
    ):
        liar.say("receipt", body)
    store = new_store()
    for scribe in (other, birch, cedar, liar):
        hold(store, scribe.log)
    derive(store)
    with store.write() as change:
        change.set_fact("own", b"1")
        for log_id, size in ((birch.log_id, 4), (liar.log_id, 6), (bytes(32), 2)):
            change.set_holder(log_id, size, 9)
    with store.read() as reads:
        tree = reads.trees()[0]
        found = {one["position"]: one for one in erasures_object(reads, tree, 0, tree.size)["erased"]}
        assert reads.verdicts(4, 0, 9) == {1: "malformed", 2: "malformed", 3: "malformed"}
        assert entry_object(reads, tree, 3)["erasure"] == found[3]
        assert "erasure" not in entry_object(reads, tree, 2)
    names = {at: {field: [log["log"] for log in one[field]] for field in ("confirmed", "unconfirmed")} for at, one in
             found.items()}  # fmt: skip
    shown = {label: show_log_id(scribe.log_id) for label, scribe in (("b", birch), ("c", cedar), ("l", liar))}
    both = sorted([shown["b"], shown["c"]], key=lambda text: [birch, cedar][text == shown["c"]].log_id)
    assert names[1] == {"confirmed": both, "unconfirmed": sorted([show_log_id(bytes(32)), shown["l"]])}
    assert names[3] == {"confirmed": both, "unconfirmed": [shown["l"]]}
    assert (found[1]["erased_by"], found[1]["reason"], found[1]["confirmed"][0]["name"] != "") == (5, "request", True)
    state = derived_state(store.path)
    rebuild(store, limit=2)
    assert derived_state(store.path) == state


def test_a_receipt_that_is_erased_counts_no_more(new_store: NewStore, other: Scribe) -> None:
    birch = Scribe("birch")
    birch.erase(birch.say("receipt", receipt(other.log_id, [1])))
    store = new_store()
    for scribe in (other, birch):
        hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert all(not one["confirmed"] for one in erasures_object(reads, reads.trees()[0], 0, 99)["erased"])


def test_so_many_holders_are_kept_in_mind_and_no_more(new_store: NewStore) -> None:
    store = new_store()
    with store.write() as change:
        for number in (1, 2, 3, 2):
            change.set_holder(bytes([number]), 10 * number, 2)
        change.set_holder(b"\1", 5, 2)
        change.set_holder(b"\2", 50, 2)
        assert change.holders() == {b"\1": 10, b"\2": 50}


def test_an_erased_payload_that_comes_late_is_not_taken(new_store: NewStore, other: Scribe) -> None:
    store = new_store()
    hold(store, other.log, {1, 2})
    derive(store)
    with store.write() as change:
        assert take_payloads(change, Origin(other.log_id, 1), [(at, other.log.entries[at][1]) for at in (1, 2, 3)]) == 1
    derive(store)
    with store.read() as reads:
        assert [stored.payload is None for stored in reads.entries(1, 1, 4)] == [True, False, True]
