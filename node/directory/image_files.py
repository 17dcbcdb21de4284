# SPDX-License-Identifier: AGPL-3.0-or-later
"""/images: the pictures of the node's own records, as files under their hashes; and where they are kept."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.directory.images import Images
from ledger.directory.present import read_record
from node.keys import LEDGER
from node.routes import Route
from node.web.session import role_session_of, session_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ledger.ledger import Ledger
    from ledger.values import RecordRow

IMAGES = web.AppKey("images", Images)
_AGAIN_S = 5.0
_TYPES = {"jpg": "image/jpeg", "webp": "image/webp"}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def prepare(app: web.Application) -> None:
    """Puts into the application what the handlers look for there."""
    app[IMAGES] = Images(app[LEDGER].directory.images)
    app.cleanup_ctx.append(_settling)


async def _settling(app: web.Application) -> AsyncIterator[None]:
    async def work() -> None:
        while True:
            if await asyncio.to_thread(settle, app[IMAGES], app[LEDGER]):
                return
            await asyncio.sleep(_AGAIN_S)

    task = asyncio.create_task(work())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def settle(images: Images, ledger: Ledger) -> bool:
    """Ends what a kill has broken off: a picture that was signed is shown, one that was removed is deleted.

    False as long as what the records name is not folded.
    """
    with ledger.store.read() as reads, suppress(OSError):
        tree = reads.tree_numbered(ledger.own.tree)
        if tree.derived < tree.size:
            return False

        def named(record: bytes) -> set[str] | None:
            row = reads.records_by_id(tree.tree, [record]).get(record)
            return None if row is None else {image.url for image in read_record(reads, row)[0].images}

        images.settle(named)
    return True


def images_url(record: bytes) -> str:
    """The page on which a steward changes the pictures of a record."""
    return f"/steward/images/{record.hex()}"


def may_change(request: web.Request, row: RecordRow, own: bool) -> bool:  # noqa: FBT001 - whose record it is
    """Whether who asks may change the pictures of a record: whoever may put records, of an open, public, own one."""
    may = session_of(request) is not None or role_session_of(request) is not None
    return may and own and row.scope == 0 and row.status != "closed"


async def _image(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    content = await asyncio.to_thread(request.app[IMAGES].read, f"/images/{name}")
    return image_response(name, content)


def image_response(name: str, content: bytes, *, waiting: bool = False) -> web.Response:
    """A picture as a file that nothing in it can act in; one that waits is kept nowhere."""
    headers = _HEADERS | ({"Cache-Control": "private, no-store"} if waiting else {})
    return web.Response(body=content, content_type=_TYPES[name.rpartition(".")[2]], headers=headers)


ROUTES = (
    Route("GET", "/images/{name}", _image, "A picture of a record, under its hash", "image/webp", statuses=(200, 404)),
)
