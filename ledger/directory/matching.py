# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers and needs that fit each other: by category and words, by distance, by terms; pure.

Two things are compared only if they share a category, a skill or a word of their names that is not everybody's: those
that share one are found through an index, so that ten thousand of them need not be gone through.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.work import WORK, categories_found_by, is_affordable
from ledger.places.geography import distance_m
from ledger.text import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protocol.record import Record, WorkRate

FAR_M = 100_000
"""Further apart than this, things fit only if one of them is meant for a country or more."""
LOOKED_MAX = 1_000
"""So many are compared with one thing: those that share most with it."""
WIDE_SCOPES = ("national", "international")
_WORD_CHARACTERS_MIN, _STEM_CHARACTERS = 3, 6
_SMALL_WORDS = frozenset(
    [
        "for",
        "the",
        "and",
        "with",
        "les",
        "des",
        "une",
        "pour",
        "avec",
        "der",
        "die",
        "das",
        "und",
        "fur",
        "mit",
        "ein",
        "een",
        "het",
        "van",
        "voor",
        "met",
        "per",
        "con",
        "los",
        "las",
        "una",
        "del",
        "dei",
        "amb",
        "els",
        "chez",
        "aux",
        "aan",
        "op",
        "bei",
        "von",
        "per",
        "our",
        "you",
        "who",
        "has",
    ]
)
"""What says nothing in the languages of the pages; of others, whatever most people write."""
_COMMON_PART, _COMMON_MIN = 10, 20
"""A word that is in more than a tenth of all things, and in twenty of them, says nothing."""
_SATISFIES = {
    "give": ("give", "lend", "rent", "sell", "time", "mutual"),
    "lend": ("lend", "rent"),
    "rent": ("rent",),
    "sell": ("sell",),
    "time": ("time",),
    "mutual": ("mutual",),
}
"""What is offered on terms satisfies who wants it on these: a gift everybody, a loan also who would have rented."""
_EACH_CATEGORY, _CATEGORIES_MOST, _ALL_WORDS, _NEAREST = 40, 2, 30, 30
_SAME_TERMS, _BETTER_TERMS, _UNKNOWN = 20, 10, 5


class Thing(NamedTuple):
    """An offer, or a need (`wanted`), as it is compared; `key` is the caller's own name for it.

    `stems` are the beginnings of the words of its name and item, each with the word. Position in 1e-7 degrees.
    """

    key: int
    wanted: bool
    terms: frozenset[str]
    categories: frozenset[str]
    stems: dict[str, str]
    position: tuple[int, int] | None
    wide: bool
    valid_until: int | None
    rate: WorkRate | None = None


class Match(NamedTuple):
    """Two things that fit, and why: what they share, how far apart they are (None: not known), the terms.

    `terms` are those of both; where there are none, `better` is how it is offered to who asked for less.
    """

    key: int
    score: int
    categories: tuple[str, ...]
    words: tuple[str, ...]
    distance_m: int | None
    terms: tuple[str, ...]
    better: str


def thing_of(key: int, record: Record) -> Thing:
    """A record with a direction as it is compared."""
    texts = [*record.name.values(), record.item]
    return Thing(
        key,
        record.direction == "want",
        frozenset(record.terms),
        frozenset(categories_found_by(record)) - {WORK},
        {word[:_STEM_CHARACTERS]: word for text in texts for word in words(text) if _says_something(word)},
        (record.point.lat, record.point.lon) if record.point else None,
        record.scope in WIDE_SCOPES or (record.work is not None and record.work.remote),
        record.valid_until,
        record.work.rate if record.work else None,
    )


def _says_something(word: str) -> bool:
    return len(word) >= _WORD_CHARACTERS_MIN and word not in _SMALL_WORDS


class Market:
    """Things by what they can share."""

    def __init__(self, things: Iterable[Thing] = ()) -> None:
        self.things: dict[int, Thing] = {}
        self._sharing: dict[tuple[bool, str], set[int]] = {}
        for thing in things:
            self.put(thing)

    def put(self, thing: Thing) -> None:
        """Takes in a thing, or its new state."""
        self.drop(thing.key)
        self.things[thing.key] = thing
        for token in _tokens(thing):
            self._sharing.setdefault((thing.wanted, token), set()).add(thing.key)

    def drop(self, key: int) -> None:
        """Forgets a thing, if it is there."""
        thing = self.things.pop(key, None)
        if thing is not None:
            for token in _tokens(thing):
                self._sharing[thing.wanted, token].discard(key)

    def matches(self, thing: Thing, now: int, limit: int, hidden: frozenset[int] = frozenset()) -> list[Match]:
        """What fits a thing best, of what is not over at a moment (UTC seconds); ties in the order of the keys."""
        sharing: Counter[int] = Counter()
        telling: set[str] = set()
        for token in _tokens(thing):
            others = self._sharing.get((not thing.wanted, token), set())
            if others and (token[0] == _CATEGORY or not self._is_common(token)):
                telling.add(token)
                sharing.update(others)
        current = [one for one in sharing if one not in hidden and not is_over(self.things[one].valid_until, now)]
        current.sort(key=lambda key: (-sharing[key], key))
        compared = (compare(thing, self.things[key], telling) for key in current[:LOOKED_MAX])
        found = [match for match in compared if match is not None]
        return sorted(found, key=lambda match: (-match.score, match.key))[:limit]

    def _is_common(self, token: str) -> bool:
        having = sum(len(self._sharing.get((wanted, token), ())) for wanted in (False, True))
        return having > max(_COMMON_MIN, len(self.things) // _COMMON_PART)


_CATEGORY, _STEM = "=", "~"


def _tokens(thing: Thing) -> Iterator[str]:
    yield from (_CATEGORY + category for category in thing.categories)
    yield from (_STEM + stem for stem in thing.stems)


def is_over(valid_until: int | None, now: int) -> bool:
    """Whether a time has come; None never comes."""
    return valid_until is not None and valid_until < now


def compare(thing: Thing, other: Thing, telling: set[str]) -> Match | None:
    """How a thing and one of the other direction fit; `telling` are the tokens of the first that say something."""
    categories = sorted(thing.categories & other.categories)
    shared = sorted(thing.stems[stem] for stem in thing.stems.keys() & other.stems.keys() if _STEM + stem in telling)
    if not (categories or shared):
        return None
    need, offer = (thing, other) if thing.wanted else (other, thing)
    agreed = _agreed(offer.terms, need.terms)
    if agreed is None or not is_affordable(offer.rate, need.rate):
        return None
    terms, better, score = agreed
    distance = distance_m(*thing.position, *other.position) if thing.position and other.position else None
    if distance is not None and distance > FAR_M and not (thing.wide or other.wide):
        return None
    score += _EACH_CATEGORY * min(len(categories), _CATEGORIES_MOST)
    score += _ALL_WORDS * len(shared) // max(1, min(len(thing.stems), len(other.stems)))
    score += _UNKNOWN if distance is None else _nearness(distance)
    return Match(other.key, score, tuple(categories), tuple(shared), distance, terms, better)


def _nearness(distance: int) -> int:
    """From next door to `FAR_M` away: each doubling of the distance counts the same."""
    return max(0, round(_NEAREST * (1 - math.log1p(distance / 500) / math.log1p(FAR_M / 500))))


def _agreed(offered: frozenset[str], wanted: frozenset[str]) -> tuple[tuple[str, ...], str, int] | None:
    """The terms of both, or the better one that is offered, and what that counts; None where they do not fit."""
    if both := tuple(sorted(offered & wanted)):
        return both, "", _SAME_TERMS
    if not (offered and wanted):
        return (), "", _UNKNOWN
    better = [term for term in sorted(offered) if wanted & {*_SATISFIES.get(term, (term,))}]
    return ((), better[0], _BETTER_TERMS) if better else None
