# SPDX-License-Identifier: AGPL-3.0-or-later
"""Changing the keys of the own log (spec 04 §4, §7), and what others see of it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import NotSigningError, RefusedError, StoreLockedError, StoreUnusableError
from ledger.held.charters import take_charters
from ledger.keeping.audit import audit, rebuild
from ledger.ledger import Ledger
from ledger.own.amending import apply, draft, read_own, with_known
from ledger.own.keys import read_key, write_key
from ledger.own.operating import change_key, destroy_key, make_coming_key, operating_key
from ledger.proofs.proving import prove_entry, trust_file
from ledger.sqlite.store import SqliteStore
from protocol.charter import recovery_key
from protocol.policy import parse_policy
from protocol.proof import Verdict, judge
from protocol.signature import SigningKey
from tests.builders import seeded
from tests.ledger.making import record
from tests.ledger.renewing import NOW, SECRETS, NewStore, keys_of, open_epoch, prepared, put, replicate, rotate


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


def test_a_node_that_hears_of_its_own_removal_stops_signing(directory: DataDirectory, tmp_path: Path) -> None:
    put(directory, 1)
    yesterday = DataDirectory(tmp_path / "yesterday")
    shutil.copytree(directory.path, yesterday.path)
    rotate(directory)
    told = keys_of(directory)
    with Ledger(yesterday) as ledger:
        ledger.writer.run(lambda change: take_charters(change, ledger.own.origin, told.payloads)).result()
        ledger.writer.append([ledger.state("record.put", {"record": record(2, "too late")})]).result()
        with suppress(NotSigningError):  # unless the writer has found it out by itself before
            ledger.writer.settle()
        assert "was removed" in ledger.own.signing_refused
        with ledger.store.read() as reads:
            assert (reads.trees()[0].size, reads.trees()[0].checkpoint_size) == (3, 2)
    with pytest.raises(NotSigningError, match="removed by an amendment"):
        Ledger(yesterday)


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


def test_a_restored_store_without_a_head_file_is_amended_and_waits_to_sign(directory: DataDirectory) -> None:
    put(directory, 1)
    directory.head.unlink()
    applied = rotate(directory)
    assert (applied.signed, applied.position) == (False, 2)
    with Ledger(directory) as ledger:
        assert ledger.own.signing_refused
        assert ledger.keys.charter.kseq == 1
