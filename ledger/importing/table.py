# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table: what a file of any supported format says, as text, before anything is made of it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from ledger.importing.problem import Problem

LATITUDE: Final = "geometry:latitude"
LONGITUDE: Final = "geometry:longitude"
PRECISION: Final = "geometry:precision"
FEATURE_ID: Final = "feature:id"
"""Columns that features, placemarks and profiles have beside what they say: decimal degrees, metres, and their `id`."""


class Row(msgspec.Struct, frozen=True):
    """One line of a CSV file, row of a sheet, feature of a GeoJSON file, placemark or profile.

    `number` is the line on which the row begins (the header is line 1), or that of the row in its sheet, or of the
    feature (the first is 1).
    `values` has no entry for an empty cell. Numbers are the digits of the file, never floats.
    """

    number: int
    values: dict[str, str]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one file, and how it was read.

    `delimiter` is empty for all but CSV. `licence` is what the file says of itself, or empty. `refused` are rows that
    could not be read at all; `notes` are remarks on the file as a whole, in plain English.
    """

    format: Literal["csv", "geojson", "ods", "xlsx", "kml", "murmurations"]
    encoding: str
    delimiter: str
    decimal: Literal[".", ","]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    refused: tuple[Problem, ...] = ()
    licence: str = ""
    notes: tuple[str, ...] = ()


def name_columns(header: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """(names of the columns, each once, remarks on those that had to be named)."""
    columns: dict[str, None] = {}
    notes = []
    for position, cell in enumerate(header, 1):
        name = plain = " ".join(cell.split()) or f"column {position}"
        number = 2
        while name in columns:
            name, number = f"{plain} ({number})", number + 1
        if name != " ".join(cell.split()):
            notes.append(f"Column {position} has no name of its own and is called {name!r} here.")
        columns[name] = None
    return tuple(columns), notes
