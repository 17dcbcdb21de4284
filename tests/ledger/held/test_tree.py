# SPDX-License-Identifier: AGPL-3.0-or-later
"""Roots, proofs and tiles of a stored tree (spec 05, 07), against the recursive definition of RFC 6962."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.errors import NotFoundError, StoreDamagedError
from ledger.held.tree import Growth, load_peaks, prove_consistency, prove_inclusion, read_tile, root_at
from ledger.sqlite.store import SqliteStore
from protocol.identity import Origin
from protocol.merkle import EMPTY_ROOT, Peaks, check_consistency, check_inclusion, leaf_hash
from protocol.tile import Tile, decode_entries, tile_width
from tests.builders import seeded

COUNT = 65_536 + 600
SIZES = (1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793, COUNT)
TREE = 1


def entry(number: int) -> bytes:
    return b"entry %d" % number


LEAVES = [leaf_hash(entry(number)) for number in range(COUNT)]


@cache
def naive_root(begin: int, end: int) -> bytes:
    """RFC 6962, 2.1."""
    if end - begin == 1:
        return LEAVES[begin]
    half = 1
    while 2 * half < end - begin:
        half *= 2
    return sha256(b"\x01" + naive_root(begin, begin + half) + naive_root(begin + half, end)).digest()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A store with a long log of cheap entries, written in groups of uneven size."""
    rng = random.Random(1)
    made = SqliteStore(tmp_path_factory.mktemp("tree") / "ledger.db")
    growth, begin = Growth(Peaks()), 0
    with made.write() as change:
        change.add_tree(Origin(seeded("log"), 1))
        while begin < COUNT:
            end = min(COUNT, begin + rng.randrange(1, 3_000))
            growth.append(LEAVES[begin:end])
            change.add_subtrees(TREE, growth.full)
            change._db.executemany(
                "INSERT INTO entry VALUES (1, ?, ?, NULL)", [(number, entry(number)) for number in range(begin, end)]
            )
            growth, begin = Growth(growth.peaks), end
        change.set_size(TREE, COUNT)
    yield made
    made.close()


def copy_of(store: SqliteStore, folder: Path) -> SqliteStore:
    store.back_up(folder / "copy.db")
    return SqliteStore(folder / "copy.db")


def test_roots_of_every_prefix(store: SqliteStore) -> None:
    with store.read() as reads:
        assert root_at(reads, TREE, 0) == EMPTY_ROOT
        for size in SIZES:
            assert root_at(reads, TREE, size) == naive_root(0, size)
            assert load_peaks(reads, TREE, size).size == size


def test_growth_notes_subtrees_once(store: SqliteStore) -> None:
    with store.read() as reads:
        assert reads.subtrees(TREE, 8, 0, 10**9) == [naive_root(256 * n, 256 * n + 256) for n in range(COUNT // 256)]
        assert reads.subtrees(TREE, 16, 0, 10**9) == [naive_root(0, 65_536)]
        assert reads.subtrees(TREE, 24, 0, 10**9) == []


@pytest.mark.parametrize("size", [257, 65_537, COUNT])
def test_inclusion_proofs(store: SqliteStore, size: int) -> None:
    rng = random.Random(size)
    edges = {0, 1, 255, 256, size - 2, size - 1, min(size - 1, 65_535), min(size - 1, 65_536)}
    with store.read() as reads:
        for position in edges | {rng.randrange(size) for _ in range(8)}:
            proof = prove_inclusion(reads, TREE, position, size)
            check_inclusion(position, size, LEAVES[position], proof, naive_root(0, size))
            assert proof == naive_path(position, 0, size)


def naive_path(position: int, begin: int, end: int) -> list[bytes]:
    """RFC 6962, 2.1.1."""
    if end - begin == 1:
        return []
    half = 1
    while 2 * half < end - begin:
        half *= 2
    middle = begin + half
    if position < middle:
        return [*naive_path(position, begin, middle), naive_root(middle, end)]
    return [*naive_path(position, middle, end), naive_root(begin, middle)]


def test_consistency_proofs_between_all_sizes(store: SqliteStore) -> None:
    with store.read() as reads:
        for new in SIZES:
            for old in (0, *SIZES[: SIZES.index(new) + 1]):
                proof = prove_consistency(reads, TREE, old, new)
                old_root = naive_root(0, old) if old else EMPTY_ROOT
                check_consistency(old, new, old_root, naive_root(0, new), proof)


@pytest.mark.parametrize("size", SIZES)
def test_tiles(store: SqliteStore, size: int) -> None:
    with store.read() as reads:
        for level in range(4):
            width_of = 256**level
            count = -(-(size // width_of) // 256)
            for number in {0, count // 2, count - 2, count - 1} & set(range(count)):
                width = tile_width(level, number, size)
                tile = Tile(level, number, width)
                hashes = [naive_root(n * width_of, (n + 1) * width_of) for n in range(tile.begin, tile.begin + width)]
                assert read_tile(reads, TREE, tile, size) == b"".join(hashes)
            for tile in (Tile(level, count), Tile(level, count + 10**20), Tile(level, count, 1)):
                with pytest.raises(NotFoundError):
                    read_tile(reads, TREE, tile, size)
        last = (size - 1) // 256
        width = size - 256 * last
        found = decode_entries(read_tile(reads, TREE, Tile(None, last, width), size))
        assert found == [entry(number) for number in range(256 * last, size)]
        if width < 256:
            with pytest.raises(NotFoundError):
                read_tile(reads, TREE, Tile(None, last, width + 1), size)


def test_a_narrower_tile_is_the_beginning(store: SqliteStore) -> None:
    with store.read() as reads:
        full = read_tile(reads, TREE, Tile(1, 0), COUNT)
        assert read_tile(reads, TREE, Tile(1, 0, 7), COUNT) == full[: 7 * 32]
        assert read_tile(reads, TREE, Tile(0, 3, 9), COUNT) == b"".join(LEAVES[768:777])


def test_what_is_missing_is_said_to_be(store: SqliteStore, tmp_path: Path) -> None:
    copy = copy_of(store, tmp_path)
    with copy.write() as change:
        change._db.execute("DELETE FROM entry WHERE position = 300")
        change._db.execute("DELETE FROM subtree WHERE level = 8 AND number = 255")
        change._db.execute("DELETE FROM subtree WHERE level = 16")
    with copy.read() as reads:
        for tile in (Tile(0, 1), Tile(None, 1), Tile(1, 0)):
            with pytest.raises(StoreDamagedError):
                read_tile(reads, TREE, tile, COUNT)
        with pytest.raises(StoreDamagedError, match="missing"):
            root_at(reads, TREE, 301)
        with pytest.raises(StoreDamagedError, match="16/0 is missing"):
            root_at(reads, TREE, COUNT)
        with pytest.raises(StoreDamagedError):
            prove_inclusion(reads, TREE, 301, 65_536)
    copy.close()
