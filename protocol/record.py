# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record: the state of one subject of the directory (spec 10 §2).

Two readers: `check_record` for what is about to be signed (nothing unknown passes) and the types themselves for what
others have signed (unknown keys and values pass, wrong types and broken limits do not).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

import msgspec

from protocol.amounts import Day
from protocol.encoding import Value
from protocol.errors import Malformed

KINDS = ("organisation", "place", "resource", "service", "offer", "need", "person")
TERMS = ("give", "lend", "rent", "sell", "time", "mutual")
SCOPES = ("local", "regional", "national", "international")
STATUSES = ("active", "planned", "paused", "closed")
METHODS = ("source", "address", "town", "hand", "gps")
DIRECTIONS = ("offer", "want")
PER = ("hour", "day", "piece")

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_CATEGORY = re.compile(r"[a-z0-9-]{1,32}:.{1,100}", re.DOTALL)
_COUNTRY = re.compile(r"[A-Z]{2}")
_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_WEB_URL = re.compile(r"https?://[^\s/?#]+\S*")
_LINK = re.compile(r"(mailto|tel):\S+")
_IMAGE_PATH = re.compile(r"/images/[0-9a-f]{64}\.(jpg|webp)")
_LICENCE = re.compile(r"[A-Za-z0-9.+() -]{1,100}")

_Meta = msgspec.Meta
Id = Annotated[bytes, _Meta(min_length=16, max_length=16)]
LogIdBytes = Annotated[bytes, _Meta(min_length=32, max_length=32)]
Seconds = Annotated[int, _Meta(ge=0, lt=2**40)]
Note = Annotated[str, _Meta(max_length=2000)]
_Url = Annotated[str, _Meta(min_length=1, max_length=2000)]
_Short = Annotated[str, _Meta(min_length=1, max_length=200)]
_Names = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=300)]], _Meta(min_length=1, max_length=32)]
_Texts = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=8000)]], _Meta(min_length=1, max_length=32)]
_Remarks = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=500)]], _Meta(min_length=1, max_length=32)]


@lru_cache(256)  # few are in use
def is_language_tag(text: str) -> bool:
    """Whether a text has the form of a BCP 47 language tag."""
    return bool(_TAG.fullmatch(text))


def is_web_url(text: str) -> bool:
    """Whether a text is an http or https URL: with a host and without white space."""
    return bool(_WEB_URL.fullmatch(text))


def is_image_path(text: str) -> bool:
    """Whether a text is where the endpoints of a log serve a picture: under the hash of the file."""
    return bool(_IMAGE_PATH.fullmatch(text))


def is_plain_text(text: str) -> bool:
    """Whether a text holds no control characters but newline."""
    return text.isprintable() or not _CONTROL.search(text)


def is_category(text: str) -> bool:
    """Whether a text has the form `scheme:code`."""
    return bool(_CATEGORY.fullmatch(text))


def is_licence(text: str) -> bool:
    """Whether a text can be an SPDX licence expression."""
    return bool(_LICENCE.fullmatch(text))


class Subject(msgspec.Struct, frozen=True, gc=False):
    """A record of some log."""

    log: LogIdBytes
    id: Id


class Point(msgspec.Struct, frozen=True, gc=False):
    """A place on earth: 1e-7 degrees; precision in metres; how it came to be known."""

    lat: Annotated[int, _Meta(ge=-900_000_000, le=900_000_000)]
    lon: Annotated[int, _Meta(ge=-1_800_000_000, le=1_800_000_000)]
    precision: Annotated[int, _Meta(ge=0, le=100_000)]
    method: str


class Address(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A postal address; every part may be missing. `country` is ISO 3166-1 alpha-2."""

    street: Annotated[str, _Meta(max_length=200)] = ""
    postcode: Annotated[str, _Meta(max_length=200)] = ""
    locality: Annotated[str, _Meta(max_length=200)] = ""
    region: Annotated[str, _Meta(max_length=200)] = ""
    country: Annotated[str, _Meta(min_length=2, max_length=2)] = ""


class Access(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who can come in, and on what terms."""

    wheelchair: str = ""
    fee: str = ""
    conditions: _Remarks = {}
    audience: _Remarks = {}
    languages: Annotated[list[str], _Meta(max_length=32)] = []


class Image(msgspec.Struct, frozen=True, gc=False):
    """A picture elsewhere, or at the endpoints of the log (`is_image_path`): its licence, and what it shows."""

    url: _Url
    licence: Annotated[str, _Meta(min_length=1, max_length=100)]
    alt: _Remarks


class Contact(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How to reach the subject. `visibility`: public or members."""

    visibility: str
    email: Annotated[str, _Meta(max_length=200)] = ""
    phone: Annotated[str, _Meta(max_length=200)] = ""


class Identifier(msgspec.Struct, frozen=True, gc=False):
    """What others call the subject."""

    scheme: Annotated[str, _Meta(min_length=1, max_length=64)]
    id: _Short


class Relation(msgspec.Struct, frozen=True, gc=False):
    """A link to another record."""

    predicate: Annotated[str, _Meta(min_length=1, max_length=64)]
    object: Subject


class Source(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a record comes from, and on what licence."""

    set: Annotated[str, _Meta(min_length=1, max_length=64)]
    licence: Annotated[str, _Meta(min_length=1, max_length=100)]
    record: Annotated[str, _Meta(max_length=300)] = ""
    retrieved: Seconds = 0
    attribution: Annotated[str, _Meta(max_length=500)] = ""


class WorkRate(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What work costs: `amount` in the smallest part of `unit`; who agreed it, and where that is written."""

    amount: Annotated[int, _Meta(ge=0, le=10**15)]
    unit: Annotated[str, _Meta(pattern=r"^[A-Za-z0-9_.-]{1,12}\Z")]
    scale: Annotated[int, _Meta(ge=0, le=9)]
    per: str
    by: Annotated[str, _Meta(max_length=200)] = ""
    contract: Subject | None = None
    clause: Annotated[int, _Meta(ge=0, le=31)] | None = None
    table: _Url = ""


class Work(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename={"from_": "from"}):
    """Work that is offered or sought: skills, the rate, on which days (page 17 §1), whether from anywhere."""

    skills: Annotated[list[Annotated[str, _Meta(min_length=1, max_length=100)]], _Meta(max_length=32)] = []
    rate: WorkRate | None = None
    from_: Day | None = None
    until: Day | None = None
    remote: bool = False


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The present state of one subject (spec 10 §2)."""

    id: Id
    kind: Annotated[str, _Meta(min_length=1, max_length=32)]
    name: _Names
    description: _Texts = {}
    url: _Url = ""
    links: Annotated[list[_Url], _Meta(max_length=16)] = []
    point: Point | None = None
    address: Address | None = None
    categories: Annotated[list[Annotated[str, _Meta(max_length=133)]], _Meta(max_length=32)] = []
    structure: Annotated[list[_Short], _Meta(max_length=8)] = []
    membership: Annotated[list[_Short], _Meta(max_length=8)] = []
    hours: Annotated[str, _Meta(max_length=500)] = ""
    hours_note: _Remarks = {}
    access: Access | None = None
    direction: str = ""
    terms: Annotated[list[_Short], _Meta(max_length=8)] = []
    item: Annotated[str, _Meta(max_length=200)] = ""
    valid_until: Seconds | None = None
    work: Work | None = None
    scope: str = ""
    images: Annotated[list[Image], _Meta(max_length=16)] = []
    contact: Contact | None = None
    identifiers: Annotated[list[Identifier], _Meta(max_length=32)] = []
    relations: Annotated[list[Relation], _Meta(max_length=64)] = []
    status: Annotated[str, _Meta(max_length=32)] = ""
    licence: Annotated[str, _Meta(min_length=1, max_length=100)]
    sources: Annotated[list[Source], _Meta(max_length=16)] = []
    checked_at: Seconds | None = None

    def title(self, languages: tuple[str, ...] = ()) -> str:
        """The name in the first of the wanted languages that it has, else any, always the same one."""
        for language in languages:
            if language in self.name:
                return self.name[language]
        return self.name[min(self.name)]

    def body(self) -> dict[str, Value]:
        """The map that is signed: fields without a value left out."""
        value = msgspec.to_builtins(self, builtin_types=(bytes,))
        return {key: item for key, item in value.items() if item is not None}


def check_limits(record: Record, *, printable: bool = False) -> None:
    """The rules that hold for every reader and that types do not state. Raises Malformed (`record`).

    `printable`: it is known already that no text holds control characters.
    """
    if record.point is not None and record.point.lat == 0 == record.point.lon:
        raise Malformed("record", "point: (0, 0) is the place of a lost position, not of a record")
    _check_addresses(record)
    for category in record.categories:
        if not _CATEGORY.fullmatch(category):
            raise Malformed("record", f"categories: not scheme:code: {category[:80]!r}")
    if len(record.categories) > 1 and len(set(record.categories)) != len(record.categories):
        raise Malformed("record", "categories: one stands twice")
    if (record.kind in DIRECTED_KINDS) != bool(record.direction) and record.kind in KINDS:
        raise Malformed("record", f"direction: required for offers and needs, and only there (kind {record.kind})")
    if record.work is not None:
        _check_work(record, record.work)
    if printable:
        return
    for text in (*record.name.values(), *record.description.values(), *_short_texts(record)):
        if not is_plain_text(text):
            raise Malformed("record", f"text with control characters: {text[:60]!r}")


def _check_work(record: Record, work: Work) -> None:
    """What holds of work that is offered or sought. Raises Malformed (`record`)."""
    if record.kind in KINDS and record.kind not in DIRECTED_KINDS:
        raise Malformed("record", f"work: for offers and needs alone (kind {record.kind})")
    if len(set(work.skills)) != len(work.skills):
        raise Malformed("record", "work: a skill stands twice")
    rate = work.rate
    if rate is not None and rate.clause is not None and rate.contract is None:
        raise Malformed("record", "work: a clause is one of a contract: name the contract, too")
    if rate is not None and rate.table and not is_web_url(rate.table):
        raise Malformed("record", f"url: neither http nor https: {rate.table[:80]!r}")


def _check_addresses(record: Record) -> None:
    """URLs, links, language tags and the country are of their form. Raises Malformed (`record`)."""
    pictures = [image.url for image in record.images if not is_image_path(image.url)]
    for url in [record.url, *pictures]:
        if url and not is_web_url(url):
            raise Malformed("record", f"url: neither http nor https: {url[:80]!r}")
    for link in record.links:
        if not is_web_url(link) and not _LINK.fullmatch(link):
            raise Malformed("record", "links: a link that is not http, https, mailto or tel")
    for tag in _language_tags(record):
        if not is_language_tag(tag):
            raise Malformed("record", f"not a language tag: {tag[:40]!r}")
    if record.address and record.address.country and not _COUNTRY.fullmatch(record.address.country):
        raise Malformed("record", f"address: the country is two capital letters, not {record.address.country!r}")


DIRECTED_KINDS = ("offer", "need")
"""The kinds that have a direction."""


def _language_tags(record: Record) -> list[str]:
    tags = [*record.name, *record.description, *record.hours_note]
    if record.access is not None:
        tags += [*record.access.conditions, *record.access.audience, *record.access.languages]
    for image in record.images:
        tags += image.alt
    return tags


def _short_texts(record: Record) -> list[str]:
    texts = [record.item, record.hours, *record.hours_note.values()]
    if record.work is not None:
        texts += [*record.work.skills, record.work.rate.by if record.work.rate else ""]
    if record.address is not None:
        address = record.address
        texts += [address.street, address.postcode, address.locality, address.region]
    return texts


def check_record(value: Value) -> Record:
    """A record that is about to be signed: nothing unknown, nothing out of range. Raises Malformed (`record`)."""
    try:
        record = msgspec.convert(value, Record, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed("record", str(error)) from None
    if record.body() != value:
        known = record.body()
        extra = (
            sorted(key for key in value if key not in known or value[key] != known[key])
            if isinstance(value, dict)
            else []
        )
        raise Malformed("record", f"not a field of a record, or an empty one: {', '.join(extra)[:200]}")
    check_limits(record)
    for field, found, allowed in _closed_values(record):
        if found and found not in allowed:
            raise Malformed("record", f"{field}: {found[:60]!r} is not one of {', '.join(allowed)}")
    for licence in (record.licence, *(source.licence for source in record.sources)):
        if not _LICENCE.fullmatch(licence):
            raise Malformed("record", f"licence: not an SPDX expression: {licence[:80]!r}")
    return record


def _closed_values(record: Record) -> list[tuple[str, str, tuple[str, ...]]]:
    """(field, value, allowed values) for every closed list of spec 10 §2."""
    found = [("kind", record.kind, KINDS), ("scope", record.scope, SCOPES), ("status", record.status, STATUSES)]
    found += [("terms", term, TERMS) for term in record.terms]
    if record.direction:
        found.append(("direction", record.direction, DIRECTIONS))
    if record.work and record.work.rate:
        found.append(("work.rate.per", record.work.rate.per, PER))
    if record.point:
        found.append(("point.method", record.point.method, METHODS))
    if record.contact:
        found.append(("contact.visibility", record.contact.visibility, ("public", "members")))
    if record.access:
        found += [
            ("access.wheelchair", record.access.wheelchair, ("yes", "limited", "no")),
            ("access.fee", record.access.fee, ("yes", "no")),
        ]
    return found
