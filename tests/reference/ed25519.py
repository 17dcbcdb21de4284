# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ed25519: the one rule of spec 02 §1 to the letter, and deterministic signing as in RFC 8032 §5.1.6."""

import hashlib
from functools import cache

from tests.reference.curve import BASE, IDENTITY, L, compress, decompress
from tests.reference.rejection import RejectionError, require


def hash_to_scalar(*parts: bytes) -> int:
    """SHA-512 of the joined parts, little-endian, modulo L."""
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Accept, or refuse with `length`, `s_range`, `not_canonical`, `small_order` or `equation`."""
    require(len(public_key) == 32 and len(signature) == 64, "length")
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    require(s < L, "s_range")
    a, r = decompress(public_key), decompress(r_bytes)
    for point in (a, r):
        require(not (8 * point).equals(IDENTITY), "small_order")
    k = hash_to_scalar(r_bytes, public_key, message)
    require((s * BASE).equals(r + k * a), "equation")


@cache
def expand(seed: bytes) -> tuple[int, bytes]:
    """The secret scalar (clamped) and the prefix of a 32-byte seed."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ~7 & ~(1 << 255) | 1 << 254
    return scalar, digest[32:]


@cache
def public_key_of(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed."""
    return compress(expand(seed)[0] * BASE)


@cache
def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature of the message, RFC 8032 §5.1.6."""
    scalar, prefix = expand(seed)
    r = hash_to_scalar(prefix, message)
    r_bytes = compress(r * BASE)
    k = hash_to_scalar(r_bytes, public_key_of(seed), message)
    return r_bytes + ((r + k * scalar) % L).to_bytes(32, "little")


def is_valid(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the rule accepts."""
    try:
        verify(public_key, message, signature)
    except RejectionError:
        return False
    return True
