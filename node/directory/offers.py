# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers and needs as pages show them: how they are given, how long, what fits and why; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.directory.expiry import end_of
from node.directory.listing import category_text, record_url
from node.directory.work_words import work_line
from node.web.languages import Text, choose
from node.web.words import date_text, is_past

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from node.directory.listing import Reader
    from node.web.words import Words

_NEAR_M = 1_000


class Fitting(NamedTuple):
    """Something that fits, and why, in words."""

    name: Text
    url: str
    kind: str
    mark: str
    locality: str
    reasons: str


class Offered(NamedTuple):
    """An offer or need in a list: how it is given, where, until when, and what fits best."""

    name: Text
    url: str
    terms: str
    locality: str
    distance: str
    until: str
    fitting: list[Fitting]
    work: str


class Standing(NamedTuple):
    """How long an offer or need lasts: `ended` and `until` are dates in words, of which one is empty or both.

    `renewed` is the moment until which it would be renewed now, `renewed_text` the same in words.
    """

    ended: str
    until: str
    renewed: int
    renewed_text: str


def standing(record: Mapping[str, Any], days: int, reader: Reader) -> Standing:
    """How long an offer or need (ledger.directory.present) lasts."""
    end, valid = end_of(record.get("terms", ()), reader.now, days), record.get("valid_until")
    text = "" if valid is None else date_text(valid, reader.words)
    over = valid is not None and is_past(valid, reader.now)
    return Standing(text if over else "", "" if over else text, end, date_text(end, reader.words))


def fitting(matches: Sequence[Mapping[str, Any]], reader: Reader) -> list[Fitting]:
    """Matches (ledger.directory.matched) with their reasons in words."""
    shown = []
    for match in matches:
        record = match["record"]
        shown.append(
            Fitting(
                choose(record["name"], reader.languages),
                record_url(record["log"], record["id"]),
                reader.words.label("kind", record["kind"]),
                record["kind"] if reader.words.has_label("kind", record["kind"]) else "",
                record.get("address", {}).get("locality", ""),
                reasons_text(match["reasons"], reader.words),
            )
        )
    return shown


def reasons_text(reasons: Mapping[str, Any], words: Words) -> str:
    """Why two things fit."""
    parts = []
    if reasons["categories"]:
        named = ", ".join(category_text(one, words) for one in reasons["categories"][:3])
        parts.append(words("same category: {categories}", categories=named))
    if reasons["words"]:
        parts.append(words("both say “{words}”", words=", ".join(reasons["words"][:3])))
    if reasons["distance_m"] is not None:
        parts.append(_away(reasons["distance_m"], words))
    if reasons["terms"]:
        parts.append(words("both {terms}", terms=terms_text(reasons["terms"], words)))
    if reasons["better"]:
        parts.append(words("offered {terms}", terms=terms_text([reasons["better"]], words)))
    return " · ".join(parts)


def _away(distance_m: int, words: Words) -> str:
    """How far, no more exactly than points are: two things in the middle of a town are not in one place."""
    if distance_m < _NEAR_M:
        return words("less than {distance} away", distance=words.distance(_NEAR_M))
    return words("{distance} away", distance=words.distance(distance_m))


def terms_text(terms: Sequence[str], words: Words) -> str:
    """Terms in words."""
    return ", ".join(words.label("terms", term) for term in terms)


def offered(record: Mapping[str, Any], matches: Sequence[Mapping[str, Any]], distance: str, reader: Reader) -> Offered:
    """An offer or need (ledger.directory.present) in a list, with what fits best."""
    words = reader.words
    valid = record.get("valid_until")
    return Offered(
        choose(record["name"], reader.languages),
        record_url(record["log"], record["id"]),
        terms_text(record.get("terms", ()), words),
        record.get("address", {}).get("locality", ""),
        distance,
        "" if valid is None else date_text(valid, words),
        fitting(matches, reader),
        work_line(record["work"], words) if "work" in record else "",
    )
