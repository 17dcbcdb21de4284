# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §10: the tree over a state's leaves, brought up bit by bit, against the tree made anew."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NotFoundError
from ledger.reciprocity import state_tree
from ledger.reciprocity.state_tree import StateTree
from protocol.chain import parse_state_leaf
from protocol.merkle import EMPTY_ROOT, leaf_hash, root_of
from protocol.multiproof import check_multiproof
from tests.protocol.vectors import Case, vectors

ids = st.integers(0, 60).map(lambda number: bytes([number]) * 16)
steps = st.lists(st.dictionaries(ids, st.binary(max_size=3), max_size=9), max_size=12)


def root_anew(leaves: dict[bytes, bytes]) -> bytes:
    return root_of(map(leaf_hash, leaves.values()))


@vectors("20-member-statement", "state_root")
def test_state_root_vectors(case: Case) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in case["leaves_hex"]]
    tree = StateTree((parse_state_leaf(leaf).id, leaf) for leaf in leaves)
    assert tree.root().hex() == case["root_hex"]


@given(steps)
def test_the_root_is_that_of_the_tree_made_anew(changes: list[dict[bytes, bytes]]) -> None:
    tree, leaves = StateTree(), dict[bytes, bytes]()
    assert tree.root() == EMPTY_ROOT
    for change in changes:
        leaves |= change
        for leaf_id, leaf in change.items():
            tree.put(leaf_id, leaf)
        assert tree.root() == root_anew(leaves)
        assert list(tree.ids()) == list(leaves)
        assert len(tree) == len(leaves)
    assert StateTree(leaves.items()).root() == tree.root()


@given(st.dictionaries(ids, st.binary(max_size=3), min_size=1), st.data())
def test_leaves_are_proved(leaves: dict[bytes, bytes], data: st.DataObject) -> None:
    tree = StateTree(leaves.items())
    wanted = sorted(data.draw(st.sets(st.sampled_from(sorted(leaves)), min_size=1)), key=tree.index)
    indexes = [tree.index(leaf_id) for leaf_id in wanted]
    hashes = [leaf_hash(leaves[leaf_id]) for leaf_id in wanted]
    check_multiproof(indexes, hashes, len(tree), tree.prove(indexes), tree.root())


def test_who_is_not_in_the_state_has_no_place() -> None:
    tree = StateTree([(bytes(16), b"a")])
    for other in (b"", b"\1" * 16):
        with pytest.raises(NotFoundError):
            tree.index(other)


def test_a_changed_or_new_leaf_costs_no_more_hashes_than_the_tree_is_high(monkeypatch: pytest.MonkeyPatch) -> None:
    source, hashed = random.Random(5), 0
    tree = StateTree((source.randbytes(16), b"") for _ in range(5_000))
    tree.root()
    real = hashlib.sha256

    def counting(data: bytes) -> object:
        nonlocal hashed
        hashed += 1
        return real(data)

    monkeypatch.setattr(state_tree, "sha256", counting)
    tree.put(list(tree.ids())[source.randrange(5_000)], b"other")
    tree.root()
    assert 0 < hashed <= 13
    hashed = 0
    tree.put(bytes(16), b"new")
    tree.root()
    assert 0 < hashed <= 13
