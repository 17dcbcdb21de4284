# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which records are worth comparing: those that share a key. Linear but for sorting, whatever lies on one point.

A key is a number of 64 bits; two keys that are equal by chance only cost a comparison. Of a group that is larger than
`GROUP_MAX` nobody is compared with all: those on one spot, or with one website, meet where they share one of the rarest
words of their names, and the others by the other keys that they have.
"""

from __future__ import annotations

from hashlib import blake2b
from math import cos, radians
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.duplicates.profile import Profile

GROUP_MAX = 40
CELL = 10_000
"""Side of a cell in 1e-7 degrees of latitude: 111 m, so that two points within 100 m lie in neighbouring cells."""
_SPLIT_WORDS = 3
_INITIALS_MAX = 8


def key_of(*parts: object) -> int:
    """A key of these parts: an even number."""
    digest = blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") & ~1


def splitting(key: int) -> int:
    """The same as a key whose group is split by words when it is too large: an odd number."""
    return key | 1


def word_keys(profile: Profile) -> set[int]:
    """One key for each word that its names have."""
    return {key_of("word", word) for name in profile.names for word in name.words}


def keys_of(profile: Profile) -> Iterator[int]:
    """The keys by which a record meets others, but for those of its point."""
    if profile.website:
        yield splitting(key_of("website", profile.website))
    for scheme, told in profile.identifiers:
        yield splitting(key_of("identifier", scheme, told))
    where = {profile.postcode, " ".join(profile.place)} - {""}
    for name in profile.names:
        yield key_of("name", *sorted(name.words))
        yield key_of("squeezed", name.squeezed)
        for place in where:
            yield key_of("name at", place, *sorted(name.words))
    for word in {word for name in profile.names for word in name.words}:
        for place in where:
            yield key_of("at", place, word)
    if profile.postcode and profile.street:
        yield splitting(key_of("address", profile.postcode, *sorted(profile.street)))


def initials_of(profile: Profile) -> tuple[set[int], set[int]]:
    """Keys of names of one word that may be initials, and of the initials of the others."""
    where = {profile.postcode, " ".join(profile.place)} - {""}
    short, long = set(), set()
    for name in profile.names:
        for place in where:
            if len(name.words) == 1 and 2 < len(name.squeezed) <= _INITIALS_MAX:
                short.add(key_of("initials", place, name.squeezed))
            elif len(name.words) > 1:
                long |= {key_of("initials", place, letters) for letters in {name.initials, name.telling_initials()}}
    return short, long


def cells_of(profile: Profile) -> Iterator[int]:
    """The cells that a point can meet others in: its own and the three that are nearest to it."""
    if profile.point is None:
        return
    lat, lon, _ = profile.point
    # A degree of longitude is shorter away from the equator: by bands of latitude, so that neighbours agree.
    for row in (lat // CELL, lat // CELL + 1):
        width = max(1, round(CELL / max(0.01, cos(radians(row * CELL // 10**7)))))
        for column in (lon // width, lon // width + 1):
            yield splitting(key_of("cell", row, column))


class Blocks:
    """Collects the keys of records, and gives the pairs that meet."""

    def __init__(self) -> None:
        self._keys: list[np.ndarray] = []
        self._members: list[np.ndarray] = []
        self._words: list[np.ndarray] = []
        self._initials: list[np.ndarray] = []
        self._owners: list[np.ndarray] = []
        self._count = 0

    def add(self, profiles: Iterable[Profile]) -> None:
        """Takes in records; they are numbered from nought in the order in which they come."""
        keys: list[int] = []
        words: list[int] = []
        members, owners, initials = [], [], []
        for profile in profiles:
            own = {*keys_of(profile), *cells_of(profile)}
            keys += own
            members += [self._count] * len(own)
            short, long = initials_of(profile)
            keys += short
            members += [self._count] * len(short)
            initials += [(key, self._count) for key in long]
            of_names = word_keys(profile)
            words += of_names
            owners += [self._count] * len(of_names)
            self._count += 1
        self._keys.append(np.array(keys, "uint64"))
        self._members.append(np.array(members, "int32"))
        self._words.append(np.array(words, "uint64"))
        self._owners.append(np.array(owners, "int32"))
        self._initials.append(np.array(initials, "uint64").reshape(-1, 2))

    def word_counts(self) -> dict[int, int]:
        """How many records have a word, by its key; words of a single record are left out."""
        found, counts = np.unique(np.concatenate([*self._words, np.zeros(0, "uint64")]), return_counts=True)
        often = counts > 1
        return dict(zip(found[often].tolist(), counts[often].tolist(), strict=True))

    def pairs(self) -> np.ndarray:
        """The pairs of numbers, the smaller one first, each once, in order."""
        keys = np.concatenate([*self._keys, np.zeros(0, "uint64")])
        members = np.concatenate([*self._members, np.zeros(0, "int32")])
        initials = np.concatenate([*self._initials, np.zeros((0, 2), "uint64")])
        initials = initials[np.isin(initials[:, 0], keys)]  # those that are the whole name of another
        keys = np.concatenate([keys, initials[:, 0]])
        members = np.concatenate([members, initials[:, 1].astype("int32")])
        pairs, large = _pairs_of_groups(keys, members)
        large = large[(keys[large] & np.uint64(1)).astype(bool)]
        if len(large):
            rarest = self._rarest_words()[members[large]]
            split_keys = (keys[large][:, None] * np.uint64(31) + rarest)[rarest > 0]
            split_members = np.broadcast_to(members[large][:, None], rarest.shape)[rarest > 0]
            pairs = np.unique(np.concatenate([pairs, _pairs_of_groups(split_keys, split_members)[0]]))
        return np.stack([pairs >> 32, pairs & 0xFFFFFFFF], axis=1)

    def _rarest_words(self) -> np.ndarray:
        """The keys of the rarest words of each record, in as many columns; 0 where it has fewer."""
        words = np.concatenate(self._words)
        owners = np.concatenate(self._owners)
        _, which, counts = np.unique(words, return_inverse=True, return_counts=True)
        order = np.lexsort([words, counts[which], owners])
        words, owners = words[order], owners[order]
        begins = np.searchsorted(owners, owners, "left")
        place = np.arange(len(owners)) - begins
        chosen = place < _SPLIT_WORDS
        table = np.zeros((self._count, _SPLIT_WORDS), "uint64")
        table[owners[chosen], place[chosen]] = words[chosen]
        return table


def _pairs_of_groups(keys: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs of those that share a key, packed into one number; and the places of those in groups too large."""
    order = np.argsort(keys, kind="stable")
    keys, members = keys[order], members[order].astype("int64")
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(keys)), bool), np.diff(keys) != 0]))
    sizes = np.diff(np.append(begins, len(keys)))
    size_of, ends = np.repeat(sizes, sizes), np.repeat(begins + sizes, sizes)
    here = np.flatnonzero((size_of > 1) & (size_of <= GROUP_MAX))
    made = [np.zeros(0, "int64")]
    for step in range(1, GROUP_MAX):
        here = here[here + step < ends[here]]
        if not len(here):
            break
        one, other = members[here], members[here + step]
        made.append(np.unique(np.minimum(one, other) << 32 | np.maximum(one, other)))
    pairs = np.unique(np.concatenate(made))
    return pairs[(pairs >> 32) != (pairs & 0xFFFFFFFF)], order[size_of > GROUP_MAX]
