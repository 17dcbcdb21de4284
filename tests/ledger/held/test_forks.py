# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 12: forks are found by any two that meet, prove themselves, freeze the log; an honest log is never accused."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import ForkedError, NotSigningError, RefusedError
from ledger.held.forks import (
    STALE_S,
    LogState,
    confirm_heads,
    contradiction,
    examine_fork_proof,
    fork_proofs,
    log_state,
    mark_healed,
    take_fork_proof,
)
from ledger.held.replica import Replica, VerifiedHead, accept_head, store_range, verify_head
from ledger.held.serving import serve_range
from ledger.ledger import Ledger
from ledger.sqlite.store import SqliteStore
from protocol.charter import establish, found
from protocol.checkpoint import Checkpoint
from protocol.errors import Malformed
from protocol.fork import ForkVerdict, fork_digest, judge_fork, write_fork_proof
from protocol.frames import Entries, Want
from protocol.merkle import Peaks, leaf_hash
from protocol.note import Note, sign_note
from protocol.signature import SigningKey
from tests.builders import (
    Log,
    amend,
    found_organisation,
    make_charter,
    make_statement_payload,
    seeded,
    signing_key,
)
from tests.ledger.making import hold

NewStore = Callable[[], SqliteStore]
MOOT = found_organisation()
SHARED = 20


@cache
def history(label: str, size: int = 80, shared: int = SHARED) -> Log:
    """A log that begins as all others do and then goes on in its own way."""
    log = Log(MOOT).grow(shared)
    for position in range(shared, size):
        payload = make_statement_payload(MOOT.log_id, "a", {}, [MOOT.key], f"{label} {position}")
        log.append(payload)
    return log


def head_at(log: Log, size: int, key: SigningKey = MOOT.key, charters: Sequence[bytes] = ()) -> VerifiedHead:
    peaks = Peaks()
    for entry, _ in log.entries[:size]:
        peaks.append(leaf_hash(entry))
    checkpoint = Checkpoint(str(MOOT.origin), size, peaks.root())
    note = Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, key),))
    return verify_head(bytes(note), charters or [MOOT.payload])


def fetch(store: SqliteStore, log: Log, size: int, begin: int = 0) -> None:
    """Takes in a log up to a checkpoint, entries `begin` on."""
    head = head_at(log, size)
    hear(store, head)
    with store.read() as reads:
        tree = reads.tree(head.origin)
        assert tree is not None
        replica = Replica(tree, reads)
    verified = replica.verify_range(head, begin, log.entries[begin:size], [])
    with store.write() as change:
        store_range(change, verified)


def hear(store: SqliteStore, head: VerifiedHead) -> bytes:
    """Takes in a head as a link does: the proof, if it contradicts what is held."""
    proof = b""
    with store.write() as change, suppress(RefusedError):
        try:
            accept_head(change, head)
        except ForkedError as error:
            proof = error.proof
    return proof


def state(store: SqliteStore, now: int = 0) -> LogState:
    with store.read() as reads:
        (tree,) = reads.trees()
        return log_state(reads, tree, establish(reads.charters(tree.tree)), now, own=False)


def is_true(proof: bytes) -> bool:
    return judge_fork(proof).verdict is ForkVerdict.TRUE


def proof_of_fork() -> bytes:
    notes = head_at(history("one"), 40).note, head_at(history("other"), 40).note
    return write_fork_proof(found(MOOT.payload), notes)


def test_any_two_that_meet_have_the_proof(new_store: NewStore) -> None:
    rng = random.Random(7)
    for _ in range(12):
        sizes = sorted(rng.randrange(SHARED + 1, 80) for _ in range(2))
        stores = [new_store(), new_store()]
        for store, size, label in zip(stores, sizes, rng.sample(["one", "other"], 2), strict=True):
            fetch(store, history(label), size)
        with stores[0].read() as reads:
            note = reads.trees()[0].checkpoint
            assert examine_fork_proof(reads, proof_of_fork()) == reads.trees()[0].tree
        proof = hear(stores[1], verify_head(note, [MOOT.payload]))
        assert is_true(proof)
        assert state(stores[1]) is LogState.FORKED
        with stores[0].write() as change:
            assert take_fork_proof(change, proof)
            assert not take_fork_proof(change, proof)
            assert examine_fork_proof(change, proof) == 0
        assert state(stores[0]) is LogState.FORKED


def test_an_honest_log_is_never_accused_however_its_heads_come(new_store: NewStore) -> None:
    rng, log = random.Random(8), history("one")
    for _ in range(6):
        store, held = new_store(), 0
        for _ in range(25):
            size = rng.randrange(1, 81)
            assert hear(store, head_at(log, size)) == b""
            if size > held and rng.random() < 0.5:
                fetch(store, log, size, held)
                held = size
            with store.read() as reads:
                assert fork_proofs(reads) == []
                assert contradiction(reads, head_at(log, rng.randrange(1, 81)).note, [MOOT.payload]) is None
        assert state(store) is LogState.OK


def test_two_heads_of_one_size_prove_it_before_anything_is_fetched(new_store: NewStore) -> None:
    store = new_store()
    assert hear(store, head_at(history("one"), 40)) == b""
    assert is_true(hear(store, head_at(history("other"), 40)))
    assert state(store) is LogState.FORKED


@pytest.mark.parametrize("sizes", [(40, 60), (60, 40), (40, 60, 50), (60, 30, 70)])
def test_a_head_that_was_seen_is_compared_when_its_size_is_reached(new_store: NewStore, sizes: tuple[int, ...]) -> None:
    store = new_store()
    hear(store, head_at(history("other"), sizes[0]))
    for size in sizes[1:]:
        assert hear(store, head_at(history("one"), size)) == b""
    fetch(store, history("one"), 80)
    assert state(store) is LogState.FORKED
    with store.read() as reads:
        ((arrival, proof),) = fork_proofs(reads)
        assert is_true(proof)
        assert fork_proofs(reads, arrival) == []


def test_a_head_of_one_history_that_was_seen_is_forgotten_when_it_is_reached(new_store: NewStore) -> None:
    store, log = new_store(), history("one")
    for size in (40, 60, 50):
        hear(store, head_at(log, size))
    fetch(store, log, 80)
    assert state(store) is LogState.OK
    with store.read() as reads:
        assert reads.unproved(reads.trees()[0].tree) == []


def test_entries_that_no_checkpoint_covers_prove_nothing(new_store: NewStore) -> None:
    store, log = new_store(), history("one")
    head = head_at(log, 80)
    hear(store, head)
    with store.read() as reads:
        replica = Replica(reads.trees()[0], reads)
    verified = replica.verify_range(head, 0, log.entries[:50], log.prove_consistency(50))
    with store.write() as change:
        store_range(change, verified)
    with pytest.raises(RefusedError, match="no checkpoint covers"), store.write() as change:
        accept_head(change, head_at(history("other"), 40))
    assert state(store) is LogState.OK
    assert hear(store, head_at(history("other"), 60)) == b""


def test_a_forked_log_is_frozen_and_readable(new_store: NewStore) -> None:
    store, log = new_store(), history("one")
    fetch(store, log, 40)
    with store.read() as reads:
        replica = Replica(reads.trees()[0], reads)
    verified = replica.verify_range(head_at(log, 60), 40, log.entries[40:60], [])
    with store.write() as change:
        take_fork_proof(change, proof_of_fork())
    for size in (30, 40, 70):
        with pytest.raises(ForkedError, match="nothing more of it") as refused, store.write() as change:
            accept_head(change, head_at(log, size))
        assert refused.value.proof == proof_of_fork()
    with pytest.raises(ForkedError), store.write() as change:
        store_range(change, verified)
    with store.read() as reads:
        (tree,) = reads.trees()
        assert (tree.size, tree.head_size) == (40, 40)
        answer = serve_range(reads, Want(*MOOT.origin, 40, 0, 40, 10**6, payloads=True))
    assert isinstance(answer, Entries)
    assert len(answer.entries) == 40


def test_what_others_say_of_a_fork_is_checked(new_store: NewStore) -> None:
    store = new_store()
    stranger = found_organisation("stranger")
    with pytest.raises(RefusedError, match="not held"), store.write() as change:
        take_fork_proof(change, proof_of_fork())
    hold(store, Log(stranger).grow(3))
    fetch(store, history("one"), 40)
    spoilt = proof_of_fork()[:-40] + bytes(40)
    log = history("one")
    notes = head_at(log, 30).note, head_at(log, 40).note
    honest = write_fork_proof(found(MOOT.payload), notes, bytes(32), Log(MOOT).grow(SHARED).prove_consistency(3))
    for false in (b"", spoilt, honest):
        with pytest.raises(Malformed), store.write() as change:
            take_fork_proof(change, false)
    with store.read() as reads:
        assert fork_proofs(reads) == []


def test_a_removed_key_accuses_nobody_in_whatever_order_it_is_heard(new_store: NewStore) -> None:
    new, log = signing_key("new"), history("one")
    chain = [MOOT.payload, amend(MOOT, make_charter("moot", 1, keys=[new.public]))]
    first, second = new_store(), new_store()
    for store in (first, second):
        fetch(store, log, 40)
    hear(first, head_at(log, 60, new, chain))
    with pytest.raises(RefusedError, match="removed"), first.write() as change:
        take_fork_proof(change, proof_of_fork())
    with second.write() as change:
        take_fork_proof(change, proof_of_fork())
    assert state(second) is LogState.FORKED
    assert hear(second, head_at(log, 60, new, chain)) == b""
    for store in (first, second):
        assert state(store) is LogState.OK
        with store.read() as reads:
            assert (reads.trees()[0].head_size, fork_proofs(reads)) == (60, [])


def test_what_only_a_removed_key_signed_is_revoked(new_store: NewStore) -> None:
    store, new = new_store(), signing_key("new")
    chain = [MOOT.payload, amend(MOOT, make_charter("moot", 1, keys=[new.public]))]
    fetch(store, history("one"), 40)
    assert hear(store, head_at(history("other"), 30, new, chain)) == b""
    assert state(store) is LogState.REVOKED
    for head in (head_at(history("one"), 50), head_at(history("one"), 50, MOOT.key, chain)):
        with pytest.raises(RefusedError, match="has been replaced"), store.write() as change:
            accept_head(change, head)


def test_the_next_epoch_heals(new_store: NewStore) -> None:
    for order in ("proof first", "opening first"):
        store, log = new_store(), history("one")
        fetch(store, log, 40)
        with store.write() as change:
            tree = change.trees()[0]
            if order == "proof first":
                take_fork_proof(change, proof_of_fork())
            mark_healed(change, tree, fork_digest(proof_of_fork()))
            take_fork_proof(change, proof_of_fork())
        assert state(store) is LogState.HEALED
        with pytest.raises(RefusedError, match="healed"), store.write() as change:
            accept_head(change, head_at(log, 60))


def test_a_log_that_nobody_speaks_of_is_stale(new_store: NewStore) -> None:
    store, now = new_store(), 1_800_000_000
    fetch(store, history("one"), 40)
    assert state(store, now) is LogState.OK
    with store.write() as change:
        confirm_heads(change, [(MOOT.origin, 40)], now)
    assert state(store, now + STALE_S) is LogState.OK
    assert state(store, now + STALE_S + 1) is LogState.STALE
    with store.write() as change:
        confirm_heads(change, [(MOOT.origin, 39)], now + STALE_S)
    assert state(store, now + STALE_S + 1) is LogState.STALE
    with store.write() as change:
        confirm_heads(change, [(MOOT.origin, 41)], now + STALE_S)
    assert state(store, now + STALE_S + 1) is LogState.OK


def test_a_range_of_another_history_is_told_from_a_false_one(new_store: NewStore) -> None:
    store, other = new_store(), history("other")
    fetch(store, history("one"), 40)
    head = head_at(other, 80)
    assert hear(store, head) == b""
    with store.read() as reads:
        replica = Replica(reads.trees()[0], reads)
    with pytest.raises(Malformed) as refused:
        replica.verify_range(head, 40, other.entries[40:60], other.prove_consistency(60))
    assert refused.value.reason == "branch"
    empty = new_store()
    hear(empty, head)
    with empty.read() as reads:
        replica = Replica(reads.trees()[0], reads)
    with pytest.raises(Malformed) as refused:
        replica.verify_range(head, 0, history("one").entries[:60], other.prove_consistency(60))
    assert refused.value.reason == "root"


def other_note(ledger: Ledger, size: int) -> VerifiedHead:
    """What another instance with the own key might have signed."""
    checkpoint = Checkpoint(str(ledger.own.origin), size, seeded("another history"))
    note = Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, ledger.key),))
    return verify_head(bytes(note), ledger.keys.payloads)


def test_a_node_whose_own_log_forked_signs_no_more(ledger: Ledger, directory: DataDirectory) -> None:
    ledger.writer.append([ledger.state("a", {"n": n}) for n in range(5)]).result()
    ledger.writer.settle()

    def accept(change: object) -> bytes:
        with pytest.raises(ForkedError) as refused:
            accept_head(change, other_note(ledger, 3))  # type: ignore[arg-type] # a transaction
        return refused.value.proof

    assert is_true(ledger.writer.run(accept).result())
    with pytest.raises(NotSigningError, match="two histories were signed with its key"):
        ledger.writer.append([ledger.state("a", {"n": 6})]).result()
    ledger.close()
    with Ledger(directory) as again:
        assert "log fork-proof" in again.own.signing_refused
        again.writer.settle()
        assert (again.own.size, again.own.signed_size) == (6, 6)


def test_what_the_own_log_has_not_signed_yet_can_still_be_taken_back(ledger: Ledger) -> None:
    with ledger.store.write() as change:
        ledger.own.append(change, [ledger.state("a", {"n": n}) for n in range(5)], 0)
        with pytest.raises(RefusedError, match="no checkpoint covers"):
            accept_head(change, other_note(ledger, 3))
        assert fork_proofs(change) == []
