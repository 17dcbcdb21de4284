# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bad roads between machines, seeded: a wire that loses and delays packets, and a forwarder that cuts connections."""

from __future__ import annotations

import asyncio
import fcntl
import heapq
import os
import select
import ssl
import struct
import threading
import time
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tests.federation.world import Machine

_TUNSETIFF, _TAP_WITHOUT_HEADER = 0x400454CA, 0x1002
_FRAME_BYTES = 2_048
_CHUNK_BYTES = 16_384


class LossyWire:
    """Joins two links as one, packet by packet: UDP, TCP and all. `loss` is the share of packets that do not arrive."""

    def __init__(self, one: Machine, other: Machine, seed: int, *, loss: float, delay_s: float) -> None:
        self.loss = loss
        self.delay_s = delay_s
        self.passed = self.lost = 0
        self._random = Random(seed)
        self._ends = [_tap(link) for link in (one, other)]
        self._ended, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="wire")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._stop)
        self._thread.join()
        for number in (*self._ends, self._ended):
            os.close(number)

    def _carry(self) -> None:
        waiting: list[tuple[float, int, int, bytes]] = []
        while True:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, end, frame = heapq.heappop(waiting)
                os.write(end, frame)
            ready = select.select([*self._ends, self._ended], [], [], waiting[0][0] - now if waiting else None)[0]
            if self._ended in ready:
                return
            for end in ready:
                frame = os.read(end, _FRAME_BYTES)
                if self._random.random() < self.loss:
                    self.lost += 1
                    continue
                self.passed += 1
                due = now + self._random.uniform(0, self.delay_s) if self.loss else now
                heapq.heappush(
                    waiting, (due, self.passed, self._ends[1] if end == self._ends[0] else self._ends[0], frame)
                )


def _tap(link: Machine) -> int:
    """A port of a link whose packets are read and written here."""

    def open_() -> int:
        port = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(port, _TUNSETIFF, struct.pack("16sH22x", b"wire", _TAP_WITHOUT_HEADER))
        return port

    port = link.inside(open_)
    link.ip("link", "set", "wire", "master", "bridge", "up")
    return port


class RoughRoad:
    """A forwarder of TCP connections on a machine. While it is `rough`, a share of them is refused, and of what passes
    a share is held up, or the connection stalls, or is cut in the middle of a byte string. With contexts it ends TLS on
    both sides, as one who wants to read along."""

    def __init__(
        self,
        machine: Machine,
        routes: dict[int, tuple[str, int]],
        seed: int,
        *,
        hit: float,
        served: ssl.SSLContext | None = None,
        dialled: ssl.SSLContext | None = None,
    ) -> None:
        self.rough = True
        self.refused = self.cut = self.stalled = 0
        self._hit = hit
        self._served, self._dialled = served, dialled
        self._random = Random(seed)
        self._routes = routes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: machine.inside(lambda: asyncio.run(self._run())), name="road")
        self._thread.start()
        assert self._ready.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._ended is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        servers = [
            await asyncio.start_server(partial(self._forward, target), "0.0.0.0", port, ssl=self._served)
            for port, target in self._routes.items()
        ]
        self._ready.set()
        await self._ended.wait()
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _forward(self, target: tuple[str, int], inward: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        onward: asyncio.StreamWriter | None = None
        try:
            if self._is_hit():
                self.refused += 1
                return
            answers, onward = await asyncio.open_connection(*target, ssl=self._dialled)
            ways = [asyncio.ensure_future(self._pass(*way)) for way in ((inward, onward), (answers, back))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass
        finally:
            for writer in filter(None, (back, onward)):
                writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            if self._is_hit():
                fate = self._random.random()
                if fate < 0.2:
                    self.cut += 1
                    writer.write(data[: self._random.randrange(len(data))])
                    await writer.drain()
                    return
                if fate < 0.3:
                    self.stalled += 1
                await asyncio.sleep(5 if fate < 0.3 else self._random.uniform(0.01, 0.3))
            writer.write(data)
            await writer.drain()

    def _is_hit(self) -> bool:
        return self.rough and self._random.random() < self._hit
