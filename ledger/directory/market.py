# SPDX-License-Identifier: AGPL-3.0-or-later
"""All offers and needs, for finding what fits one of them best; pure.

Two things are compared only if they share a category, a skill or a word of their names that is not everybody's: those
that share one are found through an index. Of these, columns tell how well each can fit at most, and only those that can
be among the best are compared: what one of ten thousand fits is found without going through them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from ledger.directory.matching import (
    ALL_WORDS,
    CATEGORIES_MOST,
    CATEGORY,
    EACH_CATEGORY,
    FAR_M,
    NEAREST,
    NEXT_DOOR_M,
    UNKNOWN,
    agreed,
    compare,
    tokens_of,
)
from ledger.places.geography import E7, EARTH_RADIUS_M

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from ledger.directory.matching import Match, Thing

    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
    Fractions = np.ndarray[tuple[int], np.dtype[np.float64]]

LOOKED_MAX = 1_000
"""So many are compared with one thing: those that share most with it."""
_COMMON_PART, _COMMON_MIN = 10, 20
"""A word that is in more than a tenth of all things, and in twenty of them, says nothing."""
_SLACK, _SLACK_M = 1, 100
"""What rounding may do to a bound: points of a score, metres."""
_NEVER: Final = np.iinfo(np.int64).max
_ROOM = 64


class Market:
    """Things by what they can share. Each has a number of its own here, its place in the columns."""

    def __init__(self, things: Iterable[Thing] = ()) -> None:
        self.things: dict[int, Thing] = {}
        self._numbers: dict[int, int] = {}
        self._free: list[int] = []
        self._sharing: dict[tuple[bool, str], set[int]] = {}
        self._arrays: dict[tuple[bool, str], Numbers] = {}
        self._terms: dict[frozenset[str], int] = {}
        self._agreed: dict[tuple[frozenset[str], bool], Numbers] = {}
        self._columns = np.zeros((5, _ROOM), np.int64)
        self._points = np.zeros((2, _ROOM), np.float64)
        for thing in things:
            self.put(thing)

    def put(self, thing: Thing) -> None:
        """Takes in a thing, or its new state."""
        self.drop(thing.key)
        number = self._free.pop() if self._free else len(self._numbers)
        if number == self._columns.shape[1]:
            self._columns = np.concatenate((self._columns, np.zeros_like(self._columns)), axis=1)
            self._points = np.concatenate((self._points, np.zeros_like(self._points)), axis=1)
        self.things[thing.key], self._numbers[thing.key] = thing, number
        until = _NEVER if thing.valid_until is None else thing.valid_until
        kept = (thing.key, until, thing.wide, max(1, len(thing.stems)), self._number_of(thing.terms))
        self._columns[:, number] = kept
        self._points[:, number] = thing.position or (math.nan, math.nan)
        for token in tokens_of(thing):
            self._sharing.setdefault((thing.wanted, token), set()).add(number)
            self._arrays.pop((thing.wanted, token), None)

    def drop(self, key: int) -> None:
        """Forgets a thing, if it is there."""
        thing = self.things.pop(key, None)
        if thing is not None:
            number = self._numbers.pop(key)
            self._free.append(number)
            for token in tokens_of(thing):
                self._sharing[thing.wanted, token].discard(number)
                self._arrays.pop((thing.wanted, token), None)

    def matches(self, thing: Thing, now: int, limit: int, hidden: Container[int] | None = None) -> list[Match]:
        """What fits a thing best, of what is not over at a moment (UTC seconds); ties in the order of the keys."""
        sharing, by_category, telling = self._shared(thing)
        numbers = sharing.nonzero()[0]
        keys, until, _, _, _ = self._columns[:, numbers]
        seen = until >= now
        if hidden is not None:
            seen &= np.array([key not in hidden for key in keys.tolist()], bool)
        numbers, keys = numbers[seen], keys[seen]
        if len(numbers) > LOOKED_MAX:
            most = np.lexsort((keys, -sharing[numbers]))[:LOOKED_MAX]
            numbers, keys = numbers[most], keys[most]
        bounds = self._bounds(thing, numbers, sharing[numbers], by_category[numbers])
        best: list[Match] = []
        for place in np.lexsort((keys, -bounds)).tolist():
            bound = int(bounds[place])
            if bound < 0 or (len(best) == limit and bound < best[-1].score):
                break
            match = compare(thing, self.things[int(keys[place])], telling)
            if match is not None:
                best = sorted((*best, match), key=lambda one: (-one.score, one.key))[:limit]
        return best

    def _shared(self, thing: Thing) -> tuple[Numbers, Numbers, set[str]]:
        """How many tokens, and how many categories, each of the other direction shares; the tokens that tell."""
        room = len(self._numbers) + len(self._free)
        shared, categories = np.zeros(room, np.int64), np.zeros(room, np.int64)
        telling: set[str] = set()
        for token in tokens_of(thing):
            numbers = self._having(not thing.wanted, token)
            if len(numbers) and (token[0] == CATEGORY or not self._is_common(token)):
                telling.add(token)
                shared[numbers] += 1
                if token[0] == CATEGORY:
                    categories[numbers] += 1
        return shared, categories, telling

    def _bounds(self, thing: Thing, numbers: Numbers, shared: Numbers, categories: Numbers) -> Numbers:
        """No less than the score of each with a thing (see `compare`); below 0 where they do not fit."""
        _, _, wide, stems, terms = self._columns[:, numbers]
        by_terms = self._by_terms(thing)[terms]
        words = ALL_WORDS * (shared - categories) // np.minimum(stems, max(1, len(thing.stems)))
        near, far = self._nearness(thing, numbers)
        apart = far & ~(wide.astype(bool) | thing.wide)
        bounds = by_terms + EACH_CATEGORY * np.minimum(categories, CATEGORIES_MOST) + words + near + _SLACK
        return np.where((by_terms < 0) | apart, -1, bounds)

    def _nearness(self, thing: Thing, numbers: Numbers) -> tuple[Numbers, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        """What the distance counts, give or take the slack; and who is further away than things fit."""
        if thing.position is None:
            return np.full(len(numbers), UNKNOWN), np.zeros(len(numbers), bool)
        distance = _metres(*thing.position, *self._points[:, numbers])
        near = NEAREST * (1 - np.log1p(distance / NEXT_DOOR_M) / math.log1p(FAR_M / NEXT_DOOR_M))
        known = ~np.isnan(distance)
        return np.where(known, np.maximum(0, np.rint(near)), UNKNOWN).astype(np.int64), distance > FAR_M + _SLACK_M

    def _by_terms(self, thing: Thing) -> Numbers:
        """What the terms of a thing count with each set of terms that there is; below 0 where they do not fit."""
        asked = (thing.terms, thing.wanted)
        found = self._agreed.get(asked)
        if found is None or len(found) != len(self._terms):
            scores = (agreed(one, thing.terms) if thing.wanted else agreed(thing.terms, one) for one in self._terms)
            found = np.array([-1 if score is None else score[2] for score in scores], np.int64)
            self._agreed[asked] = found
        return found

    def _number_of(self, terms: frozenset[str]) -> int:
        return self._terms.setdefault(terms, len(self._terms))

    def _having(self, wanted: bool, token: str) -> Numbers:  # noqa: FBT001 - a key of the index
        found = self._arrays.get((wanted, token))
        if found is None:
            having = self._sharing.get((wanted, token), ())
            found = self._arrays[wanted, token] = np.fromiter(having, np.int64, len(having))
        return found

    def _is_common(self, token: str) -> bool:
        having = sum(len(self._sharing.get((wanted, token), ())) for wanted in (False, True))
        return having > max(_COMMON_MIN, len(self.things) // _COMMON_PART)


def _metres(lat: int, lon: int, lats: Fractions, lons: Fractions) -> Fractions:
    """As `distance_m`, for many at once and not rounded; NaN where a position is not known."""
    phi, phis = math.radians(lat / E7), np.radians(lats / E7)
    half_lats, half_lons = (phis - phi) / 2, np.radians((lons - lon) / E7) / 2
    squares = np.sin(half_lats) ** 2 + math.cos(phi) * np.cos(phis) * np.sin(half_lons) ** 2
    metres: Fractions = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, squares)))
    return metres
