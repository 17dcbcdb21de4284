# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder of spec 14 §5 as one file, to be unpacked where a web server finds it: a tar, made while it is sent."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from ledger.carried.folder import folder_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.carried.bundle import Chosen
    from ledger.sqlite.store import SqliteStore

MEDIA_TYPE = "application/x-tar"
_BLOCK = tarfile.BLOCKSIZE


def write_tar(store: SqliteStore, chosen: Sequence[Chosen]) -> Iterator[bytes]:
    """The bytes of the tar, a file of the folder at a time; the same logs give the same bytes."""
    for file in folder_files(store, chosen):
        content = file.make()
        member = tarfile.TarInfo(file.path)
        member.size = len(content)
        yield member.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % _BLOCK)
    yield bytes(2 * _BLOCK)
