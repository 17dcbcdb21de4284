# SPDX-License-Identifier: AGPL-3.0-or-later
"""The places that "near Lille" can mean, offline: towns of the world by name.

The table is derived from GeoNames (`data/README.md` has its licence, and what was left out). It is read
when first asked for and kept as one run of bytes, in which names are found by bisection: a table of a
hundred thousand objects would take ten times the memory.
"""

import difflib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from gzip import decompress
from importlib.resources import files
from typing import Final

from ledger.lines import Lines, lines_between
from ledger.text import fold

NAME_CHARACTERS_MAX: Final = 100
COUNTRY_WORDS_MAX: Final = 6
SUGGESTIONS_MAX: Final = 5

_SUGGESTION_CLOSENESS_MIN: Final = 0.75
_SUGGESTION_LENGTH_DIFFERENCE_MAX: Final = 2

# Valence is in France although Valencia, known by that name too, has twelve times its people; but Londres
# is London. A place's own name outranks what others call a place up to this many times as large.
_OWN_NAME_WEIGHT: Final = 60

_E7_PER_UNIT: Final = 10_000  # the table has 1e-3 degrees, 110 m: a town is no sharper than that


@dataclass(frozen=True, slots=True)
class Place:
    """A town.

    `name` as GeoNames spells it, often in English; `country` an ISO 3166-1 code of two letters; `lat` and
    `lon` in 1e-7 degrees; `population` rounded to two digits.
    """

    name: str
    country: str
    lat: int
    lon: int
    population: int


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    """`countries` from folded name or code to code; `names` and `places` as the table has them."""

    countries: dict[str, str]
    names: Lines
    places: Lines


@cache
def _gazetteer() -> _Gazetteer:
    table = decompress((files("ledger.data") / "places.tsv.gz").read_bytes())
    names_start = table.index(b"\n\n") + 2
    names_end = table.index(b"\n\n", names_start) + 1
    country_lines = table[: names_start - 2].decode().splitlines()
    countries = {name: code for name, _, code in (line.partition("\t") for line in country_lines)}

    return _Gazetteer(
        countries=countries,
        names=lines_between(table, names_start, names_end),
        places=lines_between(table, names_end + 1, len(table)),
    )


def _line_name(line: str) -> bytes:
    """What lines of other names are sorted by."""
    return line[: line.index("\t")].encode()


def _folded_line_name(line: str) -> bytes:
    """What lines of places are sorted by."""
    return fold(line[: line.index("\t")]).encode()


def _place(line: str) -> Place:
    name, country, lat, lon, population = line.split("\t")
    return Place(name, country, int(lat) * _E7_PER_UNIT, int(lon) * _E7_PER_UNIT, int(population))


def everywhere() -> Iterator[Place]:
    """Every place of the table, in the order in which `numbered` counts them from 0."""
    gazetteer = _gazetteer()
    return map(_place, gazetteer.places.between(0, len(gazetteer.places)))


def numbered(number: int) -> Place:
    """One place of the table."""
    return _place(_gazetteer().places[number])


def _places_named(folded: str) -> Iterator[tuple[int, Place]]:
    """Every place of this name, of any country, in no order, each with its weight."""
    gazetteer = _gazetteer()
    key = folded.encode()
    number = bisect_left(gazetteer.places, key, key=_folded_line_name)
    while number < len(gazetteer.places) and _folded_line_name(gazetteer.places[number]) == key:
        place = _place(gazetteer.places[number])
        yield place.population * _OWN_NAME_WEIGHT, place
        number += 1
    number = bisect_left(gazetteer.names, key, key=_line_name)
    while number < len(gazetteer.names) and _line_name(gazetteer.names[number]) == key:
        place = _place(gazetteer.places[int(gazetteer.names[number].split("\t")[1])])
        yield place.population, place
        number += 1


def _readings(folded: str) -> Iterator[tuple[str, str | None]]:
    """The name as a whole, of any country, then its beginnings whose rest names a country."""
    yield folded, None
    parts = folded.split(" ")
    for length in range(max(1, len(parts) - COUNTRY_WORDS_MAX), len(parts)):
        code = _gazetteer().countries.get(" ".join(parts[length:]))
        if code:
            yield " ".join(parts[:length]), code


def candidates(name: str, country: str | None = None, limit: int = 10) -> list[Place]:
    """The places that a name can mean, the likeliest first, at most `limit`.

    `name` may be in any language and end in its country: `Lille, FR`, `Rijsel (Frankrijk)`. `country`, a
    name or an ISO 3166-1 code, keeps the places of that country only; one that is unknown keeps none.
    The likeliest is the most populous, but for places that others call so (`_OWN_NAME_WEIGHT`).
    """
    folded = fold(name) if len(name) <= NAME_CHARACTERS_MAX else ""
    wanted = None if country is None else _gazetteer().countries.get(fold(country[:NAME_CHARACTERS_MAX]))
    if not folded or (country is not None and wanted is None):
        return []
    for reading, code in _readings(folded):
        found = [
            (weight, place)
            for weight, place in _places_named(reading)
            if code in (None, place.country) and wanted in (None, place.country)
        ]
        if found:
            found.sort(key=lambda weighed: (-weighed[0], weighed[1].country, weighed[1].lat))
            return [place for _, place in found][:limit]
    return []


def find(name: str, country: str | None = None) -> Place | None:
    """The likeliest place that a name can mean, as `candidates` reads it; `None` when unknown."""
    found = candidates(name, country, limit=1)
    return found[0] if found else None


def suggest(name: str) -> list[str]:
    """Names of places spelled much like this one, the closest first, at most `SUGGESTIONS_MAX`.

    Looks among the names with the same first letter, and gives the name that `Place` has.
    """
    folded = fold(name) if len(name) <= NAME_CHARACTERS_MAX else ""
    if not folded:
        return []
    gazetteer = _gazetteer()
    letter, next_letter = folded[0].encode(), chr(ord(folded[0]) + 1).encode()
    spellings: dict[str, None] = {}
    for lines, key in ((gazetteer.names, _line_name), (gazetteer.places, _folded_line_name)):
        first, last = (bisect_left(lines, bound, key=key) for bound in (letter, next_letter))
        for line in lines.between(first, last):
            spelling = line[: line.index("\t")]
            if abs(len(spelling) - len(folded)) <= _SUGGESTION_LENGTH_DIFFERENCE_MAX:
                spellings[fold(spelling)] = None
    close = difflib.get_close_matches(folded, spellings, 4 * SUGGESTIONS_MAX, _SUGGESTION_CLOSENESS_MIN)
    meant = [place for place in map(find, close) if place]
    return list(dict.fromkeys(place.name for place in meant))[:SUGGESTIONS_MAX]
