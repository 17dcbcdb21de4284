# SPDX-License-Identifier: AGPL-3.0-or-later
"""Removed keys, contradicting charters and closed epochs at those who hold a log (spec 04 §4, §6, §7)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import permutations

import pytest
from msgspec.structs import replace

from ledger.errors import ForkedError, RefusedError
from ledger.held.charters import still_speaks
from ledger.held.replica import Replica, accept_head, head_of, store_range
from ledger.held.serving import heads_since
from ledger.keeping.audit import audit
from ledger.sqlite.store import SqliteStore
from ledger.values import Tree
from protocol.charter import establish
from protocol.errors import Malformed
from protocol.fork import fork_digest
from tests.builders import Log, amend, make_charter
from tests.ledger.changing import MOOT, NEW, OLD, THIRD, before, head, opening, rotated, said, take
from tests.ledger.making import derive, derived_state, rebuild

NewStore = Callable[[], SqliteStore]
FIRST, CHAIN = [MOOT.payload], [MOOT.payload, rotated()]


def owned() -> Log:
    """The log after the change of keys: 10 entries, the amendment, one entry by the new key."""
    log = before(10)
    log.append(CHAIN[1])
    said(log, NEW, "by the new key")
    return log


def stolen(size: int) -> Log:
    """What a thief made of the log before the change."""
    log = before(10)
    while log.size < size:
        said(log, OLD, f"by the thief at {log.size}")
    return log


def copied(size: int) -> Log:
    """What a thief made of the log after the change, with the removed key."""
    log = owned()
    while log.size < size:
        said(log, OLD, f"by the thief at {log.size}")
    return log


def held(store: SqliteStore) -> Tree:
    with store.read() as reads:
        return reads.trees()[0]


def verdicts(store: SqliteStore) -> dict[int, str]:
    derive(store)
    with store.read() as reads:
        return reads.verdicts(1, 0, 100)


def test_a_log_goes_on_under_its_new_key_and_the_old_one_may_say_nothing_more(new_store: NewStore) -> None:
    store, log = new_store(), before(10)
    take(store, log.entries, head(log.entries, OLD, FIRST))
    log.append(CHAIN[1])
    said(log, NEW, "by the new key")
    said(log, OLD, "by the old key, too late")
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    assert verdicts(store) == {12: "not_authorised"}
    assert (held(store).size, held(store).checkpoint_size) == (13, 13)
    assert audit(store).faults == []


@pytest.mark.parametrize("make", [stolen, copied])
def test_a_checkpoint_by_a_removed_key_beyond_its_successor_is_refused(
    new_store: NewStore, make: Callable[[int], Log]
) -> None:
    store, log, thiefs = new_store(), owned(), make(20)
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    for charters in (FIRST, CHAIN):
        with pytest.raises(RefusedError, match="replaced"):
            take(store, thiefs.entries, head(thiefs.entries, OLD, charters))
    assert (held(store).size, held(store).head_size) == (12, 12)


def test_a_removed_key_cannot_accuse_its_successor(new_store: NewStore) -> None:
    store, log = new_store(), owned()
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    forged = before(4)
    said(forged, OLD, "never said")
    with pytest.raises(RefusedError, match="replaced"):
        take(store, forged.entries, head(forged.entries, OLD, FIRST))


def test_an_old_checkpoint_that_agrees_changes_nothing(new_store: NewStore) -> None:
    store, log = new_store(), owned()
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    was = held(store)
    take(store, log.entries, head(log.entries[:7], OLD, FIRST))
    assert held(store) == was


def test_an_announced_checkpoint_by_a_key_that_turns_out_to_be_removed_is_dropped(new_store: NewStore) -> None:
    store, log = new_store(), owned()
    take(store, log.entries, head(log.entries[:10], OLD, FIRST))
    with store.write() as change:
        assert accept_head(change, head(stolen(20).entries, OLD, FIRST)).head_size == 20
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    with store.read() as reads:
        assert head_of(reads, reads.trees()[0]) == head(log.entries, NEW, CHAIN)
    assert (held(store).size, held(store).checkpoint_size) == (12, 12)


def test_a_range_under_such_a_checkpoint_is_not_stored_either(new_store: NewStore) -> None:
    store, log, thiefs = new_store(), owned(), stolen(20)
    take(store, log.entries, head(log.entries[:10], OLD, FIRST))
    theirs = head(thiefs.entries, OLD, FIRST)
    with store.write() as change:
        tree = accept_head(change, theirs)
    with store.read() as reads:
        verified = Replica(tree, reads).verify_range(theirs, 10, thiefs.entries[10:], [])
    with store.write() as change:
        accept_head(change, head(log.entries, NEW, CHAIN))
    with store.write() as change, pytest.raises(RefusedError, match="meanwhile"):
        store_range(change, verified)
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    assert held(store).size == 12


def test_entries_for_which_only_a_removed_key_speaks_are_cut_off(new_store: NewStore) -> None:
    store, log, thiefs = new_store(), owned(), copied(600)
    take(store, thiefs.entries, head(thiefs.entries, OLD, FIRST))
    derive(store)
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    derive(store)
    assert (held(store).size, held(store).head_size, held(store).checkpoint_size, held(store).derived) == (12,) * 4
    log.grow(300)
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    derive(store)
    assert audit(store).faults == []
    state = derived_state(store.path)
    rebuild(store)
    assert derived_state(store.path) == state


def test_what_was_cut_off_and_overtaken_before_it_was_folded_is_folded_anew(new_store: NewStore) -> None:
    store, log, thiefs = new_store(), owned(), copied(20)
    take(store, thiefs.entries, head(thiefs.entries, OLD, FIRST))
    derive(store)
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    while log.size < 30:
        said(log, NEW, f"by the new key at {log.size}")
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    assert verdicts(store) == {}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_the_order_of_arrival_the_end_is_the_same(new_store: NewStore, order: tuple[int, ...]) -> None:
    store, log = new_store(), owned()
    heads = [
        (log, head(log.entries[:10], OLD, FIRST)),
        (log, head(log.entries, NEW, CHAIN)),
        (copied(20), head(copied(20).entries, OLD, FIRST)),
        (copied(25), head(copied(25).entries, OLD, CHAIN)),
    ]
    for number in order:
        source, given = heads[number]
        with suppress(RefusedError):
            take(store, source.entries, given)
    with suppress(RefusedError):
        take(store, log.entries, heads[1][1])
    with store.read() as reads:
        (tree,) = reads.trees()
        assert (tree.size, tree.head_size, tree.checkpoint_size) == (12, 12, 12)
        assert reads.charters(tree.tree) == CHAIN
    assert verdicts(store) == {}


def test_a_history_that_contradicts_what_is_held_waits_for_an_epoch(new_store: NewStore) -> None:
    store, log, thiefs = new_store(), owned(), stolen(20)
    take(store, thiefs.entries, head(thiefs.entries, OLD, FIRST))
    with pytest.raises(RefusedError, match="contradicts"):
        take(store, log.entries, head(log.entries, NEW, CHAIN))
    assert held(store).size == 20


def test_charters_that_contradict_each_other_leave_the_first_one_known(new_store: NewStore) -> None:
    store, log = new_store(), owned()
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    other = rotated(keys=[THIRD.public])
    with pytest.raises(RefusedError, match="two different charters"):
        take(store, log.entries, head(log.entries, THIRD, [MOOT.payload, other]))
    further = amend(MOOT, make_charter("moot", 2, keys=[THIRD.public]))
    with pytest.raises(RefusedError, match="two different charters"):
        take(store, log.entries, head(log.entries, THIRD, [MOOT.payload, other, further]))
    with store.read() as reads:
        assert reads.charters(1) == CHAIN


def test_a_shorter_chain_takes_nothing_away(new_store: NewStore) -> None:
    store, log = new_store(), owned()
    same_key = rotated(keys=[OLD.public])
    take(store, log.entries, head(log.entries, OLD, [MOOT.payload, same_key]))
    said(log, OLD, "further")
    take(store, log.entries, head(log.entries, OLD, FIRST))
    with store.read() as reads:
        assert reads.charters(1) == [MOOT.payload, same_key]
        assert reads.trees()[0].size == log.size


def test_a_peer_whose_key_was_removed_does_not_speak_for_its_log_any_more(new_store: NewStore) -> None:
    store, log = new_store(), owned()
    with store.read() as reads:
        assert still_speaks(reads, establish(FIRST))
    take(store, log.entries, head(log.entries, NEW, CHAIN))
    with store.read() as reads:
        assert not still_speaks(reads, establish(FIRST))
        assert still_speaks(reads, establish(CHAIN))


def second_epoch(accepted: int = 8) -> tuple[Log, Log, list[bytes]]:
    """The log in its first and second epoch, and the charters."""
    first = before(10)
    payload = rotated(opens=opening(first.entries[:accepted]))
    second = Log(MOOT)
    second.entries = []
    second.append(payload)
    for _, said_before in first.entries[1:accepted]:
        second.append(said_before)
    assert [pair[0] for pair in second.entries[1:]] == [pair[0] for pair in first.entries[1:accepted]]
    said(second, NEW, "in the second epoch")
    said(second, OLD, "in the second epoch by the first key")
    return first, second, [MOOT.payload, payload]


def test_a_new_epoch_is_followed_and_the_old_one_stays(new_store: NewStore) -> None:
    store = new_store()
    first, second, charters = second_epoch()
    take(store, first.entries, head(first.entries, OLD, FIRST))
    derive(store)
    take(store, second.entries, head(second.entries, NEW, charters, epoch=2))
    derive(store)
    with store.read() as reads:
        old, new = reads.trees()
        assert (old.size, old.derived, new.size, new.derived) == (10, 0, 10, 10)
        assert reads.verdicts(new.tree, 0, 100) == {9: "not_authorised"}
        assert reads.verdicts(old.tree, 0, 100) == {}
        told, _, _ = heads_since(reads, b"", 0)
        assert [(field.epoch, list(field.charters)) for field in told] == [(2, charters)]
    assert audit(store).faults == []
    state = derived_state(store.path)
    rebuild(store, limit=3)
    assert derived_state(store.path) == state


def test_an_audit_compares_an_epoch_with_what_it_says_that_it_accepts(new_store: NewStore) -> None:
    store = new_store()
    first, second, charters = second_epoch()
    crooked = Log(MOOT)
    crooked.entries = []
    for position, (_, said_before) in enumerate(second.entries):
        crooked.append(first.entries[1][1] if position == 5 else said_before)
    take(store, first.entries, head(first.entries, OLD, FIRST))
    take(store, crooked.entries, head(crooked.entries, NEW, charters, epoch=2))
    faults = audit(store).faults
    assert [(fault.position, "epoch 1" in fault.what) for fault in faults] == [(5, True)]


def test_a_closed_epoch_takes_nothing_beyond_what_was_accepted(new_store: NewStore) -> None:
    store = new_store()
    first, second, charters = second_epoch()
    take(store, second.entries, head(second.entries, NEW, charters, epoch=2))
    with pytest.raises(RefusedError, match="closed"):
        take(store, first.entries, head(first.entries, OLD, FIRST))
    forged = before(7)
    said(forged, OLD, "another end")
    with pytest.raises(RefusedError, match="closed"):
        take(store, forged.entries, head(forged.entries, OLD, charters))
    take(store, first.entries, head(first.entries[:8], OLD, FIRST))
    derive(store)
    with store.read() as reads:
        new, old = reads.trees()
        assert (old.size, old.derived, new.derived) == (8, 0, 10)


def test_an_epoch_that_was_never_opened_is_no_epoch() -> None:
    _, second, charters = second_epoch()
    for epoch in (2, 3, 999):
        with pytest.raises(Malformed, match="newest"):
            head(second.entries, OLD, FIRST, epoch)
    with pytest.raises(Malformed, match="newest"):
        head(second.entries, NEW, charters, 3)


def test_a_third_epoch_keeps_the_keys_of_the_second_where_they_spoke(new_store: NewStore) -> None:
    store = new_store()
    _, second, charters = second_epoch()
    accepted = second.entries[:9]
    payload = amend(MOOT, make_charter("moot", 2, keys=[THIRD.public], opens=opening(accepted, 3)))
    third = Log(MOOT)
    third.entries = []
    for _, before_it in [(b"", payload), *accepted[1:]]:
        third.append(before_it)
    said(third, NEW, "by the second key, too late")
    said(third, THIRD, "by the third")
    take(store, third.entries, head(third.entries, THIRD, [*charters, payload], epoch=3))
    assert verdicts(store) == {9: "not_authorised"}
    state = derived_state(store.path)
    rebuild(store, limit=1)
    assert derived_state(store.path) == state


@pytest.mark.parametrize("named", [True, False])
def test_the_next_epoch_heals_a_fork(new_store: NewStore, named: bool) -> None:  # noqa: FBT001 - a parameter
    store = new_store()
    first, other = before(10), before(9)
    said(other, OLD, "another history")
    take(store, first.entries, head(first.entries, OLD, FIRST))
    with store.write() as change:
        with pytest.raises(ForkedError):
            accept_head(change, head(other.entries, OLD, FIRST))
        (fork,) = change.forks_since(0)
    opens = replace(opening(first.entries[:8]), fork=fork_digest(fork.proof) if named else None)
    payload = rotated(opens=opens)
    second = Log(MOOT)
    second.entries = []
    for _, again in [(b"", payload), *first.entries[1:8]]:
        second.append(again)
    take(store, second.entries, head(second.entries, NEW, [MOOT.payload, payload], epoch=2))
    derive(store)
    with store.read() as reads:
        old, new = reads.trees()
        healed = reads.fork(old.tree)
        assert healed is not None
        assert healed.healed == fork_digest(fork.proof)
        assert (reads.fork(new.tree), new.derived, old.size) == (None, 8, 10)


def test_whoever_held_the_history_that_was_given_up_has_no_fault(new_store: NewStore) -> None:
    store = new_store()
    first, other = before(10), before(9)
    said(other, OLD, "another history")
    take(store, other.entries, head(other.entries, OLD, FIRST))
    with store.write() as change, pytest.raises(ForkedError):
        accept_head(change, head(first.entries, OLD, FIRST))
    payload = rotated(opens=opening(first.entries))
    second = Log(MOOT)
    second.entries = []
    for _, again in [(b"", payload), *first.entries[1:]]:
        second.append(again)
    take(store, second.entries, head(second.entries, NEW, [MOOT.payload, payload], epoch=2))
    assert audit(store).faults == []
