# SPDX-License-Identifier: AGPL-3.0-or-later
"""Turns among the processes of one test run: many at once, or one alone, in the order in which they came."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Turns:
    """A door and a room behind it. Whoever wants the room alone waits in the door, so that nobody else goes in."""

    def __init__(self, folder: Path) -> None:
        self._door = (folder / "door").open("ab")
        self._room = (folder / "room").open("ab")

    @contextmanager
    def take(self, *, alone: bool) -> Iterator[None]:
        """Waits for a turn, and has it while the block runs."""
        fcntl.flock(self._door, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        """Takes no more turns."""
        self._door.close()
        self._room.close()
