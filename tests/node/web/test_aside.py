# SPDX-License-Identifier: AGPL-3.0-or-later
"""What takes long to find is looked for while others go on: what is known is shown meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from node.web import aside
from node.web.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from node.web.aside import Rest


def found(version: int, what: str) -> Callable[[Rest], tuple[object, str]]:
    return lambda _: (version, what)


def test_nobody_waits_for_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "PATIENCE_S", 0.01)
    going, begun = threading.Event(), threading.Event()
    times: list[int] = []
    queue: Aside[str] = Aside(lambda: 0.0)

    def look(rest: Rest) -> tuple[object, str]:
        times.append(1)
        begun.set()
        rest()
        assert going.wait(60)
        return 1, "one"

    assert queue.ask(1, look) == (None, True)
    assert begun.wait(60)
    assert queue.ask(1, look) == (None, True)
    going.set()
    while queue.ask(1, look) != ("one", False):
        pass
    assert len(times) == 1


def test_what_was_found_is_shown_until_it_is_time_to_look_again() -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.5
        return now[0]

    queue: Aside[str] = Aside(clock)
    assert queue.ask(1, found(1, "one")) == ("one", False)
    assert queue.ask(2, found(2, "two")) == ("one", False)
    now[0] += 20
    assert queue.ask(2, found(2, "two")) == ("two", False)


def test_a_fault_is_told_to_whoever_asks_and_ends_nothing() -> None:
    queue: Aside[str] = Aside(lambda: 0.0)

    def fails(_: Rest) -> tuple[object, str]:
        raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        queue.ask(1, fails)
    assert queue.ask(1, found(1, "one")) == ("one", False)


def test_whoever_looks_stops_when_the_node_does() -> None:
    queue: Aside[str] = Aside(lambda: 0.0)

    def look(rest: Rest) -> tuple[object, str]:
        queue.close()
        rest()
        raise AssertionError("it goes on")

    assert queue.ask(1, look) == (None, False)
    assert queue.ask(1, found(1, "one")) == (None, False)


def test_what_is_found_at_once_is_looked_for_again_at_once() -> None:
    queue: Aside[str] = Aside(lambda: 0.0)
    assert queue.ask(1, found(1, "one")) == ("one", False)
    assert queue.ask(2, found(2, "two")) == ("two", False)
