# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether an offer and a need fit each other, and how well: by category and words, by distance, by terms; pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.work import WORK, categories_found_by, is_affordable
from ledger.places.geography import distance_m
from ledger.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.record import Record, WorkRate

FAR_M, NEXT_DOOR_M = 100_000, 500
"""Further apart than this, things fit only if one of them is meant for a country or more."""
WIDE_SCOPES = ("national", "international")
CATEGORY, STEM = "=", "~"
"""How the two sorts of tokens begin."""
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
_SATISFIES = {
    "give": ("give", "lend", "rent", "sell", "time", "mutual"),
    "lend": ("lend", "rent"),
    "rent": ("rent",),
    "sell": ("sell",),
    "time": ("time",),
    "mutual": ("mutual",),
}
"""What is offered on terms satisfies who wants it on these: a gift everybody, a loan also who would have rented."""
EACH_CATEGORY, CATEGORIES_MOST, ALL_WORDS, NEAREST = 40, 2, 30, 30
_SAME_TERMS, _BETTER_TERMS, UNKNOWN = 20, 10, 5


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


def tokens_of(thing: Thing) -> Iterator[str]:
    """What another thing has to share with it to be compared: categories and beginnings of words."""
    yield from (CATEGORY + category for category in thing.categories)
    yield from (STEM + stem for stem in thing.stems)


def _says_something(word: str) -> bool:
    return len(word) >= _WORD_CHARACTERS_MIN and word not in _SMALL_WORDS


def compare(thing: Thing, other: Thing, telling: set[str]) -> Match | None:
    """How a thing and one of the other direction fit; `telling` are the tokens of the first that say something."""
    categories = sorted(thing.categories & other.categories)
    shared = sorted(thing.stems[stem] for stem in thing.stems.keys() & other.stems.keys() if STEM + stem in telling)
    if not (categories or shared):
        return None
    need, offer = (thing, other) if thing.wanted else (other, thing)
    found = agreed(offer.terms, need.terms)
    if found is None or not is_affordable(offer.rate, need.rate):
        return None
    terms, better, score = found
    distance = distance_m(*thing.position, *other.position) if thing.position and other.position else None
    if distance is not None and distance > FAR_M and not (thing.wide or other.wide):
        return None
    score += EACH_CATEGORY * min(len(categories), CATEGORIES_MOST)
    score += ALL_WORDS * len(shared) // max(1, min(len(thing.stems), len(other.stems)))
    score += UNKNOWN if distance is None else _nearness(distance)
    return Match(other.key, score, tuple(categories), tuple(shared), distance, terms, better)


def _nearness(distance: int) -> int:
    """From next door to `FAR_M` away: each doubling of the distance counts the same."""
    return max(0, round(NEAREST * (1 - math.log1p(distance / NEXT_DOOR_M) / math.log1p(FAR_M / NEXT_DOOR_M))))


def agreed(offered: frozenset[str], wanted: frozenset[str]) -> tuple[tuple[str, ...], str, int] | None:
    """The terms of both, or the better one that is offered, and what that counts; None where they do not fit."""
    if both := tuple(sorted(offered & wanted)):
        return both, "", _SAME_TERMS
    if not (offered and wanted):
        return (), "", UNKNOWN
    better = [term for term in sorted(offered) if wanted & {*_SATISFIES.get(term, (term,))}]
    return ((), better[0], _BETTER_TERMS) if better else None
