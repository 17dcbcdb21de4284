# SPDX-License-Identifier: AGPL-3.0-or-later
import subprocess
import sys

import pytest

from ledger.places import gazetteer
from ledger.places.gazetteer import NAME_CHARACTERS_MAX, Place, candidates, find, suggest
from ledger.text import fold


@pytest.mark.parametrize(
    ("name", "place", "country"),
    [
        ("Lille", "Lille", "FR"),
        ("lille", "Lille", "FR"),
        ("Rijsel", "Lille", "FR"),
        ("Ryssel", "Lille", "FR"),
        ("Gand", "Gent", "BE"),
        ("Gent", "Gent", "BE"),
        ("Ghent", "Gent", "BE"),
        ("Munich", "Munich", "DE"),
        ("München", "Munich", "DE"),
        ("MUENCHEN", "Munich", "DE"),
        ("Monaco di Baviera", "Munich", "DE"),
        ("Monaco", "Monaco", "MC"),
        ("Londres", "London", "GB"),
        ("Barcelone", "Barcelona", "ES"),
        ("Bruxelles", "Brussels", "BE"),
        ("Brussel", "Brussels", "BE"),
        ("villeneuve d ascq", "Villeneuve-d'Ascq", "FR"),
        ("Αθήνα", "Athens", "GR"),
        ("Київ", "Kyiv", "UA"),
        ("東京", "Tokyo", "JP"),
    ],
)
def test_places_are_found_by_all_their_names(name: str, place: str, country: str) -> None:
    found = find(name)
    assert found is not None
    assert (found.name, found.country) == (place, country)


@pytest.mark.parametrize(
    "name",
    ["Lille, FR", "Lille (France)", "Lille France", "Rijsel (Frankrijk)", "LILLE, Frankreich", "Ryssel/fr"],
)
def test_qualified_names(name: str) -> None:
    assert find(name) == find("Lille", "FR") == find("Lille", "Francia")


def test_position_is_in_integers_of_1e_7_degrees() -> None:
    assert find("Lille") == Place("Lille", "FR", 506_340_000, 30_550_000, 240_000)


def test_qualifier_chooses_among_places_of_one_name() -> None:
    found = find("Lille, Belgium")
    assert found is not None
    assert (found.name, found.country) == ("Lille", "BE")
    assert found == find("Lille", "be")


def test_name_that_ends_like_a_country_is_read_whole_first() -> None:
    found = find("San Marino")
    assert found is not None
    assert found.country == "SM"


def test_countries_that_disagree_find_nothing() -> None:
    assert find("Lille, FR", "DE") is None
    assert find("Lille", "DE") is None


def test_ties_go_to_the_most_populous() -> None:
    found = candidates("Springfield", "US")
    populations = [place.population for place in found if place.name == "Springfield"]
    assert len(populations) > 2
    assert populations == sorted(populations, reverse=True)


def test_own_name_goes_before_the_name_that_others_give() -> None:
    places = [(place.name, place.country) for place in candidates("Valence")]
    assert places[:2] == [("Valence", "FR"), ("Valencia", "ES")]


def test_candidates_are_limited() -> None:
    assert len(candidates("Saint-Martin", limit=2)) == 2
    assert candidates("Lille", limit=1) == [find("Lille")]


@pytest.mark.parametrize("name", ["", " - ", "FR", "Nowhereville", "Lille, Atlantis", "\ud800", "x" * 10_000])
def test_unknown_names(name: str) -> None:
    assert find(name) is None
    assert candidates(name) == []


def test_unknown_country_finds_nothing() -> None:
    assert find("Lille", "Atlantis") is None
    assert find("Lille", "") is None


@pytest.mark.parametrize(
    ("name", "close"),
    [("Lile", "Lille"), ("Marsielle", "Marseille"), ("Bruxeles", "Brussels"), ("Αθηνα", "Athens")],
)
def test_suggestions(name: str, close: str) -> None:
    assert suggest(name)[0] == close


@pytest.mark.parametrize("name", ["", "Qqqqqqq", "x" * (NAME_CHARACTERS_MAX + 1), "\ud7fb", "\U0010ffff"])
def test_no_suggestions(name: str) -> None:
    assert suggest(name) == []


def test_table_is_in_the_order_of_this_fold() -> None:
    """Bisection needs it: after a change of `fold`, the table must be derived anew."""
    table = gazetteer._gazetteer()
    assert len(table.places) > 80_000
    names = [line.split("\t")[0] for line in table.places.between(0, len(table.places))]
    folded = [fold(name).encode() for name in names]
    assert folded == sorted(folded)
    others = [line.split("\t")[0] for line in table.names.between(0, len(table.names))]
    assert all(fold(other) == other for other in others)
    assert others == sorted(others, key=str.encode)
    assert all(fold(country) == country for country in table.countries)


def test_every_line_is_a_place() -> None:
    table = gazetteer._gazetteer()
    for line in table.places.between(0, len(table.places)):
        place = gazetteer._place(line)
        assert len(place.country) == 2
        assert -900_000_000 <= place.lat <= 900_000_000
        assert -1_800_000_000 <= place.lon <= 1_800_000_000
        assert place.population >= 1_000
    for line in table.names.between(0, len(table.names)):
        assert 0 <= int(line.split("\t")[1]) < len(table.places)


def test_table_is_not_read_before_it_is_asked_for() -> None:
    code = "from ledger.places import gazetteer as g; assert g._gazetteer.cache_info().currsize == 0; g.find('Lille')"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_table_takes_little_memory() -> None:
    code = """
import resource
from ledger.places import gazetteer
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
gazetteer.find("Lille")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    assert int(run.stdout) < 25 * 1024
