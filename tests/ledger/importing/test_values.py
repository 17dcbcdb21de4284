# SPDX-License-Identifier: AGPL-3.0-or-later
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.clean import clean, clean_line
from ledger.importing.countries import Country, parse_country
from ledger.importing.hours import is_opening_hours
from ledger.importing.points import Degrees, parse_degrees, parse_point
from ledger.importing.problem import VALUE_CHARACTERS_MAX, shorten
from ledger.importing.web import parse_url, parse_urls
from ledger.importing.words import is_closing, parse_status, parse_wheelchair, parse_yes_no


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  a \t b\r\n  c  ", "a b\nc"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("a\x00b\x1bc\x85d\ufeff", "abc\nd"),
        ("e\u0301", "é"),
        ("<p>One &amp; two</p><p>Three<br>four</p>", "One & two\n\nThree\nfour"),
        ("<b>x</b><script>alert(1 < 2)</script><style>p {}</style>y", "xy"),
        ("Fish &amp; chips &eacute; &#8364;", "Fish & chips é €"),
        ("1 < 2 > 0, R&D; AT&T <info@example.org> <3", "1 < 2 > 0, R&D; AT&T <info@example.org> <3"),
        ("<b>1 < 2</b> & <someone>", "1 < 2 & <someone>"),
        ("&lt;script&gt;", "<script>"),
        ("a<!-- <b>x</b> -->b<!-- & c", "ab<!-- & c"),
        ("a\ud800b", "a\ufffdb"),
    ],
)
def test_cleaning(raw: str, text: str) -> None:
    assert clean(raw) == text
    assert clean_line(raw) == " ".join(text.split())


@given(st.text())
def test_cleaned_text_stays_as_it_is_unless_it_spells_markup(raw: str) -> None:
    text = clean(raw)
    if "<" not in text and "&" not in text:
        assert clean(text) == text
    assert not any(character != "\n" and character < " " for character in text)


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("https://www.example.org/a?b=c#d", "https://www.example.org/a?b=c#d"),
        ("www.example.org", "http://www.example.org"),
        ("example.coop/über", "http://example.coop/über"),
        ("HTTP://Example.org", "http://Example.org"),
        ("htpp://www.example.fr", "http://www.example.fr"),
        ("htt://example.fr", "http://example.fr"),
        ("http:www.example.fr", "http://www.example.fr"),
        ("http//:www.example.fr", "http://www.example.fr"),
        ("http://example.org/ \u200e", "http://example.org/"),
        ("http://example.org:8080/x", "http://example.org:8080/x"),
        ("httpbin.org", "http://httpbin.org"),
        ("http://müller.de", "http://müller.de"),
        ("update6", None),
        ("http://", None),
        ("(address removed)", None),
        ("en cours", None),
        ("mailto:a@example.org", None),
        ("someone@example.org", None),
        ("ftp://example.org", None),
        ("javascript:alert(1)", None),
        ("http://a b.org", None),
        ("http://example", None),
        ("http://example.org/<script>", None),
        ("http://example.org/" + "x" * 2_000, None),
        ("h" + "/" * 100_000, None),
    ],
)
def test_urls(raw: str, url: str | None) -> None:
    assert parse_url(raw) == url


def test_several_urls_in_a_cell() -> None:
    assert parse_urls("www.example.com https://example.org/x @name") == [
        "http://www.example.com",
        "https://example.org/x",
    ]
    assert parse_urls("http://example.it/half-an- address/") == []
    assert parse_urls("") == []


@pytest.mark.parametrize(
    ("raw", "degrees"),
    [
        ("3,89967141", "3.89967141"),
        (" -2.237449 ", "-2.237449"),
        ("\u22125°", "-5"),
        ("1.5e-2", "0.015"),
        ("56", "56"),
        ("٣", "3"),
    ],
)
def test_degrees(raw: str, degrees: str) -> None:
    assert parse_degrees(raw) == Decimal(degrees)


@pytest.mark.parametrize("raw", ["", "NaN", "Infinity", "1.2.3", "north", "1,234,567", "1" * 5_000])
def test_what_is_no_number_of_degrees(raw: str) -> None:
    assert parse_degrees(raw) is None


def test_points() -> None:
    assert parse_point("53.488061", "-2.237449") == Degrees(534880610, -22374490)
    assert parse_point("43,59480072", "3,89967141") == Degrees(435948007, 38996714)
    assert parse_point("151.2", "-33.8") == Degrees(-338000000, 1512000000, exchanged=True)
    assert parse_point("90", "-180") == Degrees(900000000, -1800000000)
    assert "lost position" in str(parse_point("0", "0,0"))
    assert "lost position" in str(parse_point("0.00000001", "0"))
    assert "Outside the range" in str(parse_point("6280000", "770000"))
    assert "Not two numbers" in str(parse_point("53.4", ""))


@given(st.decimals(-90, 90, places=7), st.decimals(-180, 180, places=7))
def test_seven_places_of_degrees_are_exact(latitude: Decimal, longitude: Decimal) -> None:
    expected = Degrees(int(latitude * 10**7), int(longitude * 10**7))
    if expected != Degrees(0, 0):
        assert parse_point(f"{latitude:f}", f"{longitude:f}".replace(".", ",")) == expected


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(("Österreich", "AT"), ("ÖSterreich", "AT"), ("England", "GB"), ("uk", "GB"), ("Ελλάδα", "GR"), ("GR", "GR")),
        *(("România", "RO"), ("Slovenija", "SI"), ("The Netherlands", "NL"), ("Україна", "UA"), ("Isle of Man", "IM")),
        *(("Portogallo", "PT"), ("Côte d'Ivoire", "CI"), ("USA", "US"), ("AUSTRIA", "AT"), ("Australia", "AU")),
    ],
)
def test_countries(name: str, code: str) -> None:
    assert parse_country(name) == Country(code)


def test_misspelt_and_unknown_countries() -> None:
    assert [parse_country(name) for name in ("Frace", "Italu", "Cypres")] == [
        Country("FR", misspelt=True),
        Country("IT", misspelt=True),
        Country("CY", misspelt=True),
    ]
    assert [parse_country(name) for name in ("ABERDEEN", "QX", "", "x" * 10_000)] == [None] * 4


@pytest.mark.parametrize(
    "text",
    [
        *("24/7", "off", "Mo-Fr 09:00-17:00", "Mo-Fr 08:00-12:00,13:00-17:30; Sa 9:00-12:00; PH off", "09:30 - 17:30"),
        *("Apr-Oct Mo[1] 10:00+", 'Tu 18:00-20:00 "by appointment"', "Dec 24-26 off", "sunrise-sunset", "Th[-1] 20:00"),
        *("week 1-53/2 Fr 09:00-12:00", "2024 Mo 10:00-12:00", '"by appointment"', "Mo-Su,PH 10:00-26:00"),
    ],
)
def test_opening_hours(text: str) -> None:
    assert is_opening_hours(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "9-17",
            "Mon-Fri 10am-7pm",
            "siehe Homepage",
            "http://example.org/hours",
            "Mo-Fr: 9-18 Uh",
            "8.00 - 17.00",
        ),
        *("Lundi-Vendredi 8h-17h", "Mo-FrSa 10:00", "Δευτέρα-Παρασκευή: 10:00-18:00"),
    ],
)
def test_prose_is_not_opening_hours(text: str) -> None:
    assert not is_opening_hours(text)


def test_words_of_several_languages() -> None:
    assert [parse_yes_no(word) for word in ("Oui", "NEIN", "sí", "0", "limited", "")] == [
        "yes",
        "no",
        "yes",
        "no",
        None,
        None,
    ]
    assert [parse_wheelchair(word) for word in ("limited", "designated", "ja", "?")] == ["limited", "yes", "yes", None]
    assert [parse_status(word) for word in ("Fermé", "geplant", "Active", "MA")] == [
        "closed",
        "planned",
        "active",
        None,
    ]
    assert [is_closing(word) for word in ("oui", "No", "2011")] == [True, False, None]


@given(st.text())
def test_shortened_values_fit_a_line(value: str) -> None:
    assert len(shorten(value * 50)) <= VALUE_CHARACTERS_MAX
    assert "\n" not in shorten(value)
