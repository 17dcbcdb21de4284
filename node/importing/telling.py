# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a file was read, in plain words; and what there is to choose from instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.web.words import message

if TYPE_CHECKING:
    from node.importing.uploads import Found
    from node.web.words import Words

FORMATS = {
    "csv": message("a table as text (CSV)"),
    "geojson": message("a map layer (GeoJSON)"),
    "ods": message("a spreadsheet (ODS)"),
    "xlsx": message("an Excel spreadsheet (XLSX)"),
    "kml": message("placemarks (KML)"),
    "murmurations": message("Murmurations profiles"),
}
ENCODINGS = {
    "utf-8": message("UTF-8, as usual today"),
    "cp1252": message("Windows-1252, of older Windows programs in western Europe"),
    "iso8859-1": message("ISO 8859-1, of older programs in western Europe"),
    "iso8859-15": message("ISO 8859-15, the same with a euro sign"),
    "cp1250": message("Windows-1250, of older Windows programs in central Europe"),
    "cp1251": message("Windows-1251, of older Windows programs for Cyrillic"),
    "cp1253": message("Windows-1253, of older Windows programs for Greek"),
    "mac-roman": message("Mac Roman, of very old Macs"),
    "utf-16": message("UTF-16, of some spreadsheet programs"),
}
DELIMITERS = {
    ",": message("commas"),
    ";": message("semicolons"),
    "\t": message("tabs"),
    "|": message("vertical bars"),
}
TEXT_FORMATS = frozenset({"csv", "geojson", "murmurations"})
"""Formats whose encoding is a matter of opinion."""


def found_facts(found: Found, words: Words) -> list[tuple[str, str]]:
    """(what, how) was found in a file."""
    facts = [
        (words("It is"), words(FORMATS[found.format])),
        (words("Rows"), words.number(found.rows)),
        (words("Columns"), words.number(len(found.columns))),
    ]
    if found.refused:
        facts.append((words("Rows that cannot be read"), words.number(found.refused)))
    if found.format in TEXT_FORMATS:
        facts.append((words("The letters are written as"), told(ENCODINGS, found.encoding, words)))
    if found.delimiter:
        facts.append((words("The cells are parted by"), told(DELIMITERS, found.delimiter, words)))
    mark = words("a comma: 3,14") if found.decimal == "," else words("a point: 3.14")
    facts.append((words("Fractions are written with"), mark))
    return facts


def told(names: dict[str, str], code: str, words: Words) -> str:
    """What a code is called; the code itself where that is not known."""
    return words(names[code]) if code in names else code
