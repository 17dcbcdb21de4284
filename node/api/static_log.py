# SPDX-License-Identifier: AGPL-3.0-or-later
"""The static log over HTTP: checkpoint and tiles of every log that is held (spec 07)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.held.tree import read_tile
from node.keys import LEDGER
from node.routes import Route
from protocol.errors import Malformed
from protocol.identity import Origin, parse_log_id
from protocol.tile import parse_tile_path

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree

_IMMUTABLE = "public, max-age=31536000, immutable"


def origin_of(request: web.Request) -> Origin:
    """The log and epoch that a path names. Raises NotFoundError for anything that is not one."""
    try:
        epoch = request.match_info["epoch"]
        if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 9 and not epoch.startswith("0")):
            raise NotFoundError(f"no epoch {epoch[:20]!r}")
        return Origin(parse_log_id(request.match_info["log"]), int(epoch))
    except Malformed as error:
        raise NotFoundError(str(error)) from None


def held_tree(reads: Snapshot, origin: Origin) -> Tree:
    """A log that is held here. Raises NotFoundError."""
    tree = reads.tree(origin)
    if tree is None or not tree.checkpoint or tree.hidden:
        raise NotFoundError(f"{origin} is not held here")
    return tree


async def _checkpoint(request: web.Request) -> web.Response:
    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            return held_tree(reads, origin_of(request)).checkpoint

    note = await asyncio.to_thread(read)
    headers = {"Cache-Control": "public, max-age=5"}
    return web.Response(body=note, content_type="text/plain", charset="utf-8", headers=headers)


async def _tile(request: web.Request) -> web.Response:
    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            tree = held_tree(reads, origin_of(request))
            try:
                tile = parse_tile_path(request.match_info["tile"])
            except Malformed as error:
                raise NotFoundError(str(error)) from None
            return read_tile(reads, tree.tree, tile, tree.checkpoint_size)

    content = await asyncio.to_thread(read)
    headers = {"Cache-Control": _IMMUTABLE}
    return web.Response(body=content, content_type="application/octet-stream", headers=headers)


ROUTES = (
    Route(
        "GET",
        "/log/{log}/{epoch}/checkpoint",
        _checkpoint,
        "The latest checkpoint (spec 07)",
        "text/plain",
        (),
        (200, 404),
    ),
    Route(
        "GET", "/log/{log}/{epoch}/tile/{tile}", _tile, "A tile (spec 07)", "application/octet-stream", (), (200, 404)
    ),
)
