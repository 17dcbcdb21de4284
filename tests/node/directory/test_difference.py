# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two states of a record compared: fields and words that changed, points that moved, nothing that did not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from node.directory.difference import Change, Piece, difference
from node.directory.listing import Reader
from node.web.words import choose_words
from protocol.record import Record, check_record
from tests.builders import seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

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


WHOLE: dict[str, Any] = MILL | {
    "kind": "offer",
    "direction": "offer",
    "description": {"en": "Flour"},
    "url": "https://mill.example.org/",
    "links": ["https://mill.example.org/2"],
    "address": {"street": "1 Mill Lane", "postcode": "1", "locality": "Lille", "region": "Nord", "country": "FR"},
    "structure": ["cooperative"],
    "membership": ["open"],
    "hours": "Mo 10:00-12:00",
    "hours_note": {"en": "by day"},
    "access": {
        "wheelchair": "yes",
        "fee": "no",
        "conditions": {"en": "a"},
        "audience": {"en": "b"},
        "languages": ["en"],
    },
    "terms": ["lend"],
    "item": "flour",
    "valid_until": 1_900_000_000,
    "work": {
        "skills": ["milling", "baking", "a", "b", "c", "d"],
        "rate": {
            "amount": 5,
            "unit": "EUR",
            "scale": 0,
            "per": "hour",
            "by": "assembly",
            "contract": {"log": seeded("log", 32), "id": seeded("contract", 16)},
            "clause": 1,
            "table": "https://mill.example.org/rates",
        },
        "from": 20_000,
        "until": 20_100,
        "remote": True,
    },
    "images": [{"url": "https://mill.example.org/1.jpg", "licence": "CC0-1.0", "alt": {"en": "The wheel"}}],
    "contact": {"visibility": "public", "email": "a@example.org", "phone": "+33 1"},
    "identifiers": [{"scheme": "osm", "id": "node/1"}],
    "relations": [{"predicate": "operated_by", "object": {"log": seeded("log", 32), "id": seeded("other", 16)}}],
    "status": "closed",
    "sources": [
        {"set": "mills", "licence": "CC0-1.0", "record": "7", "retrieved": 1_700_000_000, "attribution": "The city"}
    ],
}


def leaves(value: Any) -> Iterator[Any]:
    """The same with one number or text in it changed a little, each in turn; keys are left as they are."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (value | {key: one} for one in leaves(inner))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from ([*value[:number], one, *value[number + 1 :]] for one in leaves(inner))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, bytes):
        yield value[:-1] + bytes([value[-1] ^ 1])
    else:
        yield value[:-1] + ("y" if value.endswith("x") else "x")


def test_whatever_differs_is_shown() -> None:
    before = msgspec.convert(WHOLE, Record, builtin_types=(bytes,))
    for field, value in WHOLE.items():
        for other in leaves(value) if field != "id" else ():
            after = msgspec.convert(WHOLE | {field: other}, Record, builtin_types=(bytes,))
            assert difference(before, after, READER), (field, other)


def test_a_hidden_part_is_shown_beside_a_visible_one() -> None:
    relation = WHOLE["relations"][0]
    turned = relation | {"object": relation["object"] | {"log": seeded("elsewhere", 32)}}
    other = {"predicate": "part_of", "object": relation["object"]}
    (change,) = difference(made(relations=[relation]), made(relations=[turned, other]), READER)
    assert [piece.changed for piece in change.before] == [True]


def test_what_is_new_is_new_in_all() -> None:
    changes = difference(None, made(), READER)
    assert all(not change.before and not change.after[0].changed for change in changes)
    assert [change.label for change in changes][:2] == ["Kind", "Name (English)"]


def test_nothing_looks_like_something_else() -> None:
    changes = changed(name={"en": "The old mill\u202eexe\u200b", "fr": "Le vieux moulin"}, item="a\u2066b")
    said = "".join(piece.text for change in changes for piece in change.after)
    assert "The old mill[U+202E]exe[U+200B]" in said
    assert "a[U+2066]b" in said


def test_long_texts_are_compared_in_time() -> None:
    begun = time.monotonic()
    (change,) = changed(description={"en": "a b " * 1999 + "c"})
    assert change.before == []
    (change,) = difference(made(description={"en": "a b " * 1999}), made(description={"en": "b a " * 1999}), READER)
    assert [piece.changed for piece in change.before] == [True]
    (change,) = difference(made(description={"en": "a b " * 99}), made(description={"en": "b a " * 99}), READER)
    assert len(change.before) > 1
    assert time.monotonic() - begun < 5
