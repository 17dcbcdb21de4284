# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that come in over HTTP, from a form or as they are: piece by piece, under limits, each with its deadline."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, TypeVar

from aiohttp import BodyPartReader, hdrs

from ledger.errors import RefusedError, StoreFullError
from node.web.guard import BODY_S
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

PIECE_BYTES = 2**18
_FIELD_BYTES_MAX = 2_000
_FIELDS_MAX = 8
_DRAINED_BYTES_MAX = 2**28
"""How much of what is too large is still taken, so that the browser hears why instead of losing the connection."""


class Sink(Protocol):
    """Where a file goes that comes in: `write` raises RefusedError once there is too much."""

    def write(self, piece: bytes) -> None:
        """Takes a piece."""

    def give_up(self) -> None:
        """Forgets what has come."""


S_co = TypeVar("S_co", bound=Sink, covariant=True)
K = TypeVar("K", bound=Sink)


class Takes(Protocol[S_co]):
    """What has room for files."""

    def receive(self) -> S_co:
        """Begins to take one in. Raises RefusedError if there are too many."""


async def take_pieces(read: Callable[[], Awaitable[bytes]], uploads: Takes[K]) -> K:
    """All pieces up to the empty one. Raises RefusedError for too much, TimeoutError for too slow."""
    receiving = uploads.receive()
    try:
        while piece := await timely(read):
            try:
                receiving.write(piece)
            except RefusedError:
                await _drain(read)
                raise
            except OSError as error:
                raise StoreFullError(f"the file could not be kept: {error.strerror}") from None
    except BaseException:
        receiving.give_up()
        raise
    return receiving


async def timely(read: Callable[[], Awaitable[bytes]]) -> bytes:
    """The next piece, if it comes in time."""
    async with asyncio.timeout(BODY_S):
        return await read()


async def _drain(read: Callable[[], Awaitable[bytes]]) -> None:
    drained = 0
    while drained < _DRAINED_BYTES_MAX and (piece := await timely(read)):
        drained += len(piece)


async def take_body(request: web.Request, uploads: Takes[K]) -> K:
    """The body of a request as it is."""
    return await take_pieces(lambda: request.content.read(PIECE_BYTES), uploads)


async def take_form(
    request: web.Request, uploads: Takes[K], is_ours: Callable[[str], bool]
) -> tuple[dict[str, str], str, K | None]:
    """What a form with a file has sent: its fields, the name of the file, the file if there is one.

    The fields come first; nothing of a file is kept before `is_ours` has said of `csrf` that the form was given out
    here. Raises Malformed.
    """
    if request.content_type != "multipart/form-data":
        raise Malformed("content_type", "a form with a file is sent as multipart/form-data")
    fields: dict[str, str] = {}
    try:
        reader = await request.multipart()
        for _ in range(_FIELDS_MAX):
            part = await reader.next()
            if part is None:
                break
            if not isinstance(part, BodyPartReader) or hdrs.CONTENT_ENCODING in part.headers:
                raise Malformed("form", "this is no form that was given out here")
            if part.name != "file":
                fields[part.name or ""] = await _field(part)
                continue
            if not is_ours(fields.get("csrf", "")):
                raise Malformed("form", "this form is too old: open it again")
            return fields, part.filename or "", await _file(part, uploads)
    except (ValueError, AssertionError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("form", "this is no form that was given out here") from None
    return fields, "", None


async def _file(part: BodyPartReader, uploads: Takes[K]) -> K:
    return await take_pieces(lambda: part.read_chunk(PIECE_BYTES), uploads)


async def _field(part: BodyPartReader) -> str:
    content = b""
    while piece := await timely(lambda: part.read_chunk(_FIELD_BYTES_MAX + 1)):
        content += piece
        if len(content) > _FIELD_BYTES_MAX:
            raise Malformed("form", "a field is too long")
    return content.decode(errors="replace").replace("\0", "")
