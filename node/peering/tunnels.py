# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions carried through a third node, so that nodes behind routers reach each other (spec 09 §6).

A tunnelled conversation is like any other. Its frames travel as the data of TUNNEL frames over the connection to the
node in the middle, which passes them on unread.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Literal

from node.peering.conversation import Conversation
from node.peering.errors import UnreachableError
from node.peering.way import Way
from protocol.actions import Close
from protocol.frames import TUNNEL_BYTES_MAX, Tunnel
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from node.peering.exchange import Exchange
    from node.peering.runtime import Task
    from protocol.session import Session

STREAMS_MAX = 8
"""Tunnels over one connection: of those that end here, and of those that one peer has passed on."""

_TICK_S = 2.0


class TunnelLink(Conversation):
    """A conversation through a tunnel."""

    def __init__(self, hub: Exchange, session: Session, relay: Conversation, way: Way, number: int) -> None:
        super().__init__(hub, session, str(way))
        self.ended = False
        self._relay = relay
        self._way = way
        self._number = number
        self._tasks: list[Task] = []

    async def run(self) -> None:
        """Carries the session until either end, or the one in the middle, ends it."""
        try:
            while not self.ended and self._relay in self.hub.links:
                await self.runtime.sleep(_TICK_S)
                self.tick()
        finally:
            self.ended = True
            for task in self._tasks:
                task.cancel()

    def start(self, work: Coroutine[object, object, None]) -> Task:
        """Runs something beside, at most until the tunnel ends."""
        task = self.hub.start_beside(work)
        self._tasks = [other for other in self._tasks if not other.done()]
        self._tasks.append(task)
        return task

    def send(self, data: bytes) -> None:
        """Sends a frame through the tunnel."""
        if len(data) > TUNNEL_BYTES_MAX:
            self.ended_by = Close("too_large", fault=False)
            self.hang_up()
        elif not self.ended:
            self.tell("data", data)

    def hang_up(self) -> None:
        """Ends the tunnel."""
        if not self.ended:
            self.ended = True
            self.tell("close")

    async def taken(self) -> None:
        """Waits until the one in the middle has taken most of what was sent."""
        await self._relay.taken()

    def tell(self, code: Literal["open", "data", "close", "refused"], data: bytes = b"") -> None:
        """Says something of the tunnel itself."""
        self._relay.say(Tunnel(self._way.target, self.hub.ledger.log_id, self._number, code, data))


class Tunnels:
    """The tunnels that end at a node, and those that it carries for others, if it has agreed to."""

    def __init__(self, hub: Exchange) -> None:
        self.carries = False
        self._hub = hub
        self._ends: dict[tuple[Way, int], TunnelLink] = {}
        self._passed: dict[bytes, set[tuple[bytes, int]]] = {}
        self._numbers = count()

    async def converse(self, way: Way) -> TunnelLink:
        """Opens a tunnel and carries its session until it has ended. Raises UnreachableError."""
        relay = self._hub.connected_to(way.relay)
        if relay is None:
            raise UnreachableError(f"no connection to {show_log_id(way.relay)[:8]}, through which the way leads")
        larger = way.target < self._hub.ledger.log_id
        number = 2 * next(self._numbers) + larger  # so that both ends never choose the same
        link = TunnelLink(self._hub, self._hub.session(role=0), relay, way, number)
        link.tell("open")
        self._begin(link, way, number)
        await self._carry(link, way, number)
        if not link.opened_at:
            raise UnreachableError(f"{link.address} is not reached through the node in the middle")
        return link

    def hear(self, link: Conversation, frame: Tunnel) -> None:
        """Takes a TUNNEL that came over a connection."""
        assert link.session.peer is not None
        peer = link.session.peer.log_id
        if frame.to == self._hub.ledger.log_id:
            self._hear_end(link, Way(peer, frame.sender), frame)
        elif frame.sender == peer:
            self._pass_on(link, frame)

    def _hear_end(self, relay: Conversation, way: Way, frame: Tunnel) -> None:
        known = self._ends.get((way, frame.stream))
        if frame.code == "open" and known is None:
            here = sum(other.relay == way.relay for other, _ in self._ends)
            link = TunnelLink(self._hub, self._hub.session(role=1), relay, way, frame.stream)
            if here >= STREAMS_MAX or not self._hub.has_room():
                link.tell("refused")
            else:
                self._begin(link, way, frame.stream)
                self._hub.start_beside(self._carry(link, way, frame.stream))
        elif known is not None and not known.ended:
            if frame.code == "data":
                known.receive(frame.data)
            else:
                known.ended = True

    def _begin(self, link: TunnelLink, way: Way, number: int) -> None:
        """Says the first word at once: what the other side says may come before this side waits for it."""
        self._ends[way, number] = link
        link.begin()

    async def _carry(self, link: TunnelLink, way: Way, number: int) -> None:
        try:
            await self._hub.carry(link)
        finally:
            del self._ends[way, number]

    def _pass_on(self, link: Conversation, frame: Tunnel) -> None:
        """Passes a frame on to the end that it is meant for, if a tunnel between the two is carried."""
        target = self._hub.connected_to(frame.to)
        streams = self._passed.setdefault(frame.sender, set())
        stream = (frame.to, frame.stream)
        if frame.code == "open" and self.carries and target is not None and len(streams) < STREAMS_MAX:
            streams.add(stream)
        back = (frame.sender, frame.stream) in self._passed.get(frame.to, ())
        if target is None or not (stream in streams or back):
            link.say(Tunnel(frame.sender, frame.to, frame.stream, "refused", b""))
        else:
            target.say(frame)
        if frame.code in {"close", "refused"} or target is None:
            streams.discard(stream)
            self._passed.get(frame.to, set()).discard((frame.sender, frame.stream))
        if not streams:
            del self._passed[frame.sender]

    def lose(self, peer: bytes) -> None:
        """Forgets the tunnels that were carried for a peer that has gone."""
        self._passed.pop(peer, None)
        for streams in self._passed.values():
            streams.difference_update({stream for stream in streams if stream[0] == peer})
