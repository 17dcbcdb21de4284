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
"""Columns that a GeoJSON feature has beside its properties: decimal degrees, metres, and its `id`."""


class Row(msgspec.Struct, frozen=True):
    """One line of a CSV file or one feature of a GeoJSON file.

    `number` is the line on which the row begins (the header is line 1) or the number of the feature (the first is 1).
    `values` has no entry for an empty cell. Numbers are the digits of the file, never floats.
    """

    number: int
    values: dict[str, str]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one file, and how it was read.

    `delimiter` is empty for GeoJSON. `licence` is what the file says of itself, or empty. `refused` are rows that
    could not be read at all; `notes` are remarks on the file as a whole, in plain English.
    """

    format: Literal["csv", "geojson"]
    encoding: str
    delimiter: str
    decimal: Literal[".", ","]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    refused: tuple[Problem, ...] = ()
    licence: str = ""
    notes: tuple[str, ...] = ()
