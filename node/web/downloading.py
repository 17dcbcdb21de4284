# SPDX-License-Identifier: AGPL-3.0-or-later
"""Downloads: answers of any length, made while they are sent, to few at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from node.web.crowd import network_of
from node.web.guard import ANSWER_S, Paced
from node.web.problem import problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiohttp.abc import AbstractStreamWriter

DOWNLOADS_MAX = 4
RETRY_S = 30
MAKING_S = 900.0
"""For a piece to be made: of a table of 200,000 rows the first takes minutes on a small machine."""
_PIECE_BYTES = 2**16


class Downloads:
    """Who is downloading: few at once, and nobody more often than `each`, however many addresses they have."""

    def __init__(self, each: int = 1) -> None:
        self._each = each
        self._addresses: list[str] = []

    def enter(self, address: str) -> bool:
        """Whether there is room; then `leave` must follow."""
        whose = network_of(address)
        if len(self._addresses) >= DOWNLOADS_MAX or self._addresses.count(whose) >= self._each:
            return False
        self._addresses.append(whose)
        return True

    def leave(self, address: str) -> None:
        """A download has ended."""
        self._addresses.remove(network_of(address))


class Download(Paced):
    """A file as it is made, a piece at a time, for whoever takes it fast enough. `leave` is called once, at its end."""

    def __init__(self, pieces: Iterator[bytes], media_type: str, name: str, leave: Callable[[], None]) -> None:
        super().__init__(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        self.content_type = media_type
        self._pieces, self._leave = pieces, leave
        self._left = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Begins the answer."""
        try:
            return await super().prepare(request)
        except BaseException:
            self._end()
            raise

    async def write_eof(self, data: bytes = b"") -> None:
        """Sends it all, the first time it is called. Each piece must be taken in time."""
        if self._left:
            return
        try:
            while True:
                async with asyncio.timeout(MAKING_S):
                    piece = await asyncio.to_thread(next, self._pieces, b"")
                if not piece:
                    break
                async with asyncio.timeout(ANSWER_S):
                    await self.write(piece)
            await super().write_eof(data)
        finally:
            self._end()

    def _end(self) -> None:
        if not self._left:
            self._left = True
            self._leave()


def too_many() -> web.Response:
    """The answer to whom there is no room for."""
    refused = problem(429, "Too many downloads", "others are being served, or you are already: try again soon")
    refused.headers["Retry-After"] = str(RETRY_S)
    return refused


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a size that is worth sending."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size >= _PIECE_BYTES:
            yield b"".join(kept)
            kept, size = [], 0
    if kept:
        yield b"".join(kept)
