# SPDX-License-Identifier: AGPL-3.0-or-later
"""Identity of imported records: outside ids, and the record ids made of them (spec 10 §4)."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Final

from protocol.encoding import encode

OUTSIDE_ID_CHARACTERS_MAX: Final = 300
_DOMAIN: Final = b"folkmoot/import-record/1\0"


def record_id(log_id: bytes, set_name: str, outside_id: str) -> bytes:
    """The 16 bytes under which this log knows the record with that outside id."""
    return sha256(_DOMAIN + encode([log_id, set_name, outside_id])).digest()[:16]


_MADE = "~"


def is_made(outside_id: str) -> bool:
    """Whether an outside id was made here, of name and address, so that it tells nobody anything."""
    return outside_id.startswith(_MADE)


class OutsideIds:
    """The outside ids of one file, given out in the order of its rows, each once."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._derived: Counter[str] = Counter()

    def claim(self, row: int, outside_id: str) -> int | None:
        """Gives an identifier that stands in the file to this row; the row that has it already, if one has."""
        earlier = self._rows.setdefault(outside_id, row)
        return None if earlier == row else earlier

    def derive(self, name: str, street: str, postcode: str, locality: str) -> str:
        """The outside id of a row without identifier; the n-th such row with the same name and address gets `#n`."""
        stem = _MADE + sha256(encode([name, street, postcode, locality])).digest()[:8].hex()
        self._derived[stem] += 1
        number = self._derived[stem]
        return stem if number == 1 else f"{stem}#{number}"
