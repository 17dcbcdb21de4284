# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 13 §1, §2: items, fingerprints, and the index over them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.identity import Origin
from protocol.ranges import (
    EMPTY_FINGERPRINT,
    LEAF_ITEMS_MAX,
    Index,
    Item,
    fingerprint,
    pack_item,
    short_item,
    unpack_origin,
    unpack_size,
)
from protocol.reconcile import session_salt
from tests.drawing import draws
from tests.protocol.reconciling import index_of, newer, random_items
from tests.protocol.vectors import Case, bytes_of, vectors

DIGITS = "0123456789abcdef"
# Log ids of which many share a long beginning, and some differ in the last digit only.
log_ids = st.builds(
    lambda head, tail: bytes.fromhex((head + "0" * 64)[: 64 - len(tail)] + tail),
    st.sampled_from(["", "a", "ab", "ab0", "ab00ff", "ab" * 31]),
    st.text(DIGITS, min_size=1, max_size=2),
)
items = st.builds(Item, st.builds(Origin, log_ids, st.integers(1, 3)), st.integers(0, 5), st.just(bytes(32)))
prefixes = st.one_of(
    st.text(DIGITS, max_size=3), st.builds(lambda log, to: log.hex()[:to], log_ids, st.integers(0, 64))
)


def unpack(packed: bytes) -> Item:
    return Item(unpack_origin(packed), unpack_size(packed)[2], packed[44:])


def agrees(index: Index, held: dict[Origin, Item], prefix: str) -> None:
    """The index says of a prefix what an index made of all items, or a walk through them, would."""
    below = sorted(pack_item(item) for item in held.values() if item.origin.log_id.hex().startswith(prefix))
    assert index.items(prefix) == below
    fresh = index_of(map(unpack, below))
    assert index.part(prefix) == fresh.part("") == fresh.part(prefix)
    for levels in range(1, min(2, 64 - len(prefix)) + 1):
        wanted = [index.part(f"{prefix}{number:0{levels}x}") for number in range(16**levels)]
        assert index.parts(prefix, levels) == wanted
        assert sum(part.items for part in wanted) == len(below)


@vectors("13-reconciliation", "item")
def test_item_vectors(case: Case) -> None:
    item = Item(
        Origin(bytes.fromhex(case["log_hex"]), case["epoch"]), int(case["size"]), bytes.fromhex(case["root_hex"])
    )
    assert pack_item(item).hex() == case["item_hex"]
    assert unpack_size(pack_item(item)) == (*item.origin, item.size)
    assert index_of([item]).part("").digests == int(case["digest_hex"], 16)
    salt = session_salt((bytes.fromhex(case["nonce_0_hex"]), bytes.fromhex(case["nonce_1_hex"])))
    assert salt.hex() == case["salt_hex"]
    assert short_item(salt, pack_item(item)).hex() == case["short_hex"]


@vectors("13-reconciliation", "fingerprint")
def test_fingerprint_vectors(case: Case) -> None:
    index = index_of(map(unpack, bytes_of(case["items_hex"])))
    assert fingerprint(index.part(case["prefix"])).hex() == case["fingerprint_hex"]


def test_nothing_has_the_empty_fingerprint() -> None:
    assert fingerprint(Index().part("")) == EMPTY_FINGERPRINT == fingerprint(Index().part("0af"))


@draws(60)
@given(st.lists(st.tuples(st.booleans(), items), max_size=400), st.lists(prefixes, max_size=4))
def test_an_index_that_changes_is_as_one_made_anew(changes: list[tuple[bool, Item]], asked: list[str]) -> None:
    index, held = Index(), {}
    for put, item in changes:
        if put:
            index.put(item)
            held[item.origin] = item
        else:
            index.remove(item.origin)
            held.pop(item.origin, None)
    assert len(index) == len(held)
    for _, item in changes:
        assert index.size(item.origin) == (held[item.origin].size if item.origin in held else None)
    for prefix in ("", *asked):
        agrees(index, held, prefix)


def test_many_items_come_and_go() -> None:
    every = random_items(3_000)
    index = index_of(every)
    full = index.parts("", 2)
    for item in every[:2_990]:
        index.put(newer(item))
        index.remove(item.origin)
    agrees(index, {item.origin: item for item in every[2_990:]}, "")
    assert not index._root.children, "what is few takes the room of few"
    for item in every:
        index.put(item)
    assert index.parts("", 2) == full


def test_one_log_with_more_epochs_than_a_leaf_holds() -> None:
    every = [Item(Origin(bytes(32), epoch), 1, bytes(32)) for epoch in range(1, 2 * LEAF_ITEMS_MAX)]
    index = index_of(every)
    agrees(index, {item.origin: item for item in every}, "0" * 64)
    for item in every[1:]:
        index.remove(item.origin)
    agrees(index, {every[0].origin: every[0]}, "")


def test_removing_what_is_not_there_changes_nothing() -> None:
    one, other = random_items(2)
    index = index_of([one])
    index.remove(other.origin)
    index.remove(Origin(one.origin.log_id, 2))
    assert index.items("") == [pack_item(one)]
