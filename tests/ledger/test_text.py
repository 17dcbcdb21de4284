# SPDX-License-Identifier: AGPL-3.0-or-later
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.text import QUERY_WORD_CHARACTERS_MAX, QUERY_WORDS_MAX, fold, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Épicerie Coopérative", "epicerie cooperative"),
        ("ÉPICERIE", "epicerie"),
        ("  Repair\tCafé\n(Lille)  ", "repair cafe lille"),
        ("L'Élan", "l elan"),
        ("L\u2019Élan", "l elan"),
        ("L\u02bcÉlan", "l elan"),
        ("Œuvre, Ægir", "oeuvre aegir"),
        ("Straße STRASSE", "strasse strasse"),
        ("Øresund Łódź Đakovo Ísafjörður Þingeyri", "oresund lodz dakovo isafjordur thingeyri"),
        ("Diyarbakır İSTANBUL Ħamrun", "diyarbakir istanbul hamrun"),
        ("Άγιος ΆΓΙΟΣ", "αγιοσ αγιοσ"),
        ("Ёлка Київ", "елка киів"),
        ("٢ ½ m²", "٢ 1 2 m2"),
        ("co\u00adop\u200bérative\ufe0f", "cooperative"),
        ("a\u00a0b\u2003c\u2028d", "a b c d"),
        ("fair™ ☕ 20€", "fair 20"),
        ("--- !", ""),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("other", ["ガス", "สี่", "हिन्दी", "한글"])
def test_marks_that_spell_letters_stay(other: str) -> None:
    assert fold(other) == unicodedata.normalize("NFKD", other)


def test_different_kana_stay_different() -> None:
    assert fold("ガス") != fold("カス")


def test_both_normal_forms_fold_the_same() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        decomposed = unicodedata.normalize("NFD", character)
        if decomposed != character:
            assert fold(decomposed) == fold(character), hex(code)


def test_every_latin_greek_and_cyrillic_character_folds_for_good() -> None:
    for code in range(0x3000):
        folded = fold(chr(code))
        assert fold(folded) == folded, hex(code)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == " ".join(folded.split())


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_ascii_folds_as_the_table_says(text: str) -> None:
    assert f"{fold(text)} e".strip() == fold(f"{text} é")


@given(st.text(alphabet=st.characters(codec="latin-1")))
def test_case_does_not_count(text: str) -> None:
    assert fold(text.upper()) == fold(text) == fold(text.lower())


def test_lone_surrogates_part_words() -> None:
    assert fold("a\ud800b") == "a b"


def test_words_of_a_record_are_all_kept() -> None:
    text = "É " * 40 + "x" * 100
    assert words(text) == ["e"] * 40 + ["x" * 100]


def test_words_of_a_query_are_capped() -> None:
    found = words("É" * 100 + " b" * 100, query=True)
    assert len(found) == QUERY_WORDS_MAX == 16
    assert found[0] == "e" * QUERY_WORD_CHARACTERS_MAX
    assert QUERY_WORD_CHARACTERS_MAX == 40
    assert found[1:] == ["b"] * 15
