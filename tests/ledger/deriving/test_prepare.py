# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was prepared ahead is what would be read now, or it is not used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ledger.deriving import prepare
from ledger.deriving.prepare import Ahead, Chunk, prepare_now
from ledger.sqlite.store import SqliteStore
from tests.ledger.making import Scribe, hold

NewStore = Callable[[], SqliteStore]


@pytest.fixture
def ahead() -> Iterator[Ahead]:
    one = Ahead()
    yield one
    one.close()


@pytest.fixture
def store(new_store: NewStore) -> SqliteStore:
    scribe, store = Scribe(), new_store()
    withheld = [scribe.put(number, f"Place {number}") for number in range(30)][::7]
    scribe.close(3)
    hold(store, scribe.log, withheld)
    return store


def take(store: SqliteStore, ahead: Ahead, derived: int, limit: int) -> Chunk:
    """The chunk after so many entries; it must be what is read without any foresight."""
    with store.read() as reads:
        tree = reads.trees()[0]._replace(derived=derived)
        chunk = ahead.take(reads, tree, limit)
        assert chunk.begin == derived
        assert 0 < len(chunk.readings) <= limit
        assert chunk == prepare_now(reads, tree, len(chunk.readings))
        return chunk


def test_one_chunk_after_the_other(store: SqliteStore, ahead: Ahead) -> None:
    derived = 0
    while derived < 32:
        derived += len(take(store, ahead, derived, 5).readings)
    assert derived == 32


@pytest.mark.parametrize("steps", [[(0, 5), (0, 5)], [(0, 20), (20, 3)], [(0, 3), (3, 20)], [(0, 5), (12, 5), (17, 5)]])
def test_a_chunk_that_is_not_the_one_asked_for_is_not_taken(
    store: SqliteStore, ahead: Ahead, steps: list[tuple[int, int]]
) -> None:
    for derived, limit in steps:
        take(store, ahead, derived, limit)


def test_what_is_forgotten_is_read_again(store: SqliteStore, ahead: Ahead) -> None:
    take(store, ahead, 0, 5)
    with store.write() as change:
        change.drop_payload(1, 6, 9)
    ahead.forget()
    chunk = take(store, ahead, 5, 5)
    assert chunk.readings[1].verdict == "erased"


def test_a_failure_ahead_is_told_and_not_kept(
    store: SqliteStore, ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Chunk:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched, store.read() as reads:
        once = prepare_now(reads, reads.trees()[0], 5)
        patched.setattr(prepare, "prepare_now", lambda *_: once)
        patched.setattr(prepare, "prepare", fail)
        ahead.take(reads, reads.trees()[0], 5)
    with pytest.raises(RuntimeError, match="out of memory"):
        take(store, ahead, 5, 5)
    take(store, ahead, 5, 5)
