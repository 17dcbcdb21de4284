# SPDX-License-Identifier: AGPL-3.0-or-later
"""Zip archives: one member after the other, unpacked piece by piece, under limits that hold whatever the file says."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from ledger.importing.problem import ImportFileError

ARCHIVE_BYTES_MAX: Final = 50 * 2**20
UNPACKED_BYTES_MAX: Final = 256 * 2**20
"""Of one member, and of all that is read of an archive, whatever is read twice counted twice."""
DIRECTORY_BYTES_MAX: Final = 2**20
"""Of the list of members, which is read as a whole."""

_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)
_PIECE_BYTES: Final = 2**18
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_END_WITHIN_BYTES: Final = _END_BYTES + 2**16
_LARGE: Final = b"PK\x06\x07"
_LARGE_BYTES: Final = 20


class Archive:
    """A zip archive in memory. Raises ImportFileError for what is damaged, protected by a password or too large."""

    def __init__(self, data: bytes) -> None:
        if len(data) > ARCHIVE_BYTES_MAX:
            raise ImportFileError(
                f"The file is larger than {ARCHIVE_BYTES_MAX >> 20} MiB. Split it, or save the table as CSV (UTF-8)."
            )
        _check_directory(data)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGED:
            raise _damaged() from None
        self.names = tuple(self._zip.namelist())
        self._unpacked = 0

    def has(self, name: str) -> bool:
        """Whether there is a member of that name."""
        return name in self.names

    def pieces(self, name: str) -> Iterator[bytes]:
        """What a member holds, piece by piece."""
        try:
            info = self._zip.getinfo(name)
            if info.flag_bits & 1:
                raise ImportFileError("The file is protected by a password. Save it without one and import that.")
            with self._zip.open(info) as member:
                while piece := member.read(_PIECE_BYTES):
                    self._unpacked += len(piece)
                    if self._unpacked > UNPACKED_BYTES_MAX:
                        raise ImportFileError(
                            f"{name[:80]} unpacks to more than {UNPACKED_BYTES_MAX >> 20} MiB, which no table needs."
                            " Save the table as CSV (UTF-8) and import that."
                        )
                    yield piece
        except ImportFileError:
            raise
        except (*_DAMAGED, KeyError, OSError, RuntimeError):
            raise _damaged() from None


def _check_directory(data: bytes) -> None:
    """Refuses a list of members so long that reading it would take much memory; no table has a long one."""
    tail = data[-_END_WITHIN_BYTES:]
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_BYTES:
        raise _damaged()
    size = int.from_bytes(tail[place + 12 : place + 16], "little")
    begin = len(data) - len(tail) + place - _LARGE_BYTES
    if size > DIRECTORY_BYTES_MAX or (begin >= 0 and data[begin : begin + len(_LARGE)] == _LARGE):
        raise ImportFileError("The archive has more members than any spreadsheet. Save the table as CSV (UTF-8).")


def _damaged() -> ImportFileError:
    return ImportFileError("The archive is damaged or cut off. Fetch it again, or save the table as CSV (UTF-8).")
