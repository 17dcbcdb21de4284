# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import fcntl
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from tests.turns import Turns

if TYPE_CHECKING:
    from pathlib import Path


class Visitor:
    """Takes one turn, and stays until it is let go."""

    def __init__(self, folder: Path, *, alone: bool) -> None:
        self.inside, self._go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._visit, args=(folder, alone))
        self._thread.start()

    def _visit(self, folder: Path, alone: bool) -> None:  # noqa: FBT001 - passed on by the thread
        with closing(Turns(folder)) as turns, turns.take(alone=alone):
            self.inside.set()
            self._go.wait(10)

    def leave(self) -> None:
        """Goes out."""
        self._go.set()
        self._thread.join()


def somebody_waits(folder: Path) -> bool:
    """Whether somebody stands in the door."""
    with (folder / "door").open("ab") as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_many_are_in_at_once_or_one_alone_and_nobody_goes_in_before_it(tmp_path: Path) -> None:
    first, second = Visitor(tmp_path, alone=False), Visitor(tmp_path, alone=False)
    assert first.inside.wait(10)
    assert second.inside.wait(10)
    single = Visitor(tmp_path, alone=True)
    while not somebody_waits(tmp_path):
        assert not single.inside.wait(0.01)
    later = Visitor(tmp_path, alone=False)
    first.leave()
    assert not later.inside.wait(0.1)
    assert not single.inside.is_set()
    second.leave()
    assert single.inside.wait(10)
    assert not later.inside.wait(0.1)
    single.leave()
    assert later.inside.wait(10)
    later.leave()
