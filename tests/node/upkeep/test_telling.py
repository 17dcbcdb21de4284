# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields of records as a steward reads them."""

from __future__ import annotations

from node.upkeep.telling import field_text
from node.web.words import words_in

WORDS = words_in("en")


def test_a_source_has_its_day_and_no_number_that_was_made_here() -> None:
    source = {"set": "cafes", "licence": "CC0-1.0", "record": "17", "retrieved": 1_795_910_400}
    assert field_text("sources", [source], WORDS) == "cafes, CC0-1.0, 17, 29\u00a0November 2026"
    made = source | {"record": "~7ed5a4dbb0424020#2"}
    assert field_text("sources", [made], WORDS) == "cafes, CC0-1.0, 29\u00a0November 2026"


def test_categories_have_their_labels() -> None:
    assert field_text("categories", ["osm:shop=bakery", "theme:MUSIC"], WORDS) == "Bakery\nMUSIC"
