# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes under a passphrase: a salt, then a secret box whose key is made by Argon2id."""

from __future__ import annotations

import os

import nacl.exceptions
import nacl.pwhash
import nacl.secret

from ledger.errors import RefusedError, StoreDamagedError

_OPERATIONS, _MEMORY = 3, 64 * 2**20
"""Of Argon2id: a second or so on a small machine. Fixed, so that a file cannot ask for more."""
_SALT_BYTES = nacl.pwhash.argon2id.SALTBYTES


def seal(content: bytes, passphrase: str) -> bytes:
    """What only the passphrase opens."""
    salt = os.urandom(_SALT_BYTES)
    return salt + bytes(_box(passphrase, salt).encrypt(content))


def unseal(data: bytes, passphrase: str, what: str) -> bytes:
    """What was sealed. Raises RefusedError for another passphrase, StoreDamagedError if something is missing."""
    salt = data[:_SALT_BYTES]
    if len(salt) != _SALT_BYTES:
        raise StoreDamagedError(f"{what}: it is cut off")
    try:
        return _box(passphrase, salt).decrypt(data[_SALT_BYTES:])
    except (nacl.exceptions.CryptoError, ValueError):
        raise RefusedError(f"the passphrase is not that of {what}") from None


def _box(passphrase: str, salt: bytes) -> nacl.secret.SecretBox:
    size = nacl.secret.SecretBox.KEY_SIZE
    key = nacl.pwhash.argon2id.kdf(size, passphrase.encode(), salt, opslimit=_OPERATIONS, memlimit=_MEMORY)
    return nacl.secret.SecretBox(key)
