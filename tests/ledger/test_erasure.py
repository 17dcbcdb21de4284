# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was erased is in no file of the data directory: not in free pages, not in the journal, not in the text index."""

from __future__ import annotations

import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import StoreFullError
from ledger.keeping import tidying
from ledger.keeping.audit import audit
from ledger.keeping.tidying import note_erasure
from ledger.ledger import Ledger
from ledger.own.log import Submission
from ledger.sqlite.store import SqliteStore
from tests.builders import seeded, signing_key
from tests.ledger.making import Scribe, derive, hold, record, record_id
from tests.ledger.renewing import NOW, open_epoch, replicate, replicate_trees

CANARY = "zqcanary"
WAIT_S = 60
TREE_PAGES = {2, 5, 10, 13}
"""How the pages begin that hold rows, in SQLite's file format."""


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


def leave_behind(path: Path, text: bytes) -> None:
    """Writes a text between the rows of a page of tables, as SQLite leaves copies of rows that it has moved."""
    data = bytearray(path.read_bytes())
    (size,) = struct.unpack_from(">H", data, 16)
    for page in range(size, len(data), size):
        kind, rows, begin = struct.unpack_from(">BxxHH", data, page)
        if kind in TREE_PAGES and begin - rows * 2 - 12 > 2 * len(text):
            data[page + begin - len(text) : page + begin] = text
            path.write_bytes(data)
            return
    raise AssertionError("no page has a gap")


def test_copies_that_sqlite_left_between_rows_go_too(ledger: Ledger) -> None:
    (position,) = write(ledger, ledger.state("record.put", {"record": everywhere(1)}))
    ledger.close()
    leave_behind(ledger.directory.store, CANARY.encode())
    with Ledger(ledger.directory) as again:
        erase(again, position)
        assert files_with(ledger.directory.path) == []
        assert audit(again.store).faults == []
        with again.store.read() as reads:
            assert reads.fact("scattered") == b""


def test_a_rewrite_that_was_due_before_a_crash_is_done_after_it(ledger: Ledger) -> None:
    ledger.writer.run(note_erasure).result()
    ledger.close()
    leave_behind(ledger.directory.store, CANARY.encode())
    assert files_with(ledger.directory.path)
    with Ledger(ledger.directory) as again:
        again.writer.settle()
        assert files_with(ledger.directory.path) == []


def test_a_large_store_is_rewritten_once_a_day(new_store: Callable[[], SqliteStore], monkeypatch: Any) -> None:
    store, now = new_store(), [1000.0]
    written: list[float] = []

    def rewrite() -> int:
        written.append(now[0])
        return 1

    monkeypatch.setattr(tidying, "AT_ONCE_BYTES", 0)
    monkeypatch.setattr("ledger.keeping.tidying.time.monotonic", lambda: now[0])
    monkeypatch.setattr(store, "rewrite", rewrite)
    kept = tidying.Tidying(store)
    for later in (0.0, 1.0, tidying.AGAIN_S - 2, 2.0):
        now[0] += later
        kept.erased()
        assert kept.tidy() is (later in {1.0, tidying.AGAIN_S - 2})
    assert written == [1000.0, 1001.0 + tidying.AGAIN_S]


def test_where_there_is_no_room_it_is_said_and_tried_again_after_an_hour(ledger: Ledger, monkeypatch: Any) -> None:
    def fail() -> int:
        raise StoreFullError("no room for a copy")

    (position,) = write(ledger, ledger.state("pledge.make", {"text": CANARY}))
    ledger.writer.settle()
    with monkeypatch.context() as full:
        full.setattr(ledger.store, "rewrite", fail)
        erase(ledger, position)
        assert "no room for a copy" in ledger.writer.failure
    now = time.monotonic()
    monkeypatch.setattr("ledger.keeping.tidying.time.monotonic", lambda: now + tidying.AFTER_FAILURE_S)
    ledger.writer.settle()
    assert ledger.writer.failure == ""
    with ledger.store.read() as reads:
        assert reads.fact("scattered") == b""


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
from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.sqlite.store import SqliteStore
from ledger.keeping.tidying import note_erasure
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
