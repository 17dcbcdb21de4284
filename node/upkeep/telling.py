# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields of records as lines of text, and what differs between two states of one; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.importing.identity import is_made
from node.directory.listing import category_text
from node.web.words import date_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from node.web.words import Words

_LANGS = frozenset({"name", "description", "hours_note"})
_CODED = {"kind": "kind", "status": "status", "scope": "scope", "direction": "direction"}
_TIMES = frozenset({"checked_at", "valid_until"})
SHOWN = (
    "kind", "name", "description", "url", "links", "point", "address", "categories", "structure", "membership", "hours",
    "hours_note", "access", "direction", "terms", "item", "valid_until", "work", "scope", "images", "contact",
    "identifiers", "relations", "status", "licence", "sources", "checked_at",
)  # fmt: skip
"""Every field of a record but its id, in the order in which people are shown them."""


class Change(NamedTuple):
    """A field, and its text before and after; empty where there is nothing."""

    field: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any], words: Words) -> list[Change]:
    """What a record (as it is signed) will have otherwise than before."""
    return [
        Change(field, field_text(field, before.get(field), words), field_text(field, after.get(field), words))
        for field in SHOWN
        if before.get(field) != after.get(field)
    ]


def field_text(field: str, value: object, words: Words) -> str:
    """A field of a record as a steward reads it: one line for each thing in it."""
    if value is None or value in ("", [], {}):
        return ""
    if field in _LANGS and isinstance(value, dict):
        return "\n".join(f"{text} ({tag})" for tag, text in value.items())
    if field in _CODED and isinstance(value, str):
        return words.label(_CODED[field], value)
    if field in _TIMES and isinstance(value, int):
        return date_text(value, words)
    if field == "point" and isinstance(value, dict):
        return point_text(value, words)
    if field == "sources" and isinstance(value, list):
        return "\n".join(_source(source, words) for source in value)
    if field == "categories" and isinstance(value, list):
        return "\n".join(category_text(code, words) for code in value)
    return _plain(value)


def _source(source: Mapping[str, Any], words: Words) -> str:
    """A source as a line; a number that was made here tells nothing."""
    told = {name: text for name, text in source.items() if name != "retrieved"}
    if is_made(told.get("record", "")):
        del told["record"]
    at = [date_text(source["retrieved"], words)] if source.get("retrieved") else []
    return ", ".join([_plain(told), *at])


def point_text(point: Mapping[str, Any], words: Words) -> str:
    """A point: degrees, how exactly it is known, and how it was found."""
    lat, lon = (part / 1e7 if isinstance(part, int) else part for part in (point["lat"], point["lon"]))
    within = words.distance(point["precision"])
    return f"{lat:.5f}, {lon:.5f} (± {within}, {words.label('method', point['method'])})"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(_plain(item) for item in value.values() if item not in (None, "", [], {}))
    if isinstance(value, list | tuple):
        return "\n".join(_plain(item) for item in value)
    if isinstance(value, bytes):
        return value.hex()[:12]
    return str(value)


_SHOWN_OTHERWISE = frozenset({"record", "id", "log", "key", "withdrawn"})


def plain_lines(body: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """What a body says beside records and ids, as (name of the field, text)."""
    lines = []
    for name, value in body.items():
        if name in _SHOWN_OTHERWISE or isinstance(value, bytes | dict | list) or value in ("", None):
            continue
        text = value
        if isinstance(value, bool):
            text = words("yes") if value else words("no")
        elif name in _SAID:
            text = next((told for group in _SAID[name] if (told := words.label(group, str(value))) != value), value)
        lines.append((name, str(text)))
    return lines


_SAID = {
    "finding": ("finding",),
    "outcome": ("claim_outcome",),
    "type": ("report",),
    "role": ("role",),
    "reason": ("reason", "denial"),
}
"""Fields that hold codes, and the groups in which their labels are."""
