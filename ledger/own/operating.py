# SPDX-License-Identifier: AGPL-3.0-or-later
"""The operating key of a data directory: the one in use, one that is coming, and the change from one to the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.disk import sync_folder
from ledger.errors import NotSigningError
from ledger.own.keys import read_key, write_key
from protocol.signature import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from protocol.charter import LogKeys


def operating_key(directory: DataDirectory, keys: LogKeys) -> SigningKey:
    """The key that this node signs with: one of the charter in force.

    If a change of keys was interrupted after the amendment was stored, it is finished. Raises NotSigningError if the
    key here was removed, StoreUnusableError if there is none.
    """
    key = read_key(directory.key) if directory.key.exists() else None
    if key is not None and key.public in keys.charter.keys:
        return key
    for public in keys.charter.keys:
        if directory.coming_key(public).exists():
            change_key(directory, public)
            return read_key(directory.key)
    if key is None:
        return read_key(directory.key)  # says that it is missing
    if not any(key.public in charter.keys for charter in keys.charters):
        raise NotSigningError(
            f"the operating key {directory.key} is in no charter that is held here. If it was made after this copy, "
            "put the key of that time there and start the node, so that the newer charters come back from peers; "
            "then put this one there again"
        )
    raise NotSigningError(
        f"the operating key {directory.key} was removed by an amendment of the charter: it must not sign any more. Put "
        "the new key there, or make one with `folkmoot key recover`"
    )


def make_coming_key(directory: DataDirectory) -> SigningKey:
    """A new operating key, kept beside the present one until an amendment that names it is applied."""
    key = SigningKey.from_seed(os.urandom(32))
    directory.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_key(directory.coming_key(key.public), key)
    return key


def change_key(directory: DataDirectory, public: bytes) -> None:
    """Puts a coming key in the place of the present one, which is kept aside. May be done again after a crash."""
    coming = directory.coming_key(public)
    if directory.key.exists():
        old = read_key(directory.key).public
        directory.key.rename(directory.removed_key(old))
    coming.rename(directory.key)
    sync_folder(directory.key.parent)


def destroy_key(path: Path) -> None:
    """Overwrites a key file and removes it. (What the disk itself keeps of old blocks is beyond a program's reach.)"""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)
