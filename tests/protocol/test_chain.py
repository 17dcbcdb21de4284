# SPDX-License-Identifier: AGPL-3.0-or-later
"""Page 17 §10: the chain of what concerns somebody, and the leaf."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.chain import SORT_ACCOUNT, SORT_MEMBER, START, StateLeaf, link, parse_state_leaf
from protocol.encoding import encode
from protocol.errors import Malformed
from tests.drawing import draws
from tests.protocol.strategies import damaged, hashes, hostile, refused_or_same
from tests.protocol.vectors import Case, agreed, vectors

ids = st.binary(min_size=16, max_size=16)
amounts = st.integers(-(10**15), 10**15)
leaves = st.builds(StateLeaf, ids, st.just(SORT_MEMBER), st.integers(0, 2**40), hashes) | st.builds(
    StateLeaf, ids, st.just(SORT_ACCOUNT), st.integers(0, 2**40), hashes, amounts, st.integers(0, 10**15),
    st.sampled_from(["EUR", "h", "kg-CO2e"]), st.integers(0, 9),
)  # fmt: skip


@vectors("20-member-statement", "chain")
def test_chain_vectors(case: Case) -> None:
    before, leaf = bytes.fromhex(case["before_hex"]), bytes.fromhex(case["leaf_hash_hex"])
    assert link(before, leaf, case["position"]).hex() == case["head_hex"]


@vectors("20-member-statement", "state_leaf")
def test_state_leaf_vectors(case: Case) -> None:
    with agreed(case):
        leaf = parse_state_leaf(bytes.fromhex(case["leaf_hex"]))
        amounts = int(case["posted"]), int(case["reserved"])
        assert (leaf.id.hex(), leaf.sort, leaf.count, leaf.head.hex()) == (
            case["id_hex"], case["sort"], case["count"], case["head_hex"],
        )  # fmt: skip
        assert (leaf.posted, leaf.reserved, leaf.unit, leaf.scale) == (*amounts, case["unit"], case["scale"])


def test_a_link_is_the_hash_of_all_that_came_before() -> None:
    first = sha256(b"folkmoot/chain/1\0" + bytes(32) + b"a" * 32 + (7).to_bytes(8, "big")).digest()
    assert link(START, b"a" * 32, 7) == first
    second = sha256(b"folkmoot/chain/1\0" + first + b"b" * 32 + (300).to_bytes(8, "big")).digest()
    assert link(first, b"b" * 32, 300) == second


@given(leaves)
def test_a_leaf_has_one_spelling(leaf: StateLeaf) -> None:
    data = leaf.encode()
    assert parse_state_leaf(data) == leaf
    assert data == encode(
        [leaf.id, leaf.sort, leaf.count, leaf.head, leaf.posted, leaf.reserved, leaf.unit, leaf.scale]
    )


@draws(120)
@given(hostile | damaged(leaves.map(StateLeaf.encode)))
def test_any_bytes_are_refused_or_the_one_spelling_of_a_leaf(data: bytes) -> None:
    refused_or_same(parse_state_leaf, StateLeaf.encode, data)


@pytest.mark.parametrize(
    "value",
    [
        [bytes(16), 0, 1, bytes(32), 5, 0, "", 0],
        [bytes(16), 0, 1, bytes(32), 0, 0, "EUR", 0],
        [bytes(16), 1, 1, bytes(32), 5, 0, "", 2],
        [bytes(16), 1, 1, bytes(32), 5, -1, "EUR", 2],
        [bytes(16), 1, 1, bytes(32), 5, 0, "EUR", 10],
        [bytes(16), 1, 1, bytes(32), 5, 0, "a unit", 2],
        [bytes(16), 2, 1, bytes(32), 5, 0, "EUR", 2],
        [bytes(15), 1, 1, bytes(32), 5, 0, "EUR", 2],
        [bytes(16), 1, 1, bytes(31), 5, 0, "EUR", 2],
        [bytes(16), 1, 1, bytes(32), 5, 0, "EUR", 2, 0],
        [bytes(16), 1, 1, bytes(32), 5, 0, "EUR"],
    ],
)
def test_other_leaves_are_malformed(value: list[int | bytes | str]) -> None:
    with pytest.raises(Malformed, match="leaf"):
        parse_state_leaf(encode(list(value)))
