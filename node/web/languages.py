# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which language a reader is shown: what a browser asks for, and what there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCEPTED_MAX = 16
UNKNOWN = "und"
_RANGE = re.compile(r"\s*([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4})\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


class Text(NamedTuple):
    """A text that somebody wrote, and the value of its `lang` attribute: empty where the language is not known."""

    text: str
    lang: str


def accepted(header: str) -> tuple[str, ...]:
    """The language tags of an Accept-Language header, the most wanted first; what cannot be read is left out."""
    weighed: list[tuple[float, int, str]] = []
    for part in header.split(",")[:ACCEPTED_MAX]:
        match = _RANGE.fullmatch(part)
        weight = float(match[2] or 1) if match else 0
        if match and 0 < weight <= 1:
            weighed.append((-weight, len(weighed), match[1]))
    return tuple(dict.fromkeys(tag for _, _, tag in sorted(weighed)))


def primary(tag: str) -> str:
    """The language of a tag without region or script: `fr` of `fr-CH`."""
    return tag.partition("-")[0].lower()


def choose(texts: Mapping[str, str], wanted: Sequence[str]) -> Text:
    """The text in the first wanted language that there is, else the one of unknown language, else always the same one.

    `texts` is a map from language tag to text (spec 10 §2) with at least one entry.
    """
    present = {tag.lower(): tag for tag in sorted(texts, reverse=True)}
    by_primary = {primary(tag): tag for tag in sorted(texts, reverse=True)}
    for language in wanted:
        tag = present.get(language.lower()) or by_primary.get(primary(language))
        if tag is not None:
            return Text(texts[tag], lang_attribute(tag))
    tag = UNKNOWN if UNKNOWN in texts else min(texts)
    return Text(texts[tag], lang_attribute(tag))


def in_order(texts: Mapping[str, str], wanted: Sequence[str]) -> list[Text]:
    """All texts of a map, the one that `choose` takes first."""
    if not texts:
        return []
    first = choose(texts, wanted)
    others = [Text(texts[tag], lang_attribute(tag)) for tag in sorted(texts)]
    return [first, *(text for text in others if text != first)]


def lang_attribute(tag: str) -> str:
    """A tag as a `lang` attribute: empty for what is unknown or, coming from another log, no tag at all."""
    return tag if tag != UNKNOWN and _TAG.fullmatch(tag) else ""
