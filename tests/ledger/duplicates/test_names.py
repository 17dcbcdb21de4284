# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is left of names, websites and streets when two spellings of them are compared."""

from __future__ import annotations

import pytest

from ledger.duplicates.likeness import nearly
from ledger.duplicates.names import folded_words, name_of
from ledger.duplicates.profile import website_key
from tests.ledger.duplicates.making import profile


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Suma Wholefoods", "SUMA WHOLEFOODS LIMITED"),
        ("Lincolnshire Co-op", "The Lincolnshire Co-operative Ltd"),
        ("Garten der Vielfalt", "Garten der Vielfalt e. V."),
        ("Les Petits Débrouillards", "Association Les Petits Debrouillards (loi 1901)"),
        ("Granolica", "Granolica d.o.o."),
        ("Arç", "Arc SCCL"),
        ("Buurtmoestuin", "VZW Buurtmoestuin"),
        ("Συνεταιριστική Τράπεζα", "ΣΥΝΕΤΑΙΡΙΣΤΙΚΗ ΤΡΑΠΕΖΑ Α.Ε."),
        ("Women's Club", "Womens Club C.I.C."),
    ],
)
def test_legal_words_and_spelling_do_not_count(one: str, other: str) -> None:
    assert set(name_of(one).words) == set(name_of(other).words)


def test_a_name_of_legal_words_alone_keeps_them() -> None:
    assert name_of("The Company Ltd").words == ("company", "ltd")
    assert name_of("The").words == ("the",)


def test_single_letters_in_a_row_are_one_word() -> None:
    assert folded_words("R. E. M. 5 d.o.o. co-op") == ["rem", "5", "doo", "coop"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("allotment", "alotment", True),
        ("allotment", "allotmnet", True),
        ("allotment", "alotmnet", True),
        ("community", "comm", True),
        ("housing", "housings", True),
        ("club", "clubs", True),
        ("mill", "hill", True),
        ("mil", "hil", False),
        ("leeds", "leith", False),
        ("norwich", "ipswich", False),
    ],
)
def test_words_a_slip_apart(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a row of the table
    assert nearly(one, other) is same
    assert nearly(other, one) is same


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.example.org/", "example.org"),
        ("https://Example.org", "example.org"),
        ("https://example.org/index.html", "example.org"),
        ("https://example.org/a/?b=1", "example.org/a?b=1"),
        ("https://de-de.facebook.com/", ""),
        ("https://www.facebook.com/club", "facebook.com/club"),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_one_key_for_a_website(url: str, key: str) -> None:
    assert website_key(url) == key


def test_a_profile_holds_each_name_once_and_what_others_call_it() -> None:
    made = profile(
        7,
        {"fr": "Le Café", "en": "The Café", "nl": "Koffiehuis"},
        address={"street": "12 Rue\nde la Clef", "postcode": "59 000", "locality": "Lille"},
        identifiers=[{"scheme": "siret", "id": "123 456"}],
        contact={"email": "A@b.org", "phone": "+33 (0)3 20 12 34 56", "visibility": "public"},
    )
    assert [name.words for name in made.names] == [("cafe",), ("cafe",), ("koffiehuis",)]
    assert made.street == ("12", "rue", "clef")
    assert made.postcode == "59000"
    assert made.identifiers == (("+", "320123456"), ("@", "a@b.org"), ("siret", "123456"))


def test_a_contact_for_members_is_not_compared() -> None:
    hidden = profile(7, "A", contact={"email": "a@b.org", "visibility": "members"})
    assert hidden.identifiers == ()
