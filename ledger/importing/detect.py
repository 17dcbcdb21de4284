# SPDX-License-Identifier: AGPL-3.0-or-later
"""Detection: the encoding, the delimiter and the decimal mark of a file that does not say."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Final, Literal

from ledger.importing.problem import ImportFileError

DELIMITERS: Final = (",", ";", "\t", "|")
ROWS_TRIED: Final = 200
CELLS_TRIED: Final = 20_000

_MARKS: Final = (
    # The mark of UTF-32 little-endian begins with that of UTF-16.
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF16_SAMPLE_BYTES: Final = 4_000
_DECIMAL: Final = re.compile(r"[+-]?\d+([.,])\d+")


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """(the text, the name of its encoding).

    With `encoding` that one is used, strictly. Without: a byte order mark decides, then UTF-16 by its zero bytes, then
    strict UTF-8, then Windows-1252, and ISO 8859-1 for what has no meaning there. Raises ImportFileError.
    """
    if not data.strip():
        raise ImportFileError("The file is empty (0 bytes or only blanks). Choose a file with a header line and rows.")
    name = encoding or _encoding(data)
    try:
        text = data.decode(name)
    except LookupError:
        raise ImportFileError(
            f"There is no encoding named {name!r}. Try utf-8, utf-16, windows-1252 or iso-8859-1."
        ) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportFileError(
            f"Byte {error.start} (line {line}) is not {name}: the file is cut off or damaged there, or it has another"
            " encoding. Fetch it again, or say which encoding it has."
        ) from None
    if "\0" in text:
        position = text.index("\0")
        line = text.count("\n", 0, position) + 1
        raise ImportFileError(
            f"Character {position} (line {line}) is a zero byte: this is not a text file, or it is damaged there."
            " Save the table as CSV (UTF-8) and import that."
        )
    return text.removeprefix("\ufeff"), codecs.lookup(name).name.removesuffix("-sig")


def _encoding(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:_UTF16_SAMPLE_BYTES]
    # Markup and digits have a zero byte in UTF-16 on one side of every pair, whatever the language.
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 4 > len(sample) // 2 and min(even, odd) * 10 < max(even, odd):
        return "utf-16-be" if even > odd else "utf-16-le"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data" and error.start > len(data) - 4
        if cut and not data[: error.start].isascii():
            return "utf-8"  # its whole text up to there is UTF-8: only the last character is cut off
    else:
        return "utf-8"
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def detect_delimiter(text: str) -> str:
    """The delimiter under which the first rows have the same number of cells, two at least.

    Real CSV rules count the cells, so delimiters and newlines inside quotes do not mislead.
    Raises ImportFileError if no delimiter makes a table of the text.
    """
    scores = {delimiter: _consistency(text, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best] == (0, 0):
        raise ImportFileError(
            "This is not a table: no line has two cells parted by a comma, semicolon, tab or vertical bar."
            " Save it as CSV with a header line, or as GeoJSON."
        )
    return best


def _consistency(text: str, delimiter: str) -> tuple[int, int]:
    """(rows with as many cells as the header, in percent; number of cells): more is better."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    widths: list[int] = []
    # Where the rows cannot be read further, those before tell; reading them all will name the place.
    with suppress(csv.Error):
        widths.extend(len(strip_types(cells, delimiter)) for cells in islice(reader, ROWS_TRIED) if cells)
    if not widths or widths[0] < 2:
        return 0, 0
    rows = widths[1:] or widths
    agreement = 100 * sum(width == widths[0] for width in rows) // len(rows)
    return (agreement, widths[0]) if agreement else (0, 0)


def strip_types(header: list[str], delimiter: str) -> list[str]:
    """The cells of a header without dBase types: `NAME,C,254` is the column NAME (character, 254 wide)."""
    if delimiter == ",":
        return header
    return [re.sub(r",[CNFDLMI],\d+(,\d+)?\s*$", "", cell) for cell in header]


def detect_decimal(cells: Iterable[str]) -> Literal[".", ","]:
    """The mark that parts the whole from the fraction in more of these cells; the point if they do not tell."""
    marks = Counter(match[1] for cell in islice(cells, CELLS_TRIED) if (match := _DECIMAL.fullmatch(cell.strip())))
    return "," if marks[","] > marks["."] else "."
