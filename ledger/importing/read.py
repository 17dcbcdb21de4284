# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading: the bytes of a file to a Table, whatever format they have."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from ledger.importing.archive import Archive
from ledger.importing.delimited import read_delimited
from ledger.importing.detect import decode
from ledger.importing.geojson import parse_json, read_geojson
from ledger.importing.kml import read_kml
from ledger.importing.murmurations import profiles_of, read_murmurations
from ledger.importing.ods import read_ods
from ledger.importing.problem import ImportFileError
from ledger.importing.table import Table
from ledger.importing.xlsx import read_xlsx

_OTHER_FORMATS: Final = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (XLS), or one with a password"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "an SQLite database"),
)
_ZIP: Final = b"PK\x03\x04"
_KML: Final = re.compile(r"<(?:\w+:)?kml[\s>]")
_ROOT_WITHIN_CHARACTERS: Final = 4_000


def read_table(data: bytes, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """The table that a file holds: CSV, GeoJSON, ODS, XLSX, KML, KMZ, or Murmurations profiles.

    Encoding and delimiter are detected unless given. Raises ImportFileError for what has none of these formats, and
    for what is empty, damaged, cut off or too large.
    """
    for start, what in _OTHER_FORMATS:
        if data.startswith(start):
            raise ImportFileError(
                f"The file is {what} (seen at byte 0). Save the table as CSV (UTF-8) and import that."
            )
    if data.startswith(_ZIP):
        return _read_archive(Archive(data))
    text, name = decode(data, encoding)
    start_of_text = text.lstrip()[:1]
    if start_of_text in ("{", "["):
        try:
            return _with_note(_read_json(text, name), data, encoding)
        except RecursionError:
            raise ImportFileError("The JSON is nested too deeply to be GeoJSON. Fetch the file again.") from None
    if start_of_text == "<":
        if _KML.search(text[:_ROOT_WITHIN_CHARACTERS]):
            return read_kml([data])
        raise ImportFileError(
            "The file begins with '<' (line 1): it is a web page or XML, not a table. Look for a download link to a CSV"
            " or GeoJSON file, and import that."
        )
    return _with_note(read_delimited(text, name, delimiter), data, encoding)


def _read_archive(archive: Archive) -> Table:
    if archive.has("xl/workbook.xml"):
        return read_xlsx(archive)
    if archive.has("content.xml"):
        return read_ods(archive)
    placemarks = next((name for name in archive.names if name.lower().endswith(".kml")), "")
    if placemarks:
        return read_kml(archive.pieces(placemarks))
    raise ImportFileError(
        "The file is a zip archive and neither a spreadsheet (ODS, XLSX) nor KMZ. Unpack it and import what is in it."
    )


def _read_json(text: str, encoding: str) -> Table:
    document = parse_json(text)
    profiles = profiles_of(document)
    if profiles is not None:
        return read_murmurations(profiles, encoding)
    if isinstance(document, dict):
        return read_geojson(document, encoding)
    raise ImportFileError(
        "The file is JSON but neither GeoJSON nor Murmurations profiles: line 1 begins a list, where an object with"
        ' "type": "FeatureCollection" and "features" is expected. Export it as GeoJSON or CSV.'
    )


def _with_note(table: Table, data: bytes, encoding: str | None) -> Table:
    """The table with a remark if its encoding is no more than a guess."""
    if encoding is not None or data.isascii() or not table.encoding.startswith(("cp", "iso")):
        return table
    line = data.count(b"\n", 0, next(place for place, byte in enumerate(data) if byte > 127)) + 1
    note = (
        f"The file is not UTF-8 (see line {line}) and was read as {table.encoding}. If accents look wrong, say which"
        " encoding it has."
    )
    return msgspec.structs.replace(table, notes=(*table.notes, note))
