# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 13 §3 to §5: frames, what follows from each, convergence, limits."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import encode
from protocol.frames import FRAME_BYTES_MAX, LIMITS, decode_frame, encode_frame
from protocol.identity import Origin
from protocol.rangeframes import Items, Ranges
from protocol.ranges import EMPTY_FINGERPRINT, Index, Item, fingerprint
from protocol.reconcile import COST_FLAT, COST_PER_ITEM, Reconciliation
from tests.drawing import draws
from tests.protocol.reconciling import SALT, Exchange, index_of, newer, over_the_wire, random_items
from tests.protocol.test_ranges import log_ids, prefixes, unpack
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, join_runs, value_of, vectors

SLACK_BYTES = 65_536
"""The answer to one part of a frame, which may go beyond what is allowed: 1,024 items in full, 1,024 shorts."""


def numbered(count: int) -> list[Item]:
    return [Item(Origin(sha256(k.to_bytes(4, "big")).digest(), 1), k, bytes(32)) for k in range(count)]


def side_of(case: Case) -> Reconciliation:
    items = [*numbered(case["count"]), *map(unpack, bytes_of(case["items_hex"]))]
    return Reconciliation(index_of(items), bytes.fromhex(case["salt_hex"]))


def read(data: bytes) -> Ranges | Items:
    frame = decode_frame(data)
    assert isinstance(frame, Ranges | Items)
    return frame


SHAPES: dict[int, type] = {15: Ranges, 16: Items}


def check_frame(frame: Ranges | Items, case: Case) -> None:
    assert isinstance(frame, SHAPES[case["type"]])
    known = {key: value for key, value in value_of(case["fields"]).items() if hasattr(frame, key)}
    assert encode_frame(frame) == encode([case["type"], known], LIMITS)


@vectors("13-reconciliation", "frame")
def test_frame_vectors(case: Case) -> None:
    with agreed(case):
        check_frame(read(bytes.fromhex(case["frame_hex"])), case)


@vectors("13-reconciliation", "frame_size")
def test_frame_size_vectors(case: Case) -> None:
    with agreed(case, by_reason=False):  # `malformed` is the code of the BYE, and says less than `too_large`
        assert isinstance(read(join_runs(case["frame_runs_hex"])), SHAPES[case["type"]])


@vectors("13-reconciliation", "start")
def test_start_vectors(case: Case) -> None:
    assert encode_frame(side_of(case).start()).hex() == case["frame_hex"]


@vectors("13-reconciliation", "answer")
def test_answer_vectors(case: Case) -> None:
    step = side_of(case).receive(read(bytes.fromhex(case["frame_hex"])))
    assert hex_of([encode_frame(frame) for frame in step.frames]) == case["frames_hex"]
    assert hex_of(sorted(step.ask)) == case["ask_hex"]
    assert sorted([log_id.hex(), epoch] for log_id, epoch in step.tell) == case["tell"]
    assert step.ended is not any(isinstance(frame, Ranges) or frame.have for frame in step.frames)


# Convergence: what each side lacks, is behind with, or holds another root of, and nothing else, is asked for or told.

ORIGINS = [
    Origin(bytes.fromhex(f"{k % 16:x}{k % 7:x}") + sha256(bytes([k])).digest()[2:] + b"\0", 1) for k in range(250)
]
origins = st.sampled_from(ORIGINS) | st.builds(Origin, log_ids, st.integers(1, 3))
sizes_and_roots = st.tuples(st.integers(0, 3), st.sampled_from([bytes(32), b"\1" * 32]))
common_sets = st.dictionaries(origins, sizes_and_roots, max_size=400)
changes = st.dictionaries(origins, st.none() | sizes_and_roots, max_size=20)
Held = dict[Origin, tuple[int, bytes]]
Changes = dict[Origin, tuple[int, bytes] | None]


def changed(common: Held, by: Changes) -> Held:
    return {origin: item for origin, item in {**common, **by}.items() if item is not None}


def index_over(held: Held) -> Index:
    return index_of(Item(origin, *item) for origin, item in held.items())


def needed(mine: Held, theirs: Held) -> set[Origin]:
    """What one side is to learn of."""
    nothing = -1, b""
    return {o for o, item in theirs.items() if item != mine.get(o, nothing) and item[0] >= mine.get(o, nothing)[0]}


def check_learnt(held: tuple[Held, Held], asked: tuple[set[bytes], set[bytes]], told: tuple[set[Origin], ...]) -> None:
    for me in (0, 1):
        need = needed(held[me], held[1 - me])
        assert told[1 - me] <= need
        assert asked[me] <= {origin.log_id for origin in need}
        assert {origin for origin in need if origin.log_id not in asked[me]} <= told[1 - me]


@draws(150)
@given(common_sets, changes, changes)
def test_two_sides_learn_what_differs_and_nothing_else(common: Held, one: Changes, other: Changes) -> None:
    held = changed(common, one), changed(common, other)
    exchange = Exchange(index_over(held[0]), index_over(held[1]))
    check_learnt(held, exchange.asked, exchange.told)
    assert all(exchange.ended)
    assert exchange.messages <= 64 + 4


@draws(60)
@given(common_sets, changes, changes, st.randoms(use_true_random=False))
def test_frames_may_come_twice_and_in_any_order(common: Held, one: Changes, other: Changes, rng: random.Random) -> None:
    held = changed(common, one), changed(common, other)
    sides = [Reconciliation(index_over(held[me]), SALT) for me in (0, 1)]
    asked: tuple[set[bytes], set[bytes]] = set(), set()
    told: tuple[set[Origin], set[Origin]] = set(), set()
    travelling = [(1, sides[0].start()), (0, sides[1].start())]
    repeats = 10
    while travelling:
        at = rng.randrange(len(travelling))
        to, frame = travelling[at]
        if repeats and rng.random() < 0.3:
            repeats -= 1
        else:
            del travelling[at]
        step = sides[to].receive(over_the_wire(frame)[0])
        asked[to].update(step.ask)
        told[to].update(step.tell)
        travelling += [(1 - to, answer) for answer in step.frames]
    check_learnt(held, asked, told)


@pytest.mark.parametrize("count", [0, 1, 10, 300])
def test_differences_among_many_logs_cost_few_messages(count: int) -> None:
    items = random_items(8_000)
    one, other = index_of(items), index_of(items)
    for number, item in enumerate(random.Random(count).sample(items, count)):
        side = (one, other)[number % 2]
        if number % 3:
            side.put(newer(item))
        else:
            side.remove(item.origin)
    exchange = Exchange(one, other)
    assert exchange.messages <= (5 if count else 2)
    assert exchange.bytes <= 4_400 + 500 * count


@pytest.mark.parametrize(("mine", "theirs"), [(0, 3_000), (3_000, 0), (1, 3_000), (3_000, 1), (0, 0), (3_000, 3_000)])
def test_sets_of_very_different_size(mine: int, theirs: int) -> None:
    sets = random_items(mine, 1), random_items(theirs, 2)
    exchange = Exchange(index_of(sets[0]), index_of(sets[1]))
    held = tuple({item.origin: (item.size, item.root) for item in items} for items in sets)
    check_learnt((held[0], held[1]), exchange.asked, exchange.told)
    assert exchange.messages <= 8
    assert not any(side.is_exhausted() for side in exchange.sides), "an honest reconciliation costs less than the limit"


def test_nobody_is_left_waiting_by_a_message_of_many_frames() -> None:
    """Nothing in common: what is said is over the limit of one frame, each way."""
    exchange = Exchange(index_of(random_items(12_000, 1)), index_of(random_items(12_000, 2)))
    assert exchange.frames > exchange.messages + 2
    assert exchange.ended == [True, True]
    assert not any(side.is_exhausted() for side in exchange.sides)


def test_an_index_that_changes_meanwhile_is_answered_as_it_is() -> None:
    items = random_items(500)
    one, other = index_of(items), index_of(items[1:])
    sides = Reconciliation(one, SALT), Reconciliation(other, SALT)
    (answer,) = sides[1].receive(sides[0].start()).frames
    one.remove(items[0].origin)
    step = sides[0].receive(answer)
    assert (step.ask, step.tell, step.ended) == ([], [], True)


# Limits: whatever the other side sends.

HELD = random_items(300)
fingerprints_of_16 = st.one_of(
    st.just(EMPTY_FINGERPRINT * 16),
    st.binary(min_size=16, max_size=16).map(lambda one: one * 16),
    st.just(b"".join(map(fingerprint, index_of(HELD).parts("", 1)))),
)
shorts = st.binary(max_size=30).map(lambda some: some[: len(some) // 6 * 6])
few_prefixes = st.sets(st.text("0123456789abcdef", max_size=2) | prefixes, max_size=40)


def apart(some: set[str]) -> list[str]:
    """Those of the prefixes that a frame may name together."""
    taken: list[str] = []
    for prefix in sorted(prefix for prefix in some if len(prefix) < 63):
        if not taken or not prefix.startswith(taken[-1]):
            taken.append(prefix)
    return taken


@st.composite
def hostile_frames(draw: st.DrawFn) -> Ranges | Items:
    if draw(st.booleans()):
        deep = draw(st.sampled_from([1, 16]))
        named = apart(draw(few_prefixes))
        return Ranges([(prefix, draw(fingerprints_of_16) * deep) for prefix in named], more=draw(st.booleans()))
    told = [(item.origin.log_id, 1, item.size) for item in draw(st.lists(st.sampled_from(HELD), max_size=5))]
    have = [(prefix, draw(shorts)) for prefix in apart(draw(few_prefixes))]
    lack = [(prefix, draw(shorts)) for prefix in apart(draw(few_prefixes))]
    return Items(have, told, lack, more=draw(st.booleans()))


@draws(25)
@given(st.lists(hostile_frames(), min_size=1, max_size=6))
def test_a_hostile_side_gets_no_more_than_the_limit(frames: list[Ranges | Items]) -> None:
    side = Reconciliation(index_of(HELD), SALT)
    sent = told = rounds = 0
    while not side.is_exhausted() and rounds < 20_000:
        for frame in frames:
            step = side.receive(over_the_wire(frame)[0] if rounds < len(frames) else frame)
            sizes = [len(encode_frame(answer)) for answer in step.frames]
            assert all(size <= FRAME_BYTES_MAX for size in sizes)
            sent, told, rounds = sent + sum(sizes), told + len(step.tell), rounds + 1
    assert side.is_exhausted(), "every frame costs the other side something"
    assert sent <= COST_PER_ITEM * len(HELD) + COST_FLAT + SLACK_BYTES
    assert told <= 4 * len(HELD) + 1_024


@pytest.mark.parametrize(
    "question",
    [
        Items([(f"{number:02x}", b"nobody") for number in range(256)], [], [], more=False),
        Ranges([("", b"\1" * 4_096)], more=False),
        Ranges([(f"{number:02x}", b"\1" * 256) for number in range(256)], more=False),
        Items([(f"{number:x}", b"nobody") for number in range(16)], [], [], more=False),
    ],
    ids=["items", "ranges", "shorts", "ranges for shorts"],
)
def test_the_dearest_questions_are_answered_a_few_times_only(question: Ranges | Items) -> None:
    """Nothing of what the other side says is here, and so everything here is told to it in one way or another."""
    items = random_items(20_000)
    side = Reconciliation(index_of(items), SALT)
    sent = asked = 0
    while not side.is_exhausted():
        sent += sum(len(encode_frame(frame)) for frame in side.receive(question).frames)
        asked += 1
    assert asked < 1_000
    assert sent <= COST_PER_ITEM * len(items) + COST_FLAT + SLACK_BYTES
    assert side.receive(Items([("", b"")], [(items[0].origin.log_id, 1, 0)], [], more=False)) == ([], [], [], True)


def test_a_question_about_everything_is_not_answered_item_by_item() -> None:
    side = Reconciliation(index_of(random_items(5_000)), SALT)
    (frame,) = side.receive(Items([("", b"nobody")], [], [], more=False)).frames
    assert isinstance(frame, Ranges)
    assert len(encode_frame(frame)) < 300
