# SPDX-License-Identifier: AGPL-3.0-or-later
"""The RFC 6962 Merkle tree (spec 05): hashes, compact range, proofs made and checked.

Proofs are made in two steps, so that the store is asked once: `*_nodes` says which full subtrees a proof needs,
`fold_nodes` computes it from their hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from protocol.errors import Malformed

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """A full subtree: the 2^level leaves from number * 2^level on."""

    level: int
    number: int


def leaf_hash(entry: bytes) -> bytes:
    """H(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """H(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Peaks:
    """A compact range that begins at leaf 0 (spec 05 §4): enough to append and to know the root. Mutable."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise Malformed("length", f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(self.hashes)}")

    def copy(self) -> Peaks:
        """An independent copy: appending to it leaves this one as it is."""
        return Peaks(self.size, self.hashes)

    def append(self, leaf: bytes, full: Callable[[int, int, bytes], None] | None = None) -> None:
        """Adds one leaf hash; calls `full(level, number, hash)` for each subtree that becomes full by it."""
        hashes, size, level = self.hashes, self.size, 0
        while size >> level & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            level += 1
            if full is not None:
                full(level, size >> level, leaf)
        hashes.append(leaf)
        self.size = size + 1

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for peak in reversed(self.hashes[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    peaks = Peaks()
    for leaf in leaves:
        peaks.append(leaf)
    return peaks.root()


def peak_nodes(size: int) -> list[Node]:
    """The full subtrees whose roots are the peaks of a tree of that size, largest first."""
    return cover(0, size)


def cover(begin: int, end: int) -> list[Node]:
    """The fewest full subtrees over the leaves begin..end; begin must be a multiple of the first one's width."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return nodes


def inclusion_nodes(index: int, size: int) -> list[list[Node]]:
    """For each hash of an inclusion proof, leaf to root, the full subtrees that it folds from (spec 05 §2)."""
    if not 0 <= index < size:
        raise Malformed("range", f"no leaf {index} in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        split = begin + largest_power_below(end - begin)
        if index < split:
            path.append(cover(split, end))
            end = split
        else:
            path.append(cover(begin, split))
            begin = split
    return path[::-1]


def consistency_nodes(old: int, new: int) -> list[list[Node]]:
    """For each hash of a consistency proof the full subtrees that it folds from (spec 05 §3)."""
    if not 0 <= old <= new:
        raise Malformed("range", f"{old} is not a size before {new}")
    if old in {0, new}:
        return []
    begin, end, path, whole = 0, new, [], True
    while True:
        if old == end:
            if not whole:
                path.append(cover(begin, end))
            return path[::-1]
        split = begin + largest_power_below(end - begin)
        if old <= split:
            path.append(cover(split, end))
            end = split
        else:
            path.append(cover(begin, split))
            begin, whole = split, False


def fold_nodes(wanted: Sequence[Sequence[Node]], hashes: dict[Node, bytes]) -> list[bytes]:
    """The hashes of a proof, from the subtrees that `*_nodes` asked for."""
    proof = []
    for nodes in wanted:
        value = hashes[nodes[-1]]
        for node in reversed(nodes[:-1]):
            value = node_hash(hashes[node], value)
        proof.append(value)
    return proof


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2). Raises Malformed if it cannot be one."""
    if not 0 <= index < size:
        raise Malformed("range", f"no leaf {index} in a tree of {size}")
    _check_hashes([leaf, *proof])
    value = leaf
    for left, sibling in _pair(_sides(index, size - 1), proof):
        value = node_hash(sibling, value) if left else node_hash(value, sibling)
    return value


def check_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises Malformed unless the leaf is at that index under that root (spec 05 §2)."""
    found = root_from_inclusion(index, size, leaf, proof)
    _check_hashes([root])
    if found != root:
        raise Malformed("root", f"the proof does not lead to the root of the {size} entries")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises Malformed unless the tree of `old` leaves is the beginning of the tree of `new` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        raise Malformed("range", f"{old} is not a size before {new}")
    _check_hashes([old_root, new_root, *proof])
    if old in {0, new}:
        _check_trivial_consistency(old, old_root, new_root, proof, same=old == new)
        return
    # The walk begins at the largest full subtree that ends where the old tree ends.
    shift = (old & -old).bit_length() - 1
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise Malformed("length", "consistency proof too short")
    old_value = new_value = path[0]
    for left, sibling in _pair(_sides((old - 1) >> shift, (new - 1) >> shift), path[1:]):
        if left:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
        else:
            new_value = node_hash(new_value, sibling)
    if old_value != old_root or new_value != new_root:
        raise Malformed("root", f"the {old} entries are not the beginning of the {new}")


def _sides(first: int, last: int) -> list[bool]:
    """For each step from a node up to the root: whether its sibling is the left one (RFC 9162, 2.1.3.2).

    `first` is the node's number in its level, `last` that of the last node there.
    """
    sides = []
    while last:
        left = bool(first & 1) or first == last
        sides.append(left)
        if left:
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        first, last = first >> 1, last >> 1
    return sides


def _pair(sides: list[bool], proof: Sequence[bytes]) -> Iterable[tuple[bool, bytes]]:
    if len(sides) != len(proof):
        raise Malformed("length", f"a proof of {len(proof)} hashes where {len(sides)} belong")
    return zip(sides, proof, strict=True)


def _check_trivial_consistency(
    old: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], *, same: bool
) -> None:
    if proof:
        raise Malformed("length", "consistency proof where none is needed")
    if (same and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
        raise Malformed("root", f"two different roots for {old} entries")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise Malformed("hash_size", f"a hash that is not {HASH_BYTES} bytes")


def largest_power_below(count: int) -> int:
    """The largest power of two smaller than count (RFC 6962, 2.1)."""
    return 1 << (count - 1).bit_length() - 1
