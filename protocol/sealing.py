# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealing payloads between the two ends of a session (spec 15 §1)."""

from __future__ import annotations

from hashlib import sha256

from nacl.bindings import (
    crypto_aead_chacha20poly1305_ietf_decrypt,
    crypto_aead_chacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError

from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.identity import Origin

_COUNTER_BYTES, _TAG_BYTES = 8, 16


def session_nonce(secret: bytes) -> bytes:
    """The nonce of HELLO for a 32-byte secret drawn for one session: its X25519 public key."""
    return crypto_scalarmult_base(secret)


class Seal:
    """The shared key of one session, from this side (`role`). Raises Malformed (`seal`) if none can be agreed."""

    def __init__(self, role: int, secret: bytes, other_nonce: bytes) -> None:
        try:
            shared = crypto_scalarmult(secret, other_nonce)
        except CryptoError:
            raise Malformed("seal", "the other side's nonce is no key that can be agreed with") from None
        nonces = (session_nonce(secret), other_nonce)
        opener, accepter = nonces if role == 0 else reversed(nonces)
        self._key = sha256(b"folkmoot/sealing/1\0" + shared + opener + accepter).digest()
        self._role = role
        self._sealed = 0

    def seal(self, text: bytes, origin: Origin, position: int) -> bytes:
        """What only the other side can open, for the payload of one entry."""
        counter = self._sealed.to_bytes(_COUNTER_BYTES, "big")
        self._sealed += 1
        nonce = _nonce(self._role, counter)
        sealed = crypto_aead_chacha20poly1305_ietf_encrypt(text, _place(origin, position), nonce, self._key)
        return counter + sealed

    def open(self, sealed: bytes, origin: Origin, position: int) -> bytes:
        """What the other side sealed for that entry. Raises Malformed (`seal`)."""
        counter, rest = sealed[:_COUNTER_BYTES], sealed[_COUNTER_BYTES:]
        if len(rest) < _TAG_BYTES:
            raise Malformed("seal", "a sealed payload that is too short")
        nonce = _nonce(1 - self._role, counter)
        try:
            return crypto_aead_chacha20poly1305_ietf_decrypt(rest, _place(origin, position), nonce, self._key)
        except CryptoError:
            raise Malformed("seal", f"what was sealed for position {position} of {origin} does not open") from None


def _nonce(role: int, counter: bytes) -> bytes:
    return bytes([role, 0, 0, 0]) + counter


def _place(origin: Origin, position: int) -> bytes:
    return encode([origin.log_id, origin.epoch, position])
