# SPDX-License-Identifier: AGPL-3.0-or-later
"""What differs between two states of a record, field by field and in words; pure.

The texts are those of people: a template marks what is new with `ins` and what is gone with `del`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ledger.jsonform import to_json
from ledger.places.geography import distance_m
from node.directory.listing import category_text, code_text
from node.directory.work_words import work_line
from node.translations import own_names
from node.web.languages import UNKNOWN, lang_attribute
from node.web.words import date_text
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from node.directory.listing import Reader
    from node.web.words import Words
    from protocol.record import Record, Source

COMPARED_MAX = 160_000
"""Words of one text times words of the other up to which they are compared: beyond, all of it counts as changed."""
_FIELDS = {"valid": "valid_until"} | dict.fromkeys(
    ("wheelchair", "fee", "conditions", "audience", "languages"), "access"
)
"""The field of a record that a line is of, where the two are not called the same."""
_UNSEEN = re.compile("[\u200b\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that make others look like something else, or cannot be seen, and that no writing system needs here."""
_WORD = re.compile(r"\s+|\w+|[^\w\s]+")


class Piece(NamedTuple):
    """Part of a text, and whether it stands in this one of the two alone."""

    text: str
    changed: bool


class Change(NamedTuple):
    """A field that differs: what it is called, the language of its text (or empty), and the text before and after.

    One of the two is empty where the field was not there. `moved` is how far a point has moved, in words.
    """

    label: str
    lang: str
    before: list[Piece]
    after: list[Piece]
    moved: str = ""


class _Line(NamedTuple):
    """A field as it is compared: in units that are the same or not."""

    label: str
    lang: str
    units: list[str]


def difference(before: Record | None, after: Record, reader: Reader) -> list[Change]:
    """The fields that differ, in the order in which a page shows them; `before` is None for what is new."""
    old = {} if before is None else _lines(before, reader.words)
    new = _lines(after, reader.words)
    if before is None and after.status in {"", "active"}:
        del new["status"]
    changes = []
    for key in dict.fromkeys(chain(new, old)):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        shown = now or was
        assert shown is not None
        gone, come = _compare(was.units if was else [], now.units if now else [])
        if before is None:  # where all is new, marking it tells nothing
            come = [piece._replace(changed=False) for piece in come]
        changes.append(Change(shown.label, shown.lang, gone, come, _moved(key, before, after, reader.words)))
    if before is not None:
        told = {key.partition(" ")[0] for key in dict.fromkeys(chain(new, old)) if old.get(key) != new.get(key)}
        changes += _unsaid(before, after, {_FIELDS.get(key, key) for key in told})
    return changes


def _unsaid(before: Record, after: Record, told: set[str]) -> Iterator[Change]:
    """What differs and reads the same in words, as it is signed: nobody signs what they were not shown."""
    was, now = to_json(before.body()), to_json(after.body())
    for field in dict.fromkeys(chain(now, was)):
        old, new = was.get(field), now.get(field)
        if old == new or field in told or (field == "url" and "links" in told):
            continue
        if field in {"id", "checked_at"} or (field == "status" and {old, new} == {None, "active"}):
            continue
        gone, come = (
            [] if one is None else [Piece(msgspec.json.encode(one).decode(), changed=True)] for one in (old, new)
        )
        yield Change(field, "", gone, come)


def _compare(was: Sequence[str], now: Sequence[str]) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, those marked that are in one of them alone."""
    if not was or not now or len(was) * len(now) > COMPARED_MAX:
        return [Piece("".join(was), changed=True)] if was else [], [Piece("".join(now), changed=True)] if now else []
    gone, come = [], []
    for what, start, end, begin, stop in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        gone.append(Piece("".join(was[start:end]), what != "equal"))
        come.append(Piece("".join(now[begin:stop]), what != "equal"))
    return [piece for piece in gone if piece.text], [piece for piece in come if piece.text]


def _moved(key: str, before: Record | None, after: Record, words: Words) -> str:
    if key != "point" or before is None or before.point is None or after.point is None:
        return ""
    metres = distance_m(before.point.lat, before.point.lon, after.point.lat, after.point.lon)
    return words("Moved by {distance}", distance=words.distance(metres)) if metres else ""


def _lines(record: Record, words: Words) -> dict[str, _Line]:
    """The fields of a record that have a value, by field and language."""
    named = [*_what(record, words), *_where(record, words), *_how(record, words), *_said(record, words)]
    return {key: line for key, line in named if line.units}


def _what(record: Record, words: Words) -> Iterator[tuple[str, _Line]]:
    label = words.label
    yield "kind", _list(words("Kind"), [label("kind", record.kind)])
    yield from _texts("name", words("Name"), record.name)
    yield from _texts("description", words("Description"), record.description)
    yield "categories", _list(words("Categories"), [category_text(one, words) for one in record.categories])
    yield "direction", _list(words("Direction"), [label("direction", record.direction)])
    yield "terms", _list(words("Terms"), [label("terms", term) for term in record.terms])
    yield "item", _Line(words("Item"), "", _words(record.item))
    if record.work is not None:
        work = to_json(record.body()["work"])
        rate = work.get("rate", {})
        contract = rate.get("contract", {})
        named = f"{contract['id']} ({contract['log']}) {rate.get('clause', '')}" if contract else ""
        said = [work_line(work, words), *work.get("skills", ())[5:], rate.get("by", ""), rate.get("table", ""), named]
        yield "work", _list(words("Work"), said)
    yield (
        "valid",
        _list(words("Valid until"), [date_text(record.valid_until, words)] if record.valid_until is not None else []),
    )


def _where(record: Record, words: Words) -> Iterator[tuple[str, _Line]]:
    address, point = record.address, record.point
    if address is not None:
        town = " ".join(filter(None, (address.postcode, address.locality)))
        country = code_text("country", address.country, words)
        yield "address", _list(words("Address"), [*address.street.split("\n"), town, address.region, country])
    if point is not None:
        degrees = f"{_degrees(point.lat)}, {_degrees(point.lon)}"
        known = f" (±{words.distance(point.precision)}, {words.label('method', point.method)})"
        yield "point", _Line(words("Point on the map"), "", [degrees, known])


def _how(record: Record, words: Words) -> Iterator[tuple[str, _Line]]:
    label, access, contact = words.label, record.access, record.contact
    yield "hours", _list(words("Opening hours"), [part.strip() for part in record.hours.split(";")])
    yield from _texts("hours_note", words("Note on the opening hours"), record.hours_note)
    if access is not None:
        yield "wheelchair", _list(words("Wheelchair"), [label("wheelchair", access.wheelchair)])
        yield "fee", _list(words("Costs money"), [label("fee", access.fee)])
        yield from _texts("conditions", words("Conditions"), access.conditions)
        yield from _texts("audience", words("For whom"), access.audience)
        yield "languages", _list(words("Languages spoken"), access.languages)
    if contact is not None:
        whom = "" if contact.visibility == "public" else words("For members only")
        yield "contact", _list(words("Contact"), [contact.email, contact.phone, whom])
    yield "links", _list(words("Links"), [*dict.fromkeys([record.url, *record.links])])


def _said(record: Record, words: Words) -> Iterator[tuple[str, _Line]]:
    label = words.label
    yield "status", _list(words("Status"), [label("status", record.status or "active")])
    yield "scope", _list(words("Scope"), [label("scope", record.scope)])
    for group, title in (("structure", words("Structure")), ("membership", words("Membership"))):
        yield group, _list(title, [code_text(group, code, words) for code in getattr(record, group)])
    yield "identifiers", _list(words("Known elsewhere as"), [f"{one.scheme}: {one.id}" for one in record.identifiers])
    shown = [f"{one.predicate}: {one.object.id.hex()} ({show_log_id(one.object.log)})" for one in record.relations]
    yield "relations", _list(words("Relations"), shown)
    pictures = [
        " ".join([*(f"{tag}: {text}" for tag, text in one.alt.items()), one.url, f"({one.licence})"])
        for one in record.images
    ]
    yield "images", _list(words("Pictures"), pictures)
    yield "licence", _list(words("Licence"), [record.licence])
    yield "sources", _list(words("Sources"), [_source(one) for one in record.sources])


def _source(one: Source) -> str:
    day = f"{datetime.fromtimestamp(one.retrieved, UTC):%Y-%m-%d}" if one.retrieved else ""
    return " ".join(filter(None, (one.attribution, one.set, one.record, day, f"({one.licence})")))


def _degrees(number: int) -> str:
    """Ten-millionths of a degree as degrees, with as many digits as it has beyond five."""
    return f"{number / 1e7:.7f}".removesuffix("0").removesuffix("0")


def _texts(key: str, label: str, texts: Mapping[str, str]) -> Iterator[tuple[str, _Line]]:
    """A text in several languages: a line for each."""
    for tag in sorted(texts):
        named = label if tag == UNKNOWN else f"{label} ({own_names().get(tag, tag)})"
        yield f"{key} {tag}", _Line(named, lang_attribute(tag), _words(texts[tag]))


def _words(text: str) -> list[str]:
    return _WORD.findall(_seen(text))


def _seen(text: str) -> str:
    """A text in which nothing is unseen: whoever decides on it signs its characters, not its looks."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def _list(label: str, values: Sequence[str]) -> _Line:
    """Several values: each is the same or not."""
    there = [_seen(value) for value in values if value]
    return _Line(label, "", [part for value in there for part in (", ", value)][1:])
