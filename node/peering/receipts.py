# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes receipts for what others have erased and this node has dropped, while it runs (spec 03 §7)."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.held.receipts import owed
from protocol.kinds import check_body

if TYPE_CHECKING:
    from ledger.held.receipts import Owed
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Transaction

log = logging.getLogger("folkmoot.receipts")

LOOK_S, APART_S = 5.0, 60.0
"""Between two looks whether any are owed, and between two receipts for one log."""


class Receipts:
    """The receipts of one node."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lately: dict[bytes, float] = {}

    async def run(self) -> None:
        """Writes what is owed, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.write_owed()
            except LedgerError as error:  # such as a full disk: it goes on when there is room
                log.warning("receipts for erasures cannot be written now: %s", error)

    async def write_owed(self) -> None:
        """Writes what is owed now. Nothing while this log is not signed: that may be another instance's to say."""
        ledger, now = self._ledger, time.monotonic()
        self._lately = {log_id: at for log_id, at in self._lately.items() if at > now - APART_S}
        if ledger.own.signing_refused:
            return
        for one in await asyncio.to_thread(self._owed):
            check_body("receipt", one.body)
            await asyncio.wrap_future(ledger.writer.append([ledger.state("receipt", one.body, one.id)]))
            self._lately[one.origin.log_id] = now
            told = partial(_set_told, one)
            await asyncio.wrap_future(ledger.writer.run(told))

    def _owed(self) -> list[Owed]:
        ledger = self._ledger
        with ledger.store.read() as reads:
            return owed(reads, ledger.own.tree, int(ledger.clock()), set(self._lately))


def _set_told(one: Owed, change: Transaction) -> None:
    change.set_told(one.tree, one.positions)
