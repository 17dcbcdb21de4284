# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys by which records meet, for many records at once: numbers of 64 bits, of which few are equal by chance.

Texts become numbers one by one, words only once; what is put together from them is computed over columns. An odd key is
one whose group is split by words when it is too large.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.duplicates.profile import Profile

CELL = 10_000
"""Side of a cell in 1e-7 degrees of latitude: 111 m, so that two points within 100 m lie in neighbouring cells."""
_INITIALS_MAX = 8
_REMEMBERED = 1 << 18
_ODD = np.uint64(1)


class Keys(NamedTuple):
    """Keys and whose they are, each pair once; `long`: the keys of initials of names of several words."""

    keys: np.ndarray
    members: np.ndarray
    words: np.ndarray
    owners: np.ndarray
    long: np.ndarray
    long_members: np.ndarray


def text_key(text: str) -> int:
    """The number that stands for a text."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") & ~1


class Keyring:
    """Makes the keys of records, and remembers the numbers of their words."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def _keys(self, texts: Iterable[str]) -> list[int]:
        known = self._known
        if len(known) > _REMEMBERED:
            known.clear()
        found = []
        for text in texts:
            key = known.get(text)
            if key is None:
                key = known[text] = text_key(text)
            found.append(key)
        return found

    def keys_of(self, profiles: Sequence[Profile], begin: int) -> Keys:
        """The keys of records that are numbered from `begin` on."""
        names = [(number, name) for number, profile in enumerate(profiles) for name in profile.names]
        owners = np.array([number for number, _ in names], "int64")
        sizes = np.array([len(name.words) for _, name in names], "int64")
        words = _array(self._keys(chain.from_iterable(name.words for _, name in names)))
        whole = _together(words, sizes)
        squeezed = _array(text_key(name.squeezed) for _, name in names)
        places = self._places(profiles)
        found = [(_mix(whole, 1), owners), (_mix(squeezed, 2), owners)]
        word_owners = np.repeat(owners, sizes)
        short = np.array([len(name.words) == 1 and 2 < len(name.squeezed) <= _INITIALS_MAX for _, name in names], bool)
        for place in places:
            found += [_at(place, whole, owners, 3), _at(place, words, word_owners, 4)]
            found.append(_at(place, squeezed[short], owners[short], 5))
        found += [*self._addresses(profiles), *_exact(profiles), _cells(profiles)]
        keys, members = _distinct(found)
        letters = [
            (number, initials)
            for number, name in names
            if len(name.words) > 1
            for initials in (name.initials, name.telling_initials())
        ]
        of_letters, letter_owners = _array(self._keys(told for _, told in letters)), [number for number, _ in letters]
        long, long_members = _distinct(
            [_at(place, of_letters, np.array(letter_owners, "int64"), 5) for place in places]
        )
        words, word_owners = _distinct([(words, word_owners)])
        return Keys(keys, members + begin, words, word_owners + begin, long, long_members + begin)

    def _places(self, profiles: Sequence[Profile]) -> list[np.ndarray]:
        """The postcode and the town of each record, in a column each; 0 where it has none."""
        told = ([one.postcode for one in profiles], [" ".join(one.place) for one in profiles])
        columns = [_array(self._keys(texts)) * _array(map(bool, texts)) for texts in told]
        columns[1][columns[1] == columns[0]] = 0
        return columns

    def _addresses(self, profiles: Sequence[Profile]) -> list[tuple[np.ndarray, np.ndarray]]:
        told = [(number, one) for number, one in enumerate(profiles) if one.postcode and one.street]
        streets = _array(self._keys(chain.from_iterable(one.street for _, one in told)))
        whole = _together(streets, np.array([len(one.street) for _, one in told], "int64"))
        codes = _array(self._keys(one.postcode for _, one in told))
        return [(_mix(whole + _mix(codes, 6), 7) | _ODD, np.array([number for number, _ in told], "int64"))]


def _exact(profiles: Sequence[Profile]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Keys of websites and identifiers."""
    told = [(number, "website\0" + one.website) for number, one in enumerate(profiles) if one.website]
    told += [
        (number, f"{scheme}\0{identifier}")
        for number, one in enumerate(profiles)
        for scheme, identifier in one.identifiers
    ]
    return [(_array(text_key(text) for _, text in told) | _ODD, np.array([number for number, _ in told], "int64"))]


def _cells(profiles: Sequence[Profile]) -> tuple[np.ndarray, np.ndarray]:
    """The cells in which points can meet others: their own and the three that are nearest to it."""
    points = [(number, *one.point[:2]) for number, one in enumerate(profiles) if one.point is not None]
    number, lat, lon = np.array(points, "int64").reshape(-1, 3).T
    keys = []
    for row in (lat // CELL, lat // CELL + 1):
        # A degree of longitude is shorter away from the equator: by bands of latitude, so that neighbours agree.
        shrunk = np.maximum(0.01, np.cos(np.radians(row * CELL // 10**7)))
        width = np.maximum(1, np.rint(CELL / shrunk).astype("int64"))
        keys += [
            _mix(_mix(row.astype("uint64"), 8) + column.astype("uint64"), 9)
            for column in (lon // width, lon // width + 1)
        ]
    return np.concatenate(keys) | _ODD, np.tile(number, len(keys))


def _array(numbers: Iterable[int]) -> np.ndarray:
    return np.fromiter(numbers, "uint64")


def _together(words: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """A number for each run of words, whatever their order."""
    begins = np.cumsum(sizes) - sizes
    return np.add.reduceat(_mix(words, 10), begins) if len(sizes) else np.zeros(0, "uint64")


def _at(place: np.ndarray, keys: np.ndarray, owners: np.ndarray, sort: int) -> tuple[np.ndarray, np.ndarray]:
    """Keys that hold at one place only, of those that are anywhere."""
    there = place[owners]
    placed = there != 0
    return _mix(keys[placed] + _mix(there[placed], sort), sort), owners[placed]


def _mix(numbers: np.ndarray, sort: int) -> np.ndarray:
    """Even numbers that are spread all over, other ones for each sort (the finaliser of splitmix64)."""
    mixed: np.ndarray = numbers + np.array([sort * 0x9E3779B97F4A7C15 % 2**64], "uint64")
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: np.ndarray = (mixed ^ (mixed >> np.uint64(31))) & ~_ODD
    return spread


def _distinct(found: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Keys and whose they are, each pair once."""
    keys, members = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort([members, keys])
    keys, members = keys[order], members[order]
    new = np.ones(len(keys), bool)
    new[1:] = (keys[1:] != keys[:-1]) | (members[1:] != members[:-1])
    return keys[new], members[new]
