# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was erased is in no file of the data directory: not in free pages, not in the journal, not in the text index."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import audit
from ledger.ledger import DataDirectory, Ledger
from ledger.own import Submission
from ledger.sqlite.store import SqliteStore
from tests.builders import seeded, signing_key
from tests.ledger.making import Scribe, derive, hold, record, record_id
from tests.ledger.renewing import NOW, open_epoch, replicate, replicate_trees

CANARY = "zqcanary"
WAIT_S = 60


def files_with(folder: Path, text: str = CANARY) -> list[str]:
    """The files under a folder in whose bytes a text stands."""
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def everywhere(number: int) -> dict[str, Any]:
    """A record that names the canary wherever it can."""
    return record(
        number,
        f"{CANARY} name",
        description={"en": f"{CANARY} about"},
        address={"street": f"{CANARY} street", "locality": f"{CANARY} town"},
        categories=[f"own:{CANARY}"],
        contact={"email": f"{CANARY}@example.org", "visibility": "members"},
        sources=[{"set": CANARY, "record": CANARY, "licence": "CC0-1.0"}],
        licence=f"LicenseRef-{CANARY}",
        url=f"https://{CANARY}.example",
    )


STATEMENTS: dict[str, dict[str, Any]] = {
    "record.put": {"record": everywhere(1), "import": seeded("import", 16)},
    "role": {"key": signing_key("steward").public, "role": "steward", "name": CANARY},
    "import.start": {
        "id": seeded("import", 16),
        "set": CANARY,
        "file": seeded("file"),
        "name": CANARY,
        "licence": "CC0-1.0",
        "attribution": CANARY,
    },
    "claim.report": {"subject": {"log": bytes(32), "id": bytes(16)}, "type": "wrong", "note": CANARY},
    "claim.correct": {"subject": {"log": bytes(32), "id": bytes(16)}, "record": everywhere(2)},
    "pledge.make": {"text": CANARY},
}


def write(ledger: Ledger, *submissions: Submission) -> list[int]:
    receipts = ledger.writer.append(list(submissions)).result(WAIT_S)
    return [receipt.position for receipt in receipts]


def erase(ledger: Ledger, *positions: int) -> None:
    for position in positions:
        write(ledger, ledger.state("erase", {"position": position, "reason": "request"}))
    ledger.writer.settle()


@pytest.mark.parametrize("kind", STATEMENTS)
def test_nothing_is_left_of_a_statement(ledger: Ledger, kind: str) -> None:
    (position,) = write(ledger, ledger.state(kind, STATEMENTS[kind]))
    ledger.writer.settle()
    assert files_with(ledger.directory.path)
    erase(ledger, position)
    assert files_with(ledger.directory.path) == []
    ledger.close()
    assert files_with(ledger.directory.path) == []
    assert audit(SqliteStore(ledger.directory.store, writable=False)).faults == []


def test_nothing_is_left_of_a_state_that_was_replaced_before(ledger: Ledger) -> None:
    (position,) = write(ledger, ledger.state("record.put", {"record": everywhere(1)}))
    ledger.writer.settle()
    write(ledger, ledger.state("record.put", {"record": record(1, "Bakery")}))
    ledger.writer.settle()
    erase(ledger, position)
    assert files_with(ledger.directory.path) == []
    with ledger.store.read() as reads:
        assert reads.records_by_id(ledger.own.tree, [record_id(1)])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_left_of_many_among_many(ledger: Ledger, seed: int) -> None:
    """Pages of every kind are split, merged and freed on the way."""
    rng = random.Random(seed)
    canaries: list[int] = []
    for turn in range(12):
        group, marked = [], []
        for number in range(60):
            marked.append(rng.random() < 0.5)
            text = " ".join(CANARY + str(rng.randrange(10**6)) if marked[-1] else seeded(f"{rng.random()}").hex()
                            for _ in range(rng.choice([1, 5, 400])))  # fmt: skip
            body = record(turn * 60 + number, text[:300], description={"en": text[:8000]})
            group.append(ledger.state("record.put", {"record": body}))
        canaries += [position for position, is_marked in zip(write(ledger, *group), marked, strict=True) if is_marked]
        ledger.writer.settle()
    assert files_with(ledger.directory.path)
    rng.shuffle(canaries)
    for position in canaries:
        write(ledger, ledger.state("erase", {"position": position, "reason": "law"}))
    ledger.writer.settle()
    assert files_with(ledger.directory.path) == []
    assert audit(ledger.store).faults == []
    with ledger.store.read() as reads:
        assert reads.matching(f'"{CANARY}"*').tolist() == []


def test_nothing_is_left_at_those_who_hold_a_replica(new_store: Callable[[], SqliteStore], tmp_path: Path) -> None:
    scribe, store = Scribe(), new_store()
    positions = [scribe.say(kind, body) for kind, body in STATEMENTS.items()]
    hold(store, scribe.log)
    derive(store)
    assert files_with(tmp_path)
    for position in positions:
        scribe.erase(position)
    hold(store, scribe.log)
    derive(store)
    assert store.truncate_journal()
    assert files_with(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from ledger.ledger import DataDirectory, Ledger
from ledger.sqlite.store import SqliteStore
from tests.builders import START
from tests.ledger.test_erasure import STATEMENTS
SqliteStore.truncate_journal = lambda self: os.kill(os.getpid(), signal.SIGKILL) if armed else True
armed = False
ledger = Ledger(DataDirectory(Path(sys.argv[1])), lambda: float(START))
(receipt,) = ledger.writer.append([ledger.state("record.put", STATEMENTS["record.put"])]).result()
ledger.writer.settle()
armed = True
ledger.writer.append([ledger.state("erase", {"position": receipt.position, "reason": "law"})]).result()
ledger.writer.settle()
"""


def test_nothing_is_left_after_a_kill_between_erasing_and_tidying(directory: DataDirectory) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, directory.path], cwd=root, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert files_with(directory.path) == ["ledger.db-wal"]
    with Ledger(directory) as ledger:
        ledger.writer.settle()
        assert files_with(directory.path) == []
    assert [file.name for file in directory.store.parent.iterdir()] == ["ledger.db"]


def test_nothing_is_left_in_other_epochs_nor_comes_back_into_them(
    directory: DataDirectory, new_store: Callable[[], SqliteStore]
) -> None:
    before, follower, newcomer = new_store(), new_store(), new_store()
    with Ledger(directory, lambda: float(NOW)) as ledger:
        (position,) = write(ledger, ledger.state("record.put", {"record": everywhere(1)}))
        ledger.writer.settle()
    for peer in (before, follower):
        replicate(directory, peer)
    open_epoch(directory, position + 1)
    replicate(directory, follower)
    derive(follower)
    assert files_with(follower.path.parent, CANARY)
    with Ledger(directory, lambda: float(NOW)) as ledger:
        erase(ledger, position)
        assert files_with(directory.path) == []
    replicate(directory, follower)
    derive(follower)
    assert held_payloads(follower, position) == [None, None]
    replicate_trees(SqliteStore(directory.store, writable=False), newcomer, 2)
    derive(newcomer)
    replicate_trees(before, newcomer, 1)
    assert held_payloads(newcomer, position) == [None, None]
    for peer in (follower, newcomer):
        assert peer.truncate_journal()
        assert CANARY.encode() not in peer.path.read_bytes()


def held_payloads(store: SqliteStore, position: int) -> list[bytes | None]:
    """What a store keeps of an entry in each epoch that it holds."""
    with store.read() as reads:
        return [next(reads.entries(tree.tree, position, position + 1)).payload for tree in reads.trees()]


def test_a_payload_that_waited_in_the_queue_does_not_come_back(new_store: Callable[[], SqliteStore]) -> None:
    scribe, store = Scribe(), new_store()
    erased, withheld = scribe.put(1, CANARY), scribe.put(2, "Bakery")
    scribe.erase(erased)
    hold(store, scribe.log, {erased, withheld})
    derive(store)
    with store.write() as change:
        for position in (erased, withheld):
            change.fill_payload(1, position, scribe.log.entries[position][1])
    assert held_payloads(store, erased) == [None]
    assert held_payloads(store, withheld) == [scribe.log.entries[withheld][1]]
