# SPDX-License-Identifier: AGPL-3.0-or-later
"""A bundle or a folder of tiles somewhere on the web, read step by step (spec 14 §4, §5)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from aiohttp import ClientError

from ledger.carried.folder import FOLDER_INDEX, Opened, read_folder
from ledger.errors import NotFoundError
from node.peering.client import Client, DialRefusedError
from protocol import __version__
from protocol.bundle import BUNDLE_PATH, FAMILY, read_header, read_items

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from aiohttp import ClientResponse

_Result = TypeVar("_Result")
_OK, _NOT_THERE = 200, (404, 410)
_CHUNK_BYTES = 65_536


@contextmanager
def open_web(url: str) -> Iterator[Opened]:
    """What an address that the operator gave leads to: a bundle, a node that gives one, or a folder of tiles.

    Raises NotFoundError if it is neither, OSError if the network fails, Malformed for a bundle that cannot be read.
    """
    with asyncio.Runner() as runner:
        web = _Web(runner)
        try:
            base = url.rstrip("/")
            read = web.open_bundle(url) or web.open_bundle(f"{base}{BUNDLE_PATH}")
            if read is not None:
                yield Opened(read_header(read), read_items(read))
                return
            if web.get(f"{base}/{FOLDER_INDEX}", 1) is None:
                raise NotFoundError(f"{url} leads neither to a bundle nor to a folder of tiles")
            yield read_folder(lambda path, limit: web.get(f"{base}/{path}", limit))
        finally:
            web.close()


class _Web:
    """Downloads for code that waits: everything happens while one of these methods runs."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._stack = AsyncExitStack()
        self._client = self._run(self._make())

    def open_bundle(self, url: str) -> _Read | None:
        """Reads on from the beginning of a bundle; None if there is something else."""
        answer = self._run(self._open(url))
        if answer is None:
            return None
        if answer.status != _OK:
            _refuse_trouble(answer)
            return None
        read = _Read(self, answer)
        return read if read.peek(len(FAMILY)) == FAMILY else None

    async def _open(self, url: str) -> ClientResponse | None:
        """Begins a download; None at a redirect, which web servers have for a folder named without its slash."""
        try:
            return await self._stack.enter_async_context(self._client.download(url, trusted=True))
        except DialRefusedError:
            return None

    def get(self, url: str, limit: int) -> bytes | None:
        """A whole file, None if it is not there; of one that is longer, only `limit` bytes and one more."""
        return self._run(self._get(url, limit))

    async def _get(self, url: str, limit: int) -> bytes | None:
        async with self._client.download(url, trusted=True) as answer:
            if answer.status != _OK:
                _refuse_trouble(answer)
                return None
            return await _up_to(answer, limit + 1)

    def read(self, answer: ClientResponse, size: int) -> bytes:
        """The next bytes of an answer, fewer only at its end."""
        return self._run(_up_to(answer, size))

    def close(self) -> None:
        """Ends all downloads."""
        self._run(self._stack.aclose())
        self._run(self._client.close())

    async def _make(self) -> Client:
        return Client(f"folkmoot/{__version__}")

    def _run(self, work: Awaitable[_Result]) -> _Result:
        async def wait() -> _Result:
            return await work

        try:
            return self._runner.run(wait())
        except (ClientError, TimeoutError, DialRefusedError) as error:
            raise ConnectionError(f"the download failed: {str(error) or type(error).__name__}") from error


class _Read:
    """Reads a download like a file."""

    def __init__(self, web: _Web, answer: ClientResponse) -> None:
        self._web, self._answer, self._ahead = web, answer, b""

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay the next."""
        self._ahead += self._web.read(self._answer, size - len(self._ahead))
        return self._ahead[:size]

    def __call__(self, size: int) -> bytes:
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        return ahead + self._web.read(self._answer, size - len(ahead))


async def _up_to(answer: ClientResponse, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    parts = []
    while size > 0:
        part = await answer.content.read(min(size, _CHUNK_BYTES))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _refuse_trouble(answer: ClientResponse) -> None:
    if answer.status not in _NOT_THERE:
        raise ConnectionError(f"{answer.url} answers {answer.status} {answer.reason}")
