# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two states of a record compared: fields and words that changed, points that moved, nothing that did not."""

from __future__ import annotations

import time
from typing import Any

from node.directory.difference import Change, Piece, difference
from node.directory.listing import Reader
from node.web.words import choose_words
from protocol.record import Record, check_record
from tests.builders import seeded

READER = Reader(("en",), choose_words(("en",)), 1_700_000_000)
MILL: dict[str, Any] = {
    "id": seeded("mill", 16),
    "kind": "place",
    "name": {"en": "The old mill", "fr": "Le vieux moulin"},
    "point": {"lat": 506_300_000, "lon": 30_600_000, "precision": 10, "method": "hand"},
    "categories": ["osm:shop=bakery"],
    "licence": "CC0-1.0",
}


def made(**changes: Any) -> Record:
    return check_record({key: value for key, value in (MILL | changes).items() if value is not None})


def changed(**changes: Any) -> list[Change]:
    return difference(made(), made(**changes), READER)


def test_what_is_the_same_is_not_shown() -> None:
    assert changed() == []
    assert changed(status="active") == []  # what is active when nothing is said


def test_the_words_that_changed_are_marked() -> None:
    (change,) = changed(name={"en": "The new mill", "fr": "Le vieux moulin"})
    assert change.label == "Name (English)"
    assert change.lang == "en"
    assert change.before == [Piece("The ", changed=False), Piece("old", changed=True), Piece(" mill", changed=False)]
    assert change.after == [Piece("The ", changed=False), Piece("new", changed=True), Piece(" mill", changed=False)]


def test_a_comma_is_no_part_of_a_word() -> None:
    (change,) = changed(name={"en": "The old mill, open again", "fr": "Le vieux moulin"})
    assert change.after == [Piece("The old mill", changed=False), Piece(", open again", changed=True)]


def test_a_language_more_and_a_language_less() -> None:
    changes = changed(name={"en": "The old mill", "nl": "De oude molen"})
    assert [(change.label, not change.before, not change.after) for change in changes] == [
        ("Name (Nederlands)", True, False),
        ("Name (français)", False, True),
    ]


def test_a_point_says_how_far_it_has_moved() -> None:
    moved = MILL["point"] | {"lat": 506_390_000}
    (change,) = changed(point=moved)
    assert change.moved == "Moved by 1\u00a0km"
    (gone,) = changed(point=None)
    assert (gone.after, gone.moved) == ([], "")
    (better,) = changed(point=MILL["point"] | {"method": "gps"})
    assert better.before[0].changed is False
    assert better.moved == ""


def test_values_of_a_list_are_marked_each() -> None:
    (change,) = changed(categories=["osm:shop=bakery", "tag:cake"])
    assert [piece.text.lower() for piece in change.before] == ["bakery"]
    assert [(piece.text.lower(), piece.changed) for piece in change.after] == [("bakery", False), (", cake", True)]


def test_what_is_new_is_new_in_all() -> None:
    changes = difference(None, made(), READER)
    assert all(not change.before and not change.after[0].changed for change in changes)
    assert [change.label for change in changes][:2] == ["Kind", "Name (English)"]


def test_long_texts_are_compared_in_time() -> None:
    begun = time.monotonic()
    (change,) = changed(description={"en": "a b " * 1999 + "c"})
    assert change.before == []
    (change,) = difference(made(description={"en": "a b " * 1999}), made(description={"en": "b a " * 1999}), READER)
    assert [piece.changed for piece in change.before] == [True]
    (change,) = difference(made(description={"en": "a b " * 99}), made(description={"en": "b a " * 99}), READER)
    assert len(change.before) > 1
    assert time.monotonic() - begun < 5
