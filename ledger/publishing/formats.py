# SPDX-License-Identifier: AGPL-3.0-or-later
"""The formats in which many records are published, by the ending of their file names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from ledger.publishing.delimited import csv_pieces
from ledger.publishing.geojson import geojson_pieces
from ledger.publishing.gogocarto import gogocarto_pieces
from ledger.publishing.linked import linked_pieces
from ledger.publishing.ods import MEDIA_TYPE, ods_pieces


class Format(NamedTuple):
    """A format: its media type, what it is for, and (records, address of the node) -> the pieces of a file."""

    media_type: str
    about: str
    pieces: Callable[[Iterable[Mapping[str, Any]], str], Iterator[bytes]]


FORMATS: Final[dict[str, Format]] = {
    "geojson": Format("application/geo+json", "GeoJSON", geojson_pieces),
    "csv": Format("text/csv", "CSV, UTF-8", csv_pieces),
    "ods": Format(MEDIA_TYPE, "an OpenDocument spreadsheet", ods_pieces),
    "jsonld": Format("application/ld+json", "JSON-LD of schema.org", linked_pieces),
    "gogocarto.json": Format("application/json", "JSON that GoGoCarto reads", gogocarto_pieces),
}
