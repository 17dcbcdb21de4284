# SPDX-License-Identifier: AGPL-3.0-or-later
"""One record and how it came to be, prepared for its page; pure.

Everything comes from people, many of them unknown: a link is only made of what is checked here to be one.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from ledger.directory.labels import code_labels
from ledger.importing.identity import is_made
from node.directory.asked import Asked
from node.directory.listing import Checked, Link, category_links, checked, code_text, label_texts, record_url
from node.directory.profile_steps import Step, step_of, steps
from node.web.languages import Text, choose, in_order
from node.web.words import date_text, is_past, message
from protocol.record import is_image_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from node.directory.listing import Reader
    from node.directory.profile_around import Claim
    from node.web.words import Words
    from protocol.record import Record

_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_MAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,190}")
_PRECISIONS = (
    (30, message("at the door")),
    (150, message("to about 100 metres")),
    (1_500, message("to about a kilometre")),
    (6_000, message("somewhere in the town")),
    (100_000, message("somewhere in the region")),
)
"""Up to how many metres, and the words for it."""
_UNSEEN = re.compile(
    "[\x00-\x20\x7f-\xa0\xad\u061c\u115f\u1160\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_AROUND = "2km"


class Fact(NamedTuple):
    """A label and what is said: lines of text, or links; `lang` of the text."""

    label: str
    texts: Sequence[Text] = ()
    links: Sequence[Link] = ()


class Position(NamedTuple):
    """The point: in degrees, its precision and method in words, and views around it."""

    degrees: str
    precision: str
    method: str
    geo: str
    map: str
    around: str


class Origin(NamedTuple):
    """A source: what it is called, on what licence, when it was fetched, and the record there."""

    text: str
    licence: str
    retrieved: str
    record: str
    url: str


class Picture(NamedTuple):
    """A picture: what it shows, where it is, on what licence; with its size if it is here, else it is only a link."""

    alt: Text
    url: str
    licence: str
    width: int = 0
    height: int = 0


class Related(NamedTuple):
    """A relation to another record; `url` is empty where that record is not held here."""

    predicate: str
    name: Text
    url: str


class Profile(NamedTuple):
    """A record's page. `steps` are its history, latest first; `present` is the statement that put its present state."""

    name: Text
    other_names: list[Text]
    kind: str
    mark: str
    status: str
    closed: bool
    ended: str
    checked: Checked
    checked_by: Claim | None
    descriptions: list[Text]
    categories: list[Link]
    facts: list[Fact]
    position: Position | None
    links: list[Link]
    pictures: list[Picture]
    relations: list[Related]
    licence: str
    sources: list[Origin]
    steps: list[Step]
    present: Step
    labels: list[str]


class Names(NamedTuple):
    """What the page needs beside the record: keys (hexadecimal) and records (log, id) by name, states by position."""

    authors: Mapping[str, str]
    records: Mapping[tuple[str, str], Mapping[str, str]]
    states: Mapping[int, Record]
    week: bool = False
    """The opening hours are shown as a table: here it is only the note that is told."""
    images: Mapping[str, tuple[int, int]] = MappingProxyType({})
    """Width and height of the pictures that are here, by path."""
    endpoint: str = ""
    """Where the other ones are."""


def profile(record: Mapping[str, Any], history: Sequence[Mapping[str, Any]], names: Names, reader: Reader) -> Profile:
    """The page of a record object with its history objects (ledger.directory.present)."""
    words, languages = reader.words, reader.languages
    titles = in_order(record["name"], languages)
    entry = record["entry"]
    return Profile(
        name=titles[0],
        other_names=titles[1:],
        kind=words.label("kind", record["kind"]),
        mark=record["kind"] if words.has_label("kind", record["kind"]) else "",
        status="" if record["status"] == "active" else words.label("status", record["status"]),
        closed=record["status"] == "closed",
        ended=_ended(record, history, reader),
        checked=checked(record.get("checked_at"), reader),
        checked_by=None,
        descriptions=in_order(record.get("description", {}), languages),
        categories=category_links(record.get("categories", ()), Asked({}), words),
        facts=[fact for fact in _facts(record, names, reader) if fact.texts or fact.links],
        position=_position(record, words),
        links=_links(record),
        pictures=[_picture(image, names, languages) for image in record.get("images", ())],
        relations=[_related(relation, names, reader) for relation in record.get("relations", ())],
        licence=record["licence"],
        sources=[_origin(source, words) for source in record.get("sources", ())],
        steps=steps(record, history, names.states, names.authors, reader),
        present=step_of({**entry, "kind": "record.put", "body": {}}, record, names.authors, words, first=False),
        labels=label_texts(record, words),
    )


def _picture(image: Mapping[str, Any], names: Names, languages: tuple[str, ...]) -> Picture:
    url = image["url"]
    alt = choose(image["alt"], languages) if image["alt"] else Text("", "")
    if url in names.images:
        return Picture(alt, url, image["licence"], *names.images[url])
    elsewhere = names.endpoint.rstrip("/") + url if is_image_path(url) else url
    return Picture(alt, safe_url(elsewhere), image["licence"])


def safe_url(url: str) -> str:
    """A link that can only lead somewhere: http, https, mailto or tel; anything else becomes empty."""
    return url if url.startswith(_SCHEMES) else ""


def shown_url(url: str) -> str:
    """A link as text: without scheme; what cannot be seen, or turns the direction of writing, in its percent form."""
    text = url.partition(":")[2].removeprefix("//").removesuffix("/")
    return _UNSEEN.sub(lambda match: quote(match[0]), text)


def _links(record: Mapping[str, Any]) -> list[Link]:
    urls = dict.fromkeys([record.get("url", ""), *record.get("links", ())])
    return [Link(shown_url(url), safe_url(url)) for url in urls if url]


def _facts(record: Mapping[str, Any], names: Names, reader: Reader) -> list[Fact]:
    words, languages = reader.words, reader.languages
    access, contact = record.get("access", {}), record.get("contact", {})

    def codes(group: str, values: Sequence[str]) -> list[Text]:
        return [
            Text(words.label(group, value), words.language if words.has_label(group, value) else "")
            for value in values
            if value
        ]

    valid = record.get("valid_until")
    until = []
    if valid is not None:
        over = words(" (over)") if is_past(valid, reader.now) else ""
        until = [Text(date_text(valid, words) + over, words.language)]
    parts = [] if names.week else record.get("hours", "").split(";")
    hours = [Text(line.strip(), "") for line in parts if line.strip()]
    return [
        Fact(words("Direction"), codes("direction", [record.get("direction", "")])),
        Fact(words("Terms"), codes("terms", record.get("terms", ()))),
        Fact(words("Item"), codes("item", [record.get("item", "")])),
        Fact(words("Valid until"), until),
        Fact(words("Address"), _address(record.get("address", {}), words)),
        Fact(words("Opening hours"), hours + in_order(record.get("hours_note", {}), languages)[:1]),
        Fact(words("Wheelchair"), codes("wheelchair", [access.get("wheelchair", "")])),
        Fact(words("Costs money"), codes("fee", [access.get("fee", "")])),
        Fact(words("Conditions"), in_order(access.get("conditions", {}), languages)[:1]),
        Fact(words("For whom"), in_order(access.get("audience", {}), languages)[:1]),
        Fact(words("Languages spoken"), codes("language", [", ".join(access.get("languages", ()))])),
        Fact(words("Contact"), *_contact(contact, words)),
        Fact(words("Scope"), codes("scope", [record.get("scope", "")])),
        Fact(words("Structure"), _coded("structure", record, words)),
        Fact(words("Membership"), _coded("membership", record, words)),
        Fact(
            words("Known elsewhere as"),
            [Text(f"{item['scheme']}: {item['id']}", "") for item in record.get("identifiers", ())],
        ),
    ]


def _coded(group: str, record: Mapping[str, Any], words: Words) -> list[Text]:
    """The codes of a vocabulary in words; those not known as they are."""
    return [
        Text(code_text(group, code, words), words.language if code_labels(group, code) else "")
        for code in record.get(group, ())
    ]


def _address(address: Mapping[str, str], words: Words) -> list[Text]:
    town = " ".join(filter(None, (address.get("postcode"), address.get("locality"))))
    lines = [*address.get("street", "").split("\n"), town, address.get("region", "")]
    country = address.get("country", "")
    named = [Text(code_text("country", country, words), words.language)] if country else []
    return [*(Text(line, "") for line in lines if line), *named]


def _contact(contact: Mapping[str, str], words: Words) -> tuple[list[Text], list[Link]]:
    """How to reach somebody: what is meant for members only is not shown to the world."""
    if not contact:
        return [], []
    if contact.get("visibility") != "public":
        return [Text(words("For members only"), words.language)], []
    links, mail, phone = [], contact.get("email", ""), contact.get("phone", "")
    if mail:
        links.append(Link(mail, f"mailto:{quote(mail, safe='@')}" if _MAIL.fullmatch(mail) else ""))
    if phone:
        number = re.sub(r"[^0-9+]", "", phone.replace("(0)", ""))
        links.append(Link(phone, f"tel:{number}" if number else ""))
    return [], links


def _position(record: Mapping[str, Any], words: Words) -> Position | None:
    point = record.get("point")
    if point is None:
        return None
    digits = 5 if point["precision"] <= 150 else 3
    lat, lon = f"{point['lat']:.{digits}f}", f"{point['lon']:.{digits}f}"
    precision = next(text for metres, text in _PRECISIONS if point["precision"] <= metres)
    return Position(
        degrees=f"{lat}, {lon}",
        precision=words(precision),
        method=words.label("method", point["method"]),
        geo=f"geo:{lat},{lon};u={point['precision']}",
        map=f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=16/{lat}/{lon}",
        around=Asked({"lat": lat, "lon": lon, "radius": _AROUND}).url(),
    )


def _origin(source: Mapping[str, Any], words: Words) -> Origin:
    record = "" if is_made(source.get("record", "")) else source.get("record", "")
    retrieved = source.get("retrieved", 0)
    return Origin(
        text=source.get("attribution") or source["set"],
        licence=source["licence"],
        retrieved=date_text(retrieved, words) if retrieved else "",
        record=shown_url(record) if safe_url(record) else record,
        url=safe_url(record),
    )


def spelled(predicate: str, words: Words) -> str:
    """A relation as people read it: `maintainedBy` is "maintained by"; common ones in the words of the reader."""
    return words.label("predicate", _HUMP.sub(" ", predicate).replace("-", " ").replace("_", " ").lower())


def _related(relation: Mapping[str, Any], names: Names, reader: Reader) -> Related:
    log, record_id = relation["object"]["log"], relation["object"]["id"]
    name = names.records.get((log, record_id))
    predicate = spelled(relation["predicate"], reader.words)
    if name is None:
        return Related(predicate, Text(f"{log[:8]}/{record_id[:8]}", ""), "")
    return Related(predicate, choose(name, reader.languages), record_url(log, record_id))


def _ended(record: Mapping[str, Any], history: Sequence[Mapping[str, Any]], reader: Reader) -> str:
    """Why and when it closed, if it did."""
    if record["status"] != "closed" or not history:
        return ""
    last = next((step for step in history if step["kind"] != "claim.checked"), history[0])
    when = date_text(last["at"], reader.words)
    reason = last["body"].get("reason", "closed")
    if reason == "closed":
        return reader.words("Since {date}.", date=when)
    return reader.words("Since {date}: {reason}.", date=when, reason=reader.words.label("reason", reason))
