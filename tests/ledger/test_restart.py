# SPDX-License-Identifier: AGPL-3.0-or-later
"""The restore matrix: whatever was put back, nobody sees two signed histories, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import NotSigningError, RefusedError
from ledger.held.tree import root_at
from ledger.keeping.audit import audit, rebuild
from ledger.own.head import HeadFile
from ledger.own.hearing import hear
from ledger.own.recovery import State, Watchers, needed_peers
from tests.builders import seeded
from tests.ledger.making import derived_state
from tests.ledger.tracing import WRITES
from tests.ledger.watching import WAIT_S, Watcher, ask, fetch, kept, know, opened, recover, tell, write


@pytest.fixture
def watchers(tmp_path: Path) -> Iterator[list[Watcher]]:
    made = [Watcher(tmp_path, f"watcher {number}") for number in range(3)]
    yield made
    for watcher in made:
        watcher.store.close()


def copied(directory: DataDirectory, name: str) -> DataDirectory:
    """A copy of a closed data directory."""
    copy = DataDirectory(directory.path.with_name(name))
    shutil.copytree(directory.path, copy.path)
    return copy


def restored_backup(directory: DataDirectory, name: str) -> DataDirectory:
    """A backup put back elsewhere: all but the instance."""
    copy = copied(directory, name)
    shutil.rmtree(copy.path / "instance")
    return copy


Restore = Callable[[DataDirectory, str], DataDirectory]
WAYS: dict[str, Restore] = {"backup": restored_backup, "copy or image": copied}


def lived(directory: DataDirectory, watchers: list[Watcher], way: Restore) -> DataDirectory:
    """A log that was signed before and after it was copied; the copy, which has some unsigned entries, too."""
    with opened(directory) as ledger:
        write(ledger, "before 1", "before 2")
        know(ledger, watchers)
        assert not tell(ledger, watchers)
    with opened(directory) as ledger:  # watched now, so this stays unsigned
        assert [one.state for one in write(ledger, "tail 1", "tail 2")] == ["queued" if watchers else "saved"] * 2
    copy = way(directory, "copy")
    with opened(directory) as ledger:
        recover(ledger, watchers)
        assert ledger.own.signing_refused == ""
        write(ledger, *[f"after {number}" for number in range(7)])
        assert not tell(ledger, watchers)
    return copy


ALL = {"before 1", "before 2", "tail 1", "tail 2", *(f"after {number}" for number in range(7))}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("count", "reachable"), [(n, m) for n in range(1, 4) for m in range(n + 1)])
def test_the_restore_matrix(
    directory: DataDirectory, watchers: list[Watcher], way: Restore, count: int, reachable: int
) -> None:
    known, there = watchers[:count], watchers[:reachable]
    copy = lived(directory, known, way)
    with opened(copy) as ledger:
        assert ledger.own.recovery.state is State.UNSURE
        assert [one.state for one in write(ledger, "new")] == ["queued"]
        recovery = recover(ledger, there)
        enough = reachable >= needed_peers(count)
        assert recovery.state is (State.SIGNING if enough else State.UNSURE)
        written = write(ledger, "later")
        assert written[0].state == ("saved" if enough else "queued")
        wanted = {"before 1", "before 2", "tail 1", "tail 2", "new", "later"} | (ALL if reachable else set())
        assert kept(ledger, wanted) == wanted
        signed = ledger.own.signed_size
        assert signed == (ledger.own.size if enough else 12 if reachable else 3)
        assert ledger.own.size == (14 if reachable else 7)
        assert not tell(ledger, known), "somebody has seen two histories"
        assert audit(ledger.store).faults == []
        before = derived_state(copy.store)
        rebuild(ledger.store, ledger.writer)
        assert derived_state(copy.store) == before
    with opened(copy) as ledger:  # liveness: as soon as all answer
        assert recover(ledger, known).state is State.SIGNING
        ledger.writer.settle()
        wanted = ALL | {"new", "later"}
        assert kept(ledger, wanted) == wanted
        assert ledger.own.signed_size == ledger.own.size == 14
        assert not tell(ledger, known)
        assert known[0].leaves(ledger.own.origin) == known[-1].leaves(ledger.own.origin)


def test_nobody_knows_a_log_that_is_put_back_without_its_head(directory: DataDirectory) -> None:
    copy = lived(directory, [], restored_backup)
    with opened(copy) as ledger:
        assert ledger.own.recovery.state is State.UNSURE
        assert "folkmoot log override" in ledger.own.signing_refused
        assert write(ledger, "new")[0].state == "queued"
        position = ledger.override("the old machine has burnt")
        assert ledger.own.signing_refused == ""
        assert ledger.own.signed_size == ledger.own.size == position + 1
        assert write(ledger, "later")[0].state == "saved"
        with pytest.raises(RefusedError, match="nothing to override"):
            ledger.override("again")
    with opened(copy) as ledger:
        assert ledger.own.signing_refused == ""


def test_a_clone_that_runs_twice_hears_of_the_other_before_it_signs_again(
    directory: DataDirectory, watchers: list[Watcher]
) -> None:
    with opened(directory) as ledger:
        know(ledger, watchers)
        write(ledger, "before")
        tell(ledger, watchers)
    one, two = opened(directory), opened(copied(directory, "clone"))
    try:
        for twin in (one, two):
            assert recover(twin, watchers).state is State.SIGNING
        write(one, "by one")
        assert not tell(one, watchers)
        # What the peers push reaches the other, which has not signed since.
        assert ask(two, watchers[:1]).state is State.BEHIND
        assert write(two, "by two")[0].state == "queued"
        assert recover(two, watchers).state is State.SIGNING
        write(two, "more by two")
        assert not tell(two, watchers)
        assert "another instance signs" in ask(one, watchers[:1]).doubt
        assert recover(one, watchers).state is State.SIGNING
        assert one.own.size == two.own.size == 5
        nonces = [HeadFile(twin.directory.head).nonce(str(twin.own.origin)) for twin in (one, two)]
        assert nonces[0] != nonces[1]
    finally:
        one.close()
        two.close()


def test_two_that_signed_at_one_moment_stop_for_good(directory: DataDirectory, watchers: list[Watcher]) -> None:
    """What cannot be excluded without a witness: both asked, then both signed. It is not made worse."""
    with opened(directory) as ledger:
        know(ledger, watchers)
        write(ledger, "before")
        tell(ledger, watchers)
    one, two = opened(directory), opened(copied(directory, "clone"))
    for twin, name in ((one, "one"), (two, "two")):
        assert recover(twin, watchers).state is State.SIGNING
        write(twin, f"by {name}")
    assert not tell(one, watchers)
    assert tell(two, watchers)
    assert ask(two, watchers[:1]).state is State.FORKED
    with pytest.raises(NotSigningError, match="has forked"):
        write(two, "more")
    with pytest.raises(RefusedError, match="has forked"):
        two.override("I want to")
    one.close()
    two.close()
    with opened(two.directory) as again:
        assert again.own.recovery.state is State.FORKED
        assert ask(again, watchers).state is State.FORKED
        assert "has forked" in again.own.signing_refused
        assert kept(again, {"before", "by two"}) == {"before", "by two"}


def test_behind_cannot_be_overridden(directory: DataDirectory, watchers: list[Watcher]) -> None:
    copy = lived(directory, watchers, restored_backup)
    with opened(copy) as ledger:
        assert ask(ledger, watchers[:1]).state is State.BEHIND
        with pytest.raises(RefusedError, match="cannot be overridden"):
            ledger.override("hurry")


@pytest.mark.parametrize("ranges", range(5))
def test_a_restart_in_the_middle_of_fetching_goes_on(
    directory: DataDirectory, watchers: list[Watcher], ranges: int
) -> None:
    copy = lived(directory, watchers, restored_backup)
    with opened(copy) as ledger:
        write(ledger, "new")
        ask(ledger, watchers[:1])
        fetch(ledger, watchers[0], ranges)
        write(ledger, "meanwhile")
    with opened(copy) as ledger:
        assert ledger.own.recovery.state is (State.UNSURE if ranges >= 3 else State.BEHIND)
        assert write(ledger, "new", "meanwhile")[0].repeated
        assert recover(ledger, watchers).state is State.SIGNING
        wanted = ALL | {"new", "meanwhile"}
        assert kept(ledger, wanted) == wanted
        write(ledger)
        assert not tell(ledger, watchers)
        assert audit(ledger.store).faults == []
        assert ledger.own.size == 14


def test_what_has_come_back_is_not_entered_twice(directory: DataDirectory, watchers: list[Watcher]) -> None:
    copy = lived(directory, watchers, restored_backup)
    with opened(copy) as ledger:
        recover(ledger, watchers)
        receipts = write(ledger, "tail 1", "tail 2", "after 0")
        assert [(one.position, one.repeated) for one in receipts] == [(3, True), (4, True), (5, True)]


def test_an_erasure_in_the_unsigned_tail_finds_what_it_erased(
    directory: DataDirectory, watchers: list[Watcher]
) -> None:
    copy = lived(directory, watchers, restored_backup)
    with opened(copy) as ledger:
        (first, second) = write(ledger, "erased before", "erased after")
        for position in (1, first.position, second.position):
            ledger.writer.append([ledger.state("erase", {"position": position, "reason": "law"})]).result(WAIT_S)
            if position != second.position:
                ledger.writer.settle()
        recover(ledger, watchers)
        ledger.writer.settle()
        with ledger.store.read() as reads:
            places = [reads.accepted(ledger.own.tree, [one])[one][0] for one in _ids("erased before", "erased after")]
            lacking = reads.lacking(ledger.own.tree, 0, 100)
            assert {1, *places} == lacking.keys()
            assert set(lacking.values()) == {"erased"}
            assert all(reads.erased_by(ledger.own.tree, place) for place in (1, *places))
        assert not tell(ledger, watchers)
        assert audit(ledger.store).faults == []


def _ids(*labels: str) -> list[bytes]:
    return [seeded(label, 16) for label in labels]


def test_witnesses_of_the_charter_are_asked(
    directory: DataDirectory, watchers: list[Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(directory) as ledger:
        write(ledger, "before")
        tell(ledger, watchers)
    names = [watcher.name for watcher in watchers]
    monkeypatch.setattr("ledger.ledger.watchers_of", lambda *_: Watchers.witnesses(names, 3))
    with opened(directory) as ledger:
        assert ask(ledger, watchers[:2]).state is State.UNSURE
        assert ask(ledger, watchers).state is State.SIGNING


def test_a_later_epoch_has_ended_this_one(directory: DataDirectory, watchers: list[Watcher]) -> None:
    with opened(directory) as ledger:
        write(ledger, "before")
        tell(ledger, watchers)
        head = watchers[0].head(ledger.own.origin)
        assert head is not None
        later = head._replace(origin=head.origin._replace(epoch=2))
        heard = ledger.writer.change_own(lambda own, change: hear(own, change, "ash", later)).result(WAIT_S)
        assert (heard.state, "holds epoch 2" in ledger.own.signing_refused) == (State.FORKED, True)


def test_a_checkpoint_by_a_key_that_was_replaced_is_no_answer(
    directory: DataDirectory, watchers: list[Watcher]
) -> None:
    copy = lived(directory, watchers, restored_backup)
    with opened(copy) as ledger:
        head = watchers[0].head(ledger.own.origin)
        assert head is not None
        stolen = head._replace(key=bytes(32))
        heard = ledger.writer.change_own(lambda own, change: hear(own, change, "ash", stolen)).result(WAIT_S)
        assert (heard.state, heard.counted) == (State.UNSURE, 0)


def test_the_head_is_not_made_anew_with_a_key_that_was_replaced(
    directory: DataDirectory, watchers: list[Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = lived(directory, watchers, restored_backup)
    with opened(copy) as ledger:
        monkeypatch.setattr(ledger.own, "key", type(ledger.key).from_seed(bytes(32)))
        with pytest.raises(NotSigningError, match="has been replaced"):
            recover(ledger, watchers)
        assert ledger.own.recovery.state is State.UNSURE
        assert not copy.head.exists()


@pytest.mark.long
def test_killed_at_any_write_on_the_way_back(
    directory: DataDirectory, watchers: list[Watcher], tmp_path: Path, strace: list[str]
) -> None:
    put_back = lived(directory, watchers[:2], restored_backup)
    killed = 0
    for number in count(1, 4):
        folder = DataDirectory(tmp_path / f"killed {number}")
        shutil.copytree(put_back.path, folder.path)
        inject = ["-e", f"inject={WRITES}:signal=KILL:when={number}"]
        done = _return(folder, tmp_path, "killed", [*strace, *inject])
        again = _return(folder, tmp_path, "again", [])
        assert again.endswith("done\n"), again
        lines = [line.split() for line in (done + again).splitlines()]
        wanted = ALL | {" ".join(words[1:]) for words in lines if words[0] == "ack"}
        with opened(folder) as ledger:
            assert kept(ledger, wanted) == wanted
            assert audit(ledger.store).faults == []
            with ledger.store.read() as reads:
                for _, size, root in (words for words in lines if words[0] == "signed"):
                    assert root_at(reads, ledger.own.tree, int(size)).hex() == root
                leaves = list(reads.leaves(ledger.own.tree, 0, ledger.own.signed_size))
        for watcher in watchers[:2]:
            seen = watcher.leaves(ledger.own.origin)
            assert leaves[: len(seen)] == seen
        shutil.rmtree(folder.path)
        if "done" in done:
            break
        killed += 1
    assert killed > 10


def _return(directory: DataDirectory, watchers: Path, label: str, before: list[str]) -> str:
    command = [*before, sys.executable, "-m", "tests.ledger.returning", str(directory.path), str(watchers), label]
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.returncode in {0, -9, 137}, done
    return done.stdout
