# SPDX-License-Identifier: AGPL-3.0-or-later
"""The towns that a map names."""

from __future__ import annotations

from ledger.places.geography import parse_box
from ledger.places.towns import TOWNS_MAX, towns_in


def test_the_largest_towns_of_a_region_are_named_and_not_all() -> None:
    towns = towns_in(parse_box("-5,42,8,51.5"))
    assert towns[0].name == "Paris"
    assert {"Lyon", "Toulouse"} <= {town.name for town in towns}
    assert len(towns) <= TOWNS_MAX


def test_close_to_a_town_its_neighbours_are_named() -> None:
    names = {town.name for town in towns_in(parse_box("2.9,50.55,3.3,50.75"))}
    assert {"Lille", "Roubaix"} <= names


def test_a_box_across_the_antimeridian_and_an_empty_one() -> None:
    assert "Labasa" in {town.name for town in towns_in(parse_box("176,-20,-175,-12"))}
    assert towns_in(parse_box("-30,30,-29,31")) == []
