# SPDX-License-Identifier: AGPL-3.0-or-later
"""Changing keys and opening epochs of the own log (spec 04), and what others see of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.amending import Applied, apply, draft, read_own, with_known
from ledger.audit import audit, rebuild
from ledger.charters import take_charters, why_silent
from ledger.errors import NotSigningError, RefusedError, StoreLockedError, StoreUnusableError
from ledger.keys import read_key, write_key
from ledger.ledger import DataDirectory, Ledger
from ledger.operating import change_key, destroy_key, make_coming_key, operating_key
from ledger.proving import entry_object, prove_entry, trust_file
from ledger.recovering import take_store
from ledger.replica import Replica, accept_head, store_range, verify_head
from ledger.sqlite.store import SqliteStore
from ledger.tree import root_at
from protocol.charter import LogKeys, Opens, recovery_key
from protocol.identity import show_log_id
from protocol.policy import parse_policy
from protocol.proof import Verdict, judge
from protocol.signature import SigningKey
from tests.builders import START, seeded
from tests.ledger.making import record

NewStore = Callable[[], SqliteStore]
SECRETS = [seeded(f"holder {number}") for number in range(3)]
NOW = START + 7200


def put(directory: DataDirectory, *numbers: int) -> list[int]:
    """Puts records into the own log; their positions."""
    with Ledger(directory, lambda: float(NOW)) as ledger:
        group = [ledger.state("record.put", {"record": record(number, f"record {number}")}) for number in numbers]
        receipts = ledger.writer.append(group).result()
        ledger.writer.settle()
        return [receipt.position for receipt in receipts]


def prepared(directory: DataDirectory, author: SigningKey, secrets: list[bytes] | None = None, **changes: Any) -> bytes:
    """The payload of an amendment, signed by holders."""
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        amendment = draft(read_own(reads), changes, author, [], NOW)
    store.close()
    for secret in secrets or SECRETS[:2]:
        amendment = amendment.sign(secret)
    return amendment.payload(seeded("amendment salt"))


def rotate(directory: DataDirectory, secrets: list[bytes] | None = None) -> Applied:
    """Puts a new operating key in the place of the present one."""
    new = make_coming_key(directory)
    return apply(directory, prepared(directory, new, secrets, keys=[new.public]), NOW)


def opens(directory: DataDirectory, size: int) -> Opens:
    """The opening of the second epoch that accepts so many entries."""
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        own = read_own(reads)
        root = root_at(reads, own.tree.tree, size)
    store.close()
    return Opens(own.keys.epoch + 1, size, root)


def open_epoch(directory: DataDirectory, size: int) -> Applied:
    """Opens the next epoch."""
    new = make_coming_key(directory)
    payload = prepared(directory, new, keys=[new.public], opens=opens(directory, size))
    return apply(directory, payload, NOW)


def replicate(directory: DataDirectory, target: SqliteStore) -> None:
    """Has a store take what a data directory tells of its logs."""
    source = SqliteStore(directory.store, writable=False)
    with source.read() as reads:
        for tree in reads.trees():
            if not tree.checkpoint:
                continue
            head = verify_head(tree.checkpoint, reads.charters(tree.tree))
            with target.write() as change:
                mine = accept_head(change, head)
            if mine.size < tree.checkpoint_size:
                pairs = [
                    (row.entry, row.payload or b"") for row in reads.entries(tree.tree, mine.size, tree.checkpoint_size)
                ]
                with target.read() as seen:
                    verified = Replica(mine, seen).verify_range(head, mine.size, pairs, [])
                with target.write() as change:
                    store_range(change, verified)
    source.close()


def keys_of(directory: DataDirectory) -> LogKeys:
    store = SqliteStore(directory.store, writable=False)
    try:
        with store.read() as reads:
            return read_own(reads).keys
    finally:
        store.close()


def test_a_node_goes_on_with_a_new_key_and_others_follow(directory: DataDirectory, new_store: NewStore) -> None:
    peer = new_store()
    old = read_key(directory.key)
    put(directory, 1, 2)
    replicate(directory, peer)
    applied = rotate(directory)
    assert (applied.position, applied.epoch, applied.signed) == (3, 1, True)
    new = read_key(directory.key)
    assert (new.public != old.public, read_key(directory.removed_key(old.public)).seed) == (True, old.seed)
    assert put(directory, 3) == [4]
    replicate(directory, peer)
    with peer.read() as reads, Ledger(directory) as ledger:
        (tree,) = reads.trees()
        assert (tree.size, tree.checkpoint_size, ledger.key.public) == (5, 5, new.public)
    assert audit(peer).faults == []


def test_records_from_before_stay_and_the_removed_key_says_nothing_more(directory: DataDirectory) -> None:
    put(directory, 1)
    old = read_key(directory.key)
    rotate(directory)
    with Ledger(directory, lambda: float(NOW)) as ledger:
        ledger.key = old  # a thief's program, which has the store as well
        group = [ledger.state("record.put", {"record": record(2, "by the thief")})]
        ledger.writer.append(group).result()
        ledger.writer.settle()
        with ledger.store.read() as reads:
            assert reads.verdicts(1, 0, 10) == {3: "not_authorised"}
            assert reads.record_count() == 1
        before, after = rebuild(ledger.store, ledger.writer)
    assert before == after


def test_any_two_holders_suffice_and_the_sheets_serve_again_and_again(directory: DataDirectory) -> None:
    for turn, pair in enumerate(([0, 1], [1, 2], [0, 2], [2, 1]), 1):
        assert rotate(directory, [SECRETS[number] for number in pair]).keys.charter.kseq == turn
    assert len(keys_of(directory).earlier_keys(1)) == 4


@pytest.mark.parametrize(("secrets", "reason"), [([SECRETS[0]], "old_threshold"), ([], "old_threshold")])
def test_too_few_holders_change_nothing(directory: DataDirectory, secrets: list[bytes], reason: str) -> None:
    new = make_coming_key(directory)
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        amendment = draft(read_own(reads), {"keys": [new.public]}, new, [], NOW)
    store.close()
    for secret in secrets:
        amendment = amendment.sign(secret)
    with pytest.raises(ValueError, match=reason):
        amendment.payload(bytes(32))
    assert keys_of(directory).charter.kseq == 0


def test_an_amendment_for_an_older_charter_is_refused(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        key = ledger.key
    first = prepared(directory, key, territory="here")
    second = prepared(directory, key, territory="there")
    apply(directory, first, NOW)
    for late in (first, second):
        with pytest.raises(RefusedError, match="another charter"):
            apply(directory, late, NOW)


def test_an_amendment_is_applied_where_its_key_is(directory: DataDirectory) -> None:
    elsewhere = SigningKey.from_seed(seeded("elsewhere"))
    with pytest.raises(RefusedError, match="none of the amendment's operating keys"):
        apply(directory, prepared(directory, elsewhere, keys=[elsewhere.public]), NOW)
    assert keys_of(directory).charter.kseq == 0


def test_nothing_is_changed_under_a_running_node(directory: DataDirectory, ledger: Ledger) -> None:
    payload = prepared(directory, ledger.key, territory="here")
    with pytest.raises(StoreLockedError, match="in use"):
        apply(directory, payload, NOW)


def test_without_the_public_keys_of_the_coming_set_more_sheets_are_asked_for(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        key = ledger.key
        ledger.writer.run(lambda change: change.set_fact("recovery", b"")).result()
        with ledger.store.read() as reads:
            own = read_own(reads)
    with pytest.raises(RefusedError, match="more recovery sheets"):
        draft(own, {}, key, SECRETS[:2], NOW)
    assert len(draft(own, {}, key, SECRETS, NOW).charter.recovery.keys) == 3
    printed = {n: sorted(recovery_key(secret, n).public for secret in SECRETS) for n in (1, 2)}
    known = draft(with_known(own, printed), {}, key, SECRETS[:2], NOW)
    assert known.charter.recovery.keys == printed[1]
    only_next = draft(with_known(own, {1: printed[1]}), {}, key, SECRETS[:2], NOW)
    assert only_next.charter.next != known.charter.next


def test_a_change_of_keys_that_was_interrupted_is_finished(directory: DataDirectory) -> None:
    old = read_key(directory.key)
    rotate(directory)
    new = read_key(directory.key)
    # As it was between the amendment and the change of files.
    directory.key.rename(directory.coming_key(new.public))
    directory.removed_key(old.public).rename(directory.key)
    with Ledger(directory) as ledger:
        assert ledger.key.public == new.public
    # As it was between the two renamings.
    directory.key.rename(directory.coming_key(new.public))
    assert operating_key(directory, keys_of(directory)).public == new.public


def test_a_removed_key_that_is_put_back_signs_nothing(directory: DataDirectory) -> None:
    old = read_key(directory.key)
    rotate(directory)
    directory.key.unlink()
    with pytest.raises(StoreUnusableError, match="missing"):
        Ledger(directory)
    write_key(directory.key, old)
    with pytest.raises(NotSigningError, match="removed by an amendment"):
        Ledger(directory)


def test_a_destroyed_key_is_gone(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    for _ in range(2):
        change_key(directory, make_coming_key(directory).public)
    (removed,) = directory.key.parent.glob("removed-*")
    destroy_key(removed)
    assert [path.name for path in directory.key.parent.iterdir()] == ["operating.key"]


def test_old_proofs_hold_with_the_trust_file_of_then_and_new_ones_with_that_of_now(directory: DataDirectory) -> None:
    (position,) = put(directory, 1)

    def written() -> tuple[bytes, bytes]:
        store = SqliteStore(directory.store, writable=False)
        with store.read() as reads:
            proof, trust = prove_entry(reads, read_own(reads).tree, position), trust_file(reads)
        store.close()
        return proof, trust

    old_proof, old_trust = written()
    rotate(directory)
    new_proof, new_trust = written()
    verdict = {
        (proof, trust): judge(proof, parse_policy(trust)).verdict
        for proof in (old_proof, new_proof)
        for trust in (old_trust, new_trust)
    }
    assert verdict[old_proof, old_trust] is verdict[new_proof, new_trust] is Verdict.TRUE
    assert verdict[old_proof, new_trust] is verdict[new_proof, old_trust] is Verdict.UNKNOWN_LOG
    named = new_trust.replace(b"# removed; for proofs from before that: ", b"")
    assert judge(old_proof, parse_policy(named)).verdict is Verdict.TRUE
    open_epoch(directory, 3)
    third_proof, third_trust = written()
    assert len(parse_policy(third_trust).logs) == 2
    assert judge(third_proof, parse_policy(third_trust)).verdict is Verdict.TRUE
    assert judge(new_proof, parse_policy(third_trust)).verdict is Verdict.TRUE


def test_a_replica_that_knows_the_amendment_names_the_key_that_its_checkpoint_needs(
    directory: DataDirectory, new_store: NewStore
) -> None:
    peer = new_store()
    put(directory, 1)
    replicate(directory, peer)
    rotate(directory)
    with peer.write() as change:
        change.set_charters(1, keys_of(directory).payloads)
    with peer.read() as reads:
        proof, trust = prove_entry(reads, reads.trees()[0], 1), parse_policy(trust_file(reads))
    assert len(trust.logs) == 2
    assert judge(proof, trust).verdict is Verdict.TRUE
    assert audit(peer).faults == []


def test_an_epoch_enters_what_it_accepts_again_and_goes_on(directory: DataDirectory, new_store: NewStore) -> None:
    peer = new_store()
    put(directory, *range(200))
    put(directory, *range(200, 300))
    replicate(directory, peer)
    applied = open_epoch(directory, 281)
    assert (applied.epoch, applied.position, applied.signed) == (2, 0, True)
    assert put(directory, 1000) == [281]
    with Ledger(directory) as ledger:
        assert ledger.own.origin.epoch == 2
        with ledger.store.read() as reads:
            first, second = reads.trees()
            assert (first.size, first.derived, second.size, second.derived) == (301, 0, 282, 282)
            assert list(reads.entries(first.tree, 1, 281)) == list(reads.entries(second.tree, 1, 281))
            assert (reads.record_count(), reads.verdicts(second.tree, 0, 500)) == (281, {})
            assert entry_object(reads, first, 5)["verdict"] == "superseded"
            assert judge(prove_entry(reads, first, 5), parse_policy(trust_file(reads))).verdict is Verdict.TRUE
            assert judge(prove_entry(reads, second, 0), parse_policy(trust_file(reads))).verdict is Verdict.TRUE
        before, after = rebuild(ledger.store, ledger.writer)
        assert before == after
        assert audit(ledger.store).faults == []
    replicate(directory, peer)
    with peer.read() as reads:
        assert [(tree.origin.epoch, tree.size) for tree in reads.trees()] == [(1, 301), (2, 282)]
    assert audit(peer).faults == []
    rotate(directory)
    assert put(directory, 1001) == [283]


def test_an_id_that_was_accepted_before_the_epoch_is_not_written_twice(directory: DataDirectory) -> None:
    with Ledger(directory, lambda: float(NOW)) as ledger:
        item = ledger.state("record.put", {"record": record(1, "one")}, bytes(16))
        ledger.writer.append([item]).result()
        ledger.writer.settle()
    open_epoch(directory, 2)
    with Ledger(directory) as ledger:
        (receipt,) = ledger.writer.append([item]).result()
        assert (receipt.position, receipt.repeated) == (1, True)


def test_an_epoch_accepts_only_what_is_held(directory: DataDirectory) -> None:
    put(directory, 1, 2)
    new = make_coming_key(directory)
    right = opens(directory, 3)
    for wrong in (Opens(2, 3, bytes(32)), Opens(2, 4, right.root), Opens(2, 2, right.root)):
        with pytest.raises(RefusedError, match="accepts"):
            apply(directory, prepared(directory, new, keys=[new.public], opens=wrong), NOW)
    assert keys_of(directory).epoch == 1
    assert apply(directory, prepared(directory, new, keys=[new.public], opens=right), NOW).epoch == 2


def test_a_node_that_hears_of_its_own_removal_stops_signing(directory: DataDirectory, tmp_path: Path) -> None:
    put(directory, 1)
    yesterday = DataDirectory(tmp_path / "yesterday")
    shutil.copytree(directory.path, yesterday.path)
    rotate(directory)
    told = keys_of(directory)
    with Ledger(yesterday) as ledger:
        ledger.writer.run(lambda change: take_charters(change, ledger.own.origin, told.payloads)).result()
        ledger.writer.append([ledger.state("record.put", {"record": record(2, "too late")})]).result()
        with pytest.raises(NotSigningError, match="was removed"):
            ledger.writer.settle()
        with ledger.store.read() as reads:
            assert (reads.trees()[0].size, reads.trees()[0].checkpoint_size) == (3, 2)
    with pytest.raises(NotSigningError, match="removed by an amendment"):
        Ledger(yesterday)


def test_a_node_that_hears_of_a_newer_epoch_stops_signing(directory: DataDirectory) -> None:
    put(directory, 1)
    key = read_key(directory.key)
    open_epoch(directory, 2)
    store = SqliteStore(directory.store)
    with store.read() as reads:
        first, second = reads.trees()
        assert "newer epoch" in why_silent(reads, first, key.public)
        assert "removed" in why_silent(reads, second, key.public)
        assert not why_silent(reads, second, read_key(directory.key).public)
    store.close()


def test_a_thief_of_the_operating_key_cannot_change_keys(directory: DataDirectory) -> None:
    stolen, theirs = read_key(directory.key), [seeded(f"thief {number}") for number in range(3)]
    new = make_coming_key(directory)
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        own = read_own(reads)
    store.close()
    amendment = draft(own, {"keys": [new.public]}, new, [], NOW)
    with pytest.raises(RefusedError, match="not one of the recovery sheets"):
        draft(own, {}, new, [stolen.seed, *theirs], NOW)
    for secret in (stolen.seed, *theirs):
        with pytest.raises(ValueError, match="not one of the recovery sheets"):
            amendment.sign(secret)


def test_a_lost_machine_comes_back_from_a_peers_store_with_a_new_epoch(
    directory: DataDirectory, new_store: NewStore, tmp_path: Path
) -> None:
    peer = new_store()
    put(directory, 1, 2, 3)
    replicate(directory, peer)
    lost = keys_of(directory)
    shutil.rmtree(directory.path)
    peer.back_up(tmp_path / "copy.db")
    home = DataDirectory(tmp_path / "new")
    take_store(home, tmp_path / "copy.db", show_log_id(lost.log_id)[:8])
    with pytest.raises(RefusedError, match="holds a node already"):
        take_store(home, tmp_path / "copy.db", show_log_id(lost.log_id)[:8])
    new = make_coming_key(home)
    store = SqliteStore(home.store, writable=False)
    with store.read() as reads:
        own = with_known(read_own(reads), {1: sorted(recovery_key(secret, 1).public for secret in SECRETS)})
        accepted = Opens(2, own.tree.size, root_at(reads, own.tree.tree, own.tree.size))
        amendment = draft(own, {"keys": [new.public], "opens": accepted}, new, SECRETS[:2], NOW)
    store.close()
    payload = amendment.sign(SECRETS[0]).sign(SECRETS[1]).payload(bytes(32))
    assert apply(home, payload, NOW).signed
    assert put(home, 4) == [4]
    replicate(home, peer)
    with peer.read() as reads:
        assert [(tree.origin.epoch, tree.size) for tree in reads.trees()] == [(1, 4), (2, 5)]
    with Ledger(home) as ledger, ledger.store.read() as reads:
        assert reads.record_count() == 4


def test_a_restored_store_without_a_head_file_is_amended_and_waits_to_sign(directory: DataDirectory) -> None:
    put(directory, 1)
    directory.head.unlink()
    applied = rotate(directory)
    assert (applied.signed, applied.position) == (False, 2)
    with Ledger(directory) as ledger:
        assert ledger.own.signing_refused
        assert ledger.keys.charter.kseq == 1
