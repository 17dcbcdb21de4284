# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stores of every back end, and founded ledgers, that are closed when a test ends."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.sqlite.store import SqliteStore
from tests.builders import START, seeded
from tests.founding import copy, founded
from tests.ledger.tracing import tracer

pytest.register_assert_rewrite("tests.ledger.store_suite")

OpenStore = Callable[[], SqliteStore]
BACK_ENDS: dict[str, Callable[[Path], SqliteStore]] = {"sqlite": lambda folder: SqliteStore(folder / "ledger.db")}
"""What can hold a ledger; each passes the same suite."""


@pytest.fixture(params=BACK_ENDS)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the same store, empty at first, as often as it is called."""
    opened: list[SqliteStore] = []

    def open_one() -> SqliteStore:
        opened.append(BACK_ENDS[request.param](tmp_path))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[], SqliteStore]]:
    """Makes a further, empty store each time it is called."""
    opened: list[SqliteStore] = []

    def open_one() -> SqliteStore:
        opened.append(SqliteStore(tmp_path / f"{len(opened)}.db"))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDirectory:
    """A data directory in which a log was founded, the same in every run."""
    files = founded(found)
    monkeypatch.setattr("os.urandom", random.Random(5).randbytes)
    copy(files, tmp_path / "data")
    return DataDirectory(tmp_path / "data")


def found(path: Path) -> None:
    """Founds the organisation of these tests."""
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("os.urandom", random.Random(7).randbytes)
        found_log(DataDirectory(path), fields, [seeded(f"holder {number}") for number in range(3)], 2, START)


@pytest.fixture
def ledger(directory: DataDirectory) -> Iterator[Ledger]:
    """That data directory, open, with a clock that stands still."""
    opened = Ledger(directory, lambda: float(START + 3600))
    yield opened
    opened.close()


@pytest.fixture
def strace() -> list[str]:
    """The command that traces a process; the test is skipped where that is not possible."""
    return tracer()
