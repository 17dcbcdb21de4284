# SPDX-License-Identifier: AGPL-3.0-or-later
"""Labels of codes in many languages, and the categories that a word may mean."""

from __future__ import annotations

import csv

import pytest

from ledger.directory.labels import all_labels, categories_meant, category_labels, code_labels, label_in
from ledger.text import fold
from node.translations import languages
from tests.tools.make_labels import BY_HAND


@pytest.mark.parametrize(
    ("language", "label"),
    [("en", "Bakery"), ("fr", "Boulangerie"), ("nl", "Bakkerij"), ("de", "Bäckerei"), ("ca", "Fleca"), ("ar", "مخبز")],
)
def test_a_category_has_a_label_in_each_language(language: str, label: str) -> None:
    assert category_labels("osm:shop=bakery")[language] == label
    assert "osm:shop=bakery" in categories_meant(fold(label))


def test_a_language_without_a_label_is_told_in_english() -> None:
    assert label_in(category_labels("osm:shop=bakery"), "ja") == "Bakery"
    assert label_in(category_labels("osm:shop=nothing_known"), "fr") == ""


@pytest.mark.parametrize(
    "code", ["", ":", "osm:", "country:BE", "structure:OS60", "osm:shop=bak", "osm:shop=bakery\t", "\x00", "é" * 200]
)
def test_what_is_no_category_has_no_label(code: str) -> None:
    assert category_labels(code) == {}


def test_codes_of_the_other_lists_are_told_apart() -> None:
    assert code_labels("country", "GB")["nl"] == "Verenigd Koninkrijk"
    assert code_labels("structure", "OS60")["de"] == "Produktivgenossenschaft"
    assert code_labels("membership", "BMT30")["it"] == "Lavoratori"
    assert code_labels("osm", "shop=bakery") == code_labels("country", "XX") == {}


def test_a_word_is_taken_for_the_beginning_of_one_unless_it_is_short() -> None:
    assert "osm:shop=bakery" in categories_meant("boulang")
    assert "osm:amenity=bar" in categories_meant("bar")
    assert "osm:shop=hairdresser" not in categories_meant("bar")  # barber
    assert categories_meant("") == categories_meant("qqqq") == frozenset()


def test_every_list_is_whole_in_the_languages_of_the_pages() -> None:
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    assert {len(row) for row in rows} == {8}
    assert all(all(row) for row in rows)
    for language in languages():
        told = all_labels(language)
        assert len(told["country"]) > 240
        assert len(told["structure"]) == 25
        assert sum(bool(label) for label in told["category"].values()) == len(told["category"]) > 900
