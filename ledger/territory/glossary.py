# SPDX-License-Identifier: AGPL-3.0-or-later
"""The glossary: words in the order of the alphabet, found without regard to accents, joined by what links them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.territory.keys import TERM
from ledger.text import fold
from protocol.knowledge import TermPut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.territory.knowledge import Knowledge, Known
    from protocol.record import Subject

Name = tuple[bytes, bytes]
INVERSE = {"broader": "narrower", "narrower": "broader", "related": "related", "differs": "differs"}


class Headword(NamedTuple):
    """A word as it stands in the alphabet of one language."""

    word: str
    language: str
    known: Known

    @property
    def letter(self) -> str:
        """Under which letter it stands."""
        return fold(self.word)[:1].upper() or "#"


class Link(NamedTuple):
    """From the notion at hand to another term; `known` is None where that is not here."""

    relation: str
    subject: Subject
    known: Known | None


def body_of(known: Known) -> TermPut:
    """What is said of a term."""
    assert isinstance(known.body, TermPut)
    return known.body


def headwords(terms: Iterable[Known], languages: tuple[str, ...], only: str = "") -> list[Headword]:
    """The words in alphabetical order, each in the first wanted language that it has; or those of one language."""
    found = []
    for known in terms:
        words = body_of(known).term
        wanted = [only] if only else [*languages, *sorted(words)]
        tag = next((one for one in wanted if one in words), "")
        if tag:
            found.append(Headword(words[tag], tag, known))
    return sorted(found, key=lambda one: (fold(one.word), one.word, one.known.name))


def languages_of(terms: Iterable[Known]) -> dict[str, int]:
    """In how many terms each language stands, the most frequent first."""
    counts: dict[str, int] = {}
    for known in terms:
        for tag in body_of(known).term:
            counts[tag] = counts.get(tag, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def search(terms: Iterable[Known], text: str) -> list[Known]:
    """Terms in which all words of a text begin a word, whatever the language; those that are called so first."""
    wanted = fold(text).split()
    if not wanted:
        return []
    ranked = []
    for known in terms:
        body = body_of(known)
        name = fold(" ".join(body.term.values()))
        texts = fold(" ".join([name, *(body.definition or {}).values(), body.place.name if body.place else ""]))
        if _begin(wanted, texts):
            ranked.append((not _begin(wanted, name), name, known.name, known))
    return [one[-1] for one in sorted(ranked, key=lambda one: one[:-1])]


def _begin(wanted: list[str], folded: str) -> bool:
    words = f" {folded}"
    return all(f" {one}" in words for one in wanted)


def same_notion(knowledge: Knowledge, known: Known) -> list[Known]:
    """A term with all that are said to be the same, by whichever of the two logs; itself first."""
    by_name = {one.name: one for one in knowledge.all(TERM)}
    joined: dict[Name, set[Name]] = {}
    for one in by_name.values():
        for see in body_of(one).see:
            if see.relation == "same":
                other = (see.term.log, see.term.id)
                joined.setdefault(one.name, set()).add(other)
                joined.setdefault(other, set()).add(one.name)
    found, left = {known.name: known}, [known.name]
    while left:
        for other in sorted(joined.get(left.pop(), ())):
            if other in by_name and other not in found:
                found[other] = by_name[other]
                left.append(other)
    return [known, *sorted((one for one in found.values() if one.name != known.name), key=lambda one: one.name)]


def called_alike(knowledge: Knowledge, notion: list[Known]) -> list[Known]:
    """Terms that have a word in common, in the same language, with a notion to which nobody has said they belong."""
    inside = {one.name for one in notion}
    words = {(tag, fold(word)) for one in notion for tag, word in body_of(one).term.items()}
    return [
        one
        for one in knowledge.all(TERM)
        if one.name not in inside and any((tag, fold(word)) in words for tag, word in body_of(one).term.items())
    ]


def links(knowledge: Knowledge, notion: list[Known]) -> list[Link]:
    """The links from a notion to others, in both directions, each once; broader ones first."""
    by_name = {one.name: one for one in knowledge.all(TERM)}
    inside = {one.name for one in notion}
    found: dict[tuple[str, Name], Link] = {}
    for one in notion:
        for see in body_of(one).see:
            other = (see.term.log, see.term.id)
            if see.relation in INVERSE and other not in inside:
                found[see.relation, other] = Link(see.relation, see.term, by_name.get(other))
    for one in by_name.values():
        for see in body_of(one).see:
            relation = INVERSE.get(see.relation)
            if relation and one.name not in inside and (see.term.log, see.term.id) in inside:
                subject = type(see.term)(*one.name)
                found.setdefault((relation, one.name), Link(relation, subject, one))
    order = list(INVERSE)
    return [found[key] for key in sorted(found, key=lambda key: (order.index(key[0]), key[1]))]
