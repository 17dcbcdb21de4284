# SPDX-License-Identifier: AGPL-3.0-or-later
"""All gossip connections of a node: whom to dial, who fetches what, who is told of news."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import time
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import ClientError, WSServerHandshakeError

from ledger.errors import LedgerError
from ledger.replica import Replica, VerifiedHead
from ledger.serving import heads_since
from node.client import DialRefusedError
from node.link import Link
from protocol.frames import FRAME_BYTES_MAX
from protocol.identity import Origin, show_log_id
from protocol.session import Me, Session, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web import WebSocketResponse

    from ledger.ledger import Ledger
    from node.client import Client

log = logging.getLogger("folkmoot.gossip")

SUBPROTOCOL = "folkmoot.1"
GOSSIP_PATH = "/gossip"
INBOUND_MAX, OUTBOUND_MAX = 64, 32
PROBLEMS_MAX = 100
FALSE_BAN_S = 3600.0
_BACKOFF_FIRST_S, _BACKOFF_MAX_S = 1.0, 300.0


class PeerState(NamedTuple):
    """A connection as it is shown."""

    name: str
    log: str
    address: str
    outbound: bool
    since: float
    received_entries: int


class Hub:
    """The gossip of one node."""

    def __init__(self, ledger: Ledger, client: Client, network: str) -> None:
        self.ledger = ledger
        self.network = network
        self.problems: dict[str, str] = {}
        self.on_event: Callable[[str], None] = lambda _: None
        self._client = client
        self._links: set[Link] = set()
        self._dialled: dict[str, asyncio.Task[None]] = {}
        self._found: set[str] = set()
        self._fetching: dict[Origin, Link] = {}
        self._banned: dict[bytes, float] = {}
        self._pushed = 0
        self._news = asyncio.Event()
        self._push_task: asyncio.Task[None] | None = None
        self._shown: dict[Origin, float] = {}

    def start(self) -> None:
        """Begins to tell peers of news; to be called in the event loop."""
        loop = asyncio.get_running_loop()
        with self.ledger.store.read() as reads:
            self._pushed = max((tree.arrival for tree in reads.trees()), default=0)
        self.ledger.writer.on_checkpoint = lambda: _call_soon(loop, self._news.set)
        self._push_task = asyncio.create_task(self._push_news())

    async def stop(self) -> None:
        """Says goodbye to all and ends."""
        for task in self._dialled.values():
            task.cancel()
        if self._push_task:
            self._push_task.cancel()
        for link in list(self._links):
            link.close("stopping", 5)
        for _ in range(50):
            if not self._links:
                break
            await asyncio.sleep(0.05)
        await asyncio.gather(*self._dialled.values(), return_exceptions=True)

    def peers(self) -> list[PeerState]:
        """The open connections."""
        return [
            PeerState(
                link.name,
                show_log_id(link.session.peer.log_id),
                link.address,
                link.session.me.role == 0,
                link.opened_at,
                link.received_entries,
            )
            for link in self._links
            if link.session.peer and link.opened_at
        ]

    def dial(self, url: str, *, trusted: bool, found: bool = False) -> None:
        """Keeps a connection to a peer's base URL. `trusted`: named by the operator or found on the local link.

        Those that were only `found` leave half of the room to those that were named.
        """
        url = url.rstrip("/")
        if url in self._dialled:
            return
        if len(self._dialled) >= (OUTBOUND_MAX // 2 if found else OUTBOUND_MAX):
            self.tell_problem(url, f"not dialled: {len(self._dialled)} others are")
            return
        if found:
            self._found.add(url)
        self._dialled[url] = asyncio.create_task(self._keep_dialled(url, trusted=trusted))

    def lose(self, url: str) -> None:
        """Ends dialling a peer that was found on the local network and is no longer there."""
        if url in self._found:
            self._found.discard(url)
            self._dialled.pop(url).cancel()

    async def accept(self, socket: WebSocketResponse, address: str) -> None:
        """Serves a connection that somebody else opened."""
        if sum(link.session.me.role == 1 for link in self._links) >= INBOUND_MAX:
            await socket.close(code=1013)
            return
        await self._carry(Link(self, socket, self._session(role=1), address))

    async def admit(self, link: Link) -> bool:
        """Whether an authenticated connection is wanted: not one to a banned peer, nor a second one to the same."""
        peer = link.session.peer
        assert peer is not None
        if self._banned.get(peer.log_id, 0) > time.monotonic():
            return False
        for other in self._links:
            known = other.session.peer
            if other is not link and known and known.log_id == peer.log_id and other.session.state is State.OPEN:
                # Both sides keep the connection that the smaller log id opened.
                keep_mine = (link.session.me.role == 0) == (self.ledger.log_id < peer.log_id)
                if not keep_mine or other.session.me.role == link.session.me.role:
                    return False
                other.close("known", 300)
        self.on_event(f"connected to {link.name} at {link.address}")
        self.problems.pop(link.name, None)
        return True

    async def fetch_from(self, link: Link, origin: Origin) -> None:
        """Fetches a log from this peer up to the head that it announced, unless the log is being fetched."""
        serving, head = self._fetching.get(origin), link.announced.get(origin)
        if head is None or (serving is not None and serving in self._links):
            return
        self._fetching[origin] = link
        replica = None
        try:
            replica = await asyncio.to_thread(self._begin_replica, head)
        finally:
            if replica is not None:
                link.fetch(replica, head)
            elif self._fetching.get(origin) is link:
                del self._fetching[origin]

    def _begin_replica(self, head: VerifiedHead) -> Replica | None:
        """What a fetch begins with, if the log lacks entries below a head."""
        with self.ledger.store.read() as reads:
            tree = reads.tree(head.origin)
            return Replica(tree, reads) if tree is not None and tree.size < head.checkpoint.size else None

    def fetching_from(self, link: Link) -> bool:
        """Whether anything is being fetched from this peer."""
        return link in self._fetching.values()

    async def fetch_ended(self, link: Link, origin: Origin, *, complete: bool) -> None:
        """A fetch ended: news for others, or a task for another peer."""
        if self._fetching.get(origin) is link:
            del self._fetching[origin]
        if complete:
            self._news.set()
        candidates = [other for other in self._links if other is not link or complete]
        for other in candidates:
            await self.fetch_from(other, origin)

    def progress(self, link: Link, origin: Origin, held: int, size: int) -> None:
        """Shows how far a log has come, at most once a second."""
        now = time.monotonic()
        if held == size or now - self._shown.get(origin, 0) > 1:
            self._shown[origin] = now
            share = f"{100 * held // size} %" if held < size else "complete"
            self.on_event(
                f"log {show_log_id(origin.log_id)[:8]} from {link.name}: {held:,} of {size:,} entries, {share}"
            )

    def tell_problem(self, who: str, what: str) -> None:
        """Notes what went wrong with a peer; the oldest ones give way."""
        self.problems.pop(who, None)
        self.problems[who] = what
        while len(self.problems) > PROBLEMS_MAX:
            del self.problems[next(iter(self.problems))]

    def _ban(self, log_id: bytes) -> None:
        now = time.monotonic()
        self._banned = {banned: until for banned, until in self._banned.items() if until > now}
        self._banned[log_id] = now + FALSE_BAN_S

    def _session(self, role: int) -> Session:
        ledger = self.ledger
        me = Me(self.network, ledger.log_id, ledger.key, ledger.keys.payloads, role, os.urandom(32))
        return Session(me, time.monotonic())

    async def _carry(self, link: Link) -> None:
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            peer = link.session.peer
            if peer and link.ended_by and link.ended_by.fault:
                self._ban(peer.log_id)
                self.tell_problem(
                    link.name, f"sent something false ({link.ended_by.code}); not asked again for an hour"
                )
            left = [origin for origin, fetcher in self._fetching.items() if fetcher is link]
            if left:  # what it brought is written before another goes on from there
                with contextlib.suppress(LedgerError):
                    await asyncio.wrap_future(self.ledger.writer.run(lambda _: None))
            for origin in left:
                await self.fetch_ended(link, origin, complete=False)

    async def _keep_dialled(self, url: str, *, trusted: bool) -> None:
        wait = _BACKOFF_FIRST_S
        while True:
            try:
                async with self._client.websocket(
                    url + GOSSIP_PATH, SUBPROTOCOL, FRAME_BYTES_MAX, trusted=trusted
                ) as socket:
                    link = Link(self, socket, self._session(role=0), url)
                    await self._carry(link)
                if link.opened_at:
                    wait = _BACKOFF_FIRST_S
                if link.ended_by:
                    wait = max(wait, link.ended_by.retry_s)
                    if link.ended_by.code in {"self", "network"}:
                        self.tell_problem(url, f"refused: {link.ended_by.code}")
                        return
            except (ClientError, WSServerHandshakeError, OSError, TimeoutError, DialRefusedError) as error:
                self.tell_problem(url, f"cannot be reached: {str(error) or type(error).__name__}")
            else:
                self.problems.pop(url, None)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            wait = min(_BACKOFF_MAX_S, 2 * wait)

    async def _push_news(self) -> None:
        """Tells every peer of checkpoints that have become complete; several at once are told as one."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                heads, self._pushed = await asyncio.to_thread(self._news_since, self._pushed)
            except LedgerError as error:
                log.warning("cannot read what is new: %s", error)
                continue
            for link in list(self._links):
                link.push(heads)
            await asyncio.sleep(0.05)

    def _news_since(self, cursor: int):  # type: ignore[no-untyped-def] # noqa: ANN202 - heads and arrival number
        with self.ledger.store.read() as reads:
            heads, _, upto = heads_since(reads, reads.fact("store") or b"", cursor)
        return heads, upto


def _call_soon(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)
