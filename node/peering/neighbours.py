# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers neighbours' payments to this log, and finishes its own when they are answered (spec 19)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.own.neighbours import Changed, Due, NotProvenYetError, all_open, due
from protocol.kinds import check_body

if TYPE_CHECKING:
    from ledger.deriving.derive import Derived
    from ledger.ledger import Ledger

log = logging.getLogger("folkmoot.neighbours")

PROOF_S = 0.1
"""Until an entry is looked at again that no checkpoint covers yet."""

LOOK_S = 30.0
"""Between two looks at everything that is open: for deadlines, and for what a crash has left."""


class Neighbours:
    """The payments between this log and others."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: dict[Changed, None] = {}
        self._wake = asyncio.Event()
        self._answered: dict[Changed, int] = {}
        """Payments that have been answered, and where the answer stands: it is known to count once it is folded."""
        self._folded = 0

    def on_derived(self, derived: Derived) -> None:
        """Hears from the writing thread which payments have changed."""
        if derived.transfers and self._loop is not None:
            changed = [Changed(derived.tree, sort, key) for sort, key in derived.transfers]
            self._loop.call_soon_threadsafe(self._hear, changed)

    def _hear(self, changed: list[Changed]) -> None:
        self._changed.update(dict.fromkeys(changed))
        self._wake.set()

    async def run(self) -> None:
        """Does what is due, for ever."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                if not self._wake.is_set():
                    self._hear(await asyncio.to_thread(self._all_open))
                await self._work_off()
            except LedgerError as error:  # such as a full disk: it goes on when there is room
                log.warning("payments between logs cannot go on now: %s", error)
            except Exception:
                log.exception("fault in the payments between logs")
            self._wake.clear()
            if not self._changed:
                try:
                    await asyncio.wait_for(self._wake.wait(), LOOK_S)
                except TimeoutError:
                    continue

    async def _work_off(self) -> None:
        """Everything that has changed, one after the other: each answer is in the log before the next is thought of."""
        while self._changed:
            changed = next(iter(self._changed))
            del self._changed[changed]
            if self._ledger.own.signing_refused:
                continue
            try:
                said = await asyncio.to_thread(self._due, changed)
            except NotProvenYetError:
                asyncio.get_running_loop().call_later(PROOF_S, self._hear, [changed])
                continue
            if said is not None and self._answered.get(changed, -1) < self._folded:
                self._answered[changed] = self._ledger.own.size
                check_body(said.kind, said.body)
                submission = self._ledger.state(said.kind, said.body)
                await asyncio.wrap_future(self._ledger.writer.append([submission]))

    def _all_open(self) -> list[Changed]:
        with self._ledger.store.read() as reads:
            return list(all_open(reads, reads.tree_numbered(self._ledger.own.tree)))

    def _due(self, changed: Changed) -> Due | None:
        ledger = self._ledger
        with ledger.store.read() as reads:
            own = reads.tree_numbered(ledger.own.tree)
            self._folded = own.derived
            return due(reads, own, changed, self._payload, int(ledger.clock()))

    def _payload(self, said: Due) -> bytes:
        return self._ledger.state(said.kind, said.body).payload
