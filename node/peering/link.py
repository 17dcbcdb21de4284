# SPDX-License-Identifier: AGPL-3.0-or-later
"""A conversation over a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from aiohttp import WSMsgType

from node.peering.conversation import Conversation
from protocol.actions import Close
from protocol.session import Session, State

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp import ClientWebSocketResponse
    from aiohttp.web import WebSocketResponse

    from node.peering.exchange import Exchange
    from node.peering.tls import Bound

TICK_S = 2.0

_OUTGOING_MAX, _UNSENT_MAX = 64, 4


class Link(Conversation):
    """A session with its WebSocket. `run` ends when the connection does."""

    def __init__(
        self,
        hub: Exchange,
        socket: ClientWebSocketResponse | WebSocketResponse,
        session: Session,
        address: str,
        bound: Bound | None = None,
    ) -> None:
        super().__init__(hub, session, address)
        self.bound = bound
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(_OUTGOING_MAX)
        self._sent = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Carries the session until it ends."""
        self.start(self._send_outgoing())
        self.start(self._tick())
        try:
            self.begin()
            async for message in self._socket:
                if message.type is not WSMsgType.BINARY:
                    break
                self.receive(message.data)
                if self.session.state is State.CLOSED:
                    break
                while self.waiting > _OUTGOING_MAX:  # noqa: ASYNC110 - the other side may not outrun us
                    await asyncio.sleep(0.01)
        finally:
            await self._drain()
            ending = list(self._tasks)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            await self._socket.close()

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Runs something beside, at most until the connection ends."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def send(self, data: bytes) -> None:
        """Queues a frame; whoever takes none of them any more is cut off."""
        try:
            self._outgoing.put_nowait(data)
        except asyncio.QueueFull:
            self.ended_by = Close("slow", fault=False)
            self.start(self._abort())

    def hang_up(self) -> None:
        """Ends the connection once everything is sent."""
        self.start(self._close_soon())

    async def taken(self) -> None:
        """Waits until the other side has taken most of what was sent."""
        while self._outgoing.qsize() >= _UNSENT_MAX:
            self._sent.clear()
            await self._sent.wait()

    async def _abort(self) -> None:
        await self._socket.close()

    async def _close_soon(self) -> None:
        await self._drain()
        await self._socket.close()

    async def _drain(self) -> None:
        """Gives frames that are still to be sent a moment."""
        deadline = time.monotonic() + 1
        while not self._outgoing.empty() and not self._socket.closed and time.monotonic() < deadline:  # noqa: ASYNC110 - rare and short
            await asyncio.sleep(0.01)

    async def _send_outgoing(self) -> None:
        with contextlib.suppress(ConnectionError):  # the other side has gone: whoever listens to it notices
            while True:
                await self._socket.send_bytes(await self._outgoing.get())
                self._sent.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.tick()
