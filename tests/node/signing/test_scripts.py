# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts that sign hold together, old browsers can read them, and no language lacks a word."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import node.signing
from ledger.showing.charter import PLAIN_FIELDS
from node.signing.page import holder_page, holder_policy
from node.signing.scripts import AMENDING, READING, holder_script, own, own_file
from node.signing.words import SIGNING_WORDS
from node.translations import catalogue, languages
from node.verifier.scripts import join
from tests.node.verifier.test_scripts import _DEFINED, _TOO_NEW, LINES_MAX, WIDTH_MAX

FOLDER = Path(node.signing.__file__).parent
FILES = sorted(FOLDER.rglob("*.js"))
PAGE = "page-sign"
WHAT_CHANGES = ("new_key", "removed_key", "assembly", "threshold", "epoch")


def test_every_script_is_joined_once_and_ends_nothing() -> None:
    assert {f"{name}.js" for name in (*AMENDING, PAGE)} == {path.name for path in FILES}
    assert "</script" not in holder_script().lower()


def test_every_name_is_defined_once() -> None:
    whole = join((*READING, "page-words", "page-elements")) + own(*AMENDING, PAGE)
    names = Counter(name for one, several in _DEFINED.findall(whole) for name in [one, *several.split(", ")] if name)
    assert [name for name, times in names.items() if times > 1] == []
    assert names["signAmendment"] == names["establish"] == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scripts_are_short_and_of_2017(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = text.split("\n")
    assert len(lines) <= LINES_MAX
    assert max(map(len, lines)) <= WIDTH_MAX
    code = re.sub(r"//.*", "", text)
    assert {what for what, pattern in _TOO_NEW.items() if re.search(pattern, code, re.MULTILINE)} == set()


def test_the_page_says_nothing_that_no_language_has() -> None:
    page = own(PAGE) + own(*AMENDING) + own_file("page.html")
    told = {f"what_{change}" for change in (*WHAT_CHANGES, *PLAIN_FIELDS)}
    assert told <= set(SIGNING_WORDS)
    assert set(re.findall(r'(?:say\(|SheetFault\(|data-say=)"(\w+)"', page)) <= set(SIGNING_WORDS)
    assert set(SIGNING_WORDS) - set(re.findall(r'"(\w+)"', page)) <= told
    for language in languages():
        for text in SIGNING_WORDS.values():
            other = catalogue(language).gettext(text)
            assert set(re.findall(r"\{(\w+)\}", other)) == set(re.findall(r"\{(\w+)\}", text)), (language, text)


def test_the_page_is_whole_in_itself_and_can_send_nothing() -> None:
    html = holder_page(b"\xff\x00file", ("fr", 'x"><script>'), "fr")
    assert 'id="file">/wBmaWxl<' in html
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", html)
    assert html.count("</script>") == 2
    assert 'x"><script>' not in html
    assert "connect-src 'none'" in holder_policy()
    assert "form-action 'none'" in holder_policy()
    assert not re.search(r"\bfetch\b|XMLHttpRequest|WebSocket|sendBeacon|localStorage", holder_script())
