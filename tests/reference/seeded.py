# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes that are made from labels, so that every run of the generator makes the same vectors."""

import hashlib
from dataclasses import dataclass

from tests.reference import ed25519


def seeded_bytes(label: str, length: int = 32) -> bytes:
    """Bytes that depend on the label only."""
    blocks = (hashlib.sha256(f"{label}/{number}".encode()).digest() for number in range(length // 32 + 1))
    return b"".join(blocks)[:length]


@dataclass(frozen=True)
class Signer:
    """A key pair whose seed is SHA-256 of its label, or given."""

    seed: bytes

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return ed25519.public_key_of(self.seed)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return ed25519.sign(self.seed, message)


def signer(label: str) -> Signer:
    """The key pair of a label."""
    return Signer(hashlib.sha256(label.encode()).digest())
