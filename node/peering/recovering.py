# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks those who watch the own log what they last saw of it, fetches what is missing, tells the operator (spec 06 §5).

No IO, clock or asyncio: like the rest of gossip it stands on a runtime, that of the machine or of a simulation.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import LedgerError
from ledger.held.receipts import HOLDERS_MAX
from ledger.own.hearing import hear
from ledger.own.recovery import State, explain, unwatched
from ledger.own.watchers import peer_name, watchers_of
from protocol.frames import GetHeads
from protocol.identity import witness_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ledger.held.replica import VerifiedHead
    from node.peering.conversation import Conversation
    from node.peering.exchange import Exchange

log = logging.getLogger("folkmoot.recovering")

TICK_S = 0.5
ASK_FIRST_S, ASK_MAX_S = 1.0, 60.0
"""While signing is in question all are asked again, ever more rarely, and whoever connects at once."""
RECHECK_S = 60.0
"""While signing, all are asked this often, so that another instance with the same key is noticed."""


STOOD_STILL_S = 120.0
"""By so much the wall clock may part from the one that never jumps: else the machine was stopped and resumed, perhaps
from a snapshot, and others may have heard more of this log than it remembers."""


class Said(NamedTuple):
    """What a witness answered over HTTP: its name, and its newest checkpoint of the own log or None."""

    name: str
    head: VerifiedHead | None


_STOOD_STILL = "this machine stood still or its clock was set: it may have been resumed from a snapshot"


class Recovering:
    """The way of one node back to signing; it goes on while the node runs."""

    def __init__(self, hub: Exchange, ask_witnesses: Callable[[], Awaitable[list[Said]]] | None = None) -> None:
        self._hub = hub
        self._ledger = hub.ledger
        self._runtime = hub.runtime
        self._ask_witnesses = ask_witnesses
        self._asked: list[Conversation] = []
        self._holders: dict[bytes, int] = {}
        self._state: State | None = None
        self._wait = ASK_FIRST_S
        self._next_at = 0.0
        self._apart = self._ledger.clock() - self._runtime.now()
        self._told = ""
        hub.on_own_head = self.heard

    def start(self) -> None:
        """Begins to ask."""
        self._hub.start_beside(self._run())

    def heard(self, link: Conversation, head: VerifiedHead | None) -> None:
        """Takes what a peer says of the own log."""
        self._hub.start_beside(self._hear_peer(link, head))

    async def _hear_peer(self, link: Conversation, head: VerifiedHead | None) -> None:
        peer, own = link.session.peer, self._ledger.own
        assert peer is not None
        as_witness = witness_name(peer.log_id)  # one that is a node may be asked either way
        name = as_witness if as_witness in own.recovery.watchers.names else peer_name("", peer.log_id)
        if not await self._hear(Said(name, head)):
            return
        if head is None or head.origin != own.origin:
            return
        await self._keep_holder(peer.log_id, head.checkpoint.size)
        if own.recovery.state is State.BEHIND:
            link.announced[own.origin] = head._replace(charters=())
            await self._hub.sources.ask(link, own.origin)

    async def _keep_holder(self, log_id: bytes, size: int) -> None:
        """Keeps in mind who holds the own log, for what is erased in it later."""
        if self._holders.get(log_id) != size:
            self._holders[log_id] = size
            await self._runtime.write(lambda change: change.set_holder(log_id, size, HOLDERS_MAX))

    async def _hear(self, said: Said) -> bool:
        try:
            await self._runtime.write_own(lambda own, change: hear(own, change, said.name, said.head))
        except LedgerError as error:
            self._hub.tell_problem(said.name, str(error))
            return False
        self._tell()
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
            except LedgerError as error:  # such as a full disk: it goes on when there is room
                log.warning("cannot ask who watches this log: %s", error)
            self._tell()
            await self._runtime.sleep(TICK_S)

    async def _step(self) -> None:
        """Asks whoever has just connected, and all when it is time."""
        now, apart = self._runtime.now(), self._ledger.clock() - self._runtime.now()
        if abs(apart - self._apart) > STOOD_STILL_S:
            await self._runtime.write_own(lambda own, _: own.ask_again(_STOOD_STILL))
        self._apart = apart
        state = self._ledger.own.recovery.state
        if state is not self._state:  # what was said before does not count any more
            self._state, self._wait, self._next_at = state, ASK_FIRST_S, now
        links = list(self._hub.conversations())
        asked, self._asked = self._asked, links
        everybody = now >= self._next_at
        for link in links if everybody else [new for new in links if new not in asked]:
            link.say(GetHeads([self._ledger.log_id]))
        if everybody:
            self._next_at = now + (RECHECK_S if state is State.SIGNING else self._wait)
            self._wait = min(ASK_MAX_S, 2 * self._wait)
            await self._ask_others()

    async def _ask_others(self) -> None:
        """Asks the witnesses that are reached over HTTP, and looks anew who has to answer at all."""
        keys = self._ledger.keys
        await self._runtime.write_own(lambda own, change: own.watch(watchers_of(change, keys)))
        if self._ask_witnesses is not None:
            for said in await self._ask_witnesses():
                await self._hear(said)

    def _tell(self) -> None:
        """Tells the operator when something has changed."""
        own = self._ledger.own
        recovery = own.recovery
        text = explain(recovery, own.size) or unwatched(recovery)
        if text == self._told:
            return
        if recovery.state is State.SIGNING and self._told:
            self._hub.on_event("this log is signed again: those who watch it have said what they last saw")
        elif text:
            self._hub.on_event(f"NOT SIGNING: {text}" if recovery.state is not State.SIGNING else text)
        self._told = text
