# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node whose charter any two of three holders can change, run as `folkmoot serve` runs it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ledger.data_directory import DataDirectory
from ledger.own.founding import found_log
from node.config import Config
from node.server import Node
from node.serving import serve
from tests.builders import START, seeded
from tests.founding import copy, founded
from tests.node.running import NETWORK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SECRETS = [seeded(f"holder {number}") for number in range(3)]


def found(path: Path) -> DataDirectory:
    """A new data directory."""
    copy(founded(_found), path)
    return DataDirectory(path)


def _found(path: Path) -> None:
    fields = {"name": {"en": "Moot", "fr": "Communs"}, "kind": "assembly", "languages": ["en", "fr"]}
    fields |= {"endpoints": [], "licence": "CC0-1.0"}
    found_log(DataDirectory(path), fields, SECRETS, 2, START)


class Served:
    """A node that is served, started again as often as it asks for."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.stop = asyncio.Event()
        self.first: Node | None = None
        self.cookie = ""
        self.listens = asyncio.Event()

    def started(self, node: Node) -> None:
        """It listens."""
        self.first = node
        self.listens.set()

    @property
    def node(self) -> Node:
        """The node that was started first: what outlives it is the same for all."""
        assert self.first is not None
        return self.first

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.node.url


@asynccontextmanager
async def serving(directory: DataDirectory) -> AsyncIterator[Served]:
    """Runs a node until the end of the block."""
    served = Served()
    config = Config(port=0, mdns=False, network=NETWORK, admission="open")
    task = asyncio.create_task(serve(directory, config, served.said.append, served.started, served.stop))
    waiting = asyncio.create_task(served.listens.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        yield served
    finally:
        served.stop.set()
        await task
