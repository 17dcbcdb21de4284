# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile connections: `python -m tests.node.peering.attacking PORT SECONDS`, a process that nobody has to wait for."""

from __future__ import annotations

import asyncio
import gzip
import sys
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any

from node.peering.gossip import SUBPROTOCOL
from protocol.frames import FRAME_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

CONNECTIONS = 64
LOCAL = b"Host: 127.0.0.1\r\n"
WRITE = b"POST /v1/entries HTTP/1.1\r\n" + LOCAL + b"Content-Type: application/json\r\n"
UPGRADE = (
    b"GET /gossip HTTP/1.1\r\n" + LOCAL + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: " + SUBPROTOCOL.encode() + b"\r\n\r\n"
)
BOMB = gzip.compress(bytes(64 * 2**20))


async def half_a_header(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\nX-Half: ")
    await asyncio.sleep(3600)


async def header_without_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\n" + LOCAL)
    while True:
        writer.write(b"X-More: more\r\n" * 50)
        await writer.drain()


async def slow_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(WRITE + b"Content-Length: 200000\r\n\r\n")
    while True:
        writer.write(b"{")
        await writer.drain()
        await asyncio.sleep(1)


async def body_without_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(WRITE + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        await writer.drain()


async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(WRITE + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)
    await reader.read()


async def malformed_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Well-formed WebSocket messages of the largest size that hold arrays in arrays, or a million empty ones."""
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    for content in (
        b"\x93\x01" + b"\xdd\x00\x0f\x00\x00" + b"\x90" * 0xF0000,
        b"\x91" * (FRAME_BYTES_MAX - 1),
        b"\xc1",
    ):
        writer.write(b"\x82\xff" + len(content).to_bytes(8) + bytes(4) + content)
        await writer.drain()
    await reader.read()


async def torn_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What is no WebSocket message: reserved bits, and a length of nearly 2^63."""
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\xf2\xff" + b"\x7f" + bytes(200))
    await reader.read()


async def asks_and_takes_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"GET /v1/records?q=commons&limit=100 HTTP/1.1\r\n" + LOCAL + b"\r\n")
        await writer.drain()


ATTACKS = (
    half_a_header,
    header_without_end,
    slow_body,
    body_without_end,
    bomb,
    malformed_frames,
    torn_frames,
    asks_and_takes_nothing,
)


async def attack(number: int, port: int, how: Attack, until: float) -> None:
    """One connection after the other, from an address of its own network."""
    while time.monotonic() < until:
        try:
            address = f"127.0.{1 + number}.1"
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            try:
                async with asyncio.timeout(max(0.1, until - time.monotonic())):
                    await how(reader, writer)
            finally:
                writer.transport.abort()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            await asyncio.sleep(0.05)


async def main(port: int, seconds: float) -> None:
    """All of them at once, an eighth of the connections each."""
    until = time.monotonic() + seconds
    await asyncio.gather(
        *(attack(number, port, how, until) for number, how in zip(range(CONNECTIONS), cycle(ATTACKS), strict=False))
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
