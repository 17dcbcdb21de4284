# SPDX-License-Identifier: AGPL-3.0-or-later
"""CSV (RFC 4180, UTF-8), whose text no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ledger.importing.formulas import quote_formula
from ledger.publishing.flat import NUMBERS
from ledger.publishing.spool import Spool


def csv_pieces(records: Iterable[Mapping[str, Any]], base: str) -> Iterator[bytes]:  # noqa: ARG001 - as every format
    """The lines of a CSV file. Each row names licence, source and attribution of its record."""
    spool = Spool(records)
    yield _line(spool.columns)
    numeric = [column in NUMBERS for column in spool.columns]
    for cells in spool.rows():
        yield _line([cell if number else quote_formula(cell) for cell, number in zip(cells, numeric, strict=True)])


def _line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()
