# SPDX-License-Identifier: AGPL-3.0-or-later
"""KML (OGC 07-147r2) to a Table: a placemark is a row, its extended data are cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ledger.importing.detect import detect_decimal
from ledger.importing.markup import MarkupReader
from ledger.importing.points import bounding_point
from ledger.importing.problem import ImportFileError
from ledger.importing.sheet import ROWS_MAX
from ledger.importing.table import FEATURE_ID, LATITUDE, LONGITUDE, PRECISION, Row, Table

_PLAIN: Final = {"name": "name", "description": "description", "address": "address", "phoneNumber": "phone"}
_NAMED: Final = frozenset(("value", "SimpleData"))
_SHAPES: Final = frozenset(("LineString", "LinearRing", "Polygon", "MultiGeometry", "Track"))
_CORNERS_MAX: Final = 1_000_000
FOLDER: Final = "folder"
"""The column of the folder, or the layer, in which a placemark lies."""


def read_kml(pieces: Iterable[bytes]) -> Table:
    """The table of all placemarks. What is not a point gets the middle of its bounding box. Raises ImportFileError."""
    reader = _Placemarks()
    reader.read(pieces, "The KML file")
    if not reader.rows:
        raise ImportFileError("The KML file has no placemark. Choose a file with at least one.")
    columns = dict.fromkeys(column for row in reader.rows for column in row.values)
    return Table(
        format="kml",
        encoding="utf-8",
        delimiter="",
        decimal=detect_decimal(cell for row in reader.rows for cell in row.values.values()),
        columns=tuple(columns),
        rows=tuple(reader.rows),
    )


class _Placemarks(MarkupReader):
    """Follows folders, placemarks and what they say."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._folders: list[str] = []
        self._open: list[str] = []
        self._cells: dict[str, str] | None = None
        self._column = ""
        self._parts: list[str] = []
        self._corners: list[tuple[str, str]] = []
        self._shape = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        self._parts = []
        if name == "Folder":
            self._folders.append("")
        elif name == "Placemark":
            self._cells, self._corners, self._shape = {}, [], False
            if attributes.get("id"):
                self._cells[FEATURE_ID] = attributes["id"]
        elif name in {"Data", "SimpleData"}:
            self._column = " ".join(attributes.get("name", "").split())
        elif name in _SHAPES:
            self._shape = True

    def text(self, text: str) -> None:
        self._parts.append(text)

    def end(self, name: str) -> None:
        self._open.pop()
        parent = self._open[-1] if self._open else ""
        text = "".join(self._parts).strip()
        self._parts = []
        if name == "name" and parent == "Folder" and self._folders:
            self._folders[-1] = text
        elif name == "Folder":
            self._folders.pop()
        elif name == "Placemark":
            self._end_placemark()
        elif self._cells is None or not text:
            return
        elif parent == "Placemark" and name in _PLAIN:
            self._cells[_PLAIN[name]] = text
        elif name in _NAMED and self._column:
            self._cells.setdefault(self._column, text)
        elif name == "coordinates":
            self._corners += [_corner(item) for item in text.split()[: _CORNERS_MAX - len(self._corners)]]

    def _end_placemark(self) -> None:
        if self._cells is None:
            return
        if len(self.rows) >= ROWS_MAX:
            raise ImportFileError(f"The KML file has more than {ROWS_MAX:,} placemarks. Split it.")
        cells = self._cells
        if self._folders and self._folders[-1]:
            cells.setdefault(FOLDER, self._folders[-1])
        if len(self._corners) == 1 and not self._shape:
            cells[LONGITUDE], cells[LATITUDE] = self._corners[0]
        elif (middle := bounding_point(self._corners)) is not None:
            cells[LATITUDE], cells[LONGITUDE] = middle[:2]
            cells[PRECISION] = str(middle[2])
        self.rows.append(Row(len(self.rows) + 1, cells))
        self._cells = None


def _corner(text: str) -> tuple[str, str]:
    """(longitude, latitude) of a corner, whose height does not matter."""
    longitude, _, rest = text.partition(",")
    return longitude, rest.partition(",")[0]
