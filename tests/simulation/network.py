# SPDX-License-Identifier: AGPL-3.0-or-later
"""A network that loses, delays, cuts and divides. A connection is an ordered stream that can break at any byte."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from tests.simulation.world import Promise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import World

DIAL_TIMEOUT_S = 10.0
RETRANSMIT_S = 0.2
RETRANSMITS_MAX = 7
FRAME_OVERHEAD_BYTES = 44
"""Of a frame in a WebSocket over TLS-less TCP: 4 to 14 bytes of WebSocket, 40 of TCP and IP."""


class Network:
    """All machines by name. `loss` is the share of packets lost; `breaks` the chance that a frame is cut off."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.loss = 0.0
        self.breaks = 0.0
        self.delay = (0.01, 0.15)
        self.side: dict[str, int] = {}
        """Which side of a partition a machine is on; all on 0 where there is none."""
        self.listening: dict[str, Callable[[End], None]] = {}
        self.sent: dict[str, int] = {}
        """Bytes sent, by machine."""
        self.frames = 0
        self.packets = self.lost = 0
        """How many packets were sent, and lost. A frame is one packet, sent again up to six times, each loss by chance
        of its own; dialling is one as well. What follows in the same connection waits for what is sent again."""

    def reaches(self, one: str, other: str) -> bool:
        """Whether packets pass between two machines."""
        return self.side.get(one, 0) == self.side.get(other, 0)

    def connect(self, caller: str, name: str) -> Promise[End | None]:
        """A connection to a machine, or None when it does not answer."""
        promise: Promise[End | None] = Promise()
        wait = self._transit()

        def arrive() -> None:
            accept = self.listening.get(name)
            if wait is None or accept is None or not self.reaches(caller, name):
                self.world.after(DIAL_TIMEOUT_S if accept else 0.1, lambda: promise.keep(None))
                return
            near, far = End(self, caller), End(self, name)
            near.other, far.other = far, near
            accept(far)
            promise.keep(near)

        self.world.after(wait or 0, arrive)
        return promise

    def _transit(self) -> float | None:
        """How long something takes, with what is lost on the way sent again; None if that fails too often."""
        random = self.world.random
        wait, again = random.uniform(*self.delay), RETRANSMIT_S
        for _ in range(RETRANSMITS_MAX):
            self.packets += 1
            if random.random() >= self.loss:
                return wait
            self.lost += 1
            wait += again
            again *= 2
        return None

    def carry(self, end: End, data: bytes) -> None:
        """Takes a frame to the other side, after those before it, or breaks the connection in the middle of it."""
        self.sent[end.owner] = self.sent.get(end.owner, 0) + len(data) + FRAME_OVERHEAD_BYTES
        self.frames += 1
        wait = self._transit()
        if wait is None or self.world.random.random() < self.breaks:
            end.tear()
        elif not self.reaches(end.owner, end.other.owner):
            end.lose()
        else:
            end.arrives = max(end.arrives, self.world.now + wait)
            self.world.after(end.arrives - self.world.now, lambda: end.other.arrive(data))

    def finish(self, end: End) -> None:
        """Tells the other side that this one has closed, if it can be told."""
        if self.reaches(end.owner, end.other.owner) and not end.lost:
            end.arrives = max(end.arrives, self.world.now + self.delay[0])
            self.world.after(end.arrives - self.world.now, end.other.fall)


class End:
    """One side of a connection."""

    def __init__(self, network: Network, owner: str) -> None:
        self._network = network
        self.owner = owner
        self.other = self
        self.open = True
        self.lost = False
        self.arrives = 0.0
        self.on_frame: Callable[[bytes], None] = lambda _: None
        self.on_end: Callable[[], None] = lambda: None

    def send(self, data: bytes) -> None:
        """Sends a frame."""
        if self.open and not self.lost:
            self._network.carry(self, data)

    def close(self) -> None:
        """Closes; what was sent before still arrives."""
        if self.open:
            self.open = False
            self._network.finish(self)

    def lose(self) -> None:
        """Nothing passes any more, and nobody is told: each side finds out by silence."""
        self.lost = self.other.lost = True

    def tear(self) -> None:
        """Breaks: a side hears of it soon, or not at all."""
        world = self._network.world
        self.lose()
        for end in (self, self.other):
            if world.random.random() < 0.75:
                world.after(world.random.uniform(0, 5), end.fall)

    def arrive(self, data: bytes) -> None:
        """A frame is here."""
        if self.open and not self.lost:
            self._network.world.note(self.owner.encode() + blake2b(data, digest_size=8).digest())
            self.on_frame(data)

    def fall(self) -> None:
        """The connection is known to have ended."""
        if self.open:
            self.open = False
            self.on_end()
