# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mapping as a form: a line for each use of a column, and what is said of the whole set; and back. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ledger.directory.licences import licence_meant
from ledger.importing.mapping import KINDS_IMPORTED, CodeColumn, Mapping, TextColumn
from ledger.importing.problem import MappingError
from node.web.words import message

if TYPE_CHECKING:
    from node.importing.uploads import Found

TEXTS = ("name", "description")
CODES = ("categories", "structure", "membership", "identifiers")
SINGLE = ("identifier", "latitude", "longitude", "precision_column")
SEPARATORS = ("", ";", ",", "|", "/")

GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        message("What it is"),
        (
            ("name", message("Name")),
            ("description", message("Description")),
            ("identifier", message("Number or code of the row, by which a newer edition finds it again")),
            ("categories", message("Category")),
            ("kinds", message("Kind (organisation, place, ...)")),
            ("status", message("Status, in words")),
            ("closed", message("Closed: yes or no, or a date")),
        ),
    ),
    (
        message("Where it is"),
        (
            ("latitude", message("Latitude")),
            ("longitude", message("Longitude")),
            ("precision_column", message("Precision of the point in metres")),
            ("street", message("Street and number")),
            ("postcode", message("Postcode")),
            ("locality", message("Town")),
            ("region", message("Region")),
            ("country", message("Country")),
        ),
    ),
    (
        message("How to reach it"),
        (
            ("url", message("Website")),
            ("links", message("More links")),
            ("email", message("E-mail")),
            ("phone", message("Telephone")),
            ("hours", message("Opening hours")),
            ("wheelchair", message("Wheelchair access")),
            ("fee", message("Costs something")),
            ("languages", message("Languages spoken")),
        ),
    ),
    (
        message("What it offers or needs"),
        (
            ("direction", message("Offered or wanted")),
            ("terms", message("Terms: give, lend, rent, ...")),
            ("item", message("What is offered or needed")),
            ("valid_until", message("Valid until")),
            ("scope", message("How far it reaches")),
        ),
    ),
    (
        message("Work that is offered or sought"),
        (
            ("skills", message("Skills, parted by ;")),
            ("rate", message("Rate")),
            ("rate_unit", message("Unit of the rate, such as EUR")),
            ("rate_per", message("Rate for each: hour, day or piece")),
            ("rate_by", message("Who agreed on the rate")),
            ("rate_table", message("Where the rate is written")),
            ("available_from", message("Available from")),
            ("available_until", message("Available until")),
            ("remote", message("It can be done from anywhere")),
        ),
    ),
    (
        message("For registers"),
        (
            ("identifiers", message("Number in another register")),
            ("structure", message("Structure (ESSGlobal)")),
            ("membership", message("Membership (ESSGlobal)")),
            ("licences", message("Licence of the row")),
            ("attributions", message("Attribution of the row")),
        ),
    ),
)
FIELDS = tuple(name for _, fields in GROUPS for name, _ in fields)
KINDS = KINDS_IMPORTED
_WHOLE = ("set", "kind", "language", "licence", "attribution")


class Use(NamedTuple):
    """A column of a file (its number, name and some values) and the field that it goes to, empty if to none.

    `detail` is a language or a scheme; the rest is for columns of codes (see CodeColumn).
    """

    column: int
    name: str
    samples: tuple[str, ...]
    field: str = ""
    detail: str = ""
    separator: str = ""
    prefix: str = ""
    tail: bool = False


def uses_of(found: Found, mapping: Mapping) -> list[Use]:
    """The lines of the form: what is used, field by field and in the order that counts there, then the rest."""
    number = {name: (at, samples) for at, (name, samples) in enumerate(found.columns)}
    used, seen = [], set()
    for field in FIELDS:
        for entry in _entries(mapping, field):
            told = _told(entry)
            name = told.pop("name")
            if name in number:
                at, samples = number[name]
                seen.add(at)
                used.append(Use(at, name, samples, field, **told))
    rest = [Use(at, name, samples) for name, (at, samples) in number.items() if at not in seen]
    return [*used, *rest]


def _entries(mapping: Mapping, field: str) -> tuple[Any, ...]:
    value = getattr(mapping, field)
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(value)


def _told(entry: str | TextColumn | CodeColumn) -> dict[str, Any]:
    if isinstance(entry, TextColumn):
        return {"name": entry.column, "detail": entry.language}
    if isinstance(entry, CodeColumn):
        more = {"separator": entry.separator, "prefix": entry.prefix, "tail": entry.tail}
        return {"name": entry.column, "detail": entry.scheme, **more}
    return {"name": entry}


def read_mapping(found: Found, texts: dict[str, str], before: Mapping) -> Mapping:
    """The mapping that a form says; what a form does not show stays as it was. Raises MappingError."""
    values: dict[str, Any] = {field: "" if field in SINGLE else [] for field in FIELDS}
    for number in range(2 * len(found.columns) + len(FIELDS)):
        field = texts.get(f"f{number}", "")
        if field not in values:
            continue
        column = _column(found, texts.get(f"c{number}", ""))
        if field in SINGLE and values[field]:
            raise MappingError(f"Only one column can go there, not {values[field][:80]!r} and {column[:80]!r}.")
        entry = _entry(field, column, {name: texts.get(f"{name}{number}", "") for name in "dspt"})
        values[field] = entry if field in SINGLE else [*values[field], entry]
    values |= {name: texts.get(name, "").strip() for name in _WHOLE}
    values["licence"] = licence_meant(values["licence"]) or values["licence"]
    values["language"] = values["language"] or "und"
    values["precision"] = _precision(texts.get("precision", ""), before.precision)
    try:
        return msgspec.convert(values, Mapping)
    except msgspec.ValidationError as error:
        raise MappingError(str(error)) from None


def _column(found: Found, number: str) -> str:
    if not (number.isascii() and number.isdigit() and len(number) < 5 and int(number) < len(found.columns)):
        raise MappingError("A line of the form names no column of the file. Open the page again.")
    return found.columns[int(number)][0]


def _entry(field: str, column: str, more: dict[str, str]) -> str | dict[str, Any]:
    if field in TEXTS:
        return {"column": column, "language": more["d"].strip()}
    if field in CODES:
        scheme = more["d"].strip()
        separator = more["s"] if more["s"] in SEPARATORS else ""
        return {
            "column": column, "scheme": scheme, "separator": separator, "prefix": more["p"], "tail": bool(more["t"])
        }  # fmt: skip
    return column


def _precision(text: str, before: int) -> int:
    digits = text.strip()
    if not digits:
        return before
    if not (digits.isascii() and digits.isdigit() and len(digits) < 7):
        raise MappingError(f"precision: {text[:20]!r} is not right, it must be metres, 0 to 100000.")
    return int(digits)
