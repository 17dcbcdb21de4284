# SPDX-License-Identifier: AGPL-3.0-or-later
"""What codes mean in words: categories, structures, memberships, countries; and which categories a word may mean.

The table is derived from the presets of OpenStreetMap and other vocabularies (`data/README.md` has their licences). It
is read when first asked for and kept as one run of bytes, in which lines are found by bisection.
"""

from __future__ import annotations

from functools import cache, lru_cache
from gzip import decompress
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.lines import Lines, lines_between

if TYPE_CHECKING:
    from collections.abc import Mapping

WHOLE_WORD_CHARACTERS: Final = 3
"""A word that is no longer than that is taken for a whole one: the beginnings of many."""
_CATEGORIES_MAX: Final = 200
_NOT_CATEGORIES: Final = frozenset(("structure", "membership", "country"))


class _Labels(NamedTuple):
    """The table: its languages, the lines of codes, the lines of words."""

    languages: tuple[str, ...]
    codes: Lines
    words: Lines


@cache
def _labels() -> _Labels:
    table = decompress((files("ledger.data") / "labels.tsv.gz").read_bytes())
    head = table.index(b"\n\n")
    middle = table.index(b"\n\n", head + 2)
    languages = tuple(table[:head].decode().split())
    codes = lines_between(table, head + 2, middle + 1)
    return _Labels(languages, codes, lines_between(table, middle + 2, len(table)))


@lru_cache(2_048)
def category_labels(category: str) -> Mapping[str, str]:
    """The labels of a category (`scheme:code`) by language; empty where none is known."""
    return {} if category.partition(":")[0] in _NOT_CATEGORIES else _read(category)


@lru_cache(1_024)
def code_labels(group: str, code: str) -> Mapping[str, str]:
    """The labels of a code of `structure`, `membership` or `country` by language; empty where none is known."""
    return _read(f"{group}:{code}") if group in _NOT_CATEGORIES else {}


def label_in(labels: Mapping[str, str], language: str) -> str:
    """The label in a language, else in English; empty where there is none."""
    return labels.get(language) or labels.get("en", "")


def label_languages() -> tuple[str, ...]:
    """The languages in which there are labels."""
    return _labels().languages


def all_labels(language: str) -> dict[str, dict[str, str]]:
    """Every code of the table by group, `category` and the others, with its label in a language, else in English."""
    found: dict[str, dict[str, str]] = {"category": {}, **{group: {} for group in sorted(_NOT_CATEGORIES)}}
    for number in range(len(_labels().codes)):
        code = _first(_labels().codes[number])
        group, _, rest = code.partition(":")
        known = group in _NOT_CATEGORIES
        found[group if known else "category"][rest if known else code] = label_in(_read(code), language)
    return found


@lru_cache(512)
def categories_meant(word: str) -> frozenset[str]:
    """The categories that have a word with this (folded) beginning in a label, in whatever language.

    None where it could be too many: then it says nothing.
    """
    if not word:
        return frozenset()
    table = _labels()
    numbers: set[str] = set()
    for line in table.words.starting(word):
        whole, _, found = line.partition("\t")
        if whole == word or len(word) > WHOLE_WORD_CHARACTERS:
            numbers.update(found.split())
    if len(numbers) > _CATEGORIES_MAX:
        return frozenset()
    return frozenset(_first(table.codes[int(number)]) for number in numbers)


def _read(code: str) -> Mapping[str, str]:
    table = _labels()
    for line in table.codes.starting(f"{code}\t"):
        texts = line.split("\t")[1:]
        return {tag: text for tag, text in zip(table.languages, texts, strict=True) if text}
    return {}


def _first(line: str) -> str:
    return line.partition("\t")[0]
