# SPDX-License-Identifier: AGPL-3.0-or-later
"""Virtual time: events in order, tasks that wait for them, and a running hash of all that happens."""

from __future__ import annotations

import heapq
from functools import partial
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

_Value = TypeVar("_Value")


class Killed(BaseException):
    """The process to which this belongs has been killed: nothing it does from here on counts."""


class Cancelled(BaseException):
    """A task is asked to end."""


class World:
    """The clock and the chance of one run. Everything that happens is drawn from `random` and goes into the hash."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.happened = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._digest = blake2b(digest_size=16)

    def after(self, delay: float, do: Callable[[], None]) -> None:
        """Does something later; what is due at one time happens in the order in which it was asked for."""
        self._number += 1
        heapq.heappush(self._events, (self.now + delay, self._number, do))

    def note(self, what: bytes) -> None:
        """Takes an event into the hash."""
        self.happened += 1
        self._digest.update(b"%.6f %d " % (self.now, len(what)) + what)

    def run_until(self, time: float) -> None:
        """Lets everything happen up to a time."""
        events, pop = self._events, heapq.heappop
        while events and events[0][0] <= time:
            self.now, _, do = pop(events)
            do()
        self.now = max(self.now, time)

    @property
    def digest(self) -> str:
        """The hash of all that has happened."""
        return self._digest.hexdigest()


class Promise(Generic[_Value]):
    """A value that comes later; any number of tasks may await it."""

    def __init__(self) -> None:
        self.done = False
        self._value: _Value | None = None
        self._error: BaseException | None = None
        self._waiting: list[Callable[[], None]] = []

    @property
    def value(self) -> _Value | None:
        """What was kept."""
        return self._value

    def keep(self, value: _Value) -> None:
        """The value is there."""
        self._settle(value, None)

    def fail(self, error: BaseException) -> None:
        """It will not come."""
        self._settle(None, error)

    def then(self, wake: Callable[[], None]) -> None:
        """Calls somebody once it is settled."""
        self._waiting.append(wake)

    def _settle(self, value: _Value | None, error: BaseException | None) -> None:
        if not self.done:
            self.done, self._value, self._error = True, value, error
            for wake in self._waiting:
                wake()

    def __await__(self) -> Generator[Promise[_Value], None, _Value]:
        if not self.done:
            yield self
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value] # what was kept


class Process:
    """What ends when a machine is switched off: its tasks and all that they wait for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alive = True
        self.on_kill: Callable[[], None] = lambda: None
        self._tasks: dict[VirtualTask, None] = {}

    def start(self, work: Coroutine[object, object, None]) -> VirtualTask:
        """Runs something beside."""
        task = VirtualTask(self, work)
        if self.alive:
            self._tasks[task] = None
            self.after(0, task.step)
        else:
            work.close()
        return task

    def after(self, delay: float, do: Callable[[], None]) -> None:
        """Does something later, if the process still runs then. Whoever does it may be killed on the way."""
        self.world.after(delay, partial(self._do, do))

    def kill(self) -> None:
        """Ends everything at once, without a word."""
        if not self.alive:
            return
        self.alive = False
        self.on_kill()
        tasks, self._tasks = self._tasks, {}
        for task in tasks:
            task.step(Killed())

    def forget(self, task: VirtualTask) -> None:
        """A task has ended."""
        self._tasks.pop(task, None)

    def _do(self, do: Callable[[], None]) -> None:
        if self.alive:
            try:
                do()
            except Killed:
                self.kill()


class VirtualTask:
    """A coroutine that is driven by the world. What it raises and nobody catches ends the run: it is a fault."""

    def __init__(self, process: Process, work: Coroutine[object, object, None]) -> None:
        self._process = process
        self._work = work
        self._awaiting: Promise[object] | None = None
        self._ended = self._running = False

    def done(self) -> bool:
        """Whether it has ended."""
        return self._ended

    def cancel(self) -> None:
        """Asks it to end."""
        self._process.after(0, lambda: self.step(Cancelled()))

    def step(self, error: BaseException | None = None) -> None:
        """Goes on to where it waits next."""
        if self._ended or self._running:  # one that kills its own process is on the stack, and sees Killed there
            return
        self._running = True
        try:
            promise: Promise[object] = self._work.throw(error) if error else self._work.send(None)  # type: ignore[assignment] # it waits for these alone
        except (StopIteration, Cancelled):
            self._end()
        except Killed:
            self._end()
            if error is None:
                raise
        except BaseException:
            self._end()
            raise
        else:
            self._awaiting = promise
            promise.then(lambda: self._wake(promise))
        finally:
            self._running = False

    def _end(self) -> None:
        self._ended = True
        self._process.forget(self)

    def _wake(self, promise: Promise[object]) -> None:
        if promise is self._awaiting:
            self._awaiting = None
            self._process.after(0, self.step)
