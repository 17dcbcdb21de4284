# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mapping: which columns of a table make which field of a record, and its TOML, in which it is saved and edited."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any, Final

import msgspec

from ledger.directory.licences import licence_meant
from ledger.importing.problem import MappingError
from protocol.record import DIRECTED_KINDS, KINDS

# Offers and needs have a direction, so a whole table is of these kinds only if its rows say so (`kinds`).
KINDS_IMPORTED: Final = tuple(kind for kind in KINDS if kind not in DIRECTED_KINDS)

_SET: Final = re.compile(r"[a-z0-9._-]{1,64}")
_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_SCHEME: Final = re.compile(r"[a-z0-9-]{1,32}")
ATTRIBUTION_CHARACTERS_MAX: Final = 500
_PRECISION_METRES_MAX: Final = 100_000


class TextColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column of text in one language: a BCP 47 tag, or empty for the language of the whole mapping."""

    column: str
    language: str = ""

    def __post_init__(self) -> None:
        _require(
            not self.language or bool(_TAG.fullmatch(self.language)), "language", self.language, "a tag such as fr"
        )


class CodeColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column of codes.

    A cell is parted at every `separator` (empty: it is one code), and blanks around the parts are dropped. With `tail`
    a code is what follows the last `/` or `#` of a URI. `prefix` is put before it, `scheme` names its vocabulary.
    """

    column: str
    scheme: str = ""
    prefix: str = ""
    separator: str = ""
    tail: bool = False

    def __post_init__(self) -> None:
        _require(not self.scheme or bool(_SCHEME.fullmatch(self.scheme)), "scheme", self.scheme, "1 to 32 of a-z 0-9 -")


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the rows of one data set become records.

    Where a field has several columns, the first that holds a usable value gives it, with these exceptions: `links`,
    `categories`, `structure`, `membership` and `identifiers` take the values of all, `street` joins all with blanks.
    `precision` is that of the points in metres; a row's cell in `precision_column` goes before it if it is coarser.
    A row is closed if a `status` column says so in words, or if a `closed` column holds a yes.
    A cell in `kinds`, `licences` or `attributions` goes before what is said of the whole set. A column of categories
    without a scheme holds `scheme:code`.
    An empty `set` or `licence` is still to be filled in (`gaps`). Raises MappingError.
    """

    set: str = ""
    kind: str = "organisation"
    language: str = "und"
    licence: str = ""
    attribution: str = ""
    identifier: str = ""
    name: tuple[TextColumn, ...] = ()
    description: tuple[TextColumn, ...] = ()
    url: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    latitude: str = ""
    longitude: str = ""
    precision: int = 10
    precision_column: str = ""
    street: tuple[str, ...] = ()
    postcode: tuple[str, ...] = ()
    locality: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    categories: tuple[CodeColumn, ...] = ()
    structure: tuple[CodeColumn, ...] = ()
    membership: tuple[CodeColumn, ...] = ()
    identifiers: tuple[CodeColumn, ...] = ()
    hours: tuple[str, ...] = ()
    wheelchair: tuple[str, ...] = ()
    fee: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    attributions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    valid_until: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    rate: tuple[str, ...] = ()
    rate_unit: tuple[str, ...] = ()
    rate_per: tuple[str, ...] = ()
    rate_by: tuple[str, ...] = ()
    rate_table: tuple[str, ...] = ()
    available_from: tuple[str, ...] = ()
    available_until: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(not self.set or bool(_SET.fullmatch(self.set)), "set", self.set, "1 to 64 of a-z 0-9 . _ -")
        _require(self.kind in KINDS_IMPORTED, "kind", self.kind, "one of " + ", ".join(KINDS_IMPORTED))
        _require(bool(_TAG.fullmatch(self.language)), "language", self.language, "a tag such as fr, or und")
        licence = not self.licence or licence_meant(self.licence) == self.licence
        _require(licence, "licence", self.licence, "an SPDX expression such as CC0-1.0 or LicenseRef-mine")
        attribution = len(self.attribution) <= ATTRIBUTION_CHARACTERS_MAX
        _require(attribution, "attribution", self.attribution, f"at most {ATTRIBUTION_CHARACTERS_MAX} characters")
        precision = 0 <= self.precision <= _PRECISION_METRES_MAX
        _require(precision, "precision", str(self.precision), f"metres, 0 to {_PRECISION_METRES_MAX}")
        pair = bool(self.latitude) == bool(self.longitude)
        _require(pair, "latitude", self.latitude or self.longitude, "given together with longitude")
        for code in self.identifiers:
            _require(bool(code.scheme), "scheme", code.column, "given for every column of identifiers")

    def columns(self) -> tuple[str, ...]:
        """All columns that the mapping reads, each once."""
        single = (self.identifier, self.latitude, self.longitude, self.precision_column)
        plain = (*self.url, *self.links, *self.street, *self.postcode, *self.locality, *self.region, *self.country)
        more = (*self.hours, *self.wheelchair, *self.fee, *self.email, *self.phone, *self.status, *self.closed)
        said = (*self.kinds, *self.licences, *self.attributions, *self.languages, *self.scope)
        exchanged = (*self.direction, *self.terms, *self.item, *self.valid_until)
        rate = (*self.rate, *self.rate_unit, *self.rate_per, *self.rate_by, *self.rate_table)
        work = (*self.skills, *rate, *self.available_from, *self.available_until, *self.remote)
        texts = (column.column for column in (*self.name, *self.description))
        codes = (*self.categories, *self.structure, *self.membership, *self.identifiers)
        named = (*texts, *(column.column for column in codes))
        return tuple(
            column for column in dict.fromkeys((*single, *named, *plain, *more, *said, *exchanged, *work)) if column
        )

    def gaps(self) -> tuple[str, ...]:
        """What a person must still fill in before rows can be converted, in plain English; empty if nothing."""
        wanted = (
            (self.set, "set: give the data set a short name of a-z 0-9 . _ -"),
            (self.licence, "licence: say under which licence the data may be used, such as CC0-1.0"),
            (self.name, "name: say which column holds the name"),
        )
        return tuple(text for value, text in wanted if not value)


def _require(holds: bool, key: str, value: str, expected: str) -> None:  # noqa: FBT001 - a check reads best so
    if not holds:
        raise MappingError(f"{key}: {value[:80]!r} is not right, it must be {expected}.")


def to_toml(mapping: Mapping) -> str:
    """The mapping as a TOML document of one line per entry; what has its default value is left out."""
    entries = msgspec.to_builtins(mapping)
    lines = ["# How the rows of a file become records. Change it freely; it is checked when it is read.\n"]
    lines += [f"{key} = {_toml(value)}\n" for key, value in entries.items()]
    return "".join(lines)


def _toml(value: Any) -> str:  # noqa: ANN401 - the values of a mapping are of several types
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        # JSON escapes what TOML does, except this one character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return "[" + ", ".join(_toml(item) for item in value) + "]"


def from_toml(text: str) -> Mapping:
    """The mapping that a TOML document says. Raises MappingError, which names the line or the entry."""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"The mapping is not valid TOML: {error}. Correct it there.") from None
    try:
        return msgspec.convert(entries, Mapping)
    except msgspec.ValidationError as error:
        raise MappingError(f"The mapping cannot be used: {error}") from None
