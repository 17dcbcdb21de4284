# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening epochs of the own log, and coming back from a copy (spec 04 §6)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import RefusedError
from ledger.held.charters import why_silent
from ledger.held.replica import head_of, verify_head
from ledger.held.serving import head_field, heads_of
from ledger.held.tree import root_at
from ledger.keeping.audit import audit, rebuild
from ledger.keeping.recovering import take_store
from ledger.ledger import Ledger
from ledger.own.amending import apply, draft, read_own, with_known
from ledger.own.hearing import hear
from ledger.own.keys import read_key
from ledger.own.operating import make_coming_key
from ledger.own.recovery import State, Watchers, start
from ledger.proofs.proving import entry_object, prove_entry, trust_file
from ledger.sqlite.store import SqliteStore
from protocol.charter import Opens, recovery_key
from protocol.identity import show_log_id
from protocol.policy import parse_policy
from protocol.proof import Verdict, judge
from tests.ledger.making import record
from tests.ledger.renewing import NOW, SECRETS, NewStore, keys_of, open_epoch, opens, prepared, put, replicate, rotate
from tests.ledger.watching import kept, write


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


def test_no_amendment_is_appended_where_signed_entries_are_missing(directory: DataDirectory) -> None:
    put(directory, 1)
    store = SqliteStore(directory.store)
    with store.write() as change:
        tree = change.tree_numbered(1)
        change.set_head(tree.tree, tree.checkpoint, 9)
    store.close()
    with pytest.raises(RefusedError, match="7 entries that were signed are missing"):
        rotate(directory)
    assert keys_of(directory).charter.kseq == 0


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


def test_who_does_not_know_of_an_epoch_holds_nothing_of_it(directory: DataDirectory) -> None:
    put(directory, 1)
    with Ledger(directory) as ledger, ledger.store.read() as reads:
        old = head_field(reads, reads.trees()[0])
    open_epoch(directory, 2)
    with Ledger(directory) as ledger:
        with ledger.store.read() as reads:
            first, second = reads.trees()
            charters = reads.charters(first.tree)
        before, after = verify_head(old.checkpoint, old.charters), verify_head(first.checkpoint, charters)
        watchers = Watchers.peers(["one", "two"])
        own = ledger.own
        own.recovery = start(watchers)
        with ledger.store.write() as change:
            own.recovery = hear(own, change, "one", after)
            assert own.recovery.counted == 0  # it may hold more of the new epoch than it has said so far
            own.recovery = hear(own, change, "one", before)
            assert (own.recovery.counted, own.recovery.state) == (1, State.UNSURE)
            assert hear(own, change, "two", before).state is State.SIGNING
        assert own.tree == second.tree


def test_what_waits_for_a_place_in_the_old_epoch_gets_one_in_the_new(directory: DataDirectory, tmp_path: Path) -> None:
    """A copy that lacks signed entries which nobody holds any more: the way out loses nothing that was acknowledged."""
    put(directory, 1)
    copy = DataDirectory(tmp_path / "copy")
    shutil.copytree(directory.path, copy.path)
    put(directory, 2)
    with Ledger(directory) as ledger, ledger.store.read() as reads:
        head = head_of(reads, reads.trees()[0])
    with Ledger(copy) as ledger:
        ledger.writer.change_own(lambda own, change: hear(own, change, "one", head)).result()
        assert ledger.own.recovery.state is State.BEHIND
        assert [one.state for one in write(ledger, "waits", "waits, too")] == ["queued"] * 2
    assert open_epoch(copy, 2).signed
    with Ledger(copy) as ledger:
        assert kept(ledger, {"waits", "waits, too"}) == {"waits", "waits, too"}
        with ledger.store.read() as reads:
            old, new = reads.trees()
            assert (reads.queue_size(old.tree), new.size, new.checkpoint_size) == (0, 4, 4)
            assert (reads.record_count(), reads.verdicts(new.tree, 0, 500)) == (3, {})
        assert [one.repeated for one in write(ledger, "waits")] == [True]


def test_a_new_epoch_of_which_nobody_holds_anything_can_be_signed(directory: DataDirectory) -> None:
    """Its charter was told before its first checkpoint could be."""
    put(directory, 1)
    open_epoch(directory, 2)
    with Ledger(directory) as ledger:
        log_id = ledger.log_id
        with ledger.store.write() as change:
            second = change.trees()[1]
            change._db.execute("DELETE FROM tree WHERE tree = ?", (second.tree,))
            heads, unknown = heads_of(change, [log_id], log_id)
            assert [(head.epoch, len(head.charters), unknown) for head in heads] == [(1, 2, [log_id])]
            assert heads_of(change, [log_id], bytes(32))[1] == []  # it is nobody else's question
