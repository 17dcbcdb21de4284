# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with a file or a row, in the reader's language: `ledger/importing` says it in English, as here."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from node.importing.mapping_form import GROUPS
from node.web.words import message

if TYPE_CHECKING:
    from node.web.words import Words

_CHARACTERS_MAX = 1_000
"""Longer ones hold a name or value that no form was made for: comparing them would take long."""
_NOWHERE = " The record has no point."
ROW_REASONS = (
    message("{length} characters, at most {limit} are allowed: left out. Shorten it."),
    message("{length} characters, at most {limit} are allowed: left out. Shorten column {column}."),
    message("Holds U+FFFD, where an earlier program lost a character. Put the right one there."),
    message("No name: fill in the column {column}, or remove the row."),
    message("More than {limit} languages: this one is left out."),
    message("More than {limit} links: this and the next are left out."),
    message("More than {limit} of them: this and the next are left out."),
    message("Not a web address: left out. Write it as https://www.example.org in column {column}."),
    message("Mistyped: taken as {value}. Correct it in column {column}."),
    message("Not two numbers of decimal degrees, such as 53.488061 and -2.237449. Correct the coordinates."),
    message("(0, 0) is in the sea off Africa: the place of a lost position. Give the true one, or leave it empty."),
    message(
        "Outside the range of degrees (latitude -90 to 90, longitude -180 to 180): perhaps a national grid, or a lost"
        " decimal point. Give WGS 84 decimal degrees."
    ),
    message("Latitude and longitude were exchanged, since no latitude is beyond 90 degrees. Check the place."),
    message("Not a country that is known here: left out. Write its two letters (ISO 3166-1), such as GB."),
    message("Misspelt: taken as {value}. Correct the spelling."),
    message("{code} is far from the point; perhaps {value} is meant: left out. Correct the code."),
    message("Not scheme:code: left out. Write it such as osm:shop=books."),
    message(
        "Kept as text, but not in the opening_hours syntax of OpenStreetMap, so nobody can be told whether it is open."
        " Write it such as Mo-Fr 09:00-17:00."
    ),
    message("Neither yes nor no: left out. Write yes or no."),
    message("Not an e-mail address: left out. Correct it."),
    message("Not a status that is known: left out. Write active, planned, paused or closed."),
    message("Not a kind that is known: taken as {value}. Write organisation, place, ..."),
    message("Not an SPDX expression: taken as {value}. Write CC0-1.0, ..."),
    message("Not a scope that is known: left out. Write {values}."),
    message("Not terms that are known: left out. Write {values}."),
    message("Not a day: left out. Write it such as 2027-01-31."),
    message("Not a rate: left out. Write an amount such as 24.50, its unit such as EUR, and {values}."),
    message("An identifier of more than {limit} characters. Choose another column for it."),
    message("Row {row} has the same identifier. Give this row its own, or remove it."),
    message("No identifier in column {column}: made one of name and address, which lasts while these stay."),
    message(
        "{cells} cells where the header has {width} ({difference} too few): a delimiter or a quotation mark is missing"
        " or too many. Correct the line."
    ),
    message(
        "{cells} cells where the header has {width} ({difference} too many): a delimiter or a quotation mark is missing"
        " or too many. Correct the line."
    ),
    message("{cells} cells where the header has {width}. Give every column a name in the header."),
    message("Not a feature: a feature is an object with properties and a geometry. Correct or remove it."),
    message("Not a profile: a profile is an object with linked_schemas and a name. Correct or remove it."),
    message("Left out, as was chosen: it is likely to be here already."),
)
FILE_REASONS = (
    message(
        "This is not a table: no line has two cells parted by a comma, semicolon, tab or vertical bar. Save it as CSV"
        " with a header line, or as GeoJSON."
    ),
    message("The file is empty (0 bytes or only blanks). Choose a file with a header line and rows."),
    message("The file has a header line and no rows (line 2 is missing). Choose a file with rows."),
    message(
        "Byte {place} (line {line}) is not {encoding}: the file is cut off or damaged there, or it has another"
        " encoding. Fetch it again, or say which encoding it has."
    ),
    message(
        "Character {place} (line {line}) is a zero byte: this is not a text file, or it is damaged there. Save the"
        " table as CSV (UTF-8) and import that."
    ),
    message("The file is {what} (seen at byte 0). Save the table as CSV (UTF-8) and import that."),
    message(
        "The file begins with '<' (line 1): it is a web page or XML, not a table. Look for a download link to a CSV or"
        " GeoJSON file, and import that."
    ),
    message(
        "The row on line {line} opens a quotation mark that is never closed: the file is cut off, or one quotation"
        " mark is missing. Fetch the file again, or correct that line."
    ),
    message(
        "Line {line} cannot be read ({error}): a quotation mark is missing there, or the file is damaged. Correct that"
        " line and import the file again."
    ),
    message("The archive is damaged or cut off. Fetch it again, or save the table as CSV (UTF-8)."),
    message("The file is protected by a password. Save it without one and import that."),
    message(
        "The file is a zip archive and neither a spreadsheet (ODS, XLSX) nor KMZ. Unpack it and import what is in it."
    ),
    message(
        "The file is not valid JSON (line {line}, character {character}: {error}): it is cut off there. Fetch it again,"
        " or correct it at that place."
    ),
    message(
        "The file is not valid JSON (line {line}, character {character}: {error}): it is damaged there. Fetch it again,"
        " or correct it at that place."
    ),
    message(
        'The JSON (type {kind}) has no list "features", so it is not a GeoJSON FeatureCollection. Export it as GeoJSON'
        " or CSV."
    ),
    message('The list "features" is empty. Choose a file with at least one feature.'),
    message("{what} has more than {rows} rows or {cells} cells. Split it."),
    message(
        "The file is not UTF-8 (see line {line}) and was read as {encoding}. If accents look wrong, say which encoding"
        " it has."
    ),
    message("The file has several sheets; the first, {name}, was read."),
    message("Above the header, which is row {row}, there is text: it was left out."),
    message("Column {number} has no name of its own and is called {name} here."),
    message("The file is larger than {number} MiB. Split it, or take it in on the command line."),
    message("The node has stopped several times while it worked on this. Split the file, or try again."),
    message("set: give the data set a short name of a-z 0-9 . _ -"),
    message("licence: say under which licence the data may be used, such as CC0-1.0"),
    message("name: say which column holds the name"),
    message("set: {value} is not right, it must be 1 to 64 of a-z 0-9 . _ -."),
    message("language: {value} is not right, it must be a tag such as fr, or und."),
    message("licence: {value} is not right, it must be an SPDX expression such as CC0-1.0 or LicenseRef-mine."),
    message("precision: {value} is not right, it must be metres, 0 to 100000."),
    message("latitude: {value} is not right, it must be given together with longitude."),
    message("scheme: {value} is not right, it must be given for every column of identifiers."),
    message("Only one column can go there, not {value} and {other}."),
)
_FIELD_NAMES = {
    "id": message("Number or code"),
    "row": message("Row"),
    "point": message("Point"),
    "licence": message("Licence"),
    "attribution": message("Attribution"),
    "kind": message("Kind"),
} | {name: text for _, fields in GROUPS for name, text in fields}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What each template may look like when it is filled in; those with more words of their own come first."""
    made = []
    for template in sorted((*ROW_REASONS, *FILE_REASONS), key=lambda text: -len(re.sub(r"\{\w+\}", "", text))):
        parts = re.split(r"\{(\w+)\}", template)
        pattern = "".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts))
        made.append((re.compile(pattern, re.DOTALL), template))
    return tuple(made)


def reason_text(reason: str, words: Words) -> str:
    """A reason in the reader's language; as it is where it is not one of those known."""
    if len(reason) > _CHARACTERS_MAX:
        return reason
    for end, more in ((_NOWHERE, words("The record has no point.")), ("", "")):
        if reason.endswith(end):
            plain = reason.removesuffix(end)
            for pattern, template in _patterns():
                if (found := pattern.fullmatch(plain)) is not None:
                    return " ".join(filter(None, (words(template, **found.groupdict()), more)))
    return reason


def is_known(reason: str) -> bool:
    """Whether a reason is one of those that are translated."""
    plain = reason.removesuffix(_NOWHERE)
    return any(pattern.fullmatch(plain) for pattern, _ in _patterns())


def field_text(field: str, words: Words) -> str:
    """A field as people call it; as it is where that is not known."""
    name = field if field in _FIELD_NAMES else field.rpartition(".")[2]
    return words(_FIELD_NAMES[name]) if name in _FIELD_NAMES else field
