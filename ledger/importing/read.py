# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading: the bytes of a file to a Table, whatever format they have."""

from __future__ import annotations

from typing import Final

import msgspec

from ledger.importing.delimited import read_delimited
from ledger.importing.detect import decode
from ledger.importing.geojson import read_geojson
from ledger.importing.problem import ImportFileError
from ledger.importing.table import Table

_OTHER_FORMATS: Final = (
    (b"PK\x03\x04", "a spreadsheet (ODS, XLSX) or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (XLS)"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "an SQLite database"),
)


def read_table(data: bytes, *, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """The table that a CSV or GeoJSON file holds.

    Encoding and delimiter are detected unless given. Raises ImportFileError for what is neither format, and for what
    is empty, damaged or cut off.
    """
    for start, what in _OTHER_FORMATS:
        if data.startswith(start):
            raise ImportFileError(
                f"The file is {what} (seen at byte 0). Save the table as CSV (UTF-8) and import that."
            )
    text, name = decode(data, encoding)
    start_of_text = text.lstrip()[:1]
    if start_of_text in ("{", "["):
        try:
            table = read_geojson(text, name)
        except RecursionError:
            raise ImportFileError("The JSON is nested too deeply to be GeoJSON. Fetch the file again.") from None
        return _with_note(table, data, encoding)
    if start_of_text == "<":
        raise ImportFileError(
            "The file begins with '<' (line 1): it is a web page or XML, not a table. Look for a download link to a CSV"
            " or GeoJSON file, and import that."
        )
    return _with_note(read_delimited(text, name, delimiter), data, encoding)


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
