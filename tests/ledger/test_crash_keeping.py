# SPDX-License-Identifier: AGPL-3.0-or-later
"""Killed at every write of what an operator does now and then: cosigning, new keys, backups, newer programs.

Each is a process of its own, because the writes of each thread are counted apart.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ledger.data_directory import DataDirectory
from ledger.held.witness import Witness, origin_digest
from ledger.keeping.backup import restore, take_backup
from ledger.ledger import Ledger
from ledger.sqlite.database import APPLICATION_ID, migrations
from protocol.checkpoint import parse_checkpoint
from tests.builders import START, Log, found_organisation
from tests.ledger.cosigning import grown
from tests.ledger.crashing import BRANCHES, append, backup_of
from tests.ledger.making import hold
from tests.ledger.renewing import keys_of
from tests.ledger.test_crash import Witness as Remembering
from tests.ledger.tracing import WRITES, copies, traced

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long

LABELS = ["a", "b"]


@pytest.fixture
def lived(directory: DataDirectory) -> DataDirectory:
    """A log with two entries that were acknowledged and signed, and another one that is held."""
    with Ledger(directory, lambda: float(START)) as ledger:
        assert append(ledger, LABELS) == [1, 2]
        ledger.writer.settle()
        hold(ledger.store, Log(found_organisation("other")))
    return directory


def age(path: Path, version: int) -> None:
    """Turns a store into what that version of the program would have left, but for what follows from the logs."""
    with Ledger(DataDirectory(path.parents[1]), lambda: float(START)) as ledger:
        ledger.writer.run(lambda change: change.clear_derived()).result()
    old = path.with_name("old.db")
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        for number, sql in migrations():
            if number <= version:
                connection.executescript(sql)
        connection.execute("ATTACH ? AS new", (str(path),))
        tables = connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if not table.startswith("record_text"):
                names = [
                    {row[1] for row in connection.execute(f"PRAGMA {schema}.table_info('{table}')")}
                    for schema in ("main", "new")
                ]
                columns = ", ".join(sorted(names[0] & names[1]))
                connection.execute(
                    f"INSERT OR REPLACE INTO main.'{table}' ({columns}) SELECT {columns} FROM new.'{table}'"
                )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("DETACH new")
        connection.execute("PRAGMA journal_mode = WAL")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    old.replace(path)


def check_log(directory: DataDirectory, said: dict[str, list[list[str]]]) -> None:
    """The log is one log, it can be signed, and what was acknowledged is in it."""
    remembering = Remembering(directory)
    remembering.acknowledged = {"a": 1, "b": 2} | {label: int(position) for label, position in said.get("ack", [])}
    remembering.check(same_key="key" not in said)


def check_cosigned(directory: DataDirectory, said: dict[str, list[list[str]]]) -> None:
    """What was cosigned is remembered, and is of one history."""
    check_log(directory, said)
    told = [(int(size), bytes.fromhex(root)) for size, root in said.get("cosigned", [])]
    if not told:
        return
    with Ledger(directory, lambda: float(START)) as ledger, ledger.store.read() as reads:
        note = Witness(ledger).last(reads, origin_digest(str(found_organisation("other").origin)))
    size, root = parse_checkpoint(note)[0][1:]
    assert size >= told[-1][0]
    assert any(
        all(grown(one, branch=branch).checkpoint().root == other for one, other in [*told, (size, root)])
        for branch in BRANCHES
    )


def check_key(directory: DataDirectory, said: dict[str, list[list[str]]]) -> None:
    """One key is in force and signs; if the change was told, it is the new one."""
    check_log(directory, {"key": [], **said})
    with Ledger(directory, lambda: float(START)) as ledger:
        assert [ledger.own.key.public] == keys_of(directory).charter.keys
        assert all(ledger.own.key.public.hex() == key for (key,) in said.get("key", []))


def check_backup(directory: DataDirectory, said: dict[str, list[list[str]]]) -> None:
    """A backup that is there can be put back and holds all; one that is not there can be taken now."""
    check_log(directory, said)
    folder = backup_of(directory.path)
    shutil.rmtree(folder.with_name(folder.name + ".part"), ignore_errors=True)  # as the refusal tells people to
    assert folder.exists() or "backup" not in said
    if not folder.exists():
        take_backup(directory, folder, None, START)
    there = DataDirectory(folder.with_name(f"{folder.name}-there"))
    manifest = restore(there, folder, None)
    assert (manifest.size, manifest.signed) == (3, 3)
    shutil.rmtree(there.path)
    shutil.rmtree(folder)


CASES = {"cosign": check_cosigned, "rotate": check_key, "backup": check_backup, "migrate": check_log}
STEP = {"migrate": 5}
"""Eleven migrations have some hundred writes: every fifth is tried."""


@pytest.mark.parametrize("work", CASES)
def test_killed_at_every_write(lived: DataDirectory, tmp_path: Path, strace: list[str], work: str) -> None:
    killed = 0
    if work == "migrate":
        age(lived.store, migrations()[0][0])
    for number, copy in copies(lived, tmp_path):
        when = 1 + (number - 1) * STEP.get(work, 1)
        done = traced(strace, f"{WRITES}:signal=KILL:when={when}", work, str(copy.path))
        said: dict[str, list[list[str]]] = {}
        for line in done.stdout.splitlines():
            word, *rest = line.split()
            said.setdefault(word, []).append(rest)
        CASES[work](copy, said)
        again = traced(strace, "", work, str(copy.path))
        assert again.stdout.endswith("done\n"), (number, again)
        CASES[work](copy, said | {"key": []})
        if "done" in said:
            break
        assert not done.stderr, (number, done.stderr)
        killed += 1
    assert killed > 5, work
