# SPDX-License-Identifier: AGPL-3.0-or-later
"""A ground for the map that the operator sets: a file of tiles, or an address; both with whose it is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import RefusedError
from node.config import Config
from node.directory.tiles import check_ground, ground_of
from tests.node.directory.test_map import at, put
from tests.node.running import RunningNode, fill, found

if TYPE_CHECKING:
    from pathlib import Path

WHOSE = "© Somebody <b>"


def write_tiles(path: Path, kind: str = "PNG") -> None:
    """A file with one tile."""
    tile, writer = import_module("pmtiles.tile"), import_module("pmtiles.writer")
    with path.open("wb") as file:
        made: Any = writer.Writer(file)
        made.write_tile(tile.zxy_to_tileid(1, 0, 1), b"\x89PNG")
        header = {
            "tile_type": getattr(tile.TileType, kind),
            "tile_compression": tile.Compression.NONE,
            **dict.fromkeys(("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"), 0),
            **dict.fromkeys(("center_zoom", "center_lon_e7", "center_lat_e7", "min_zoom", "max_zoom"), 0),
        }
        made.finalize(header, {})


async def test_tiles_of_a_file_are_served(tmp_path: Path) -> None:
    directory = found(tmp_path / "moot", "Moot")
    write_tiles(directory.path / "region.pmtiles")
    node = await RunningNode(directory, map_tiles="region.pmtiles", map_attribution=WHOSE).start()
    try:
        put(node.ledger, at(1, 506_292_000, 30_573_000))
        async with node.client.get(f"{node.url}/tiles/1/0/1") as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", b"\x89PNG")
        for path in ("1/0/0", "1/2/0", "99/0/0", "x/0/0", "1/0/-1"):
            async with node.client.get(f"{node.url}/tiles/{path}") as answer:
                assert answer.status == 404, path
        async with node.client.get(node.url) as answer:
            text = await answer.text()
        assert 'data-tiles="/tiles/{z}/{x}/{y}"' in text
        assert "© Somebody &lt;b&gt;" in text
    finally:
        await node.stop()


async def test_an_address_is_allowed_for_pictures_only(tmp_path: Path) -> None:
    template = "https://tiles.example/{z}/{x}/{y}.png"
    node = await RunningNode(found(tmp_path / "moot", "Moot"), map_tiles=template, map_attribution=WHOSE).start()
    try:
        fill(node.ledger, 1)
        async with node.client.get(node.url) as answer:
            policy = answer.headers["Content-Security-Policy"]
        assert "img-src 'self' data: https://tiles.example;" in policy
        assert policy.count("example") == 1
        async with node.client.get(f"{node.url}/logs") as answer:
            assert "example" not in answer.headers["Content-Security-Policy"]
    finally:
        await node.stop()


@pytest.mark.parametrize(
    "tiles", ["https://tiles.example/", "//x/{z}/{x}/{y}", "https://x/{z}/{x}/{y}; script-src *", "region.mbtiles"]
)
def test_what_is_no_ground_is_refused(tiles: str) -> None:
    with pytest.raises(RefusedError, match="map_tiles"):
        ground_of(Config(map_tiles=tiles, map_attribution="x"))


def test_a_ground_says_whose_it_is_and_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="whose map"):
        ground_of(Config(map_tiles="https://x/{z}/{x}/{y}"))
    config = Config(map_tiles="a.pmtiles", map_attribution="x")
    with pytest.raises(RefusedError, match="no PMTiles"):
        check_ground(config, tmp_path)
    write_tiles(tmp_path / "a.pmtiles", "MVT")
    with pytest.raises(RefusedError, match="MVT"):
        check_ground(config, tmp_path)
