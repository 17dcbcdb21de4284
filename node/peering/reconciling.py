# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reconciliation over one connection: where no cursor is usable, and once a day as an audit (spec 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.held.serving import heads_at, heads_since
from protocol.frames import HEADS_MAX, Busy, GetHeads
from protocol.rangeframes import ITEMS_MAX
from protocol.ranges import LEAF_ITEMS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot
    from node.peering.conversation import Conversation
    from protocol.frames import HeadField
    from protocol.identity import Origin
    from protocol.rangeframes import Items, Ranges
    from protocol.reconcile import Reconciliation

DAY_S, HOUR_S = 86_400.0, 3_600.0
FIRST_AUDIT_S = 600.0
AGAIN_S = 600.0
"""No reconciliation is begun sooner after one that was: whoever has no usable cursor yet asks each minute."""


class Audit(NamedTuple):
    """It is time to compare what both sides hold."""


class Told:
    """Up to where the other side of a connection has been told what is held: it is not told all again at once.

    Who asks again with a cursor of another store, or with an old one, would otherwise cost all heads each time.
    """

    def __init__(self) -> None:
        self._store = b""
        self._upto = 0
        self._until = 0.0

    def since(self, reads: Snapshot, store: bytes, cursor: int, now: float) -> tuple[list[HeadField], bytes, int]:
        """The answer to a RESUME (spec 09 §4); what was told within the last `AGAIN_S` counts as known."""
        own = reads.fact("store") or b""
        if own == self._store and now < self._until and (store != own or cursor < self._upto):
            store, cursor = own, self._upto
        elif store != own or cursor < self._upto:
            self._until = now + AGAIN_S
        heads, self._store, self._upto = heads_since(reads, store, cursor)
        return heads, self._store, self._upto


class Reconciling:
    """What one connection says and does about it. One thing after the other, in the order in which frames come."""

    def __init__(self, link: Conversation) -> None:
        self._link = link
        self._side: Reconciliation | None = None
        self._side_ends = self._quiet_until = 0.0
        self._audit_at: float | None = None
        self._cursor: tuple[bytes, int] | None = None
        """What the other side may keep as its cursor when it has learnt what differs."""
        self._awaited: set[bytes] = set()
        self._more_left = False

    @property
    def learning(self) -> bool:
        """Whether heads that were asked for have not come yet: the other side's cursor cannot be kept before."""
        return bool(self._awaited)

    def has_learnt_all(self) -> bool:
        """Whether a cursor that is told now can be kept later: not if more was lacking than was asked for at once."""
        all_asked, self._more_left = not self._more_left, False
        return all_asked

    def is_due(self) -> bool:
        """Whether it is time for an audit: some time after the opening, then daily. Asked again, it is not."""
        now, random = self._link.runtime.now(), self._link.runtime.random
        if self._audit_at is None:  # the side that was dialled leaves it to the other, unless that does nothing
            self._audit_at = now + random.uniform(FIRST_AUDIT_S, HOUR_S) + HOUR_S * self._link.session.me.role
        if now < self._audit_at:
            return False
        self._audit_at = now + DAY_S
        return True

    async def answer(self, store: bytes) -> bool:
        """Answers a RESUME by reconciling, if its cursor is of another store and what is held is more than a little.

        Whether it did, or has done so just now.
        """
        own = await self._link.runtime.read(lambda reads: reads.fact("store") or b"")
        if store == own:
            return False
        count, upto = await self._link.runtime.read(self._link.hub.held.stand)
        if count <= LEAF_ITEMS_MAX:
            return False
        if self._link.runtime.now() >= self._quiet_until:
            self._cursor = own, upto
            await self.start()
        return True

    async def start(self) -> None:
        """Asks the other side where the two differ."""
        self._quiet_until = self._link.runtime.now() + AGAIN_S
        side, held = await self._current_side(), self._link.hub.held
        self._link.say(await self._link.runtime.read(lambda reads: held.start(reads, side)))

    async def hear(self, frame: Ranges | Items) -> None:
        """Answers a frame, asks for heads that are newer there, tells those that are newer here."""
        link = self._link
        self._audit_at = link.runtime.now() + DAY_S
        side = await self._current_side()
        if side.is_exhausted():
            return
        step = await link.runtime.read(lambda reads: link.hub.held.receive(reads, side, frame))
        await self._ask(step.ask)  # first, so that the answers come before a cursor that the frames may lead to
        for answer in step.frames:
            await link.taken()
            link.say(answer)
        await self._tell(step.tell)
        if side.is_exhausted():
            link.say(Busy(int(HOUR_S)))
        elif step.ended and self._cursor is not None:
            link.tell_changes([], *self._cursor)
            self._cursor = None

    async def heard_of(self, logs: Sequence[bytes]) -> None:
        """The other side has told what it holds of these logs, or that it holds nothing."""
        if self._awaited:
            self._awaited.difference_update(logs)
            await self._link.keep_cursor()

    async def _current_side(self) -> Reconciliation:
        """Our side; each hour a new one, with new room for what the other side may cost (spec 13 §5)."""
        link, now = self._link, self._link.runtime.now()
        if self._side is None or now >= self._side_ends:
            self._side_ends = now + HOUR_S
            self._side = await link.runtime.read(lambda reads: link.hub.held.begin(reads, link.session.salt))
        return self._side

    async def _ask(self, logs: list[bytes]) -> None:
        room = ITEMS_MAX - len(self._awaited)
        if len(logs) > room:  # the rest comes up again, as no cursor is kept
            self._more_left = True
            logs = logs[:room]
        self._awaited.update(logs)
        for at in range(0, len(logs), HEADS_MAX):
            await self._link.taken()
            self._link.say(GetHeads(logs[at : at + HEADS_MAX]))

    async def _tell(self, origins: list[Origin]) -> None:
        for at in range(0, len(origins), HEADS_MAX):
            some = origins[at : at + HEADS_MAX]
            await self._link.taken()
            self._link.inform(await self._read_heads(some))

    async def _read_heads(self, origins: list[Origin]) -> list[HeadField]:
        return await self._link.runtime.read(lambda reads: heads_at(reads, origins))
