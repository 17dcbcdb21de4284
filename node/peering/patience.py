# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long one peer is waited for that told of a log and does not give it (spec 09 §5). Local, and never shared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.actions import FetchEnded
    from protocol.identity import Origin

STALL_S = 20.0
"""A fetch that has not moved for so long is given up where somebody else may have the log."""

REST_S, REST_MAX_S = 60, 600
"""A peer that did not give a log is asked for it again after so long; or after what it said, up to a limit."""


class Patience:
    """What is known of one peer's giving."""

    def __init__(self) -> None:
        self.failures = 0
        """How often it did not give what it told of; halved whenever it did."""
        self._rests: dict[Origin, float] = {}
        self._moved: dict[Origin, float] = {}

    def move(self, origin: Origin, now: float) -> None:
        """A fetch has begun, or a range of it has come."""
        self._moved[origin] = now

    def end(self, ended: FetchEnded, now: float) -> None:
        """A fetch has ended."""
        self._moved.pop(ended.origin, None)
        if ended.complete:
            self.failures //= 2
        else:
            self.failures += 1
            self._rests[ended.origin] = now + min(ended.retry_s or REST_S, REST_MAX_S)

    def rests(self, origin: Origin, now: float) -> bool:
        """Whether it has not given this log lately, and is left alone with it for a while."""
        return self._rests.get(origin, 0) > now

    def stalled(self, now: float) -> list[Origin]:
        """The fetches that do not move."""
        return [origin for origin, moved in self._moved.items() if moved < now - STALL_S]
