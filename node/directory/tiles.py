# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ground for the map that the operator has set: a local .pmtiles file of pictures, or a URL that tiles come from."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web
from yarl import URL

from ledger.errors import RefusedError
from node.keys import CONFIG, LEDGER
from node.routes import Route

if TYPE_CHECKING:
    from node.config import Config

_GAPS = ("{z}", "{x}", "{y}")
_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "AVIF": "image/avif"}
_KEPT_S = 86_400
_ZOOM_MAX = 24


class Ground(NamedTuple):
    """Where tiles come from, as a URL template; whose they are; the origin that a page must allow, empty for here."""

    template: str
    attribution: str
    origin: str


NO_GROUND = Ground("", "", "")


def ground_of(config: Config) -> Ground:
    """The ground that is set. Raises RefusedError for one that cannot be used."""
    tiles, attribution = config.map_tiles, config.map_attribution
    if not tiles:
        return NO_GROUND
    if not attribution:
        raise RefusedError("map_tiles needs map_attribution: whose map it is, as its licence wants it said")
    if tiles.endswith(".pmtiles"):
        return Ground("/tiles/{z}/{x}/{y}", attribution, "")
    url = URL(tiles) if tiles.startswith(("https://", "http://")) else URL()
    if not url.host or not all(gap in tiles for gap in _GAPS) or any(sign in tiles for sign in " ;,'\"<>"):
        raise RefusedError("map_tiles: the path of a .pmtiles file, or an http address with {z}, {x} and {y}")
    return Ground(tiles, attribution, str(url.origin()))


def check_ground(config: Config, directory: Path) -> None:
    """Raises RefusedError for a file that cannot be read, or that holds no pictures."""
    if ground_of(config).template.startswith("/"):
        _file(directory / config.map_tiles)


class _Tiles:
    """An open file of tiles. Vectors are refused: drawing them would take a program of its own in the browser."""

    def __init__(self, path: Path) -> None:
        reader: Any = import_module("pmtiles.reader")  # without types; and few nodes have such a file
        try:
            with path.open("rb") as file:
                self._reader = reader.Reader(reader.MmapSource(file))
            kind = self._reader.header()["tile_type"].name
        except Exception as error:  # noqa: BLE001 - of whatever sort its reader raises over a file that is none
            raise RefusedError(f"map_tiles: {path} is no PMTiles file that can be read: {error}") from None
        if kind not in _MEDIA_TYPES:
            raise RefusedError(f"map_tiles: {path} holds {kind} tiles; pictures are needed (PNG, JPEG, WEBP, AVIF)")
        self.media_type = _MEDIA_TYPES[kind]

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """One tile."""
        found: bytes | None = self._reader.get(z, x, y)
        return found


@lru_cache(maxsize=4)
def _file(path: Path) -> _Tiles:
    return _Tiles(path)


async def _tile(request: web.Request) -> web.Response:
    config = request.app[CONFIG]
    numbers = [request.match_info[name] for name in "zxy"]
    if not config.map_tiles.endswith(".pmtiles") or not all(
        n.isascii() and n.isdigit() and len(n) < 9 for n in numbers
    ):
        raise web.HTTPNotFound
    z, x, y = map(int, numbers)
    if z > _ZOOM_MAX or max(x, y) >= 2**z:
        raise web.HTTPNotFound
    tiles = _file(request.app[LEDGER].directory.path / config.map_tiles)
    body = await asyncio.to_thread(tiles.get, z, x, y)
    if body is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": f"public, max-age={_KEPT_S}"}
    return web.Response(body=body, content_type=tiles.media_type, headers=headers)


ROUTES = (
    Route("GET", "/tiles/{z}/{x}/{y}", _tile, "A tile of the operator's own map", "image/png", statuses=(200, 404)),
)
