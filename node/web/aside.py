# SPDX-License-Identifier: AGPL-3.0-or-later
"""What takes long to find, looked for beside everything else: nobody waits for it, and nothing stands still for it.

A thread of its own looks, with rests in which others have the processor; pages show what was found the last time.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Rest = Callable[[], None]

Found = TypeVar("Found")

PATIENCE_S = 0.5
"""What is found sooner is waited for."""
_AGAIN = 20
"""How many times as long as looking took it is put off, so that it never takes much of a core;"""
AT_ONCE_S = 0.25
"""but not where it took no longer than this."""
_REST_MAX_S = 0.05
_ONE_AT_A_TIME = threading.Lock()
"""Whatever is looked for: two searches at once would leave others too little."""


class Aside(Generic[Found]):
    """One thing that is looked for, what was found the last time, and of which version of the data. For any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._found: tuple[object, Found] | None = None
        self._fault: Exception | None = None
        self._looking = self._closed = False
        self._again_at = 0.0
        self._worked_since = 0.0

    def ask(self, version: object, look: Callable[[Rest], tuple[object, Found]]) -> tuple[Found | None, bool]:
        """What was found, None as long as it is nothing yet; and whether somebody is looking.

        `look` gives the version that it looked at and what it found, and calls what it is given every few milliseconds.
        """
        with self._changed:
            old = self._found is None or self._found[0] != version
            if old and not self._looking and not self._closed and self._clock() >= self._again_at:
                self._looking = True
                threading.Thread(target=self._look, args=(look,), name="looking", daemon=True).start()
            self._changed.wait_for(lambda: not self._looking, PATIENCE_S)
            if self._fault is not None:
                fault, self._fault = self._fault, None
                raise fault
            return (self._found[1] if self._found else None), self._looking

    def close(self) -> None:
        """Whoever still looks stops at the next rest."""
        self._closed = True

    def _look(self, look: Callable[[Rest], tuple[object, Found]]) -> None:
        found, fault = None, None
        with _ONE_AT_A_TIME:
            begun, self._worked_since = self._clock(), time.monotonic()
            try:
                found = look(self._rest)
            except _Stopped:
                pass
            except Exception as error:  # noqa: BLE001 - whoever asks next gets it
                fault = error
            ended = self._clock()
        with self._changed:
            self._found, self._fault, self._looking = found or self._found, fault, False
            took = ended - begun
            self._again_at = ended + _AGAIN * took if took > AT_ONCE_S else ended
            self._changed.notify_all()

    def _rest(self) -> None:
        """As long as was worked since the last rest, nothing is done."""
        if self._closed:
            raise _Stopped
        time.sleep(min(_REST_MAX_S, max(0.0, time.monotonic() - self._worked_since)))
        self._worked_since = time.monotonic()


class _Stopped(Exception):  # noqa: N818 - no error
    """The node stops."""
