# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes as decimal digits in the parts of a sequence of QR codes (spec 20 §4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from protocol.errors import Malformed

PARTS_MAX = 9
_GROUP_BYTES, _GROUP_DIGITS = 22, 53
_DIGITS_OF = tuple(len(str(256**count - 1)) if count else 0 for count in range(_GROUP_BYTES + 1))
"""So many digits stand for so many bytes: no two counts have the same."""
_PART = re.compile(r"(?:[^\s#]*#)?([1-9])\.([1-9])\.([0-9]{4})\.([0-9]+)", re.ASCII)


class Part(NamedTuple):
    """One part of a sequence: its number from 1, how many there are in all, the tag of the whole, and digits."""

    number: int
    total: int
    tag: str
    digits: str

    @property
    def head(self) -> str:
        """What stands before the digits."""
        return f"{self.number}.{self.total}.{self.tag}."


def to_digits(data: bytes) -> str:
    """22 bytes as 53 digits, what is left as so many as it takes."""
    groups = [data[at : at + _GROUP_BYTES] for at in range(0, len(data), _GROUP_BYTES)]
    return "".join(str(int.from_bytes(group, "big")).zfill(_DIGITS_OF[len(group)]) for group in groups)


def from_digits(digits: str) -> bytes:
    """The bytes that digits stand for. Raises Malformed (`digits`)."""
    groups = [digits[at : at + _GROUP_DIGITS] for at in range(0, len(digits), _GROUP_DIGITS)]
    try:
        return b"".join(int(group).to_bytes(_DIGITS_OF.index(len(group)), "big") for group in groups)
    except (ValueError, OverflowError):
        raise Malformed("digits", "digits that stand for no bytes") from None


def make_parts(data: bytes, count: int) -> list[Part]:
    """The data in so many parts, 1 to 9, of nearly equal length."""
    digits = to_digits(data)
    ends = [len(digits) * number // count for number in range(count + 1)]
    return [Part(number, count, _tag(data), digits[ends[number - 1] : ends[number]]) for number in range(1, count + 1)]


def is_part(text: str) -> bool:
    """Whether a text looks like a part, with or without the URL before it."""
    return bool(_PART.fullmatch(text.strip()))


def join_parts(texts: Iterable[str]) -> bytes:
    """The data of parts in any order. Raises Malformed: `part`, `digits`, `tag`."""
    parts: dict[int, Part] = {}
    for text in texts:
        match = _PART.fullmatch(text.strip())
        if not match:
            raise Malformed("part", f"not a part of a short proof: {text.strip()[:60]!r}")
        part = Part(int(match[1]), int(match[2]), match[3], match[4])
        if parts and (part.total, part.tag) != next(iter(parts.values()))[1:3]:
            raise Malformed("part", f"part {part.number} is one of another proof")
        if part.number in parts or part.number > part.total:
            raise Malformed("part", f"part {part.number} of {part.total} is there twice, or does not exist")
        parts[part.number] = part
    if not parts:
        raise Malformed("part", "no part of a short proof")
    total = next(iter(parts.values())).total
    missing = [str(number) for number in range(1, total + 1) if number not in parts]
    if missing:
        raise Malformed("part", f"of {total} parts these are missing: {', '.join(missing)}")
    data = from_digits("".join(parts[number].digits for number in sorted(parts)))
    if _tag(data) != parts[1].tag:
        raise Malformed("tag", "the parts do not belong together, or were read wrongly")
    return data


def _tag(data: bytes) -> str:
    return f"{int.from_bytes(sha256(data).digest()[:4], 'big') % 10_000:04}"
