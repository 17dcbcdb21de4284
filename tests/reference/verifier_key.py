# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifier keys and strict base64, spec 06 §1 and §2."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from tests.reference.rejection import require

LOG_TYPE, WITNESS_TYPE = 0x01, 0x04


@dataclass(frozen=True)
class VerifierKey:
    """A name with a public key of 32 bytes; type 1 signs texts, type 4 cosigns."""

    name: str
    type: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """4 bytes that follow from the rest."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.type]) + self.public_key)}"


def parse_verifier_key(text: str) -> VerifierKey:
    """The key that the text spells, or `verifier_key`."""
    parts = text.split("+", 2)
    require(len(parts) == 3, "verifier_key")
    name, key_id, rest = parts
    require(is_name(name) and re.fullmatch(r"[0-9a-f]{8}", key_id), "verifier_key")
    data = from_base64(rest, "verifier_key")
    require(len(data) == 33 and data[0] in (LOG_TYPE, WITNESS_TYPE), "verifier_key")
    key = VerifierKey(name, data[0], data[1:])
    require(key.key_id.hex() == key_id, "verifier_key")
    return key


def is_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no white space, no plus sign."""
    return name != "" and "+" not in name and not any(character.isspace() for character in name)


def to_base64(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def from_base64(text: str, reason: str) -> bytes:
    """The bytes of strict base64, or the reason: encoding them again must give the text."""
    try:
        data = base64.b64decode(text)
    except (binascii.Error, ValueError):
        data = b""
    require(to_base64(data) == text, reason)
    return data
