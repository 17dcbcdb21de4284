# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reconciliation: two sides find out which checkpoints only one of them holds (spec 13 §4, §5). No IO."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from msgspec.structs import replace

from protocol.identity import Origin
from protocol.rangeframes import ITEMS_MAX, LEVELS_OF_BYTES, PARTS_MAX, SHORTS_MAX, Items, Ranges
from protocol.ranges import (
    DEPTH_MAX,
    EMPTY_FINGERPRINT,
    FINGERPRINT_BYTES,
    LEAF_ITEMS_MAX,
    SHORT_BYTES,
    Index,
    Part,
    fingerprint,
    short_item,
    unpack_origin,
    unpack_size,
)

COST_PER_ITEM, COST_FLAT = 192, 65_536
"""What one side does for the other in a `Reconciliation`, in bytes sent and work as heavy, for each item held and in
all (spec 13 §5)."""
_PART_COST, _ITEM_COST, _TOLD_COST, _FRAME_COST = 72, 52, 64, 48
_FRAME_BYTES = 262_144


class Step(NamedTuple):
    """What follows from a frame. `ended`: nothing more will come of it but heads."""

    frames: list[Ranges | Items]
    ask: list[bytes]
    """Ids of logs of which the other side holds more: for GET_HEADS."""
    tell: list[Origin]
    """What the other side holds less of: for HEADS."""
    ended: bool


def session_salt(nonces: tuple[bytes, bytes]) -> bytes:
    """What makes the short items of a session its own, of the HELLO nonces of role 0 and role 1."""
    return sha256(b"folkmoot/salt/1\0" + nonces[0] + nonces[1]).digest()


class Reconciliation:
    """One side of a reconciliation.

    What it answers depends on the index as it is when it is asked, and on nothing that was said before, but for where
    a message ends and how much has been done for the other side.
    """

    def __init__(self, index: Index, salt: bytes) -> None:
        self._index = index
        self._salt = salt
        self._spent = 0
        self._heard_question = self._asked_back = False

    def is_exhausted(self) -> bool:
        """Whether the other side has cost what it may; it gets no more answers."""
        return self._spent > COST_PER_ITEM * len(self._index) + COST_FLAT

    def start(self) -> Ranges | Items:
        """The first question."""
        count = len(self._index)
        if count <= LEAF_ITEMS_MAX:
            return Items([("", self._shorts(self._index.items("")))], [], [], more=False)
        return Ranges([("", self._fingerprints("", 1 if count <= 16 * LEAF_ITEMS_MAX else 2))], more=False)

    def receive(self, frame: Ranges | Items) -> Step:
        """What to answer, ask for and tell."""
        if self.is_exhausted():
            return Step([], [], [], ended=True)
        answer = _Answer()
        self._spent += _FRAME_COST
        if isinstance(frame, Ranges):
            self._compare_ranges(frame, answer)
        else:
            self._compare_items(frame, answer)
            self._compare_short(frame, answer)
        self._heard_question |= isinstance(frame, Ranges) or bool(frame.have)
        frames = answer.frames()
        self._spent += _FRAME_COST * len(frames)
        self._asked_back |= any(isinstance(made, Ranges) or bool(made.have) for made in frames)
        ended = False
        if frame.more and not self.is_exhausted():
            frames = [replace(made, more=True) for made in frames]
        else:
            if not frames and self._heard_question:
                frames = [Items([], [], [], more=False)]
            ended = not self._asked_back or self.is_exhausted()
            self._heard_question = self._asked_back = False
        return Step(frames, list(dict.fromkeys(answer.ask)), list(dict.fromkeys(answer.tell)), ended)

    def _compare_ranges(self, frame: Ranges, answer: _Answer) -> None:
        for prefix, theirs in frame.ranges:
            levels = LEVELS_OF_BYTES[len(theirs)]
            for number, part in enumerate(self._index.parts(prefix, levels)):
                at = number * FINGERPRINT_BYTES
                told = theirs[at : at + FINGERPRINT_BYTES]
                self._spent += 1
                if self.is_exhausted():
                    return
                if told != fingerprint(part):
                    self._answer_part(f"{prefix}{number:0{levels}x}", part, told, answer)

    def _answer_part(self, prefix: str, part: Part, told: bytes, answer: _Answer) -> None:
        """What is said of a part that differs."""
        if told == EMPTY_FINGERPRINT:
            self._tell(self._index.items(prefix), answer)
        elif part.items <= LEAF_ITEMS_MAX or len(prefix) == DEPTH_MAX:
            self._spent += _PART_COST + SHORT_BYTES * part.items
            answer.have.append((prefix, self._shorts(self._index.items(prefix))))
        else:
            self._ask_deeper(prefix, answer)

    def _ask_deeper(self, prefix: str, answer: _Answer) -> None:
        self._spent += _PART_COST + 16 * FINGERPRINT_BYTES
        answer.ranges.append((prefix, self._fingerprints(prefix, 1)))

    def _compare_short(self, frame: Items, answer: _Answer) -> None:
        """Compares all that the other side has below some prefixes with what is here."""
        for prefix, told in frame.have:
            count = self._index.part(prefix).items
            if not self.is_exhausted() and not told:
                self._tell(self._index.items(prefix), answer)
            elif not self.is_exhausted() and count > SHORTS_MAX and len(prefix) < DEPTH_MAX:
                self._ask_deeper(prefix, answer)
            elif not self.is_exhausted():
                self._answer_short(prefix, told, answer)

    def _answer_short(self, prefix: str, told: bytes, answer: _Answer) -> None:
        theirs, mine = _cut(told), self._by_short(prefix)
        self._spent += _PART_COST + SHORT_BYTES * (len(mine) + len(theirs))
        only_here = [packed for short, packed in mine.items() if short not in theirs]
        only_there = sorted(theirs - mine.keys())
        if not only_there:
            self._tell(only_here, answer)
            return
        self._spent += _ITEM_COST * len(only_here)
        answer.differing.append((prefix, [unpack_size(packed) for packed in only_here], b"".join(only_there)))

    def _compare_items(self, frame: Items, answer: _Answer) -> None:
        """Asks for what is newer there, and tells of what is newer here or lacking there."""
        named = {Origin(log_id, epoch): size for log_id, epoch, size in frame.items}
        for origin, size in named.items():
            held = self._index.size(origin)
            if held is None or held <= size:
                answer.ask.append(origin.log_id)
            if held is not None and held >= size:  # as large, and not the same: a fork, which both must see
                answer.tell.append(origin)
                self._spent += _TOLD_COST
        for prefix, lacking in frame.lack:
            if self.is_exhausted() or (self._index.part(prefix).items > SHORTS_MAX and len(prefix) < DEPTH_MAX):
                continue  # no answer to what was said here names so large a part
            wanted = _cut(lacking)
            self._spent += _PART_COST + SHORT_BYTES * self._index.part(prefix).items
            found = [packed for short, packed in self._by_short(prefix).items() if short in wanted]
            self._tell([packed for packed in found if unpack_origin(packed) not in named], answer)

    def _tell(self, items: list[bytes], answer: _Answer) -> None:
        self._spent += _TOLD_COST * len(items)
        answer.tell += map(unpack_origin, items)

    def _fingerprints(self, prefix: str, levels: int) -> bytes:
        return b"".join(map(fingerprint, self._index.parts(prefix, levels)))

    def _shorts(self, items: list[bytes]) -> bytes:
        return b"".join(short_item(self._salt, packed) for packed in items)

    def _by_short(self, prefix: str) -> dict[bytes, bytes]:
        return {short_item(self._salt, packed): packed for packed in self._index.items(prefix)}


class _Answer:
    """What is gathered while a frame is read."""

    def __init__(self) -> None:
        self.ranges: list[tuple[str, bytes]] = []
        self.have: list[tuple[str, bytes]] = []
        self.differing: list[tuple[str, list[tuple[bytes, int, int]], bytes]] = []
        self.ask: list[bytes] = []
        self.tell: list[Origin] = []

    def frames(self) -> list[Ranges | Items]:
        """As few frames as the limits allow, all but the last with `more`."""
        made: list[Ranges | Items] = [
            Ranges(self.ranges[at : at + PARTS_MAX], more=True) for at in range(0, len(self.ranges), PARTS_MAX)
        ]
        frame = Items([], [], [], more=True)
        weight = 0
        for prefix, shorts in self.have:
            if len(frame.have) == PARTS_MAX or weight > _FRAME_BYTES:
                made.append(frame)
                frame, weight = Items([], [], [], more=True), 0
            frame.have.append((prefix, shorts))
            weight += len(shorts)
        for prefix, items, shorts in self.differing:
            if len(frame.lack) == PARTS_MAX or len(frame.items) + len(items) > ITEMS_MAX or weight > _FRAME_BYTES:
                made.append(frame)
                frame, weight = Items([], [], [], more=True), 0
            frame.items.extend(items)
            frame.lack.append((prefix, shorts))
            weight += len(shorts) + _ITEM_COST * len(items)
        if frame.have or frame.lack:
            made.append(frame)
        return [*made[:-1], replace(made[-1], more=False)] if made else []


def _cut(shorts: bytes) -> set[bytes]:
    return {shorts[at : at + SHORT_BYTES] for at in range(0, len(shorts), SHORT_BYTES)}
