# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealing between the two ends of a session, spec 15 §1; X25519 and ChaCha20-Poly1305 are those of OpenSSL."""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tests.reference import messagepack
from tests.reference.rejection import RejectionError

Place = tuple[bytes, int, int]
"""Log, epoch, position."""


def nonce_of(secret: bytes) -> bytes:
    """What stands in HELLO."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def key_of(role: int, secret: bytes, other_nonce: bytes) -> bytes:
    """The key of a session, or `seal`."""
    try:
        shared = X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(other_nonce))
    except ValueError:
        raise RejectionError("seal") from None
    own = nonce_of(secret)
    nonces = own + other_nonce if role == 0 else other_nonce + own
    return hashlib.sha256(b"folkmoot/sealing/1\0" + shared + nonces).digest()


def seal(key: bytes, role: int, counter: int, text: bytes, place: Place) -> bytes:
    """The text sealed by the side of this role."""
    count = counter.to_bytes(8, "big")
    return count + ChaCha20Poly1305(key).encrypt(bytes([role, 0, 0, 0]) + count, text, messagepack.encode(list(place)))


def unseal(key: bytes, role: int, sealed: bytes, place: Place) -> bytes:
    """What the side of this role sealed, or `seal`."""
    if len(sealed) < 8:
        raise RejectionError("seal")
    try:
        return ChaCha20Poly1305(key).decrypt(
            bytes([role, 0, 0, 0]) + sealed[:8], sealed[8:], messagepack.encode(list(place))
        )
    except InvalidTag:
        raise RejectionError("seal") from None
