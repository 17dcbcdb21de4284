# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real nodes in this process: founded in a temporary folder, listening on a free port, without multicast."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, DummyCookieJar

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from node.config import Config
from node.server import Node
from protocol.identity import Origin
from tests.builders import START, seeded
from tests.founding import copy, founded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.values import Tree

NETWORK = "test"
WAIT_S = 60.0
"""More than an idle machine ever needs; what is waited for mostly comes at once."""


def found(path: Path, name: str) -> DataDirectory:
    """A new data directory; the same one whenever the name is the same."""
    copy(founded(_found, name), path)
    return DataDirectory(path)


def _found(path: Path, name: str) -> None:
    fields = {"name": {"en": name}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(DataDirectory(path), fields, [seeded(f"{name} holder")], 1, START)


def record(number: int, **more: Any) -> dict[str, Any]:
    """A record, as a statement's body holds it."""
    name = f"Commons {number:04d}"
    return {"id": seeded(name, 16), "kind": "place", "name": {"en": name}, "licence": "CC0-1.0"} | more


def fill(ledger: Ledger, count: int, begin: int = 0) -> None:
    """Writes that many records into the own log, signs, and waits until they are searchable."""
    for first in range(begin, begin + count, 200):
        numbers = range(first, min(begin + count, first + 200))
        ledger.writer.append(
            [ledger.state("record.put", {"record": record(n)}, seeded(f"put {n}", 16)) for n in numbers]
        )
    ledger.writer.settle()


def doubt(ledger: Ledger, why: str) -> None:
    """Leaves the own log unsigned, as after a start on a store that the head file does not vouch for."""
    ledger.writer.change_own(lambda own, _: own.recovery.doubted(why)).result()


async def until(condition: Callable[[], object], what: str = "that", seconds: float = WAIT_S) -> None:
    """Waits for something that other tasks and threads bring about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} has not come about in {seconds} s")
        await asyncio.sleep(0.01)


class RunningNode:
    """A node that can be stopped and started again on the same data and port."""

    def __init__(self, directory: DataDirectory, **config: Any) -> None:
        self.directory = directory
        self.config = replace(Config(port=0, mdns=False, network=NETWORK, admission="open"), **config)
        self.said: list[str] = []
        self.node: Node | None = None
        self._client: ClientSession | None = None

    @property
    def running(self) -> Node:
        """The node, which runs."""
        assert self.node is not None
        return self.node

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.running.url

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self.url.rpartition(":")[2])

    @property
    def ledger(self) -> Ledger:
        """Its open data directory."""
        return self.running.ledger

    @property
    def log_id(self) -> bytes:
        """The identity of its log."""
        return self.ledger.log_id

    @property
    def token(self) -> str:
        """The steward's token."""
        return self.directory.token.read_text().strip()

    @property
    def client(self) -> ClientSession:
        """A client of this test's, which keeps nothing in mind."""
        if self._client is None:
            self._client = ClientSession(cookie_jar=DummyCookieJar())
        return self._client

    async def start(self) -> RunningNode:
        """Starts, on the port it had before."""
        self.node = Node(self.directory, self.config, self.said.append)
        await self.node.start()
        self.config = replace(self.config, port=self.port)
        return self

    async def stop(self) -> None:
        """Stops, if it runs."""
        if self._client is not None:
            await self._client.close()
            self._client = None
        if self.node is not None:
            node, self.node = self.node, None
            await node.stop()

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        async with self.client.get(self.url + path, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, path: str, value: Any = None, *, token: str | None = "", **options: Any) -> tuple[int, Any]:
        """Status and JSON of an answer to a POST, with the steward's token unless told otherwise."""
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.token}"
        if value is not None:
            options["json"] = value
        async with self.client.post(self.url + path, headers=headers, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    def tree(self, log_id: bytes) -> Tree | None:
        """What it holds of a log."""
        with self.ledger.store.read() as reads:
            return reads.tree(Origin(log_id, 1))

    def holds(self, log_id: bytes, size: int) -> bool:
        """Whether it holds a log completely, of at least that size."""
        tree = self.tree(log_id)
        return tree is not None and tree.checkpoint_size >= size and tree.size >= tree.head_size

    def connected(self, *others: RunningNode) -> bool:
        """Whether it has an open connection to each of these, and no second one."""
        logs = sorted(
            link.session.peer.log_id for link in self.running.hub._links if link.session.peer and link.opened_at
        )
        return logs == sorted(other.log_id for other in others)
