# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Merkle tree of a stored log: peaks, proofs and tiles, from the entries and the stored roots of subtrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import NotFoundError, StoreDamagedError
from protocol.errors import Malformed
from protocol.merkle import (
    EMPTY_ROOT,
    Node,
    Peaks,
    consistency_nodes,
    fold_nodes,
    inclusion_nodes,
    leaf_hash,
    peak_nodes,
    root_of,
)
from protocol.multiproof import multiproof_nodes
from protocol.statement import Entry, parse_entry
from protocol.tile import TILE_HEIGHT, Tile, encode_entries, tile_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.sqlite.logs import LogReads
    from ledger.values import Tree


def node_hash_of(reads: LogReads, tree: int, node: Node) -> bytes:
    """The root of a full subtree that the log has. Raises StoreDamagedError if what it rests on is missing."""
    if node.level >= TILE_HEIGHT and node.level % TILE_HEIGHT == 0:
        stored = reads.subtree(tree, node)
        if stored is None:
            raise StoreDamagedError(f"tree {tree}: the root of subtree {node.level}/{node.number} is missing")
        return stored
    if node.level < TILE_HEIGHT:
        begin = node.number << node.level
        hashes = [leaf_hash(entry) for entry in reads.leaves(tree, begin, begin + (1 << node.level))]
        below = node.level
    else:
        below = node.level % TILE_HEIGHT
        base = node.level - below
        begin = node.number << below
        hashes = reads.subtrees(tree, base, begin, begin + (1 << below))
    if len(hashes) != 1 << below:
        raise StoreDamagedError(f"tree {tree}: entries below subtree {node.level}/{node.number} are missing")
    return root_of(hashes)


def load_peaks(reads: LogReads, tree: int, size: int) -> Peaks:
    """The compact range over the first `size` entries."""
    return Peaks(size, [node_hash_of(reads, tree, node) for node in peak_nodes(size)])


def prove_inclusion(reads: LogReads, tree: int, position: int, size: int) -> list[bytes]:
    """The inclusion proof of an entry in the tree of `size` entries (spec 05 §2)."""
    return _prove(reads, tree, inclusion_nodes(position, size))


def prove_many(reads: LogReads, tree: int, positions: Sequence[int], size: int) -> list[bytes]:
    """The multiproof of entries at ascending positions in the tree of `size` entries (spec 20 §1)."""
    return _prove(reads, tree, multiproof_nodes(positions, size))


def prove_consistency(reads: LogReads, tree: int, old: int, new: int) -> list[bytes]:
    """The consistency proof from `old` to `new` entries (spec 05 §3)."""
    return _prove(reads, tree, consistency_nodes(old, new))


def root_at(reads: LogReads, tree: int, size: int) -> bytes:
    """The root over the first `size` entries."""
    return load_peaks(reads, tree, size).root() if size else EMPTY_ROOT


def _prove(reads: LogReads, tree: int, wanted: Sequence[Sequence[Node]]) -> list[bytes]:
    return fold_nodes(wanted, {node: node_hash_of(reads, tree, node) for nodes in wanted for node in nodes})


def last_time(reads: LogReads, tree: Tree) -> int:
    """The time (UTC seconds) of the last entry held that tells one; 0 if none does."""
    for position in range(tree.size - 1, -1, -1):
        try:
            entry = parse_entry(next(reads.leaves(tree.tree, position, position + 1)))
        except (Malformed, StopIteration):  # an entry may be faulty, or lost
            continue
        if isinstance(entry, Entry):
            return entry.at
    return 0


class Growth:
    """A log's tree as it grows in memory: peaks, and the stored subtrees that become full on the way."""

    def __init__(self, peaks: Peaks) -> None:
        self.peaks = peaks
        self.full: list[tuple[int, int, bytes]] = []

    def append(self, leaves: Iterable[bytes]) -> None:
        """Adds leaf hashes."""
        append, note = self.peaks.append, self._note
        for leaf in leaves:
            append(leaf, note)

    def _note(self, level: int, number: int, value: bytes) -> None:
        if level % TILE_HEIGHT == 0:
            self.full.append((level, number, value))


def read_tile(reads: LogReads, tree: int, tile: Tile, size: int) -> bytes:
    """The content of a tile under the tree of `size` entries (spec 07 §1). Raises NotFoundError if there is none."""
    level = tile.level or 0
    if tile_width(level, tile.number, size) < tile.width:
        raise NotFoundError(f"the log of {size} entries has no tile {tile.path}")
    end = tile.begin + tile.width
    items = list(
        reads.subtrees(tree, level * TILE_HEIGHT, tile.begin, end) if level else reads.leaves(tree, tile.begin, end)
    )
    if len(items) != tile.width:
        raise StoreDamagedError(f"tree {tree}: of tile {tile.path} only {len(items)} parts are here")
    if tile.level is None:
        return encode_entries(items)
    return b"".join(items if level else map(leaf_hash, items))
