# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 07: tiles, their paths and what is in them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.merkle import leaf_hash, root_of
from protocol.tile import (
    ENTRY_BYTES_MAX,
    LEVEL_MAX,
    TILE_WIDTH,
    Tile,
    decode_entries,
    encode_entries,
    parse_tile_path,
    tile_width,
)
from tests.protocol.strategies import damaged, hostile, refused_or_same
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, vectors

NUMBER_MAX = 1000**7 - 1
tiles = st.builds(Tile, st.none() | st.integers(0, LEVEL_MAX), st.integers(0, NUMBER_MAX), st.integers(1, TILE_WIDTH))
bundles = st.lists(st.binary(max_size=20), max_size=12)


def read(path: str) -> Tile:
    if not path.startswith("tile/"):
        raise Malformed("level", "not below <log>/tile/")
    return parse_tile_path(path.removeprefix("tile/"))


@vectors("07-tiles", "path")
def test_path_vectors(case: Case) -> None:
    with agreed(case):
        tile = read(case["path"])
        assert tile.level == (None if case["level"] == "entries" else case["level"])
        assert (str(tile.number), tile.width) == (case["number"], case["width"])
        assert f"tile/{tile.path}" == case["path"]


@vectors("07-tiles", "tiles_of_size")
def test_size_vectors(case: Case) -> None:
    size, counts, partial = case["size"], case["full_counts"], []
    levels = range(max(1, -(-size.bit_length() // 8)))
    for level in levels:
        full = counts[level] if level < len(counts) else 0
        assert tile_width(level, full + 1, size) == 0
        assert full == 0 or tile_width(level, full - 1, size) == TILE_WIDTH
        width = tile_width(level, full, size)
        assert width < TILE_WIDTH
        partial += [f"tile/{Tile(level, full, width).path}"] if width else []
    bundle = tile_width(0, counts[0] if counts else 0, size)
    partial += [f"tile/{Tile(None, counts[0] if counts else 0, bundle).path}"] if bundle else []
    assert partial == case["partial"]
    assert len(counts) <= len(levels)


@vectors("07-tiles", "hash_tile")
def test_hash_tile_vectors(case: Case) -> None:
    tile = read(case["path"])
    assert tile.level is not None
    assert tile.width <= tile_width(tile.level, tile.number, case["size"])
    leaves = 256**tile.level
    content = b"".join(
        root_of(leaf_hash(f"entry {number}".encode()) for number in range(at * leaves, (at + 1) * leaves))
        for at in range(tile.begin, tile.begin + tile.width)
    )
    assert sha256(content).hexdigest() == case["content_sha256_hex"]
    assert case.get("content_hex", content.hex()) == content.hex()


@vectors("07-tiles", "bundle")
def test_bundle_vectors(case: Case) -> None:
    entries = bytes_of(case["entries_hex"])
    assert encode_entries(entries).hex() == case["content_hex"]
    assert decode_entries(bytes.fromhex(case["content_hex"])) == entries


@vectors("07-tiles", "bundle_form")
def test_bundle_form_vectors(case: Case) -> None:
    # The page has no reason word for what is wrong with a bundle.
    with agreed(case, by_reason=False):
        entries = decode_entries(bytes.fromhex(case["content_hex"]))
        if len(entries) != case["width"]:
            raise Malformed("entries", "another number of entries than the path says")
        assert hex_of(entries) == case["entries_hex"]


@given(tiles)
def test_paths_come_back(tile: Tile) -> None:
    assert parse_tile_path(tile.path) == tile


@given(damaged(tiles.map(lambda tile: tile.path.encode())))
def test_damaged_paths_are_refused_or_the_one_spelling(data: bytes) -> None:
    refused_or_same(
        lambda raw: parse_tile_path(raw.decode(errors="surrogateescape")), lambda tile: tile.path.encode(), data
    )


@given(st.text(max_size=30))
def test_any_text_is_refused_or_the_one_spelling(text: str) -> None:
    try:
        assert parse_tile_path(text).path == text
    except Malformed as refusal:
        assert refusal.reason in {"level", "number", "width"}  # noqa: PT017 - refusal is one of two right answers


@given(bundles)
def test_bundles_come_back(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries)) == entries


@given(hostile | damaged(bundles.map(encode_entries)))
def test_any_bytes_are_refused_or_a_bundle(data: bytes) -> None:
    refused_or_same(decode_entries, encode_entries, data)


def test_a_bundle_holds_256_entries_of_65535_bytes() -> None:
    assert decode_entries(encode_entries([b""] * 256)) == [b""] * 256
    assert len(decode_entries(encode_entries([bytes(ENTRY_BYTES_MAX)]))[0]) == ENTRY_BYTES_MAX
    with pytest.raises(Malformed, match="more than 256"):
        decode_entries(encode_entries([b""] * 257))


@given(st.integers(0, 2**63 - 1), st.integers(0, 7))
def test_tiles_of_a_level_hold_each_full_subtree_once(size: int, level: int) -> None:
    hashes = size >> 8 * level
    full, rest = divmod(hashes, TILE_WIDTH)
    assert tile_width(level, full, size) == rest
    assert tile_width(level, full + 1, size) == 0
    if full:
        assert tile_width(level, 0, size) == tile_width(level, full - 1, size) == TILE_WIDTH
