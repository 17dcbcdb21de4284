# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gossip of a node over WebSockets, on asyncio's clock and threads."""

from __future__ import annotations

import asyncio
import time
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Generic, TypeVar

from aiohttp import ClientError, WSServerHandshakeError

from node.peering.client import DialRefusedError
from node.peering.errors import UnreachableError
from node.peering.exchange import Exchange
from node.peering.link import Link
from protocol.errors import Malformed
from protocol.frames import FRAME_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from concurrent.futures import Future

    from aiohttp.web import WebSocketResponse

    from ledger.deriving.derive import Derived
    from ledger.ledger import Ledger
    from ledger.own.log import OwnLog
    from ledger.own.recovery import Recovery
    from ledger.sqlite.store import Snapshot, Transaction
    from node.peering.client import Client

SUBPROTOCOL = "folkmoot.1"
GOSSIP_PATH = "/gossip"

BACK_S = 5
"""Others dial a node that has stopped again after this time: mostly it only starts anew."""

_Result = TypeVar("_Result")


class _Written(Generic[_Result]):
    """What a transaction gives, once it is durable. It is written also if nobody waits."""

    def __init__(self, future: Future[_Result]) -> None:
        self._future = future

    def __await__(self) -> Generator[object, None, _Result]:
        return asyncio.wrap_future(self._future).__await__()


class Threads:
    """The machine's clock, threads for what takes long, and the one thread that writes."""

    def __init__(self, ledger: Ledger) -> None:
        self.random: Random = SystemRandom()
        self._ledger = ledger

    def now(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)

    async def compute(self, function: Callable[[], _Result]) -> _Result:
        """What a function gives, in a thread."""
        return await asyncio.to_thread(function)

    async def read(self, function: Callable[[Snapshot], _Result]) -> _Result:
        """What a function reads, in a thread."""

        def view() -> _Result:
            with self._ledger.store.read() as reads:
                return function(reads)

        return await asyncio.to_thread(view)

    def write(self, function: Callable[[Transaction], _Result]) -> _Written[_Result]:
        """Queues a transaction."""
        return _Written(self._ledger.writer.run(function))

    def write_own(self, function: Callable[[OwnLog, Transaction], Recovery]) -> _Written[Recovery]:
        """Queues a change of the own log."""
        return _Written(self._ledger.writer.change_own(function))


class Hub(Exchange):
    """The gossip of one node."""

    def __init__(self, ledger: Ledger, client: Client, network: str) -> None:
        super().__init__(ledger, network, Threads(ledger))
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scopes = -1

    def start(self) -> None:
        """Begins to tell peers of news; to be called in the event loop."""
        loop = self._loop = asyncio.get_running_loop()
        self.begin()
        self.ledger.writer.on_checkpoint = lambda: _call_soon(loop, self.hear_checkpoint)

    def on_derived(self, derived: Derived) -> None:
        """Hears from the writing thread what has been folded: it may be a word on who is admitted or denied."""
        loop, before, self._scopes = self._loop, self._scopes, derived.scopes
        if loop is not None and derived.scopes != before:
            _call_soon(loop, self._follow_scopes)

    def _follow_scopes(self) -> None:
        if self._loop is not None:
            self.scoping.changed()

    async def stop(self) -> None:
        """Says goodbye to all and ends."""
        self._loop = None
        self.ledger.writer.on_checkpoint = lambda: None
        for task in list(self._tasks):
            task.cancel()
        for link in list(self._links):
            link.close("stopping", BACK_S)
        for _ in range(50):
            if not self._links:
                break
            await asyncio.sleep(0.05)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start_beside(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Runs something beside, at most until the node stops."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def accept(self, socket: WebSocketResponse, address: str) -> None:
        """Serves a connection that somebody else opened."""
        if self._loop is None or not self.has_room(address):
            await socket.close(code=1013)
            return
        await self.carry(Link(self, socket, self.session(role=1), address))

    async def converse(self, url: str, *, trusted: bool) -> Link:
        """Opens a connection to a peer and carries it until it has ended. Raises UnreachableError."""
        try:
            async with self._client.websocket(
                url + GOSSIP_PATH, SUBPROTOCOL, FRAME_BYTES_MAX, trusted=trusted
            ) as socket:
                link = Link(self, socket, self.session(role=0), url, self._client.binding(socket))
                await self.carry(link)
        except Malformed as error:
            raise UnreachableError(f"nobody vouches for its certificate: {error.text}") from error
        except (ClientError, WSServerHandshakeError, OSError, TimeoutError, DialRefusedError) as error:
            raise UnreachableError(str(error) or type(error).__name__) from error
        return link


def _call_soon(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)
