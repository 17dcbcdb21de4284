# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ranges that wait for the writer share a transaction, and one that is refused is told of once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.errors import RefusedError
from ledger.held.replica import Replica, accept_head, verify_head
from ledger.sqlite.store import SqliteStore
from node.peering.taking import STORING_MAX, Taking
from protocol.actions import TakeRange
from protocol.frames import Entries
from tests.builders import Log, found_organisation
from tests.ledger.making import hold

ORGANISATION = found_organisation()
LOG = Log(ORGANISATION).grow(50)
HEAD = verify_head(bytes(LOG.note()), [ORGANISATION.payload])
STEP = 10


class Link:
    """A connection whose writer does nothing before it is told to."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.name = "a peer"
        self.received_entries = 0
        self.announced: dict[object, object] = {}
        self.problems: list[str] = []
        self.given_up = 0
        self.transactions = 0
        self._jobs: list[tuple[Callable[[Any], object], asyncio.Future[object]]] = []
        self.runtime = SimpleNamespace(compute=self._compute, write=self._write)
        self.hub: Any = SimpleNamespace(
            scoping=SimpleNamespace(has_room=self._has_room),
            sources=SimpleNamespace(progress=lambda *_: None),
            ledger=SimpleNamespace(own=SimpleNamespace(origin=None)),
            tell_problem=lambda _, text: self.problems.append(text),
        )
        self.taking = Taking(self)  # type: ignore[arg-type] # as much of a conversation as it needs

    async def _has_room(self, _: object) -> bool:
        return True

    async def _compute(self, work: Callable[[], object]) -> object:
        return work()

    def _write(self, function: Callable[[Any], object]) -> asyncio.Future[object]:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._jobs.append((function, future))
        return future

    def write_one(self) -> None:
        """Does the oldest job of the writer."""
        function, future = self._jobs.pop(0)
        try:
            with self.store.write() as change:
                future.set_result(function(change))
        except RefusedError as error:
            future.set_exception(error)

    def stored(self, _: object) -> None:
        """The session is told."""

    def give_up(self, _: object) -> None:
        """The session gives the log up."""
        self.given_up += 1

    def begin(self) -> None:
        """Begins to fetch the log."""
        with self.store.write() as change:
            tree = accept_head(change, HEAD)
        with self.store.read() as reads:
            self.taking.begin(Replica(tree, reads), HEAD)

    async def take(self, begin: int) -> None:
        """Takes the range from a position on."""
        end = begin + STEP
        shorter = Log(ORGANISATION).grow(end)
        proof = LOG.prove_consistency(shorter.size) if end < LOG.size else []
        entries = Entries(HEAD.origin.log_id, 1, LOG.size, begin, LOG.entries[begin:end], proof)
        await self.taking.take(TakeRange(HEAD.origin, entries))

    @property
    def held(self) -> int:
        """Entries that are durable."""
        with self.store.read() as reads:
            return reads.epochs(HEAD.origin.log_id)[0].size


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    store = SqliteStore(tmp_path / "ledger.db")
    yield Link(store)
    store.close()


async def test_ranges_that_wait_are_written_together(link: Link) -> None:
    link.begin()
    for begin in range(0, STORING_MAX * STEP, STEP):
        await link.take(begin)
    assert link.held == 0
    link.write_one()
    assert link.held == STORING_MAX * STEP
    last = asyncio.ensure_future(link.take(STORING_MAX * STEP))
    for _ in range(STORING_MAX):
        await asyncio.sleep(0)
        assert not last.done()
        link.write_one()
    await last
    assert link.held == LOG.size
    assert not link.problems


async def test_no_more_than_some_wait(link: Link) -> None:
    link.begin()
    for begin in range(0, STORING_MAX * STEP, STEP):
        await link.take(begin)
    last = asyncio.ensure_future(link.take(STORING_MAX * STEP))
    await asyncio.sleep(0)
    assert link.received_entries == STORING_MAX * STEP
    for _ in range(STORING_MAX + 1):
        link.write_one()
        await asyncio.sleep(0)
    await last
    assert link.held == LOG.size


async def test_what_is_refused_is_told_once(link: Link) -> None:
    link.begin()
    for begin in range(0, 3 * STEP, STEP):
        await link.take(begin)
    hold(link.store, LOG)  # meanwhile another peer brought it all
    for _ in range(3):
        link.write_one()
    await link.taking.end(HEAD.origin)
    assert len(link.problems) == link.given_up == 1
    assert "does not follow" in link.problems[0]
    assert link.held == LOG.size
