# SPDX-License-Identifier: AGPL-3.0-or-later
"""One gossip connection: carries frames between a WebSocket and a session, and does what the session asks."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from aiohttp import WSMsgType

from ledger.charters import still_speaks
from ledger.errors import LedgerError
from ledger.replica import Replica, VerifiedHead, accept_head, store_range, verify_head
from ledger.serving import heads_since, serve_range
from protocol.errors import Malformed
from protocol.frames import Busy
from protocol.identity import Origin
from protocol.session import (
    Action,
    Close,
    FetchEnded,
    Opened,
    Send,
    Serve,
    Session,
    State,
    TakeCursor,
    TakeHeads,
    TakeRange,
    TellSince,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

    from aiohttp import ClientWebSocketResponse
    from aiohttp.web import WebSocketResponse

    from ledger.ledger import Ledger
    from ledger.sqlite.store import Transaction
    from ledger.values import Tree
    from node.gossip import Hub
    from protocol.frames import HeadField

log = logging.getLogger("folkmoot.gossip")

TICK_S = 2.0
SERVING_MAX = 8
RETRY_S = 60
"""After a trouble of our own, such as a full disk, the other side tries again this much later."""

_OUTGOING_MAX, _UNSENT_MAX = 64, 4


class Link:
    """A session with its connection. `run` ends when the connection does."""

    def __init__(
        self, hub: Hub, socket: ClientWebSocketResponse | WebSocketResponse, session: Session, address: str
    ) -> None:
        self.hub = hub
        self.session = session
        self.address = address
        self.opened_at: float | None = None
        self.ended_by: Close | None = None
        self.received_entries = 0
        self.announced: dict[Origin, VerifiedHead] = {}
        """Heads that this peer told of, of logs that were behind them; without their charters."""
        self._ledger: Ledger = hub.ledger
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(_OUTGOING_MAX)
        self._taken = asyncio.Event()
        self._work: asyncio.Queue[Action] = asyncio.Queue()
        self._serving = 0
        self._serve_lock = asyncio.Lock()
        self._replicas: dict[Origin, tuple[Replica, VerifiedHead]] = {}
        self._cursor: TakeCursor | None = None
        self._storing: Future[Tree] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """Who is at the other end, for people."""
        return self.session.peer.charter.title() if self.session.peer else self.address

    async def run(self) -> None:
        """Carries the session until it ends."""
        background = [
            asyncio.create_task(self._send_outgoing()),
            asyncio.create_task(self._do_work()),
            asyncio.create_task(self._tick()),
        ]
        try:
            self._do(self.session.start())
            async for message in self._socket:
                if message.type is not WSMsgType.BINARY:
                    break
                self._do(self.session.receive(message.data, time.monotonic()))
                if self.session.state is State.CLOSED:
                    break
                while self._work.qsize() > _OUTGOING_MAX:  # noqa: ASYNC110 - the other side may not outrun us
                    await asyncio.sleep(0.01)
        finally:
            await self._drain()
            for task in (*background, *self._tasks):
                task.cancel()
            await asyncio.gather(*background, *self._tasks, return_exceptions=True)
            await self._socket.close()

    def close(self, code: str, retry_s: int = 0) -> None:
        """Says goodbye."""
        self._do(self.session.close(code, retry_s))

    def push(self, heads: list[HeadField]) -> None:
        """Tells the other side of new checkpoints."""
        self._do(self.session.push(heads))

    def fetch(self, replica: Replica, head: VerifiedHead) -> None:
        """Begins to fetch a log from this peer, up to a checkpoint; newer ones that arrive meanwhile come after it."""
        self._replicas[replica.origin] = replica, head
        self._do(self.session.fetch(replica.origin, replica.peaks.size, head.checkpoint.size))

    def _do(self, actions: list[Action]) -> None:
        """Sends at once, in order; queues what takes time."""
        for action in actions:
            if isinstance(action, Send):
                try:
                    self._outgoing.put_nowait(action.data)
                except asyncio.QueueFull:
                    self.ended_by = Close("slow", fault=False)
                    self._later(self._abort())
            elif isinstance(action, Close):
                self.ended_by = action
                self._later(self._close_soon())
            elif isinstance(action, Serve):
                self._serve(action)
            else:
                self._work.put_nowait(action)

    def _later(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload] # a coroutine
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _abort(self) -> None:
        await self._socket.close()

    async def _close_soon(self) -> None:
        await self._drain()
        await self._socket.close()

    async def _drain(self) -> None:
        """Gives frames that are still to be sent a moment."""
        deadline = time.monotonic() + 1
        while not self._outgoing.empty() and not self._socket.closed and time.monotonic() < deadline:  # noqa: ASYNC110 - rare and short
            await asyncio.sleep(0.01)

    async def _send_outgoing(self) -> None:
        while True:
            await self._socket.send_bytes(await self._outgoing.get())
            self._taken.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._do(self.session.tick(time.monotonic()))

    def _serve(self, action: Serve) -> None:
        want = action.want
        if self._serving >= SERVING_MAX:
            self._do(self.session.answer(Busy(1, want.log, want.epoch, want.from_)))
            return
        self._serving += 1
        self._later(self._serve_in_thread(action))

    async def _serve_in_thread(self, action: Serve) -> None:
        try:
            async with self._serve_lock:
                while self._outgoing.qsize() >= _UNSENT_MAX:  # whoever does not take what it asked for gets no more
                    self._taken.clear()
                    await self._taken.wait()
                answer = await asyncio.to_thread(self._read_range, action)
            self._do(self.session.answer(answer))
        except (LedgerError, Malformed) as error:
            log.warning("cannot serve %s: %s", self.name, error)
            want = action.want
            self._do(self.session.answer(Busy(60, want.log, want.epoch, want.from_)))
        finally:
            self._serving -= 1

    def _read_range(self, action: Serve):  # type: ignore[no-untyped-def] # noqa: ANN202 - Entries | Missing
        with self._ledger.store.read() as reads:
            return serve_range(reads, action.want)

    async def _do_work(self) -> None:
        """One thing after the other, in the order in which the session asked for them."""
        while True:
            action = await self._work.get()
            try:
                if isinstance(action, Opened) and not await self._open():
                    return
                await self._carry_out(action)
            except Malformed as error:
                log.warning("%s sent something false: %s", self.name, error)
                self._do(self.session.refuse("false_range"))
            except LedgerError as error:
                log.warning("with %s: %s", self.name, error)
                self.hub.tell_problem(self.name, str(error))
                self.close("unable", RETRY_S)
            except Exception:
                log.exception("fault while hearing %s", self.name)
                self.close("fault", RETRY_S)

    async def _carry_out(self, action: Action) -> None:
        match action:
            case TellSince(store=store, cursor=cursor):
                heads, own, upto = await asyncio.to_thread(self._heads_since, store, cursor)
                self._do(self.session.tell(heads, own, upto))
            case TakeHeads(heads=heads):
                await self._take_heads(heads)
            case TakeCursor():
                self._cursor = action
                await self._keep_cursor()
            case TakeRange():
                await self._take_range(action)
            case FetchEnded(origin=origin, complete=complete):
                await self._finish_storing()
                self._replicas.pop(origin, None)
                await self.hub.fetch_ended(self, origin, complete=complete)
                await self._keep_cursor()
            case _:
                pass

    async def _open(self) -> bool:
        """Begins, if the hub wants this connection; otherwise nothing more is heard."""
        assert self.session.peer is not None
        self.opened_at = time.time()
        if not await self.hub.admit(self):
            self.close("known", 300)
            return False
        with self._ledger.store.read() as reads:
            if not still_speaks(reads, self.session.peer):
                self.close("auth", 300)
                return False
            store, upto = reads.cursor(self.session.peer.log_id)
        self._do(self.session.resume(store, upto))
        return True

    def _heads_since(self, store: bytes, cursor: int) -> tuple[list[HeadField], bytes, int]:
        with self._ledger.store.read() as reads:
            return heads_since(reads, store, cursor)

    async def _take_heads(self, heads: list[HeadField]) -> None:
        verified = await asyncio.to_thread(self._verify_heads, heads)

        def accept(change: Transaction) -> list[VerifiedHead]:
            behind = []
            for head in verified:
                try:
                    tree = accept_head(change, head)
                except LedgerError as error:
                    log.warning("from %s: %s", self.name, error)
                    self.hub.tell_problem(self.name, str(error))
                    continue
                if tree.size < head.checkpoint.size and head.origin.log_id != self._ledger.log_id:
                    behind.append(head._replace(charters=()))
            return behind

        behind = await asyncio.wrap_future(self._ledger.writer.run(accept))
        self.announced.update({head.origin: head for head in behind})
        for head in behind:
            await self.hub.fetch_from(self, head.origin)

    def _verify_heads(self, heads: list[HeadField]) -> list[VerifiedHead]:
        """Those of the heads that are not known already, verified. Raises Malformed: the sender's fault."""
        with self._ledger.store.read() as reads:
            known = {tree.origin: tree for tree in reads.trees()}
        verified = []
        for field in heads:
            tree = known.get(Origin(field.log, field.epoch))
            if tree is None or field.checkpoint not in (tree.head, tree.checkpoint) or tree.size < tree.head_size:
                verified.append(verify_head(field.checkpoint, field.charters))
        return verified

    async def _take_range(self, action: TakeRange) -> None:
        origin = action.origin
        replica, head = self._replicas[origin]
        entries = action.entries
        verified = await asyncio.to_thread(replica.verify_range, head, entries.from_, entries.entries, entries.proof)
        await self._finish_storing()
        self._storing = self._ledger.writer.run(lambda change: store_range(change, verified))
        self.received_entries += len(verified.rows)
        if verified.lacking:
            log.info("%s: %d entries set aside: %s", origin, len(verified.lacking), verified.lacking[:3])
        held = verified.begin + len(verified.rows)
        if held == head.checkpoint.size:
            await self._finish_storing()
        self.hub.progress(self, origin, held, head.checkpoint.size)
        self._do(self.session.stored(origin))

    async def _finish_storing(self) -> None:
        """Waits for the range before this one: while it is written, the next is verified."""
        storing, self._storing = self._storing, None
        if storing is not None:
            await asyncio.wrap_future(storing)

    def _caught_up(self) -> list[Origin]:
        """The logs that this peer told of and that have been stored so far since."""
        with self._ledger.store.read() as reads:
            trees = [(head, reads.tree(head.origin)) for head in list(self.announced.values())]
        return [head.origin for head, tree in trees if tree is None or tree.size >= head.checkpoint.size]

    async def _keep_cursor(self) -> None:
        """Keeps the peer's cursor once everything that it told of before is stored (spec 09 §4)."""
        cursor, peer = self._cursor, self.session.peer
        if cursor is None or peer is None or self.hub.fetching_from(self):
            return
        for origin in await asyncio.to_thread(self._caught_up):
            self.announced.pop(origin, None)
        if self.announced:
            return
        self._cursor = None
        await asyncio.wrap_future(
            self._ledger.writer.run(lambda change: change.set_cursor(peer.log_id, cursor.store, cursor.upto))
        )
        self._do(self.session.resume(cursor.store, cursor.upto))
