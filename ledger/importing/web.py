# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses on the web: what people type into a column, to http and https URLs."""

from __future__ import annotations

import re
from typing import Final

URL_CHARACTERS_MAX: Final = 2_000

# Blanks, brackets and invisible marks that copying from a page leaves around an address.
_AROUND: Final = " \t\n<>\u00a0\u200b\u200e\u200f\u2060"
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)")
# "htpp://www.", "http:www.", "http//:www.", "htt://": mistyped, and meant without doubt.
_MISTYPED: Final = re.compile(r"h[tp]{2,4}(s?)(?:://*|//*:?/*|:(?=www\.))(?=[\w.])", re.IGNORECASE)
# Where one address ends and the next begins.
_NEXT: Final = re.compile(r"[\s,;]+(?=https?://)", re.IGNORECASE)
_URL: Final = re.compile(
    r"https?://(?:[\w](?:[\w-]*[\w])?\.)+[^\W\d_][\w-]*[^\W_]\.?(?::\d{1,5})?(?:[/?#][^\s<>\"\\^`{|}]*)?", re.IGNORECASE
)


def parse_url(text: str) -> str | None:
    """The http or https URL that the text is, or None. Without a scheme it gets `http://`; slips are mended."""
    text = text.strip(_AROUND).rstrip(";,")
    if len(text) > URL_CHARACTERS_MAX:
        return None
    if not _SCHEME.match(text):
        mended = _MISTYPED.sub(lambda match: f"http{match[1].lower()}://", text, count=1)
        if mended != text and mended.startswith("http"):
            text = mended
        elif _OTHER_SCHEME.match(text) or "@" in text.partition("/")[0]:
            return None
        else:
            text = "http://" + text
    if not _URL.fullmatch(text):
        return None
    scheme, separator, rest = text.partition("://")
    url = scheme.lower() + separator + rest
    return url if len(url) <= URL_CHARACTERS_MAX else None


def parse_urls(text: str) -> list[str]:
    """All URLs of a cell: one as a rule, several if blanks, commas or semicolons part them; empty if it holds none.

    A cell that only partly looks like one URL (a blank within it) holds none: half an address leads nowhere.
    """
    listed = _NEXT.split(text.strip(_AROUND))
    urls = [url for part in listed if (url := parse_url(part)) is not None]
    if len(urls) == len(listed):
        return urls
    urls = [
        url
        for part in re.split(r"[\s,;]+", text.strip())
        if (_SCHEME.match(part) or part.lower().startswith("www.")) and (url := parse_url(part))
    ]
    return urls if len(urls) > 1 else []
