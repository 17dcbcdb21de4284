# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which records are worth comparing: those that share a key. Linear but for sorting, whatever lies on one point.

Two keys that are equal by chance only cost a comparison. Of a group that is larger than
`GROUP_MAX` nobody is compared with all: those on one spot, or with one website, meet where they share one of the rarest
words of their names, and the others by the other keys that they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ledger.duplicates.blocking_keys import Keyring, Keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.duplicates.profile import Profile

GROUP_MAX = 40
_SPLIT_WORDS = 3


class Blocks:
    """Collects the keys of records, and gives the pairs that meet."""

    def __init__(self) -> None:
        self._keyring = Keyring()
        self._parts: list[Keys] = []
        self._count = 0

    def add(self, profiles: Sequence[Profile]) -> None:
        """Takes in records; they are numbered from nought in the order in which they come."""
        if profiles:
            self._parts.append(self._keyring.keys_of(profiles, self._count))
            self._count += len(profiles)

    def _column(self, name: str, kind: str) -> np.ndarray:
        return np.concatenate([np.zeros(0, kind), *(getattr(part, name).astype(kind) for part in self._parts)])

    def word_counts(self) -> dict[int, int]:
        """How many records have a word, by its key; words of a single record are left out."""
        found, counts = np.unique(self._column("words", "uint64"), return_counts=True)
        often = counts > 1
        return dict(zip(found[often].tolist(), counts[often].tolist(), strict=True))

    def pairs(self) -> np.ndarray:
        """The pairs of numbers, the smaller one first, each once, in order."""
        keys, members = self._column("keys", "uint64"), self._column("members", "int32")
        long, long_members = self._column("long", "uint64"), self._column("long_members", "int32")
        in_order = np.append(np.sort(keys), np.uint64(0))
        meets = in_order[np.searchsorted(in_order[:-1], long)] == long  # those that are the whole name of another
        keys, members = np.concatenate([keys, long[meets]]), np.concatenate([members, long_members[meets]])
        pairs, large = _pairs_of_groups(keys, members)
        large = large[(keys[large] & np.uint64(1)).astype(bool)]
        if len(large):
            rarest = self._rarest_words()[members[large]]
            split_keys = (keys[large][:, None] * np.uint64(31) + rarest)[rarest > 0]
            split_members = np.broadcast_to(members[large][:, None], rarest.shape)[rarest > 0]
            pairs = _sorted_once([pairs, _pairs_of_groups(split_keys, split_members)[0]])
        return np.stack([pairs >> 32, pairs & 0xFFFFFFFF], axis=1)

    def _rarest_words(self) -> np.ndarray:
        """The keys of the rarest words of each record, in as many columns; 0 where it has fewer."""
        words, owners = self._column("words", "uint64"), self._column("owners", "int32")
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
        made.append(_sorted_once([np.minimum(one, other) << 32 | np.maximum(one, other)]))
    pairs = _sorted_once(made)
    return pairs[(pairs >> 32) != (pairs & 0xFFFFFFFF)], order[size_of > GROUP_MAX]


def _sorted_once(parts: Sequence[np.ndarray]) -> np.ndarray:
    """All numbers of the parts in order, each once. By sorting: np.unique hashes, which takes longer here."""
    numbers = np.sort(np.concatenate(parts))
    return numbers[np.append(True, numbers[1:] != numbers[:-1])] if len(numbers) else numbers
