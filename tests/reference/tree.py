# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Merkle tree of RFC 6962 in the words of its own recursive definitions, spec 05."""

import hashlib

from tests.reference.rejection import require

EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node from those of its children."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two smaller than the size, which is above one."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, over leaf hashes."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return node_hash(root(leaves[:middle]), root(leaves[middle:]))


def peaks(leaves: list[bytes]) -> list[bytes]:
    """The roots of the full subtrees, largest first, spec 05 §4."""
    if not leaves:
        return []
    whole = 1
    while whole * 2 <= len(leaves):
        whole *= 2
    return [root(leaves[:whole]), *peaks(leaves[whole:])]


def prove_inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*prove_inclusion(index, leaves[:middle]), root(leaves[middle:])]
    return [*prove_inclusion(index - middle, leaves[middle:]), root(leaves[:middle])]


def prove_consistency(old: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF of RFC 6962 §2.1.2; empty for old = 0, spec 05 §3."""
    return prove_subtree(old, leaves, known=True) if old else []


def prove_subtree(old: int, leaves: list[bytes], *, known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2; `known`: the checker has the root of exactly these leaves."""
    if old == len(leaves):
        return [] if known else [root(leaves)]
    middle = split(len(leaves))
    if old <= middle:
        return [*prove_subtree(old, leaves[:middle], known=known), root(leaves[middle:])]
    return [*prove_subtree(old - middle, leaves[middle:], known=False), root(leaves[:middle])]


def check_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes], expected: bytes) -> None:
    """Accept, or `range`, `hash_size`, `length`, `root`, spec 05 §2."""
    require(0 <= index < size, "range")
    require(all(len(item) == 32 for item in (leaf, *proof, expected)), "hash_size")
    require(root_from_path(index, size, leaf, proof) == expected, "root")


def root_from_path(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """The root that the path leads to: PATH read backwards."""
    if size == 1:
        require(not proof, "length")
        return leaf
    require(proof, "length")
    middle = split(size)
    if index < middle:
        return node_hash(root_from_path(index, middle, leaf, proof[:-1]), proof[-1])
    return node_hash(proof[-1], root_from_path(index - middle, size - middle, leaf, proof[:-1]))


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    """Accept, or `range`, `hash_size`, `length`, `root`, spec 05 §3."""
    require(0 <= old <= new, "range")
    require(all(len(item) == 32 for item in (old_root, new_root, *proof)), "hash_size")
    if old == 0:
        require(not proof, "length")
        require(old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT), "root")
        return
    led_to = roots_from_subtree(old, new, old_root, proof, known=True)
    require(led_to == (old_root, new_root), "root")


def roots_from_subtree(old: int, new: int, old_root: bytes, proof: list[bytes], *, known: bool) -> tuple[bytes, bytes]:
    """The old and the new root that the proof leads to: SUBPROOF read backwards."""
    if old == new:
        require(len(proof) == (0 if known else 1), "length")
        both = old_root if known else proof[0]
        return both, both
    require(proof, "length")
    middle, last = split(new), proof[-1]
    if old <= middle:
        left_old, left_new = roots_from_subtree(old, middle, old_root, proof[:-1], known=known)
        return left_old, node_hash(left_new, last)
    right_old, right_new = roots_from_subtree(old - middle, new - middle, old_root, proof[:-1], known=False)
    return node_hash(last, right_old), node_hash(last, right_new)
