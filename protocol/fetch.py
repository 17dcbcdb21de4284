# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fetching a log in ranges: which to ask for next, and putting the answers in order (spec 09 §5). Pure."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, NamedTuple

from protocol.frames import RANGE_BYTES_MAX, Entries

if TYPE_CHECKING:
    from protocol.identity import Origin

IN_FLIGHT_MAX = 4
_FIRST_ENTRIES = 256
_BUFFERED_MAX = 8


class Span(NamedTuple):
    """Entries begin..end."""

    begin: int
    end: int


class Fetch:
    """One log on its way here from one peer: from `held` entries up to the `size` of a verified checkpoint."""

    def __init__(self, origin: Origin, held: int, size: int) -> None:
        self.origin = origin
        self.size = size
        self.next = held
        self._asked_to = held
        self._again: list[Span] = []
        self._in_flight: list[Span] = []
        self._arrived: dict[int, Entries] = {}
        self._entry_bytes = RANGE_BYTES_MAX // _FIRST_ENTRIES

    @property
    def done(self) -> bool:
        """Whether all that was to come has been handed on in order."""
        return self.next >= self.size

    def asks(self) -> list[Span]:
        """The ranges to ask for now; they count as asked.

        With many answers waiting for an earlier one, nothing is asked for but that one.
        """
        spans = []
        while len(self._in_flight) < IN_FLIGHT_MAX:
            room = len(self._arrived) < _BUFFERED_MAX
            if self._again and (room or self._again[0].begin == self.next):
                span = self._again.pop(0)
            elif room and self._asked_to < self.size:
                span = Span(self._asked_to, min(self.size, self._asked_to + self._room()))
                self._asked_to = span.end
            else:
                break
            self._in_flight.append(span)
            spans.append(span)
        return spans

    def take(self, answer: Entries) -> bool:
        """Takes in an answer; False if it was not asked for or goes beyond what was asked."""
        span = next((span for span in self._in_flight if span.begin == answer.from_), None)
        end = answer.from_ + len(answer.entries)
        if span is None or end > span.end or answer.size != self.size:
            return False
        self._in_flight.remove(span)
        if end < span.end:
            insort(self._again, Span(end, span.end))
        total = sum(len(entry) + len(payload) for entry, payload in answer.entries)
        self._entry_bytes = max(64, (self._entry_bytes + total // len(answer.entries)) // 2)
        self._arrived[answer.from_] = answer
        return True

    def in_order(self) -> list[Entries]:
        """The answers that follow what was handed on before."""
        ready = []
        while self.next in self._arrived:
            answer = self._arrived.pop(self.next)
            self.next += len(answer.entries)
            ready.append(answer)
        return ready

    def _room(self) -> int:
        """How many entries are likely to fit in one answer."""
        return max(1, RANGE_BYTES_MAX * 9 // 10 // self._entry_bytes)
