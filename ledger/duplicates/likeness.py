# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far two names are alike: words that agree, weighed by how rare they are."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, NamedTuple

from ledger.duplicates.blocking_keys import text_key
from ledger.duplicates.names import numbers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.duplicates.names import Name

_SHORT = 3
_FUZZY = 0.9
"""What a word counts that agrees but for a slip or an abbreviation."""
_OF_PLACE = 0.2
"""What a word counts that one name lacks, if it is the town in which both are."""
_HEAVY = 2.0
"""From what weight on a word that is missing in the other name sets the two apart."""
_REMEMBERED = 1 << 16


class Likeness(NamedTuple):
    """`within`: how much of the shorter name is in the other; `whole`: of both together; 0 to 1 each.

    `telling`: the weight of what agrees, where a word that one record in e has weighs 1. `apart`: each name has a word
    of weight that the other lacks. `numbers`: both have numbers, and none in common. `numbered`: only one has any.
    `initials`: one name is the initials of the other.
    """

    within: float
    whole: float
    telling: float
    apart: bool = False
    numbers: bool = False
    numbered: bool = False
    initials: bool = False


class Rarity:
    """How much a word says: more, the fewer records have it."""

    def __init__(self, counts: Mapping[int, int], records: int) -> None:
        self._counts = counts
        self._records = records
        self._known: dict[str, float] = {}

    def weight(self, word: str) -> float:
        """The weight of a word; words of few letters say little."""
        found = self._known.get(word)
        if found is None:
            count = self._counts.get(text_key(word), 1)
            found = log(1 + (self._records + 100) / (count + 1))
            if len(word) < _SHORT and not word.isdigit():
                found /= 2
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            self._known[word] = found
        return found


def alike(one: Name, other: Name, rarity: Rarity, place: frozenset[str] = frozenset()) -> Likeness:
    """How far two names agree. Words of `place`, where both are, say little when one name lacks them."""
    weight = rarity.weight
    left, right = dict.fromkeys(one.words), dict.fromkeys(other.words)
    shared = [word for word in left if word in right]
    agreed = sum(map(weight, shared))
    for word in shared:
        del left[word], right[word]
    if left and right:
        agreed += _agree_nearly(left, right, rarity)
    if left and right:
        agreed += _agree_joined(one.words, other.words, left, right, rarity)
    rest_left = sum(weight(word) * (_OF_PLACE if word in place else 1) for word in left)
    rest_right = sum(weight(word) * (_OF_PLACE if word in place else 1) for word in right)
    numbers, others = numbers_of(one.words), numbers_of(other.words)
    initials = _are_initials(one, other) or _are_initials(other, one)
    numbered = bool(numbers) != bool(others)
    if left and right and not (numbers or others) and nearly(one.squeezed, other.squeezed, begins=False):
        agreed, rest_left, rest_right = max(agreed, _FUZZY * sum(map(weight, one.words))), 0, 0
    return Likeness(
        agreed / max(1e-9, agreed + min(rest_left, rest_right)),
        agreed / max(1e-9, agreed + rest_left + rest_right),
        agreed,
        apart=min(rest_left, rest_right) > _HEAVY and not initials,
        numbers=bool(numbers and others) and not numbers & others,
        numbered=numbered,
        initials=initials,
    )


def _are_initials(short: Name, long: Name) -> bool:
    """Whether one name is the first letters of the words of the other."""
    if len(short.words) > 1 or len(short.squeezed) < _SHORT or len(long.words) == 1:
        return False
    return short.squeezed in {long.initials, long.telling_initials()}


def _agree_nearly(left: dict[str, None], right: dict[str, None], rarity: Rarity) -> float:
    """The weight of words that differ by a slip or an abbreviation; they are taken out of both."""
    agreed = 0.0
    for word in list(left):
        if word.isdigit():
            continue
        for candidate in right:
            if not candidate.isdigit() and nearly(word, candidate):
                agreed += _FUZZY * min(rarity.weight(word), rarity.weight(candidate))
                del left[word], right[candidate]
                break
    return agreed


def _agree_joined(
    one: Sequence[str], other: Sequence[str], left: dict[str, None], right: dict[str, None], rarity: Rarity
) -> float:
    """The weight of words that stand as one in one name and as two in the other; they are taken out of both."""
    agreed = 0.0
    for whole, parts, text in ((left, right, other), (right, left, one)):
        for first, second in pairwise(text):
            if first in parts and second in parts and first + second in whole:
                del whole[first + second], parts[first], parts[second]
                agreed += _FUZZY * (rarity.weight(first) + rarity.weight(second))
    return agreed


@lru_cache(_REMEMBERED)  # the same words meet again and again
def nearly(one: str, other: str, *, begins: bool = True) -> bool:
    """Whether two words are one: a slip of the pen apart or, where `begins`, one is the beginning of the other."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if begins and len(short) >= _SHORT and long.startswith(short) and (len(short) >= 4 or len(long) >= 6):
        return True
    if len(short) < 4 or len(long) - len(short) > 1:
        return False
    return _one_slip(short, long) or (len(short) >= 8 and _two_slips(short, long))


def _one_slip(short: str, long: str) -> bool:
    """One letter too many, another one, or two that changed places."""
    at = 0
    while at < len(short) and short[at] == long[at]:
        at += 1
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    return short[at + 2 :] == long[at + 2 :] and short[at : at + 2] == long[at : at + 2][::-1]


def _two_slips(short: str, long: str) -> bool:
    """One slip at the beginning and one after it."""
    at = 0
    while at < len(short) and short[at] == long[at]:
        at += 1
    ways = ((1, 1), (0, 1), (1, 0))
    for skip, skip_long in ways:
        a, b = short[at + skip :], long[at + skip_long :]
        if abs(len(a) - len(b)) <= 1 and len(a) > 2 and _one_slip(*sorted((a, b), key=len)):
            return True
    return False
