# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ed25519 with one rule for everybody (spec 02). The only place that decides whether a signature holds."""

from __future__ import annotations

from typing import NamedTuple

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

KEY_BYTES, SIGNATURE_BYTES, SEED_BYTES = 32, 64, 32

_P = 2**255 - 19
_Y_MASK = 2**255 - 1
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
"""The y coordinates of the eight points whose order divides 8."""


class SigningKey(NamedTuple):
    """An Ed25519 key pair: `public` 32 bytes, `secret` 64 bytes (seed and public key, as libsodium keeps it)."""

    public: bytes
    secret: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key pair of a 32-byte seed (RFC 8032, 5.1.5)."""
        public, secret = crypto_sign_seed_keypair(seed)
        return cls(public, secret)

    @property
    def seed(self) -> bytes:
        """The 32 bytes that this key is made from: the secret to be kept."""
        return self.secret[:SEED_BYTES]

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over a message."""
        return crypto_sign(message, self.secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        """Shows the public half only: keys end up in logs."""
        return f"SigningKey({self.public.hex()})"


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature holds under the rule of spec 02 §1. Releases the interpreter while it computes."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    if not (_is_sound_point(public) and _is_sound_point(signature[:32])):
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def _is_sound_point(encoded: bytes) -> bool:
    """Whether an encoding is canonical in y and not of small order (spec 02 §1, rules 2 and 3).

    x = 0 occurs only for y = 1 and y = -1, which are of small order, so the sign bit needs no rule of its own.
    """
    y = int.from_bytes(encoded, "little") & _Y_MASK
    return y < _P and y not in _SMALL_ORDER_Y
