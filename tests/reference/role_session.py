# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a key with a role begins a session, spec 04 §9."""

from tests.reference import ed25519, messagepack
from tests.reference.rejection import require

PURPOSE = b"folkmoot/role-session/1\0"


def message(host: str, log_id: bytes, key: bytes, challenge: bytes) -> bytes:
    """What the key signs, or `challenge`."""
    require(len(challenge) == 32, "challenge")
    return PURPOSE + messagepack.encode([host.lower(), log_id, key, challenge])


def check(key: bytes, signed: bytes, signature: bytes) -> None:
    """Refuses, as `bad_signature`, what the key did not sign."""
    require(len(signature) == 64 and ed25519.is_valid(key, signed, signature), "bad_signature")
