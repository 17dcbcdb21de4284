# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two sides that reconcile with each other, and what it costs them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from protocol.encoding import Value, encode
from protocol.frames import LIMITS, decode_frame, encode_frame
from protocol.identity import Origin
from protocol.rangeframes import Items, Ranges
from protocol.ranges import Index, Item
from protocol.reconcile import Reconciliation, session_salt

SALT = session_salt((b"\0" * 32, b"\1" * 32))
GET_HEADS, GET_HEADS_LOGS = 13, 256


def random_items(count: int, seed: int = 1) -> list[Item]:
    """Items of logs that nobody has, each with a log id of its own."""
    rng = random.Random(seed)
    return [Item(Origin(rng.randbytes(32), 1), rng.randrange(1, 100_000), rng.randbytes(32)) for _ in range(count)]


def newer(item: Item) -> Item:
    """The same log, a little larger."""
    return Item(item.origin, item.size + 1, bytes(32))


def index_of(items: Iterable[Item]) -> Index:
    """An index over these items."""
    index = Index()
    for item in items:
        index.put(item)
    return index


def over_the_wire(frame: Ranges | Items) -> tuple[Ranges | Items, int]:
    """The frame as the other side gets it, and how many bytes it is."""
    data = encode_frame(frame)
    decoded = decode_frame(data)
    assert isinstance(decoded, Ranges | Items)
    return decoded, len(data)


class Exchange:
    """All that two sides say until nothing more is said. A message is what one side says before the other answers.

    GET_HEADS counts, as a message of its own unless it goes with an answer. The heads themselves do not: they are what
    is wanted, and the same by whatever way.
    """

    def __init__(self, one: Index, other: Index) -> None:
        self.sides = Reconciliation(one, SALT), Reconciliation(other, SALT)
        self.asked: tuple[set[bytes], set[bytes]] = set(), set()
        self.told: tuple[set[Origin], set[Origin]] = set(), set()
        self.ended = [False, False]
        self.messages = self.frames = self.bytes = 0
        to, message = 1, self._carry([self.sides[0].start()])
        while message:
            message = self._carry(list(self._answer(to, message)))
            to = 1 - to

    def _answer(self, to: int, message: list[Ranges | Items]) -> Iterator[Ranges | Items]:
        assert not self.ended[to]
        ask: list[bytes] = []
        answered = False
        for frame in message:
            step = self.sides[to].receive(frame)
            self.told[to].update(step.tell)
            ask += step.ask
            self.ended[to] = step.ended
            answered |= bool(step.frames)
            yield from step.frames
        self.asked[to].update(ask)
        if ask:
            self.messages += not answered
            for at in range(0, len(ask), GET_HEADS_LOGS):
                self.frames += 1
                self.bytes += len(encode([GET_HEADS, {"logs": list[Value](ask[at : at + GET_HEADS_LOGS])}], LIMITS))

    def _carry(self, message: list[Ranges | Items]) -> list[Ranges | Items]:
        self.messages += bool(message)
        self.frames += len(message)
        carried = [over_the_wire(frame) for frame in message]
        self.bytes += sum(size for _, size in carried)
        assert [frame.more for frame, _ in carried] == [True] * (len(carried) - 1) + [False] * bool(carried)
        return [frame for frame, _ in carried]
