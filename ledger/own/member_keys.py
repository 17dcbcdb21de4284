# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members' keys: in a file of the member's own, perhaps under a passphrase, or kept by the node."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from ledger.errors import StoreDamagedError, StoreUnusableError
from ledger.own.keys import SECRET_BYTES, read_key, write_key
from ledger.sealed import seal, unseal
from protocol.signature import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.data_directory import DataDirectory

WHAT = "member"
_SEALED_HEADER = "folkmoot member key 1, sealed"
_FILE_CHARACTERS_MAX = 1_000


def make_member_key() -> SigningKey:
    """A new key."""
    return SigningKey.from_seed(os.urandom(SECRET_BYTES))


def write_member_key(path: Path, key: SigningKey, passphrase: str = "") -> None:
    """Writes a key file that only its owner can read; never over another one. With a passphrase it is sealed."""
    if not passphrase:
        write_key(path, key, WHAT)
        return
    text = f"{_SEALED_HEADER}\n{key.public.hex()}\n{b64encode(seal(key.seed, passphrase)).decode()}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_member_key(path: Path, ask: Callable[[], str]) -> SigningKey:
    """The key in a member's key file; `ask` gives the passphrase if there is one.

    Raises StoreUnusableError if the file is missing, StoreDamagedError if it is not one, RefusedError for a wrong
    passphrase.
    """
    try:
        with path.open(encoding="ascii") as file:
            lines = file.read(_FILE_CHARACTERS_MAX).split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnusableError(f"the key file {path} cannot be read: {error}") from None
    if lines[0] != _SEALED_HEADER:
        return read_key(path, WHAT)
    try:
        public, data = bytes.fromhex(lines[1]), b64decode(lines[2], validate=True)
    except (IndexError, ValueError):
        raise StoreDamagedError(f"{path} is not a member key") from None
    seed = unseal(data, ask(), str(path))
    if len(seed) != SECRET_BYTES or SigningKey.from_seed(seed).public != public:
        raise StoreDamagedError(f"{path} is not a member key")
    return SigningKey.from_seed(seed)


def keep_member_key(directory: DataDirectory, key: SigningKey) -> None:
    """Takes a member's key into the node's keeping."""
    directory.member_keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_key(_kept(directory, key.public), key, WHAT)


def kept_member_key(directory: DataDirectory, public: bytes) -> SigningKey | None:
    """The key that this node keeps under that public key, if it does."""
    path = _kept(directory, public)
    return read_key(path, WHAT) if path.exists() else None


def _kept(directory: DataDirectory, public: bytes) -> Path:
    return directory.member_keys / f"{public.hex()}.key"
