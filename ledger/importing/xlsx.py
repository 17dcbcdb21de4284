# SPDX-License-Identifier: AGPL-3.0-or-later
"""Office Open XML spreadsheets (ISO/IEC 29500, as Excel writes them) to a Table."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from ledger.importing.archive import Archive
from ledger.importing.markup import MarkupReader
from ledger.importing.problem import ImportFileError
from ledger.importing.sheet import SHEETS_MAX, Sheet, check_cell, number_text, sheet_table
from ledger.importing.table import Table

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_STRINGS: Final = "xl/sharedStrings.xml"
_PLACE: Final = re.compile(r"([A-Z]{1,3})\d{1,7}")
_STRINGS_MAX: Final = 2_000_000


def read_xlsx(archive: Archive) -> Table:
    """The table of the first sheet that has one: numbers as digits, formulas as their stored result.

    Raises ImportFileError.
    """
    workbook, relations, strings = _Workbook(), _Relations(), _Strings()
    workbook.read(archive.pieces(_WORKBOOK), _WORKBOOK)
    relations.read(archive.pieces(_RELATIONS), _RELATIONS)
    if archive.has(_STRINGS):
        strings.read(archive.pieces(_STRINGS), _STRINGS)
    sheets = []
    for name, relation in workbook.sheets[:SHEETS_MAX]:
        target = relations.targets.get(relation, "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
        if archive.has(path):
            reader = _SheetReader(name, strings.strings)
            reader.read(archive.pieces(path), path)
            sheets.append(reader.sheet)
    return sheet_table(sheets, "xlsx")


class _Workbook(MarkupReader):
    """The sheets in their order: (name, id of the relation that says where it lies)."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            self.sheets.append((attributes.get("name", ""), attributes.get("id", "")))


class _Relations(MarkupReader):
    """Where the parts of the workbook lie."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _Text(MarkupReader):
    """Text in runs; how words are pronounced stands beside them and is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._characters = 0
        self._inside = False
        self._aside = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as inherited
        if name == "rPh":
            self._aside = True
        elif name == "t":
            self._inside = True

    def end(self, name: str) -> None:
        if name == "rPh":
            self._aside = False
        elif name == "t":
            self._inside = False

    def text(self, text: str) -> None:
        if self._inside and not self._aside:
            self._grow(text)
            self._parts.append(text)

    def _grow(self, text: str) -> None:
        self._characters += len(text)
        check_cell(self._characters)

    def take(self) -> str:
        """What was read since it was last taken."""
        text = "".join(self._parts)
        self._parts, self._characters = [], 0
        return text


class _Strings(_Text):
    """The strings that cells refer to by number."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []

    def end(self, name: str) -> None:
        super().end(name)
        if name == "si":
            if len(self.strings) >= _STRINGS_MAX:
                raise ImportFileError(f"The spreadsheet has more than {_STRINGS_MAX:,} texts. Split it.")
            self.strings.append(self.take())


class _SheetReader(_Text):
    """Follows rows and cells."""

    def __init__(self, name: str, strings: list[str]) -> None:
        super().__init__()
        self.sheet = Sheet(name)
        self._strings = strings
        self._number = 0
        self._cells: list[str] = []
        self._type = ""
        self._value: list[str] | None = None
        self._stored = ""
        self._formula = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            given = attributes.get("r", "")
            self._number = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else self._number + 1
            self._cells = []
        elif name == "c":
            column = _column(attributes.get("r", ""))
            column = len(self._cells) if column is None else column
            self.sheet.check_width(column)
            # One that comes out of order is put at the end, as nobody writes it.
            self._cells += [""] * (column - len(self._cells))
            self._type, self._stored, self._formula = attributes.get("t", "n"), "", False
            self.take()
        elif name == "v":
            self._value = []
        elif name == "f":
            self._formula = True
        else:
            super().begin(name, attributes)

    def text(self, text: str) -> None:
        if self._value is not None:
            self._grow(text)
            self._value.append(text)
        else:
            super().text(text)

    def end(self, name: str) -> None:
        if name == "v" and self._value is not None:
            self._stored, self._value = "".join(self._value), None
        elif name == "c":
            self._cells.append(self._cell())
        elif name == "row":
            self.sheet.add_row(self._number, self._cells)
        else:
            super().end(name)

    def _cell(self) -> str:
        written, stored = self.take(), self._stored
        if self._formula and not stored and not written:
            self.sheet.without_result.append(self._number)
        if self._type == "s":
            known = stored.isascii() and stored.isdigit() and int(stored[:9]) < len(self._strings)
            return self._strings[int(stored[:9])] if known else ""
        if self._type == "b":
            return {"1": "yes", "0": "no"}.get(stored, "")
        if self._type == "e":  # an error such as #REF! says nothing
            return ""
        if self._type == "n":
            return number_text(stored)
        return written or stored


def _column(place: str) -> int | None:
    """The column of a cell such as C7, from 0."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return column - 1
