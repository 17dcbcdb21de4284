# SPDX-License-Identifier: AGPL-3.0-or-later
"""Challenges that a node gives out to be signed: known again by their mark, nothing is kept (spec 04 §9)."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from protocol.role_session import CHALLENGE_BYTES, CHALLENGE_S

if TYPE_CHECKING:
    from collections.abc import Callable

_TIME_BYTES, _MARK_BYTES = 8, 16


@dataclass
class Challenges:
    """What makes challenges of a running node: 8 bytes of its time, 8 of chance, 16 by which they are its own."""

    clock: Callable[[], float] = time.monotonic
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self) -> bytes:
        """A new one."""
        begun = int(self.clock()).to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(8)
        return begun + self._mark(begun)

    def is_open(self, challenge: bytes) -> bool:
        """Whether it was made here, lately. That it is taken once is for `Sessions.take` to see."""
        begun = challenge[:-_MARK_BYTES]
        if len(challenge) != CHALLENGE_BYTES or not hmac.compare_digest(challenge[-_MARK_BYTES:], self._mark(begun)):
            return False
        return 0 <= self.clock() - int.from_bytes(begun[:_TIME_BYTES], "big") <= CHALLENGE_S

    def _mark(self, begun: bytes) -> bytes:
        return hmac.new(self._secret, b"challenge" + begun, "sha256").digest()[:_MARK_BYTES]


CHALLENGES = web.AppKey("challenges", Challenges)
