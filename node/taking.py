# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ranges of logs that one connection brings: verified against a signed head, and stored one after the other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.hearing import take_range
from ledger.replica import store_range
from node.forking import ask_for_proof
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ledger.replica import Replica, VerifiedHead
    from node.conversation import Conversation
    from protocol.actions import TakeRange
    from protocol.identity import Origin

log = logging.getLogger("folkmoot.gossip")


class Taking:
    """What is being fetched over one connection. While a range is written, the next one is verified."""

    def __init__(self, link: Conversation) -> None:
        self._link = link
        self._replicas: dict[Origin, tuple[Replica, VerifiedHead]] = {}
        self._astray: set[Origin] = set()
        self._storing: tuple[Origin, Awaitable[object]] | None = None

    def begin(self, replica: Replica, head: VerifiedHead) -> None:
        """Ranges of a log are to come, up to a head."""
        self._replicas[replica.origin] = replica, head

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
        await self._finish_storing()
        if origin not in self._replicas:  # the range before it was refused
            return
        storing: Awaitable[object]
        if origin == link.hub.ledger.own.origin:
            at = int(link.hub.ledger.clock())
            storing = link.runtime.write_own(lambda own, change: take_range(own, change, verified, at))
        else:
            storing = link.runtime.write(lambda change: store_range(change, verified))
        self._storing = origin, storing
        link.received_entries += len(verified.rows)
        if verified.lacking:
            log.info("%s: %d entries set aside: %s", origin, len(verified.lacking), verified.lacking[:3])
        held = verified.begin + len(verified.rows)
        if held == head.checkpoint.size:
            await self._finish_storing()
        if origin in self._replicas:
            link.hub.sources.progress(link, origin, held, head.checkpoint.size)
            link.stored(origin)

    async def end(self, origin: Origin) -> None:
        """The fetch of a log has ended: waits until all of it is stored."""
        await self._finish_storing()
        self._replicas.pop(origin, None)

    async def _finish_storing(self) -> None:
        """Waits for the range before this one.

        If the ledger refuses it, such as of a log that has been found forked meanwhile, that is nobody's fault and ends
        this fetch alone.
        """
        storing, self._storing = self._storing, None
        if storing is None:
            return
        origin, stored = storing
        try:
            await stored
        except RefusedError as error:
            log.warning("from %s: %s", self._link.name, error)
            self._link.hub.tell_problem(self._link.name, str(error))
            self._replicas.pop(origin, None)
            self._link.give_up(origin)
