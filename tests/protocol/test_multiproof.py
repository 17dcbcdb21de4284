# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 20 §1: one proof for many leaves, against single proofs and the recursive definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.merkle import fold_nodes, root_from_inclusion
from protocol.multiproof import check_multiproof, multiproof_nodes, root_from_multiproof
from tests.drawing import draws
from tests.protocol.strategies import flips, hashes
from tests.protocol.test_merkle import LEAVES, naive_root, prove_inclusion, sizes, subtrees
from tests.protocol.vectors import Case, agreed, bytes_of, vectors


def prove(positions: list[int], size: int) -> list[bytes]:
    return fold_nodes(multiproof_nodes(positions, size), subtrees(size))


def naive_proof(begin: int, end: int, wanted: set[int]) -> list[bytes]:
    """The walk in the words of the spec."""
    if not any(begin <= position < end for position in wanted):
        return [naive_root(begin, end)]
    if end - begin == 1:
        return []
    split = 1
    while split * 2 < end - begin:
        split *= 2
    return naive_proof(begin, begin + split, wanted) + naive_proof(begin + split, end, wanted)


@vectors("20-member-statement", "multiproof")
def test_multiproof_vectors(case: Case) -> None:
    positions, size, hashes = case["positions"], case["size"], bytes_of(case["leaf_hashes_hex"])
    proof, root = bytes_of(case["proof_hex"]), bytes.fromhex(case["root_hex"])
    with agreed(case):
        check_multiproof(positions, hashes, size, proof, root)
        assert prove(positions, size) == proof


@st.composite
def chosen(draw: st.DrawFn) -> tuple[list[int], int]:
    size = draw(sizes)
    return sorted(draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=20))), size


@given(chosen())
def test_a_proof_is_that_of_the_walk_and_leads_to_the_root(case: tuple[list[int], int]) -> None:
    positions, size = case
    proof = prove(positions, size)
    assert proof == naive_proof(0, size, set(positions))
    check_multiproof(positions, [LEAVES[at] for at in positions], size, proof, naive_root(0, size))


@given(st.data(), sizes)
def test_for_one_leaf_it_holds_the_hashes_of_its_inclusion_proof(data: st.DataObject, size: int) -> None:
    at = data.draw(st.integers(0, size - 1))
    proof = prove([at], size)
    assert sorted(proof) == sorted(prove_inclusion(at, size))
    assert root_from_multiproof([at], [LEAVES[at]], size, proof) == root_from_inclusion(
        at, size, LEAVES[at], prove_inclusion(at, size)
    )


@draws(20)
@given(chosen(), st.data())
def test_nothing_near_it_holds(case: tuple[list[int], int], data: st.DataObject) -> None:
    positions, size = case
    leaves, proof, root = [LEAVES[at] for at in positions], prove(positions, size), naive_root(0, size)
    spare = data.draw(hashes)
    at = data.draw(st.integers(0, len(positions) - 1))
    refused = [
        (positions, leaves, size, [*proof, spare]),
        (positions, leaves, size, [spare, *proof]),
        (positions, leaves[:-1], size, proof),
        (positions, [*leaves, spare], size, proof),
        (positions, [*leaves[:at], spare[:31], *leaves[at + 1 :]], size, proof),
        ([*positions, positions[-1]], [*leaves, leaves[-1]], size, proof),
        ([*positions, size], [*leaves, spare], size, proof),
        ([-1, *positions], [spare, *leaves], size, proof),
        ([], [], size, proof),
    ]
    refused += [(positions, [*leaves[:at], other, *leaves[at + 1 :]], size, proof) for other in flips(leaves[at])[::7]]
    if proof:
        one = data.draw(st.integers(0, len(proof) - 1))
        refused += [(positions, leaves, size, [*proof[:one], *proof[one + 1 :]])]
        refused += [
            (positions, leaves, size, [*proof[:one], other, *proof[one + 1 :]]) for other in flips(proof[one])[::7]
        ]
    if len(positions) > 1:
        refused += [(positions, leaves[::-1], size, proof), (positions[::-1], leaves[::-1], size, proof)]
        # An entry left out is not to be hidden by giving its hash instead, in its place.
        refused += [(positions[:at] + positions[at + 1 :], leaves[:at] + leaves[at + 1 :], size, proof)]
    for arguments in refused:
        with pytest.raises(Malformed):
            check_multiproof(*arguments, root)


def test_a_tree_may_be_as_large_as_a_log_may_become() -> None:
    size, positions = 2**63 - 1, [0, 2**62, 2**63 - 2]
    nodes = multiproof_nodes(positions, size)
    proof = [bytes([number]) * 32 for number in range(len(nodes))]
    root = root_from_multiproof(positions, [bytes(32)] * 3, size, proof)
    check_multiproof(positions, [bytes(32)] * 3, size, proof, root)
    with pytest.raises(Malformed, match="range"):
        root_from_multiproof(positions, [bytes(32)] * 3, size + 1, proof)
