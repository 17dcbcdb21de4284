# SPDX-License-Identifier: AGPL-3.0-or-later
"""A queue that is worked off one after the other, by a task that runs only while there is something in it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from node.peering.runtime import Task

_Item = TypeVar("_Item")


class Line(Generic[_Item]):
    """Things that are done one after the other, in order; a task runs while there are any."""

    def __init__(
        self, start: Callable[[Coroutine[object, object, None]], Task], do: Callable[[_Item], Awaitable[None]]
    ) -> None:
        self._start = start
        self._do = do
        self._items: deque[_Item] = deque()
        self._task: Task | None = None

    @property
    def _running(self) -> bool:
        """Whether the task works on it. One that was cancelled does not, even if it had never begun."""
        return self._task is not None and not self._task.done()

    def __len__(self) -> int:
        """How many there are, with the one that is being done."""
        return len(self._items) + self._running

    def put(self, item: _Item) -> None:
        """Puts a thing at the end."""
        self._items.append(item)
        if not self._running:
            self._task = self._start(self._run())

    def clear(self) -> None:
        """Drops what has not been begun."""
        self._items.clear()

    async def _run(self) -> None:
        while self._items:
            await self._do(self._items.popleft())
