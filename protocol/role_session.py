# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a key that has a role begins a session at a node: its signature over a challenge (spec 04 §9)."""

from __future__ import annotations

from typing import NamedTuple

from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.signature import verify

CHALLENGE_BYTES = 32
CHALLENGE_S = 300
"""So long after it was made a challenge is taken."""

_PURPOSE = b"folkmoot/role-session/1\0"


class SessionAsked(NamedTuple):
    """Which host and log a session is asked of, by which public key (32 bytes), and the challenge (32 bytes)."""

    host: str
    log_id: bytes
    key: bytes
    challenge: bytes

    def message(self) -> bytes:
        """What the key signs. Raises Malformed (`challenge`)."""
        if len(self.challenge) != CHALLENGE_BYTES:
            raise Malformed("challenge", f"a challenge has {CHALLENGE_BYTES} bytes")
        return _PURPOSE + encode([self.host.lower(), self.log_id, self.key, self.challenge])

    def check(self, signature: bytes) -> None:
        """Raises Malformed (`challenge`, `bad_signature`) if it is not what this key signed for this session."""
        if not verify(self.key, self.message(), signature):
            raise Malformed("bad_signature", "the signature is not that of this key over this challenge")
