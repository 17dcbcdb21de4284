# SPDX-License-Identifier: AGPL-3.0-or-later
"""A sheet: the rows of cells that a spreadsheet holds, under limits, to a Table."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import Final, Literal

from ledger.importing.detect import detect_decimal, strip_types
from ledger.importing.problem import ImportFileError, Problem, shorten
from ledger.importing.table import Row, Table, name_columns

ROWS_MAX: Final = 250_000
COLUMNS_MAX: Final = 1_000
CELLS_MAX: Final = 5_000_000
CELL_CHARACTERS_MAX: Final = 131_072
"""As many as one of CSV; programs keep 32,767."""
CHARACTERS_MAX: Final = 256 * 2**20
"""Of all cells, those that only repeat another among them."""
SHEETS_MAX: Final = 100

_NUMBER: Final = re.compile(r"[+-]?\d{1,40}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,2})?")
_DIGITS: Final = Context(prec=15)
"""As many as spreadsheets show: what a stored number has beyond them is noise of its binary form."""


def check_extent(what: str, rows: int, cells: int, columns: int = 0) -> None:
    """Raises ImportFileError for more than a table may have; `what` names it, and begins the sentence."""
    if rows > ROWS_MAX or cells > CELLS_MAX:
        raise ImportFileError(f"{what} has more than {ROWS_MAX:,} rows or {CELLS_MAX:,} cells. Split it.")
    if columns > COLUMNS_MAX:
        raise ImportFileError(f"{what} has more than {COLUMNS_MAX:,} columns. Leave only those of the table.")


def check_cell(characters: int) -> None:
    """Raises ImportFileError for more text than a cell may have."""
    if characters > CELL_CHARACTERS_MAX:
        raise ImportFileError(f"A cell has more than {CELL_CHARACTERS_MAX:,} characters. Shorten it.")


class Sheet:
    """Takes in cells in order. Raises ImportFileError once there are more than a table has."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[tuple[int, list[str]]] = []
        self.without_result: list[int] = []
        self._cells = self._characters = 0

    def add_row(self, number: int, cells: list[str]) -> None:
        """A row, unless it is blank; `number` counts from 1."""
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            return
        self.check_room(1, cells)
        self._cells += len(cells)
        self._characters += sum(map(len, cells))
        self.rows.append((number, cells))

    def check_room(self, rows: int, cells: list[str]) -> None:
        """Refuses so many further rows of these cells if there is no room for them."""
        name = f"The sheet {shorten(self.name)!r}"
        check_extent(name, len(self.rows) + rows, self._cells + rows * len(cells))
        if self._characters + rows * sum(map(len, cells)) > CHARACTERS_MAX:
            raise ImportFileError(f"{name} has more than {CHARACTERS_MAX >> 20} million characters. Split it.")

    def check_width(self, column: int) -> None:
        """Refuses a cell that stands too far to the right; `column` counts from 0."""
        check_extent(f"The sheet {shorten(self.name)!r}", 0, 0, column + 1)


def number_text(digits: str) -> str:
    """A stored number as people would write it: 1.0 is 1, and 3.8586027000000001 is 3.8586027."""
    if not _NUMBER.fullmatch(digits):
        return digits
    text = f"{_DIGITS.create_decimal(Decimal(digits)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def sheet_table(sheets: list[Sheet], form: Literal["ods", "xlsx"]) -> Table:
    """The table on the first sheet that has one. Its header is the first row with two cells that say something."""
    sheet = next((one for one in sheets if one.rows), None)
    if sheet is None:
        raise ImportFileError("The spreadsheet is empty. Choose a file with a header row and rows below it.")
    rows, notes = sheet.rows, []
    if sum(bool(one.rows) for one in sheets) > 1:
        notes.append(f"The file has several sheets; the first, {shorten(sheet.name)!r}, was read.")
    start = next((place for place, (_, cells) in enumerate(rows) if sum(bool(c.strip()) for c in cells) > 1), None)
    if start is None:
        raise ImportFileError(f"The sheet {shorten(sheet.name)!r} is not a table: no row has two cells.")
    if start:
        notes.append(f"Above the header, which is row {rows[start][0]}, there is text: it was left out.")
    if sheet.without_result:
        notes.append(
            f"{len(sheet.without_result)} formulas have no stored result (the first in row {sheet.without_result[0]}):"
            " formulas are not run here, so these cells are empty. Open the file, save it, and import it again."
        )
    columns, named = name_columns(strip_types(rows[start][1], ";"))
    good, refused = [], []
    for number, cells in rows[start + 1 :]:
        if len(cells) > len(columns):
            reason = f"{len(cells)} cells where the header has {len(columns)}. Give every column a name in the header."
            refused.append(Problem(number, "row", shorten(" | ".join(cells)), reason, "error"))
        else:
            cell_of = zip(columns, cells, strict=False)
            good.append(Row(number, {column: cell for column, cell in cell_of if cell.strip()}))
    if not good and not refused:
        raise ImportFileError(f"The sheet {shorten(sheet.name)!r} has a header and no rows. Choose a file with rows.")
    return Table(
        format=form,
        encoding="utf-8",
        delimiter="",
        decimal=detect_decimal(cell for row in good for cell in row.values.values()),
        columns=columns,
        rows=tuple(good),
        refused=tuple(refused),
        notes=(*notes, *named),
    )
