# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reconciliation, spec 13: items, fingerprints, and the answer to each frame, by walking through all items."""

import hashlib
from dataclasses import dataclass, field
from itertools import pairwise

from tests.reference import messagepack
from tests.reference.frame import decode_frame, frame_array
from tests.reference.messagepack import Value
from tests.reference.record import Check, fields
from tests.reference.rejection import require
from tests.reference.shape import is_array, is_bytes, is_integer, is_text

DIGITS = "0123456789abcdef"
RANGES, ITEMS = 15, 16


@dataclass(frozen=True, order=True)
class Item:
    """The checkpoint of one epoch of a log."""

    log_id: bytes
    epoch: int
    size: int
    root: bytes

    def encode(self) -> bytes:
        """The 76 bytes of spec 13 §1."""
        return self.log_id + self.epoch.to_bytes(4, "big") + self.size.to_bytes(8, "big") + self.root

    def digest(self) -> int:
        """What is summed."""
        return int.from_bytes(hashlib.sha256(b"folkmoot/item/1\0" + self.encode()).digest(), "big")

    def short(self, salt: bytes) -> bytes:
        """6 bytes, other ones in each session."""
        return hashlib.sha256(b"folkmoot/short/1\0" + salt + self.encode()).digest()[:6]


def below(items: list[Item], prefix: str) -> list[Item]:
    """The items below a prefix, in order."""
    return sorted(item for item in items if item.log_id.hex().startswith(prefix))


def fingerprint(items: list[Item]) -> bytes:
    """The fingerprint of these items."""
    total = sum(item.digest() for item in items) % 2**256
    return hashlib.sha256(total.to_bytes(32, "big") + len(items).to_bytes(8, "big")).digest()[:16]


def session_salt(first: bytes, second: bytes) -> bytes:
    """The salt of a session, of the nonces of role 0 and role 1."""
    return hashlib.sha256(b"folkmoot/salt/1\0" + first + second).digest()


def parts(prefix: str, levels: int) -> list[str]:
    """The prefixes that are so many digits longer."""
    return [prefix] if levels == 0 else [longer for digit in DIGITS for longer in parts(prefix + digit, levels - 1)]


def fingerprints(items: list[Item], prefix: str, levels: int) -> bytes:
    """Those of all parts, joined."""
    return b"".join(fingerprint(below(items, part)) for part in parts(prefix, levels))


def is_prefix(value: Value) -> bool:
    return is_text(value, 0, 64) and set(value) <= set(DIGITS)


def is_range(value: Value) -> bool:
    """A prefix and fingerprints of its parts."""
    if not (is_array(value, 2, 2) and is_prefix(value[0])):
        return False
    return (is_bytes(value[1], 256) and len(value[0]) <= 63) or (is_bytes(value[1], 4_096) and len(value[0]) <= 62)


def is_shorts(value: Value) -> bool:
    """A prefix and at most 1,024 short items."""
    fits = is_array(value, 2, 2) and is_prefix(value[0]) and is_bytes(value[1])
    return fits and len(value[1]) % 6 == 0 and len(value[1]) <= 6 * 1_024


def is_told(value: Value) -> bool:
    """A log, an epoch and a size."""
    return (
        is_array(value, 3, 3) and is_bytes(value[0], 32) and is_integer(value[1], 1, 2**32 - 1) and is_integer(value[2])
    )


def apart(element: Check) -> Check:
    """An array of at most 1,024 such elements, whose prefixes are in order and apart."""

    def check(value: Value) -> bool:
        if not frame_array(element, 1_024)(value):
            return False
        prefixes = [one[0] for one in value]
        return all(one < other and not other.startswith(one) for one, other in pairwise(prefixes))

    return check


def is_boolean(value: Value) -> bool:
    return isinstance(value, bool)


FORMS: dict[int, Check] = {
    RANGES: fields({"ranges": apart(is_range), "more": is_boolean}),
    ITEMS: fields(
        {
            "have": apart(is_shorts),
            "items": frame_array(is_told, 16_384),
            "lack": apart(is_shorts),
            "more": is_boolean,
        }
    ),
}


def encode_frame(number: int, content: dict[str, Value]) -> bytes:
    """A frame of this page."""
    return messagepack.encode([number, content])


def read_frame(data: bytes) -> tuple[int, dict[str, Value]]:
    """A frame of this page, or `malformed`."""
    number, content = decode_frame(data)
    require(number in FORMS and FORMS[number](content), "malformed")
    return number, content


@dataclass
class Answer:
    """What is answered, asked for and told."""

    ranges: list[list[Value]] = field(default_factory=list)
    have: list[list[Value]] = field(default_factory=list)
    items: list[list[Value]] = field(default_factory=list)
    lack: list[list[Value]] = field(default_factory=list)
    ask: set[bytes] = field(default_factory=set)
    tell: set[tuple[bytes, int]] = field(default_factory=set)

    def frames(self, *, asked: bool) -> list[bytes]:
        """The message, small enough here for one frame of each type; nothing if there was no question."""
        made: list[tuple[int, dict[str, Value]]] = []
        if self.ranges:
            made.append((RANGES, {"ranges": self.ranges}))
        if self.have or self.items or self.lack or (asked and not self.ranges):
            made.append((ITEMS, {"have": self.have, "items": self.items, "lack": self.lack}))
        last = len(made) - 1
        return [encode_frame(number, content | {"more": at < last}) for at, (number, content) in enumerate(made)]


@dataclass(frozen=True)
class Side:
    """What one side holds, in a session with this salt."""

    items: list[Item]
    salt: bytes

    def start(self) -> bytes:
        """The first question."""
        if len(self.items) <= 64:
            content = {"have": [["", self.shorts("")]], "items": [], "lack": [], "more": False}
            return encode_frame(ITEMS, content)
        levels = 1 if len(self.items) <= 1_024 else 2
        return encode_frame(RANGES, {"ranges": [["", fingerprints(self.items, "", levels)]], "more": False})

    def answer(self, data: bytes) -> tuple[list[bytes], Answer]:
        """What follows from a frame that is a message of its own."""
        number, content = read_frame(data)
        answer = Answer()
        if number == RANGES:
            for prefix, told in content["ranges"]:
                self.answer_range(prefix, told, answer)
            return answer.frames(asked=True), answer
        self.answer_items(content["items"], content["lack"], answer)
        for prefix, told in content["have"]:
            self.answer_have(prefix, told, answer)
        return answer.frames(asked=bool(content["have"])), answer

    def shorts(self, prefix: str) -> bytes:
        return b"".join(item.short(self.salt) for item in below(self.items, prefix))

    def answer_range(self, prefix: str, told: bytes, answer: Answer) -> None:
        for number, part in enumerate(parts(prefix, 1 if len(told) == 256 else 2)):
            mine, theirs = below(self.items, part), told[16 * number : 16 * number + 16]
            if theirs == fingerprint(mine):
                continue
            if theirs == fingerprint([]):
                tell(mine, answer)
            elif len(mine) <= 64 or len(part) == 64:
                answer.have.append([part, self.shorts(part)])
            else:
                answer.ranges.append([part, fingerprints(self.items, part, 1)])

    def answer_have(self, prefix: str, told: bytes, answer: Answer) -> None:
        mine, theirs = below(self.items, prefix), cut(told)
        if theirs and len(mine) > 1_024 and len(prefix) < 64:
            answer.ranges.append([prefix, fingerprints(self.items, prefix, 1)])
            return
        only_here = [item for item in mine if item.short(self.salt) not in theirs]
        only_there = theirs - {item.short(self.salt) for item in mine}
        if not only_there:
            tell(only_here, answer)
            return
        answer.items += [[item.log_id, item.epoch, item.size] for item in only_here]
        answer.lack.append([prefix, b"".join(sorted(only_there))])

    def answer_items(self, told: list[list[Value]], lack: list[list[Value]], answer: Answer) -> None:
        held = {(item.log_id, item.epoch): item.size for item in self.items}
        for log_id, epoch, size in told:
            mine = held.get((log_id, epoch), -1)
            if mine <= size:
                answer.ask.add(log_id)
            if mine >= size:
                answer.tell.add((log_id, epoch))
        named = {(log_id, epoch) for log_id, epoch, _ in told}
        for prefix, lacking in lack:
            mine_below, theirs = below(self.items, prefix), cut(lacking)
            if len(mine_below) > 1_024 and len(prefix) < 64:
                continue
            wanted = [item for item in mine_below if item.short(self.salt) in theirs]
            tell([item for item in wanted if (item.log_id, item.epoch) not in named], answer)


def cut(shorts: bytes) -> set[bytes]:
    """The short items in a string of them."""
    return {shorts[at : at + 6] for at in range(0, len(shorts), 6)}


def tell(items: list[Item], answer: Answer) -> None:
    answer.tell |= {(item.log_id, item.epoch) for item in items}
