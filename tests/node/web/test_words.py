# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the pages: every message in every language, with the same gaps, and what languages do with them."""

from __future__ import annotations

import ast
import re

import pytest

from node.translations import catalogue, languages
from node.web.languages import Text, accepted, choose
from node.web.words import Words, choose_words, date_text
from tests.tools.make_words import FOLDER, NODE, all_of, forms_of, in_step, read, strings_of, text_of

GAPS = re.compile(r"\{\w*\}")
TRANSLATED = [language for language in languages() if language != "en"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_there_with_the_same_gaps(language: str) -> None:
    path = FOLDER / f"{language}.po"
    messages = [message for message in read(path) if message.id]
    assert len(messages) > 150
    assert [message.id for message in messages if not all_of(message)] == []
    for message in messages:
        gaps = sorted(GAPS.findall(forms_of(message)[-1]))
        assert all(sorted(GAPS.findall(string)) == gaps for string in strings_of(message)), message.id
    assert text_of(in_step(read(path))) == path.read_bytes(), "run python -m tests.tools.make_words"


def test_messages_are_whole_where_they_are_used() -> None:
    """A message chosen inside the call would be found glued to the other one."""
    glued = [
        f"{path.name}:{call.lineno}"
        for path in NODE.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "words"
        and isinstance(call.args[0], ast.IfExp)
    ]
    assert glued == []


def test_signs_stand_as_french_has_them() -> None:
    told = (FOLDER / "fr.po").read_text("utf-8")
    assert [line for line in told.splitlines() if line.startswith("msgstr") and re.search(r" [;:?!»]|« ", line)] == []


def test_what_is_read_is_what_babel_reads() -> None:
    for language in TRANSLATED:
        told = catalogue(language)
        for message in read(FOLDER / f"{language}.po"):
            if isinstance(message.id, str) and message.id:
                asked = told.pgettext(message.context, message.id) if message.context else told.gettext(message.id)
                assert asked == message.string


def test_languages_are_chosen_as_the_reader_asks() -> None:
    assert accepted("fr-CH, fr;q=0.9, en;q=0.8, de;q=0, *;q=0.5") == ("fr-CH", "fr", "en")
    assert accepted("en;q=0.2,nl") == ("nl", "en")
    assert accepted(";;,é,a;q=9,") == ()
    texts = {"fr": "un", "pt-BR": "dois", "und": "x"}
    assert choose(texts, ("de", "pt")) == Text("dois", "pt-BR")
    assert choose(texts, ("FR-ca",)) == Text("un", "fr")
    assert choose(texts, ("de",)) == Text("x", "")
    assert choose({"nl": "een", "de": "eins"}, ()) == Text("eins", "de")
    assert choose({'"><b>': "x"}, ()) == Text("x", "")
    assert choose_words(("xx", "fr-BE", "en")).language == "fr"
    assert choose_words(("xx",)).language == "en"


def test_words_never_read_values_as_messages() -> None:
    words = Words("fr")
    assert words.label("kind", "{x.__class__}") == "{x.__class__}"
    assert words("Source:") == "Source\u00a0:"
    assert words("Words: {words}", words="{0}") == "Mots\u00a0: {0}"
    assert words.count("{number} entry", "{number} entries", 0) == "0 fiche"
    assert words.count("{number} entry", "{number} entries", 12_345) == "12\u202f345 fiches"
    assert words.distance(1_250) == "1,2\u00a0km"
    assert Words("en").distance(12_600) == "13\u00a0km"
    assert Words("en").distance(4) == "4\u00a0m"
    assert date_text(1_767_225_600, words) == "1er\u00a0janvier 2026"
    assert date_text(2**40, words) == "après l'an 9999"
