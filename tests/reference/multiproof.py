# SPDX-License-Identifier: AGPL-3.0-or-later
"""One proof for many leaves, spec 20 §1, as the walk of the page has it."""

from itertools import pairwise

from tests.reference import tree
from tests.reference.rejection import require


def prove(positions: list[int], leaves: list[bytes], begin: int = 0) -> list[bytes]:
    """The hashes of the walk over leaf hashes, of which the first one has the number `begin`."""
    if not any(begin <= position < begin + len(leaves) for position in positions):
        return [tree.root(leaves)]
    if len(leaves) == 1:
        return []
    middle = tree.split(len(leaves))
    return prove(positions, leaves[:middle], begin) + prove(positions, leaves[middle:], begin + middle)


def check(positions: list[int], hashes: list[bytes], size: int, proof: list[bytes], expected: bytes) -> None:
    """Accept, or `range`, `hash_size`, `length`, `root`."""
    require(positions and positions[0] >= 0 and positions[-1] < size < 2**63, "range")
    require(all(one < other for one, other in pairwise(positions)), "range")
    require(len(hashes) == len(positions), "length")
    require(all(len(item) == 32 for item in (*hashes, *proof)), "hash_size")
    rest = list(proof)
    found = root_of(dict(zip(positions, hashes, strict=True)), 0, size, rest)
    require(not rest, "length")
    require(found == expected, "root")


def root_of(known: dict[int, bytes], begin: int, end: int, rest: list[bytes]) -> bytes:
    """The root over begin..end: the walk read backwards. Takes what it needs from the front of `rest`."""
    if not any(begin <= position < end for position in known):
        require(rest, "length")
        return rest.pop(0)
    if end - begin == 1:
        return known[begin]
    middle = begin + tree.split(end - begin)
    left = root_of(known, begin, middle, rest)
    return tree.node_hash(left, root_of(known, middle, end, rest))
