# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 05: the tree and its proofs, against the recursive definition of RFC 6962, 2.1."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.merkle import (
    EMPTY_ROOT,
    Node,
    Peaks,
    check_consistency,
    check_inclusion,
    consistency_nodes,
    fold_nodes,
    inclusion_nodes,
    leaf_hash,
    peak_nodes,
    root_of,
)
from tests.drawing import draws
from tests.protocol.strategies import flips, hashes
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, vectors

LEAVES = tuple(leaf_hash(f"entry {number}".encode()) for number in range(300))
sizes = st.integers(1, len(LEAVES))


@cache
def naive_root(begin: int, end: int) -> bytes:
    if end == begin:
        return sha256(b"").digest()
    if end - begin == 1:
        return LEAVES[begin]
    split = 1
    while split * 2 < end - begin:
        split *= 2
    return sha256(b"\x01" + naive_root(begin, begin + split) + naive_root(begin + split, end)).digest()


@cache
def subtrees(size: int) -> dict[Node, bytes]:
    found = {Node(0, number): leaf for number, leaf in enumerate(LEAVES[:size])}
    peaks = Peaks()
    for leaf in LEAVES[:size]:
        peaks.append(leaf, lambda level, number, value: found.update({Node(level, number): value}))
    return found


def prove_inclusion(index: int, size: int) -> list[bytes]:
    return fold_nodes(inclusion_nodes(index, size), subtrees(size))


def prove_consistency(old: int, new: int) -> list[bytes]:
    return fold_nodes(consistency_nodes(old, new), subtrees(new))


def with_each_flip(proof: list[bytes]) -> list[list[bytes]]:
    return [[*proof[:at], other, *proof[at + 1 :]] for at, value in enumerate(proof) for other in flips(value)]


def wrong_lengths(proof: list[bytes], spare: bytes) -> list[list[bytes]]:
    shorter = [proof[:at] + proof[at + 1 :] for at in range(len(proof))]
    return [*shorter, [*proof, spare], [spare, *proof]]


@vectors("05-tree", "root", "root_of_counted")
def test_root_vectors(case: Case) -> None:
    entries = bytes_of(case["entries_hex"]) if "entries_hex" in case else counted(case["size"])
    peaks = Peaks()
    for entry in entries:
        peaks.append(leaf_hash(entry))
    assert hex_of(peaks.hashes) == case["peaks_hex"]
    assert peaks.root().hex() == root_of(map(leaf_hash, entries)).hex() == case["root_hex"]
    assert Peaks(len(entries), bytes_of(case["peaks_hex"])).root().hex() == case["root_hex"]


def counted(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


@vectors("05-tree", "inclusion", "inclusion_far")
def test_inclusion_vectors(case: Case) -> None:
    leaf, root = bytes.fromhex(case["leaf_hash_hex"]), bytes.fromhex(case["root_hex"])
    index, size, proof = case["index"], case["size"], bytes_of(case["proof_hex"])
    with agreed(case):
        check_inclusion(index, size, leaf, proof, root)
        if size <= len(LEAVES) and root == naive_root(0, size):
            assert prove_inclusion(index, size) == proof


@vectors("05-tree", "consistency")
def test_consistency_vectors(case: Case) -> None:
    old_root, new_root = bytes.fromhex(case["old_root_hex"]), bytes.fromhex(case["new_root_hex"])
    old, new, proof = case["old"], case["new"], bytes_of(case["proof_hex"])
    with agreed(case):
        check_consistency(old, new, old_root, new_root, proof)
        if new <= len(LEAVES) and new_root == naive_root(0, new):
            assert prove_consistency(old, new) == proof


def test_every_root_is_that_of_the_recursive_definition() -> None:
    peaks = Peaks()
    for size, leaf in enumerate(LEAVES):
        assert peaks.root() == naive_root(0, size)
        assert peaks.hashes == [subtrees(len(LEAVES))[node] for node in peak_nodes(size)]
        before = peaks.copy()
        peaks.append(leaf)
        assert before.size == size


def test_every_subtree_that_is_reported_is_the_root_of_its_leaves() -> None:
    for (level, number), value in subtrees(len(LEAVES)).items():
        assert value == naive_root(number << level, number + 1 << level)


@draws(16)
@given(st.data(), sizes)
def test_inclusion_holds_and_nothing_near_it(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root, leaf = prove_inclusion(index, size), naive_root(0, size), LEAVES[index]
    check_inclusion(index, size, leaf, proof, root)
    refuse = [(index, size, leaf, other, root) for other in with_each_flip(proof)]
    refuse += [(index, size, leaf, other, root) for other in wrong_lengths(proof, root)]
    refuse += [(index, size, other, proof, root) for other in flips(leaf)]
    refuse += [(index, size, leaf, proof, other) for other in flips(root)]
    refuse += [(other, size, leaf, proof, root) for other in range(-1, size + 1) if other != index]
    refuse += [(index, size, leaf, [*proof[:-1], proof[-1][:31]], root)] if proof else []
    for arguments in refuse:
        with pytest.raises(Malformed):
            check_inclusion(*arguments)


@draws(16)
@given(st.data(), sizes)
def test_consistency_holds_and_nothing_near_it(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    proof, old_root, new_root = prove_consistency(old, new), naive_root(0, old), naive_root(0, new)
    check_consistency(old, new, old_root, new_root, proof)
    refuse = [(old, new, old_root, new_root, other) for other in with_each_flip(proof)]
    refuse += [(old, new, old_root, new_root, other) for other in wrong_lengths(proof, new_root)]
    refuse += [(old, new, other, new_root, proof) for other in flips(old_root)]
    refuse += [(old, new, old_root, other, proof) for other in flips(new_root)]
    refuse += [(new, old, new_root, old_root, proof), (-1, new, old_root, new_root, proof)] if old < new else []
    refuse += [(other, new, old_root, new_root, proof) for other in range(new + 1) if other != old]
    for arguments in refuse:
        with pytest.raises(Malformed):
            check_consistency(*arguments)


def test_the_empty_tree_is_the_beginning_of_every_tree_and_says_nothing_of_it() -> None:
    check_consistency(0, 5, EMPTY_ROOT, naive_root(0, 5), [])
    check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    for old_root, proof in ((LEAVES[0], []), (EMPTY_ROOT, [LEAVES[0]])):
        with pytest.raises(Malformed):
            check_consistency(0, 5, old_root, naive_root(0, 5), proof)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.lists(hashes, max_size=70), hashes, hashes)
def test_proofs_of_chosen_hashes_are_refused(
    first: int, second: int, proof: list[bytes], one: bytes, other: bytes
) -> None:
    with pytest.raises(Malformed):
        check_inclusion(first, second, one, proof, other)
    with pytest.raises(Malformed):
        check_consistency(first + 1, second, one, other, proof)


@given(st.integers(1, 2**62), st.data())
def test_proofs_have_the_length_of_their_path_in_trees_of_any_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_nodes(index, size)
    assert len(path) <= size.bit_length()
    covered = sorted((node.number << node.level, node.number + 1 << node.level) for nodes in path for node in nodes)
    edges = sorted([*covered, (index, index + 1)])
    assert edges[0][0] == 0
    assert edges[-1][1] == size
    assert all(left[1] == right[0] for left, right in pairwise(edges))


@pytest.mark.parametrize(("size", "hashes"), [(0, [LEAVES[0]]), (1, []), (3, [LEAVES[0]]), (4, list(LEAVES[:2]))])
def test_peaks_that_cannot_be_of_that_size_are_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(Malformed, match="length"):
        Peaks(size, hashes)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(Malformed, match="range"):
        inclusion_nodes(index, size)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5)])
def test_there_is_no_proof_of_a_size_before_that_is_not_before(old: int, new: int) -> None:
    with pytest.raises(Malformed, match="range"):
        consistency_nodes(old, new)


def accepted(check: Any, *arguments: Any) -> bool:
    try:
        check(*arguments)
    except Malformed:
        return False
    return True


def test_public_vectors_of_inclusion(public_vectors: Path) -> None:
    files = sorted((public_vectors / "rfc6962-inclusion").rglob("*.json"))
    assert files
    for file in files:
        case = json.loads(file.read_text())
        proof = [b64decode(value) for value in case["proof"] or []]
        leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
        found = accepted(check_inclusion, case["leafIdx"], case["treeSize"], leaf, proof, root)
        assert found is not case["wantErr"], file


def test_public_vectors_of_consistency(public_vectors: Path) -> None:
    folder = public_vectors / "rfc6962-consistency"
    files = {str(file.relative_to(folder)): json.loads(file.read_text()) for file in sorted(folder.rglob("*.json"))}
    # Its roots are not 32 bytes, which spec 05 §3 demands.
    other_hash = files.pop("additional/sizes-are-equal-one-and-proof-is-empty.json")
    assert other_hash["wantErr"] is False
    assert files
    for name, case in files.items():
        proof = [b64decode(value) for value in case["proof"] or []]
        roots = [b64decode(case[root] or "") for root in ("root1", "root2")]
        found = accepted(check_consistency, case["size1"], case["size2"], *roots, proof)
        assert found is not case["wantErr"], name
