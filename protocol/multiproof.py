# SPDX-License-Identifier: AGPL-3.0-or-later
"""One proof for many leaves of a tree (spec 20 §1): what their paths have in common is in it once.

It is made in the two steps of `protocol.merkle`: `multiproof_nodes` says what is needed, `fold_nodes` makes it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

from protocol.errors import Malformed
from protocol.merkle import HASH_BYTES, Node, cover, largest_power_below, node_hash

SIZE_MAX = 2**63 - 1


def multiproof_nodes(positions: Sequence[int], size: int) -> list[list[Node]]:
    """For each hash of a multiproof, left to right, the full subtrees that it folds from. Positions ascend."""
    _check_positions(positions, size)
    found: list[list[Node]] = []
    pending = [(0, size, 0, len(positions))]
    while pending:
        begin, end, first, last = pending.pop()
        if first == last:
            found.append(cover(begin, end))
        elif end - begin > 1:
            split = begin + largest_power_below(end - begin)
            middle = bisect_left(positions, split, first, last)
            pending += [(split, end, middle, last), (begin, split, first, middle)]
    return found


def root_from_multiproof(positions: Sequence[int], leaves: Sequence[bytes], size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a multiproof leads to, for leaf hashes at ascending positions.

    Raises Malformed if it cannot be one: `range`, `length` (too many or too few hashes), `hash_size`.
    """
    _check_positions(positions, size)
    if len(leaves) != len(positions):
        raise Malformed("length", f"{len(leaves)} leaves for {len(positions)} positions")
    if any(len(value) != HASH_BYTES for value in (*leaves, *proof)):
        raise Malformed("hash_size", f"a hash that is not {HASH_BYTES} bytes")
    rest = iter(proof)
    root = _root(positions, leaves, (0, size), (0, len(positions)), rest)
    if next(rest, None) is not None:
        raise Malformed("length", "a multiproof with more hashes than belong")
    return root


def check_multiproof(
    positions: Sequence[int], leaves: Sequence[bytes], size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raises Malformed unless these leaf hashes stand at these positions under that root (spec 20 §1)."""
    if root_from_multiproof(positions, leaves, size, proof) != root:
        raise Malformed("root", f"the proof does not lead to the root of the {size} leaves")


def _root(
    positions: Sequence[int],
    leaves: Sequence[bytes],
    span: tuple[int, int],
    wanted: tuple[int, int],
    rest: Iterator[bytes],
) -> bytes:
    """The root over the leaves of a span, of which those numbered `wanted` are given. At most 63 deep."""
    (begin, end), (first, last) = span, wanted
    if first == last:
        value = next(rest, None)
        if value is None:
            raise Malformed("length", "a multiproof with fewer hashes than belong")
        return value
    if end - begin == 1:
        return leaves[first]
    split = begin + largest_power_below(end - begin)
    middle = bisect_left(positions, split, first, last)
    left = _root(positions, leaves, (begin, split), (first, middle), rest)
    return node_hash(left, _root(positions, leaves, (split, end), (middle, last), rest))


def _check_positions(positions: Sequence[int], size: int) -> None:
    if size > SIZE_MAX or not positions or positions[0] < 0 or positions[-1] >= size:
        raise Malformed("range", f"positions that are not in a tree of {size} leaves, or none at all")
    if any(following <= position for position, following in pairwise(positions)):
        raise Malformed("range", "positions that do not ascend")
