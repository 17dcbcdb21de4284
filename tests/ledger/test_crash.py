# SPDX-License-Identifier: AGPL-3.0-or-later
"""Killed at any moment, with a disk that fails at any write: what was acknowledged is there, and the log is one log."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import StoreFullError
from ledger.held.tree import root_at
from ledger.keeping.audit import audit, rebuild
from ledger.ledger import Ledger
from ledger.own.head import HeadFile
from protocol.checkpoint import Checkpoint, parse_checkpoint
from tests.builders import START, seeded
from tests.ledger.crashing import append, ready
from tests.ledger.making import derived_state
from tests.ledger.tracing import WAIT_S, WRITES, command, copies, traced

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.long


class Witness:
    """Remembers what was acknowledged and signed, and checks it against the data directory after each crash."""

    def __init__(self, directory: DataDirectory) -> None:
        self.directory = directory
        self.acknowledged: dict[str, int] = {}
        self.erased: set[int] = set()
        self.checkpoints: list[Checkpoint] = []

    def hear(self, output: str) -> list[str]:
        """Takes note of what a process told; its refusals."""
        refused = []
        for line in output.splitlines():
            word, *rest = line.split()
            if word == "ack":
                assert self.acknowledged.setdefault(rest[0], int(rest[1])) == int(rest[1])
            elif word == "erased":
                self.erased.add(int(rest[0]))
            elif word == "refused":
                refused.append(rest[0])
        return refused

    def check(self, *, same_key: bool = True) -> None:
        """Opens the data directory and looks at everything. With another key nothing can be said a second time."""
        with Ledger(self.directory, lambda: float(START)) as ledger:
            assert ledger.own.signing_refused == ""
            self._check_entries(ledger)
            if same_key:
                self._check_repeating(ledger)
            ledger.writer.settle()
            self._check_checkpoints(ledger)
            assert audit(ledger.store).faults == []
            assert ledger.store.check_integrity() == []
            state = derived_state(self.directory.store)
            before, after = rebuild(ledger.store, ledger.writer)
            assert before == after
            assert derived_state(self.directory.store) == state

    def _check_entries(self, ledger: Ledger) -> None:
        tree = ledger.own.tree
        with ledger.store.read() as reads:
            labels = list(self.acknowledged)
            found = reads.accepted(tree, [seeded(label, 16) for label in labels])
            assert [found[seeded(label, 16)][0] for label in labels] == list(self.acknowledged.values())
            payloads = {position: payload for position, _, payload in reads.entries(tree, 0, ledger.own.size)}
        assert sorted(payloads) == list(range(ledger.own.size))
        for position in self.acknowledged.values():
            if position in self.erased:
                assert payloads[position] is None

    def _check_repeating(self, ledger: Ledger) -> None:
        labels = list(self.acknowledged)
        for label in random.Random(1).sample(labels, min(3, len(labels))):
            (receipt,) = ledger.writer.append([ready(ledger, label, _number(label))]).result(WAIT_S)
            assert (receipt.position, receipt.repeated) == (self.acknowledged[label], True)

    def _check_checkpoints(self, ledger: Ledger) -> None:
        with ledger.store.read() as reads:
            tree = reads.tree_numbered(ledger.own.tree)
            checkpoint, _ = parse_checkpoint(tree.checkpoint)
            self.checkpoints.append(checkpoint)
            for one in self.checkpoints:
                assert root_at(reads, tree.tree, one.size) == one.root
        assert checkpoint.size == tree.size
        head = HeadFile(self.directory.head).read(checkpoint.origin)
        assert tuple(head) == tuple(checkpoint)


def _number(label: str) -> int:
    """The place of a label in its group, which chose its record."""
    return int(label.rpartition("-")[2]) if "-" in label else {"a": 0, "b": 1, "c": 0, "d": 0, "e": 1, "f": 2}[label]


def test_killed_under_load(directory: DataDirectory) -> None:
    witness, rng = Witness(directory), random.Random(11)
    for seed in range(25):
        lines, output = rng.randrange(1, 250), []
        arguments = command("load", str(directory.path), str(seed))
        with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            output += [process.stdout.readline() for _ in range(lines)]
            process.kill()
            output += process.stdout.readlines()
        assert process.returncode == -signal.SIGKILL
        if not output[-1].endswith("\n"):
            output.pop()
        assert witness.hear("".join(output)) == []
        witness.check()
    assert len(witness.acknowledged) > 500


def failing(strace: list[str], inject: str, directory: DataDirectory) -> subprocess.CompletedProcess[str]:
    return traced(strace, inject, "scenario", str(directory.path))


def test_killed_at_every_write(directory: DataDirectory, tmp_path: Path, strace: list[str]) -> None:
    killed = 0
    for number, copy in copies(directory, tmp_path):
        done = failing(strace, f"{WRITES}:signal=KILL:when={number}", copy)
        witness = Witness(copy)
        assert witness.hear(done.stdout) == [], done
        witness.check()
        if "done" in done.stdout:
            break
        killed += 1
    assert killed > 20


@pytest.mark.parametrize("times", ["", "+"], ids=["once", "from then on"])
@pytest.mark.parametrize("inject", ["pwrite64:error=ENOSPC", "pwrite64:error=EIO", "fdatasync,fsync:error=EIO"])
def test_a_disk_that_fails_at_every_write(
    directory: DataDirectory, tmp_path: Path, strace: list[str], inject: str, times: str
) -> None:
    refused: list[str] = []
    for number, copy in copies(directory, tmp_path):
        done = failing(strace, f"{inject}:when={number}{times}", copy)
        witness = Witness(copy)
        assert done.returncode == 0, done
        found = witness.hear(done.stdout)
        assert done.stdout.count("read ") == len(found) or "done" not in done.stdout, done
        if "ENOSPC" in inject:
            assert set(found) <= {"StoreFullError", "StoreUnusableError"}, done
        else:
            assert "StoreDamagedError" not in found, done
        witness.check()
        refused += found
        if not found and "done" in done.stdout and number > 60:
            break
    assert len(refused) > 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_is_really_full(
    directory: DataDirectory, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.sqlite.store.RESERVE_BYTES", 0)
    moved = DataDirectory(small_disk / "data")
    shutil.copytree(directory.path, moved.path)
    (small_disk / "ballast").write_bytes(bytes(8 * 2**20))
    acknowledged = 0
    with Ledger(moved, lambda: float(START)) as ledger:
        with pytest.raises(StoreFullError):
            while True:
                acknowledged += len(append(ledger, [f"full-{acknowledged}-{n}" for n in range(20)]))
        for _ in range(3):
            with pytest.raises(StoreFullError):
                append(ledger, [f"more-{n}" for n in range(100)])
        with ledger.store.read() as reads:
            assert reads.tree_numbered(ledger.own.tree).size == 1 + acknowledged
        assert audit(ledger.store).faults == []
        (small_disk / "ballast").unlink()
        assert append(ledger, ["after-0"]) == [1 + acknowledged]
        ledger.writer.settle()
        assert ledger.own.signed_size == 2 + acknowledged
    witness = Witness(moved)
    witness.check()
