# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one gossip connection does: hears, verifies, serves as its session asks. No IO, clock or asyncio."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import LedgerError
from ledger.held.charters import still_speaks
from ledger.held.forks import confirm_heads
from ledger.held.replica import Replica, VerifiedHead, accept_head, unknown_heads, verify_head
from ledger.held.serving import heads_of, serve_range
from node.peering.errands import ask_for_payloads, run_errand
from node.peering.forking import tell_all_forks, tell_forks
from node.peering.line import Line
from node.peering.patience import Patience
from node.peering.reconciling import Audit, Reconciling, Told
from node.peering.taking import Taking
from protocol.actions import (
    Action,
    Close,
    FetchEnded,
    Hear,
    Opened,
    Send,
    Serve,
    TakeCursor,
    TakeHeads,
    TakeRange,
    TellSince,
)
from protocol.errors import Malformed
from protocol.frames import Busy, Want
from protocol.identity import Origin
from protocol.session import Session

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from ledger.sqlite.store import Transaction
    from node.peering.exchange import Exchange
    from node.peering.runtime import Task
    from node.peering.tls import Bound
    from protocol.frames import Errand, HeadField

log = logging.getLogger("folkmoot.gossip")

SERVING_MAX = 8
RETRY_S = 60
"""After a trouble of our own, such as a full disk, the other side tries again this much later."""

LEARN_S = 5.0
"""How long a peer whose key was removed is served, so that it learns of it."""

_GIVEN_UP_AT_ONCE = 16


class _LookAgain(NamedTuple):
    """What is to be done as time passes, in its turn."""


class Conversation(ABC):
    """A session with what it stands on. Who carries the bytes calls `begin`, `receive` and `tick`."""

    def __init__(self, hub: Exchange, session: Session, address: str) -> None:
        self.hub = hub
        self.session = session
        self.address = address
        self.opened_at: float | None = None
        self.ended_by: Close | None = None
        self.received_entries = 0
        self.bound: Bound | None = None
        """Whose node the certificate at the other end says it is, where no authority vouches for it."""
        self.announced: dict[Origin, VerifiedHead] = {}
        """Heads that this peer told of, of logs that were behind them; without their charters."""
        self.patience = Patience()
        self.forks_told: set[bytes] = set()
        """H of the fork proofs that both sides know."""
        self.runtime = hub.runtime
        self._work: Line[Action | Audit | _LookAgain] = Line(self.start, self._do_work)
        self.reconciling = Reconciling(self)
        self.left_out: set[bytes] = set()
        """Logs that the other side does not want to hear of (SKIP)."""
        self._serving: Line[Want] = Line(self.start, self._answer_want)
        self._cursor: TakeCursor | None = None
        self._kept_cursor = TakeCursor(b"", 0)
        self._told = Told()
        self.taking = Taking(self)

    @abstractmethod
    async def run(self) -> None:
        """Carries the connection until it ends; nothing that it started runs on then."""

    @abstractmethod
    def start(self, work: Coroutine[object, object, None]) -> Task:
        """Runs something beside, at most until the connection ends."""

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Sends a frame after those before."""

    @abstractmethod
    def hang_up(self) -> None:
        """Ends the connection once everything is sent."""

    @abstractmethod
    async def taken(self) -> None:
        """Waits until the other side has taken most of what was sent."""

    @property
    def name(self) -> str:
        """Who is at the other end, for people."""
        return self.session.peer.charter.title() if self.session.peer else self.address

    @property
    def waiting(self) -> int:
        """How much of what was heard has not been dealt with."""
        return len(self._work)

    def begin(self) -> None:
        """Says the first word."""
        self._do(self.session.start())

    def receive(self, data: bytes) -> None:
        """Hears a frame."""
        self._do(self.session.receive(data, self.runtime.now()))

    def tick(self) -> None:
        """Looks at the clock; to be called every few seconds."""
        self._do(self.session.tick(self.runtime.now()))
        if self.announced and not self._work:
            self._work.put(_LookAgain())
        if self.opened_at and self.reconciling.is_due():
            self._work.put(Audit())

    def close(self, code: str, retry_s: int = 0) -> None:
        """Says goodbye."""
        self._do(self.session.close(code, retry_s))

    def probe(self) -> None:
        """Asks whether the other side is still there, and ends the connection soon if it does not answer."""
        self._do(self.session.probe(self.runtime.now()))

    def push(self, heads: list[HeadField]) -> None:
        """Tells the other side of new checkpoints."""
        self._do(self.session.push(self._wanted(heads)))

    def tell_changes(self, heads: list[HeadField], store: bytes, upto: int) -> None:
        """Tells the other side of what changed, and how far it has been told."""
        self._do(self.session.tell(self._wanted(heads), store, upto))

    def _wanted(self, heads: list[HeadField]) -> list[HeadField]:
        return [head for head in heads if head.log not in self.left_out] if self.left_out else heads

    def inform(self, heads: list[HeadField]) -> None:
        """Tells the other side of checkpoints that it asked for."""
        self._do(self.session.inform(heads))

    def say(self, errand: Errand | Busy) -> None:
        """Asks or tells what is none of the session's business."""
        self._do(self.session.say(errand))

    def fetch(self, replica: Replica, head: VerifiedHead) -> None:
        """Begins to fetch a log from this peer, up to a checkpoint; newer ones that arrive meanwhile come after it."""
        self.taking.begin(replica, head)
        self.patience.move(replica.origin, self.runtime.now())
        self._do(self.session.fetch(replica.origin, replica.peaks.size, head.checkpoint.size))

    def stored(self, origin: Origin) -> None:
        """A range that this peer gave is being stored: asks for what comes after it."""
        self.patience.move(origin, self.runtime.now())
        self._do(self.session.stored(origin))

    def give_up(self, origin: Origin) -> None:
        """Fetches no more of a log from this peer until it tells of it again."""
        self.announced.pop(origin, None)
        self._do(self.session.give_up(origin))

    def rests(self, origin: Origin) -> bool:
        """Whether it has not given this log lately, and is left alone with it for a while."""
        return self.patience.rests(origin, self.runtime.now())

    def _do(self, actions: list[Action]) -> None:
        """Sends at once, in order; queues what takes time."""
        for action in actions:
            if isinstance(action, Send):
                self.send(action.data)
            elif isinstance(action, Close):
                self.ended_by = action
                self.hang_up()
            elif isinstance(action, Serve):
                self._serve(action.want)
            else:
                self._work.put(action)

    def _serve(self, want: Want) -> None:
        if len(self._serving) >= SERVING_MAX:
            self._do(self.session.say(Busy(1, want.log, want.epoch, want.from_)))
        else:
            self._serving.put(want)

    async def _answer_want(self, want: Want) -> None:
        try:
            await self.taken()  # whoever does not take what it asked for gets no more
            answer = await self.runtime.read(lambda reads: serve_range(reads, want))
            self._do(self.session.say(answer))
        except (LedgerError, Malformed) as error:
            log.warning("cannot serve %s: %s", self.name, error)
            self._do(self.session.say(Busy(60, want.log, want.epoch, want.from_)))

    async def _do_work(self, action: Action | Audit | _LookAgain) -> None:
        """One thing after the other, in the order in which the session asked for them."""
        try:
            await self._carry_out(action)
        except Malformed as error:
            log.warning("%s sent something false: %s", self.name, error)
            self._do(self.session.refuse("false_fork" if error.reason == "false_fork" else "false_range"))
        except LedgerError as error:
            log.warning("with %s: %s", self.name, error)
            self.hub.tell_problem(self.name, str(error))
            self.close("unable", RETRY_S)
        except Exception:
            log.exception("fault while hearing %s", self.name)
            self.close("fault", RETRY_S)

    async def _carry_out(self, action: Action | Audit | _LookAgain) -> None:  # noqa: C901 - one branch for each
        now = self.runtime.now()
        match action:
            case Opened():
                await self._open()
            case TellSince(store=store, cursor=cursor):
                if not await self.reconciling.answer(store):
                    self.tell_changes(
                        *await self.runtime.read(lambda reads: self._told.since(reads, store, cursor, now))
                    )
            case TakeHeads(heads=heads):
                await self._take_heads(heads)
                await self.reconciling.heard_of([head.log for head in heads])
            case TakeCursor():
                self._cursor = action if self.reconciling.has_learnt_all() else None
                await self.keep_cursor()
            case TakeRange():
                await self.taking.take(action)
            case FetchEnded():
                await self._end_fetch(action)
            case _LookAgain():
                await self._look_again()
            case Audit():
                await self.reconciling.start()
            case Hear(frame=errand):
                await run_errand(self, errand)
            case _:
                pass

    async def _open(self) -> None:
        """Begins, if the hub wants this connection; otherwise nothing more is heard."""
        peer = self.session.peer
        assert peer is not None
        if self.bound is not None and not (self.bound.log == peer.log_id and self.bound.key in peer.charter.keys):
            self.hub.tell_problem(
                self.address, "its certificate is bound to another node: somebody may stand in between"
            )
            self.close("binding", RETRY_S)
            self._work.clear()
            return
        if not await self.runtime.read(lambda reads: still_speaks(reads, peer)):
            # Perhaps a node that was put back to before its keys changed: it learns of that, and may fetch.
            self.inform((await self.runtime.read(lambda reads: heads_of(reads, [peer.log_id], peer.log_id)))[0])
            await self.runtime.sleep(LEARN_S)
            self.close("auth", RETRY_S)
            self._work.clear()
            return
        self.opened_at = self.hub.ledger.clock()
        if self.session.me.role == 0:  # also where this connection is one too many
            await self.runtime.write(lambda change: change.meet(self.address, peer.log_id))
        await self.hub.scoping.meet(self)
        if not self.hub.admit(self):
            self._work.clear()
            return
        store, upto = await self.runtime.read(lambda reads: reads.cursor(peer.log_id))
        self._kept_cursor = TakeCursor(store, upto)
        self._do(self.session.resume(store, upto))
        self.start(ask_for_payloads(self))
        await self.hub.connecting.opened(self)
        await tell_all_forks(self)

    async def _take_heads(self, heads: list[HeadField]) -> None:
        own, scoping = self.hub.ledger.log_id, self.hub.scoping
        others, now = [field for field in heads if field.log != own], int(self.hub.ledger.clock())
        unknown, confirmed = (
            await self.runtime.read(lambda reads: unknown_heads(reads, others, now)) if others else ([], [])
        )
        unknown += [field for field in heads if field.log == own]
        verified = await self._verify(unknown) if unknown else []
        verified = await scoping.sort(self, verified) if verified else []

        def accept(change: Transaction) -> list[VerifiedHead]:
            behind = []
            for head in verified:
                try:
                    tree = accept_head(change, head)
                except LedgerError as error:
                    log.warning("from %s: %s", self.name, error)
                    self.hub.tell_problem(self.name, str(error))
                    continue
                if self.taking.is_astray(head.origin):
                    continue
                if tree.size < head.checkpoint.size and scoping.may_fetch(change, tree):
                    behind.append(head._replace(charters=()))
            told = [*confirmed, *((head.origin, head.checkpoint.size) for head in verified)]
            confirm_heads(change, told, now)
            return behind

        behind = await self.runtime.write(accept) if verified or confirmed else []
        if verified:
            await tell_forks(self.hub)
        self.announced.update({head.origin: head for head in behind})
        for head in behind:
            await self.hub.sources.ask(self, head.origin)

    async def _verify(self, heads: list[HeadField]) -> list[VerifiedHead]:
        """Verifies heads; those of the own log are for whoever wants to know what others hold of it."""
        own = self.hub.ledger.log_id
        verified = await self.runtime.compute(lambda: [verify_head(one.checkpoint, one.charters) for one in heads])
        for head in verified:
            if head.origin.log_id == own:
                self.hub.on_own_head(self, head)
        return [head for head in verified if head.origin.log_id != own]

    async def _end_fetch(self, ended: FetchEnded) -> None:
        await self.taking.end(ended.origin)
        self.patience.end(ended, self.runtime.now())
        await self.hub.sources.ended(self, ended.origin, complete=ended.complete)
        await self.keep_cursor()

    async def _look_again(self) -> None:
        """Leaves what does not come to others, and asks again for what this peer did not give before."""
        stalled = self.patience.stalled(self.runtime.now())
        for origin in [origin for origin in stalled if self.hub.sources.others_have(self, origin)][:_GIVEN_UP_AT_ONCE]:
            self._do(self.session.give_up(origin))
        for origin in list(self.announced):
            await self.hub.sources.ask(self, origin)

    async def keep_cursor(self) -> None:
        """Keeps the peer's cursor once everything that it told of before is stored (spec 09 §4)."""
        cursor, peer = self._cursor, self.session.peer
        if cursor is None or peer is None or self.hub.sources.is_asked(self) or self.reconciling.learning:
            return
        announced = list(self.announced.values())
        trees = await self.runtime.read(lambda reads: [reads.tree(head.origin) for head in announced])
        for head, tree in zip(announced, trees, strict=True):
            if (tree is None or tree.size >= head.checkpoint.size) and self.announced.get(head.origin) is head:
                del self.announced[head.origin]
        if self.announced:
            return
        self._cursor = None
        if cursor != self._kept_cursor:  # it comes every minute, and mostly there was nothing new
            await self.runtime.write(lambda change: change.set_cursor(peer.log_id, cursor.store, cursor.upto))
            self._kept_cursor = cursor
            self._do(self.session.resume(cursor.store, cursor.upto))
