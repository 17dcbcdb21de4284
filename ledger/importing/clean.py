# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cleaning: a cell to text that a record may hold (spec 10 §2: NFC, no control characters but newline, no HTML)."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from typing import Final

_BREAKING_TAGS: Final = (
    "address article blockquote br dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section"
    " table td th tr ul"
)
_OTHER_TAGS: Final = (
    "a abbr acronym b big body button center cite code del em font html i iframe img input ins kbd label link meta"
    " mark picture q s samp small source span strike strong sub sup tbody tfoot thead title tt u var video wbr"
)
_BREAKING: Final = frozenset(_BREAKING_TAGS.split())
_SILENT: Final = frozenset(("script", "style", "template", "head", "noscript"))
# Only what is surely markup: "a < b" and "<info@example.org>" are text.
_TAG: Final = rf"</?(?:{'|'.join((*sorted(_BREAKING | _SILENT), *_OTHER_TAGS.split()))})(?:\s[^<>]*)?/?>"
_MARKUP: Final = re.compile(rf"{_TAG}|<!--|&(?:\#\d+|\#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);", re.IGNORECASE)
_NO_TAG: Final = re.compile(rf"<(?!{_TAG[1:]})", re.IGNORECASE)
_LINE_ENDS: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_REMOVED: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")

REPLACEMENT: Final = "\ufffd"
"""Stands where an earlier program lost a character."""


class _TextOf(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as inherited
        if tag in _SILENT and not self._silent:
            self._silent = tag
        if tag in _BREAKING:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        elif tag in _BREAKING and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def text_of_html(markup: str) -> str:
    """The text of a piece of HTML: tags and scripts are gone, entities are characters, blocks begin on new lines."""
    parser = _TextOf()
    parser.feed(_NO_TAG.sub("&lt;", _without_comments(markup)))
    parser.close()
    return "".join(parser.parts)


def _without_comments(markup: str) -> str:
    """The markup without comments that end. The parser would look for the end of others again and again."""
    parts, position = [], 0
    while (start := markup.find("<!--", position)) >= 0 and (end := markup.find("-->", start)) >= 0:
        parts.append(markup[position:start])
        position = end + 3
    return "".join((*parts, markup[position:]))


def clean(text: str) -> str:
    """Text of several lines: HTML is gone, lines are trimmed, runs of blanks are one, control characters are none."""
    if text.isascii() and text.isprintable() and "<" not in text and "&" not in text:
        return " ".join(text.split())
    if _MARKUP.search(text):
        text = text_of_html(text)
    text = _REMOVED.sub("", _LINE_ENDS.sub("\n", text))
    text = unicodedata.normalize("NFC", _SURROGATE.sub(REPLACEMENT, text))
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", lines).strip("\n")


def clean_line(text: str) -> str:
    """As `clean`, on one line."""
    cleaned = clean(text)
    return " ".join(cleaned.split()) if "\n" in cleaned else cleaned
