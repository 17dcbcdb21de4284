# SPDX-License-Identifier: AGPL-3.0-or-later
"""GeoJSON (RFC 7946) to a Table: properties become cells, the geometry becomes cells of one point."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ledger.importing.detect import detect_decimal
from ledger.importing.points import bounding_point
from ledger.importing.problem import ImportFileError, Problem, shorten
from ledger.importing.sheet import check_extent
from ledger.importing.table import FEATURE_ID, LATITUDE, LONGITUDE, PRECISION, Row, Table

VALUES_MAX: Final = 8_000_000
"""In one document: each takes a hundred bytes of memory or so."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_WGS84: Final = re.compile(r"4326|CRS:?84", re.IGNORECASE)


def read_geojson(document: dict[str, Any], encoding: str) -> Table:
    """The table of a FeatureCollection, or of one Feature, as `parse_json` gives it.

    Null values have no cell, lists and objects become text, numbers keep their digits. A feature whose geometry is not
    a point gets the middle of its bounding box, and half the diagonal as its precision in metres.
    Raises ImportFileError for JSON that has no features.
    """
    features = _features(document)
    check_extent("The file", len(features), 0)
    columns: dict[str, None] = {}
    rows, refused = [], []
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict):
            reason = "Not a feature: a feature is an object with properties and a geometry. Correct or remove it."
            refused.append(Problem(number, "row", shorten(flatten(feature)), reason, "error"))
            continue
        row = Row(number, _cells(feature))
        columns.update(dict.fromkeys(row.values))
        rows.append(row)
    if not rows and not refused:
        raise ImportFileError('The list "features" is empty. Choose a file with at least one feature.')
    return Table(
        format="geojson",
        encoding=encoding,
        delimiter="",
        decimal=detect_decimal(cell for row in rows for cell in row.values.values()),
        columns=tuple(columns),
        rows=tuple(rows),
        refused=tuple(refused),
        licence=flatten(next((document[key] for key in ("license", "licence") if key in document), "")),
        notes=_notes(document),
    )


def parse_json(text: str) -> Any:  # noqa: ANN401 - JSON can hold anything
    """A JSON document whose numbers are their digits, as text. Raises ImportFileError, RecursionError."""
    if sum(map(text.count, ",[{")) > VALUES_MAX:
        raise ImportFileError(f"The JSON has more than {VALUES_MAX:,} values. Split it, or leave out the outlines.")
    try:
        return json.loads(text, parse_float=_number, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
        what = "it is cut off there" if cut else "it is damaged there"
        raise ImportFileError(
            f"The file is not valid JSON (line {error.lineno}, character {error.colno}: {error.msg}): {what}."
            " Fetch it again, or correct it at that place."
        ) from None


def _number(digits: str) -> str:
    """The digits of a number; the same for 5.0 as for 5, so that exports of one table to two formats agree."""
    whole, _, fraction = digits.partition(".")
    return whole if fraction and not fraction.strip("0") else digits


def _features(document: dict[str, Any]) -> list[Any]:
    if document.get("type") == "Feature":
        return [document]
    features = document.get("features")
    if isinstance(features, list):
        return features
    raise ImportFileError(
        f'The JSON (type {shorten(flatten(document.get("type", "none")))!r}) has no list "features", so it is not a'
        " GeoJSON FeatureCollection. Export it as GeoJSON or CSV."
    )


def _cells(feature: dict[str, Any]) -> dict[str, str]:
    properties = feature.get("properties")
    cells = {}
    if isinstance(properties, dict):
        for key, value in properties.items():
            text = flatten(value)
            if text.strip():
                cells[whole(key)] = text
    if feature.get("id") not in (None, ""):
        cells[FEATURE_ID] = flatten(feature["id"])
    cells.update(_point(feature.get("geometry")))
    return cells


def _point(geometry: object) -> dict[str, str]:
    if not isinstance(geometry, dict):
        return {}
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "Point":
        if not isinstance(coordinates, list) or len(coordinates) < 2:
            return {}
        return {LATITUDE: flatten(coordinates[1]), LONGITUDE: flatten(coordinates[0])}
    middle = bounding_point(_positions(geometry))
    if middle is None:
        return {}
    latitude, longitude, precision = middle
    return {LATITUDE: latitude, LONGITUDE: longitude, PRECISION: str(precision)}


def _positions(geometry: dict[str, Any]) -> list[tuple[str, str]]:
    """(longitude, latitude) of every corner, however deep the type of geometry nests them."""
    found = []
    stack = [geometry.get("coordinates"), geometry.get("geometries")]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += [item.get("coordinates"), item.get("geometries")]
        elif isinstance(item, list):
            if len(item) >= 2 and isinstance(item[0], str) and isinstance(item[1], str):
                found.append((item[0], item[1]))
            else:
                stack += item
    return found


def flatten(value: Any) -> str:  # noqa: ANN401 - JSON can hold anything
    """Any JSON value as text: lists parted by `;`, objects as `key=value` parted by `;`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ";".join(text for item in value if (text := flatten(item)))
    if isinstance(value, dict):
        return ";".join(f"{key}={text}" for key, item in value.items() if (text := flatten(item)))
    return whole(str(value))


def whole(text: str) -> str:
    """The text with a mark in place of half characters, which JSON can spell and no encoding can write."""
    return _SURROGATE.sub("\ufffd", text)


def _notes(document: dict[str, Any]) -> tuple[str, ...]:
    reference = flatten(document.get("crs"))
    if reference and not _WGS84.search(reference):
        note = (
            f'The obsolete member "crs" says {shorten(reference)!r}; GeoJSON coordinates are read as WGS 84 degrees'
            " (RFC 7946). If the points are in the wrong place, export the file in WGS 84 (EPSG:4326)."
        )
        return (note,)
    return ()
