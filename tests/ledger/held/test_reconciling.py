# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 13: the set of checkpoints held follows the store, and two stores find out what differs."""

from __future__ import annotations

from collections.abc import Callable

from ledger.held.reconciling import HeldSet, held_item
from ledger.sqlite.store import SqliteStore
from protocol.checkpoint import Checkpoint
from protocol.identity import Origin
from protocol.note import Note, sign_note
from protocol.rangeframes import Items
from tests.builders import seeded, signing_key

SALT = seeded("salt")
LOGS = [Origin(seeded(f"log {number}"), 1) for number in range(5)]
NewStore = Callable[[], SqliteStore]


def hold(store: SqliteStore, origin: Origin, size: int, branch: str = "") -> None:
    """Writes that a log is held up to a checkpoint."""
    text = Checkpoint(str(origin), size, seeded(f"{origin}{size}{branch}")).text
    note = Note(text, (sign_note(text, str(origin), signing_key("log")),))
    with store.write() as change:
        tree = change.tree(origin) or change.add_tree(origin)
        change.set_checkpoint(tree.tree, bytes(note), size)


def reconcile(one: SqliteStore, other: SqliteStore) -> list[tuple[set[bytes], set[Origin]]]:
    """What each of the stores asks for and tells."""
    stores, held = (one, other), (HeldSet(), HeldSet())
    learnt: list[tuple[set[bytes], set[Origin]]] = [(set(), set()), (set(), set())]
    with one.read() as first, other.read() as second:
        reads = first, second
        sides = [held[me].begin(reads[me], SALT) for me in range(len(stores))]
        to, frames = 1, [held[0].start(reads[0], sides[0])]
        while frames:
            steps = [held[to].receive(reads[to], sides[to], frame) for frame in frames]
            for step in steps:
                learnt[to][0].update(step.ask)
                learnt[to][1].update(step.tell)
            to, frames = 1 - to, [frame for step in steps for frame in step.frames]
    return learnt


def test_an_item_is_what_the_store_holds_completely(new_store: NewStore) -> None:
    store = new_store()
    hold(store, LOGS[0], 7)
    with store.read() as reads:
        (tree,) = reads.trees()
    assert held_item(tree) == (LOGS[0], 7, seeded(f"{LOGS[0]}7"))


def test_two_stores_find_out_what_differs(new_store: NewStore) -> None:
    one, other = new_store(), new_store()
    for store in (one, other):
        hold(store, LOGS[0], 3)
    hold(one, LOGS[1], 4)
    hold(one, LOGS[2], 9)
    hold(other, LOGS[2], 8)
    hold(other, LOGS[3], 1)
    learnt = reconcile(one, other)
    assert learnt[0][1] | learnt[1][1] <= {LOGS[1], LOGS[2], LOGS[3]}
    to_one = {log for log in LOGS if log.log_id in learnt[0][0]} | learnt[1][1]
    to_other = {log for log in LOGS if log.log_id in learnt[1][0]} | learnt[0][1]
    assert to_one == {LOGS[3]}
    assert to_other == {LOGS[1], LOGS[2]}


def test_a_fork_is_asked_for_and_told(new_store: NewStore) -> None:
    one, other = new_store(), new_store()
    hold(one, LOGS[0], 3)
    hold(other, LOGS[0], 3, "another branch")
    learnt = reconcile(one, other)
    assert ({LOGS[0].log_id}, {LOGS[0]}) in learnt


def test_the_set_follows_the_store(new_store: NewStore) -> None:
    store, held = new_store(), HeldSet()
    with store.read() as reads:
        side = held.begin(reads, SALT)
        empty = held.start(reads, side)
    hold(store, LOGS[0], 3)
    with store.read() as reads:
        smaller = held.start(reads, side)
    hold(store, LOGS[0], 4)
    hold(store, LOGS[1], 2)
    with store.write() as change:
        change.add_tree(LOGS[2])  # heard of, but nothing of it is held yet
    with store.read() as reads:
        larger = held.start(reads, side)
        fresh = HeldSet()
        assert larger == fresh.start(reads, fresh.begin(reads, SALT))
    counts = [len(frame.have[0][1]) // 6 for frame in (empty, smaller, larger) if isinstance(frame, Items)]
    assert counts == [0, 1, 2]
