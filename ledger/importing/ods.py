# SPDX-License-Identifier: AGPL-3.0-or-later
"""OpenDocument spreadsheets (ISO/IEC 26300) to a Table."""

from __future__ import annotations

from typing import Final

from ledger.importing.archive import Archive
from ledger.importing.markup import MarkupReader
from ledger.importing.problem import ImportFileError
from ledger.importing.sheet import COLUMNS_MAX, SHEETS_MAX, Sheet, check_cell, number_text, sheet_table
from ledger.importing.table import Table

_NUMBERS: Final = frozenset(("float", "percentage", "currency"))
_STORED: Final = {"date": "date-value", "time": "time-value"}
_BLANKS_MAX: Final = 1_000


def read_ods(archive: Archive) -> Table:
    """The table of a spreadsheet: stored numbers as digits, text as it is written, formulas as their stored result.

    Raises ImportFileError.
    """
    reader = _Content()
    reader.read(archive.pieces("content.xml"), "content.xml of the spreadsheet")
    return sheet_table(reader.sheets, "ods")


class _Content(MarkupReader):
    """Follows sheets, rows, cells and the paragraphs in them."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[Sheet] = []
        self._row = 0
        self._row_repeated = 1
        self._cells: list[str] = []
        self._cell: dict[str, str] | None = None
        self._paragraphs: list[list[str]] = []
        self._characters = 0
        self._in_paragraph = 0
        self._aside = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "annotation":  # somebody's remark on a cell, not what the cell says
            self._aside += 1
        elif self._aside:
            return
        elif name == "table":
            if len(self.sheets) >= SHEETS_MAX:
                raise ImportFileError(
                    f"The spreadsheet has more than {SHEETS_MAX} sheets. Keep only that of the table."
                )
            self.sheets.append(Sheet(attributes.get("name", "")))
            self._row = 0
        elif name == "table-row":
            self._cells, self._row_repeated = [], _times(attributes.get("number-rows-repeated"))
        elif name in {"table-cell", "covered-table-cell"}:
            self._cell, self._paragraphs, self._characters = attributes, [], 0
        elif name in {"p", "h"} and self._cell is not None:
            self._in_paragraph += 1
            self._paragraphs.append([])
            self._grow(1)
        elif self._in_paragraph and name in {"s", "tab"}:
            self.text(" " * min(_times(attributes.get("c")), _BLANKS_MAX))
        elif self._in_paragraph and name == "line-break":
            self.text("\n")

    def text(self, text: str) -> None:
        if self._in_paragraph and not self._aside:
            self._grow(len(text))
            self._paragraphs[-1].append(text)

    def _grow(self, characters: int) -> None:
        self._characters += characters
        check_cell(self._characters)

    def end(self, name: str) -> None:
        if name == "annotation":
            self._aside -= 1
        elif self._aside or not self.sheets:
            return
        elif name in {"p", "h"} and self._in_paragraph:
            self._in_paragraph -= 1
        elif name in {"table-cell", "covered-table-cell"} and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        elif name == "table-row":
            self._end_row()

    def _end_cell(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("value-type", "")
        text = "\n".join(map("".join, self._paragraphs))
        if kind in _NUMBERS:
            text = number_text(attributes.get("value", text))
        elif kind == "boolean":
            text = "yes" if attributes.get("boolean-value") == "true" else "no"
        elif kind in _STORED:
            text = attributes.get(_STORED[kind], text)
        if not text and attributes.get("formula"):
            self.sheets[-1].without_result.append(self._row + 1)
        repeated = _times(attributes.get("number-columns-repeated"))
        if text.strip():
            self.sheets[-1].check_width(len(self._cells) + repeated - 1)
        # Programs fill a row up with blank cells as far as a sheet reaches.
        self._cells += [text] * min(repeated, COLUMNS_MAX + 1 - len(self._cells))

    def _end_row(self) -> None:
        sheet = self.sheets[-1]
        while self._cells and not self._cells[-1].strip():
            self._cells.pop()
        if self._cells:
            sheet.check_room(self._row_repeated, self._cells)
            for number in range(self._row_repeated):
                sheet.add_row(self._row + number + 1, list(self._cells))
        self._row += self._row_repeated


def _times(text: str | None) -> int:
    """How often something is repeated: once where nothing sensible is said."""
    return max(int(text), 1) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1
