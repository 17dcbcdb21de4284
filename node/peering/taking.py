# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ranges of logs that one connection brings: verified against a signed head, and stored one after the other."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.held.replica import store_range
from ledger.own.hearing import take_range
from node.peering.forking import ask_for_proof
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ledger.held.replica import Replica, VerifiedHead, VerifiedRange
    from ledger.sqlite.store import Transaction
    from node.peering.conversation import Conversation
    from protocol.actions import TakeRange
    from protocol.identity import Origin

log = logging.getLogger("folkmoot.gossip")

STORING_MAX = 4
"""Ranges that wait for the writer at most. Those that wait share a transaction: waiting for the disk takes longest."""


class Taking:
    """What is being fetched over one connection. While a range is written, the next ones are verified."""

    def __init__(self, link: Conversation) -> None:
        self._link = link
        self._replicas: dict[Origin, tuple[Replica, VerifiedHead]] = {}
        self._astray: set[Origin] = set()
        self._verified: dict[Origin, deque[VerifiedRange]] = {}
        self._storing: deque[tuple[Origin, Awaitable[object]]] = deque()

    def begin(self, replica: Replica, head: VerifiedHead) -> None:
        """Ranges of a log are to come, up to a head."""
        self._replicas[replica.origin] = replica, head
        self._verified[replica.origin] = deque()

    def is_astray(self, origin: Origin) -> bool:
        """Whether what came of a log did not join what is held of it: no more of it is taken from this peer."""
        return origin in self._astray

    async def take(self, action: TakeRange) -> None:
        """Verifies a range and begins to store it. Raises Malformed if it is false, which is the sender's fault."""
        link, origin, entries = self._link, action.origin, action.entries
        if origin in self._astray or origin not in self._replicas:
            return
        if not await link.hub.scoping.has_room(origin):
            link.give_up(origin)
            return
        replica, head = self._replicas[origin]
        try:
            verified = await link.runtime.compute(
                lambda: replica.verify_range(head, entries.from_, entries.entries, entries.proof)
            )
        except Malformed as error:
            if error.reason != "branch":
                raise
            self._astray.add(origin)
            link.announced.pop(origin, None)
            await ask_for_proof(link, origin)
            link.give_up(origin)
            return
        own = origin == link.hub.ledger.own.origin
        await self._finish_storing(0 if own else STORING_MAX - 1)
        if origin not in self._replicas:  # a range before it was refused
            return
        self._storing.append((origin, self._store_own(verified) if own else self._store(verified)))
        link.received_entries += len(verified.rows)
        if verified.lacking:
            log.info("%s: %d entries set aside: %s", origin, len(verified.lacking), verified.lacking[:3])
        held = verified.begin + len(verified.rows)
        if held == head.checkpoint.size:
            await self._finish_storing(0)
        if origin in self._replicas:
            link.hub.sources.progress(link, origin, held, head.checkpoint.size)
            link.stored(origin)

    async def end(self, origin: Origin) -> None:
        """The fetch of a log has ended: waits until all of it is stored."""
        await self._finish_storing(0)
        self._replicas.pop(origin, None)
        self._verified.pop(origin, None)

    def _store_own(self, verified: VerifiedRange) -> Awaitable[object]:
        """Begins to store a range of the own log that comes back."""
        at = int(self._link.hub.ledger.clock())
        return self._link.runtime.write_own(lambda own, change: take_range(own, change, verified, at))

    def _store(self, verified: VerifiedRange) -> Awaitable[object]:
        """Begins to store a range, with all that were verified while the one before was being written."""
        waiting = self._verified[verified.origin]
        waiting.append(verified)

        def store(change: Transaction) -> None:
            try:
                while waiting:
                    store_range(change, waiting.popleft())
            except RefusedError:
                waiting.clear()  # none of them follows what is held, then
                raise

        return self._link.runtime.write(store)

    async def _finish_storing(self, rest: int) -> None:
        """Waits for the ranges before this one, until no more than `rest` are still being written.

        If the ledger refuses one, such as of a log that has been found forked meanwhile, that is nobody's fault and
        ends this fetch alone.
        """
        while len(self._storing) > rest:
            origin, stored = self._storing.popleft()
            try:
                await stored
            except RefusedError as error:
                log.warning("from %s: %s", self._link.name, error)
                self._link.hub.tell_problem(self._link.name, str(error))
                self._replicas.pop(origin, None)
                self._link.give_up(origin)
