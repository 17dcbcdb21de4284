# SPDX-License-Identifier: AGPL-3.0-or-later
"""CSV and its relatives: delimited text to a Table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ledger.importing.detect import detect_decimal, detect_delimiter, strip_types
from ledger.importing.formulas import unquote_formula
from ledger.importing.problem import ImportFileError, Problem, shorten
from ledger.importing.sheet import check_extent
from ledger.importing.table import Row, Table, name_columns


def read_delimited(text: str, encoding: str, delimiter: str | None = None) -> Table:
    """The table of a delimited text; the delimiter is detected unless given.

    Rows with too few or too many cells are refused one by one. Raises ImportFileError for what is no table, has no
    rows, or ends inside a quoted cell.
    """
    delimiter = delimiter or detect_delimiter(text)
    lines = _rows(text, delimiter)
    _, cells = next(lines, (1, []))
    check_extent("The file", 0, 0, len(cells))
    columns, notes = name_columns(strip_types(cells, delimiter))
    rows: list[Row] = []
    refused: list[Problem] = []
    number, seen = 1, 0
    for number, cells in lines:
        seen += len(cells)
        check_extent("The file", len(rows) + len(refused) + 1, seen)
        if len(cells) != len(columns):
            refused.append(_wrong_width(number, cells, len(columns)))
        else:
            rows.append(
                Row(number, {c: unquote_formula(cell) for c, cell in zip(columns, cells, strict=True) if cell.strip()})
            )
    _check_end(text, number, delimiter)
    if not rows and not refused:
        raise ImportFileError("The file has a header line and no rows (line 2 is missing). Choose a file with rows.")
    if not rows:
        raise ImportFileError(
            f"No row has as many cells as the header ({len(columns)}); the first, on line {refused[0].row}:"
            f" {refused[0].reason} Say which delimiter the file uses, or save it again as CSV."
        )
    return Table(
        format="csv",
        encoding=encoding,
        delimiter=delimiter,
        decimal=detect_decimal(cell for row in rows for cell in row.values.values()),
        columns=columns,
        rows=tuple(rows),
        refused=tuple(refused),
        notes=tuple(notes),
    )


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which the row begins, its cells); blank lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        for cells in reader:
            if cells:
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise ImportFileError(
            f"Line {number} cannot be read ({error}): a quotation mark is missing there, or the file is damaged."
            " Correct that line and import the file again."
        ) from None


def _wrong_width(number: int, cells: list[str], width: int) -> Problem:
    difference = abs(len(cells) - width)
    what = f"{difference} too few" if len(cells) < width else f"{difference} too many"
    reason = (
        f"{len(cells)} cells where the header has {width} ({what}): a delimiter or a quotation mark is missing or too"
        " many. Correct the line."
    )
    return Problem(number, "row", shorten(" | ".join(cells)), reason, "error")


def _check_end(text: str, number: int, delimiter: str) -> None:
    """Raises ImportFileError if the last row, which begins on line `number`, ends inside a quoted cell."""
    stream = io.StringIO(text, newline="")
    for _ in range(number - 1):
        stream.readline()
    try:
        for _ in csv.reader(stream, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise ImportFileError(
                f"The row on line {number} opens a quotation mark that is never closed: the file is cut off, or one"
                " quotation mark is missing. Fetch the file again, or correct that line."
            ) from None
