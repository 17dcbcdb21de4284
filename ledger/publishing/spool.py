# SPDX-License-Identifier: AGPL-3.0-or-later
"""A spool: rows that wait until all columns are known. Many wait on disk, and are gone when they were read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ledger.publishing.credits import Credits
from ledger.publishing.flat import columns_in_order, flat

_MEMORY_BYTES_MAX: Final = 16 * 2**20
_row = msgspec.json.Decoder(dict[str, str])


class Spool:
    """The rows of a table, from records. Columns and credits are those of all of them."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self.credits = Credits()
        self._file = tempfile.SpooledTemporaryFile(_MEMORY_BYTES_MAX)  # noqa: SIM115 - closed by `rows`
        found: dict[str, None] = {}
        for record in records:
            cells = flat(record)
            found.update(dict.fromkeys(cells))
            self.credits.add(record)
            self._file.write(msgspec.json.encode(cells) + b"\n")
        self.columns = columns_in_order(found)

    def rows(self) -> Iterator[list[str]]:
        """The cells of each row under `columns`; can be read once."""
        with self._file:
            self._file.seek(0)
            for line in self._file:
                cells = _row.decode(line)
                yield [cells.get(column, "") for column in self.columns]
