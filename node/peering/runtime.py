# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the gossip of a node runs on: time, chance, threads and the writer, given by the machine or by a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from ledger.own.log import OwnLog
    from ledger.own.recovery import Recovery
    from ledger.sqlite.store import Snapshot, Transaction

_Result = TypeVar("_Result")


class Task(Protocol):
    """Something that runs beside."""

    def cancel(self) -> object:
        """Ends it."""

    def done(self) -> bool:
        """Whether it has ended."""


class Runtime(Protocol):
    """Time, chance, threads and the store's writer: those of the machine, or of a simulation."""

    random: Random

    def now(self) -> float:
        """Seconds that never jump."""

    async def sleep(self, seconds: float) -> None:
        """Waits."""

    async def compute(self, function: Callable[[], _Result]) -> _Result:
        """What a function gives that takes long."""

    async def read(self, function: Callable[[Snapshot], _Result]) -> _Result:
        """What a function reads."""

    def write(self, function: Callable[[Transaction], _Result]) -> Awaitable[_Result]:
        """Queues a transaction at once; what it gives once it is durable."""

    def write_own(self, function: Callable[[OwnLog, Transaction], Recovery]) -> Awaitable[Recovery]:
        """Queues a change of the own log that is no append; how it stands once that is durable."""
