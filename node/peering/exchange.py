# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a node does over all its connections: whom to dial, whom to keep, who is told. No IO, clock or asyncio."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import LedgerError
from ledger.held.reconciling import HeldSet
from ledger.held.scopes import Policy
from ledger.held.serving import heads_since
from ledger.held.witness import Witness
from node.peering.connecting import RELAY, Connecting
from node.peering.errors import UnreachableError
from node.peering.peer_table import may_enter
from node.peering.scoping import Scoping
from node.peering.sources import Sources
from node.peering.tunnels import TunnelLink, Tunnels
from node.peering.way import parse_way
from node.peering.witnessing import Witnessing
from protocol.actions import Me
from protocol.identity import show_log_id
from protocol.sealing import session_nonce
from protocol.session import Session, State

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ledger.held.replica import VerifiedHead
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot
    from node.peering.conversation import Conversation
    from node.peering.runtime import Runtime, Task
    from protocol.frames import HeadField

log = logging.getLogger("folkmoot.gossip")

OUTBOUND_MAX = 32
PROBLEMS_MAX = 100
_FORGOTTEN_S = 90
FALSE_BAN_S = 3600.0
_BACKOFF_FIRST_S, _BACKOFF_MAX_S = 1.0, 60.0
"""Between two attempts to dial. With the 90 s after which a silent connection is given up, all agree again within 5
minutes of healing (P11)."""
_SECOND_S = 5.0
"""How often whoever was told that there is another connection looks whether it still stands."""
_COALESCE_S = 0.02


class PeerState(NamedTuple):
    """A connection as it is shown."""

    name: str
    log: str
    address: str
    outbound: bool
    since: float
    received_entries: int


class Exchange(ABC):
    """The gossip of one node."""

    def __init__(self, ledger: Ledger, network: str, runtime: Runtime) -> None:
        self.ledger = ledger
        self.network = network
        self.runtime = runtime
        self.problems: dict[str, str] = {}
        self.on_event: Callable[[str], None] = lambda _: None
        self.on_own_head: Callable[[Conversation, VerifiedHead | None], None] = lambda _, __: None
        """What a peer says of this node's own log: its newest checkpoint of it, or that it has none."""
        self.held = HeldSet()
        self.sources = Sources(self)
        self.tunnels = Tunnels(self)
        self.scoping = Scoping(self, Policy())
        self.connecting = Connecting(self)
        self.witness = Witness(ledger)
        self.witnessing = Witnessing(self)
        self._links: list[Conversation] = []
        self._dialled: dict[str, Task] = {}
        self._waiting: set[str] = set()
        self._found: set[str] = set()
        self._trusted: set[str] = set()
        self._banned: dict[bytes, float] = {}
        self.forks_told = 0
        self._pushed = 0
        self._news = self._pushing = False

    @abstractmethod
    def start_beside(self, work: Coroutine[object, object, None]) -> Task:
        """Runs something beside, at most until the node stops."""

    @abstractmethod
    async def converse(self, url: str, *, trusted: bool) -> Conversation:
        """Opens a connection to a peer and carries it until it has ended. Raises UnreachableError."""

    @property
    def links(self) -> list[Conversation]:
        """The connections, opened or not."""
        return self._links

    @property
    def named(self) -> int:
        """How many peers are dialled that the operator named or the local network showed."""
        return len(self._dialled)

    def is_trusted(self, address: str) -> bool:
        """Whether an address came from the operator or from the local network."""
        return address in self._trusted

    def begin(self) -> None:
        """Tells peers of what is new from now on."""
        with self.ledger.store.read() as reads:
            self.forks_told = max((fork.arrival for fork in reads.forks_since(0)), default=0)
            self._pushed = max((tree.arrival for tree in reads.trees()), default=0)
        self.start_beside(self.scoping.begin())
        self.connecting.begin()
        self.witnessing.wake()

    def hear_checkpoint(self) -> None:
        """The own log has a new checkpoint: witnesses and peers are to know."""
        self.tell_news()
        self.witnessing.wake()

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

    def conversations(self) -> list[Conversation]:
        """The open connections to those who have proved who they are."""
        return [link for link in self._links if link.opened_at and link.session.state is State.OPEN]

    def dial(self, url: str, *, trusted: bool, found: bool = False) -> None:
        """Keeps a connection to a peer's base URL, or by way of another (`via:`).

        `trusted`: named by the operator or found on the local link. Those that were only `found` leave half of the
        room to those that were named.
        """
        url = url.rstrip("/")
        if url in self._dialled:
            if not (found and url in self._waiting):
                return
            self._dialled.pop(url).cancel()  # it has come back: no reason to wait any longer
        if len(self._dialled) >= (OUTBOUND_MAX // 2 if found else OUTBOUND_MAX):
            self.tell_problem(url, f"not dialled: {len(self._dialled)} others are")
            return
        if found:
            self._found.add(url)
        if trusted:
            self._trusted.add(url)
        self._dialled[url] = self.start_beside(self._keep_dialled(url, trusted=trusted))

    def lose(self, url: str) -> None:
        """Ends dialling a peer that was found on the local network and is no longer there."""
        if url in self._found:
            self._found.discard(url)
            self._trusted.discard(url)
            if url in self._dialled:
                self._dialled.pop(url).cancel()

    def forget(self, name: str) -> None:
        """Ends dialling a peer and the connection to it: its URL, or the id of its log, as people name it."""
        ended = [link for link in self.conversations() if name in {link.address, show_log_id(_log_of(link))}]
        for url in {name, *(link.address for link in ended)} & self._dialled.keys():
            self._found.discard(url)
            self._dialled.pop(url).cancel()
            self.problems.pop(url, None)
        for link in ended:
            link.close("unwanted", _FORGOTTEN_S)

    def has_room(self, address: str = "") -> bool:
        """Whether one more connection that somebody else opens, from that address, is served."""
        return may_enter(address, [link.address for link in self._links if link.session.me.role == 1])

    def admit(self, link: Conversation) -> bool:
        """Whether an authenticated connection is wanted: not one to a banned peer, nor a second one to the same.

        One that is not is closed.
        """
        peer = link.session.peer
        assert peer is not None
        banned_s = self._banned.get(peer.log_id, 0) - self.runtime.now()
        if banned_s > 0:
            link.close("banned", int(banned_s) + 1)
            return False
        for other in self._linked_to(peer.log_id):
            if other is not link:
                if _preference(link, peer.log_id) <= _preference(other, peer.log_id):
                    link.close("known")
                    other.probe()  # whoever dials again may know that it is dead
                    return False
                other.close("known")
        self.on_event(f"connected to {link.name} at {link.address}")
        self.problems.pop(link.name, None)
        self.witnessing.meet(peer.log_id)
        return True

    def connected_to(self, log_id: bytes) -> Conversation | None:
        """The direct connection to the node of a log, if there is one."""
        return next((link for link in self._linked_to(log_id) if not isinstance(link, TunnelLink)), None)

    def _linked_to(self, log_id: bytes) -> list[Conversation]:
        """The open connections to the node of a log: more than one only for a moment."""
        return [
            link
            for link in self._links
            if link.opened_at
            and link.session.state is State.OPEN
            and link.session.peer
            and link.session.peer.log_id == log_id
        ]

    def tell_problem(self, who: str, what: str) -> None:
        """Notes what went wrong with a peer; the oldest ones give way."""
        self.problems.pop(who, None)
        self.problems[who] = what
        while len(self.problems) > PROBLEMS_MAX:
            del self.problems[next(iter(self.problems))]

    def session(self, role: int) -> Session:
        """The session of a new connection: role 0 if this node opened it."""
        ledger, secret = self.ledger, self.runtime.random.randbytes(32)
        nonce = session_nonce(secret)
        me = Me(
            self.network,
            ledger.log_id,
            ledger.key,
            ledger.keys.payloads,
            role,
            nonce,
            secret,
            features=(RELAY,) if self.tunnels.carries else (),
        )
        return Session(me, self.runtime.now())

    async def carry(self, link: Conversation) -> None:
        """Carries a connection until it has ended; blames who lied, and asks others for what is left to fetch."""
        self._links.append(link)
        try:
            await link.run()
        finally:
            self._links.remove(link)
            peer = link.session.peer
            if peer and self.connected_to(peer.log_id) is None:
                self.tunnels.lose(peer.log_id)
            if peer and link.ended_by and link.ended_by.fault:
                self._ban(peer.log_id)
                self.tell_problem(
                    link.name, f"sent something false ({link.ended_by.code}); not asked again for an hour"
                )
            await self.sources.lose(link)

    def tell_news(self) -> None:
        """Tells every peer of checkpoints that have become complete; several at once are told as one."""
        self._news = True
        if not self._pushing:
            self._pushing = True
            self.start_beside(self._push_news())

    def _ban(self, log_id: bytes) -> None:
        now = self.runtime.now()
        self._banned = {banned: until for banned, until in self._banned.items() if until > now}
        self._banned[log_id] = now + FALSE_BAN_S

    async def _keep_dialled(self, url: str, *, trusted: bool) -> None:
        wait = _BACKOFF_FIRST_S
        while True:
            try:
                way = parse_way(url)
                link = await (self.tunnels.converse(way) if way else self.converse(url, trusted=trusted))
                await self.scoping.meet(link)  # also one that the other side ended at once, being connected already
            except UnreachableError as error:
                self.tell_problem(url, f"cannot be reached: {error}")
            else:
                if link.ended_by and link.ended_by.code in {"self", "network"}:
                    self.tell_problem(url, f"refused: {link.ended_by.code}")
                    return
                if link.opened_at:
                    self.problems.pop(url, None)
                if await self._lasted(link):
                    wait = _BACKOFF_FIRST_S
                elif link.ended_by and link.ended_by.code == "known":
                    self.tell_problem(
                        url, "refuses: it is connected to this log already; if that stays so, does this node run twice?"
                    )
                if link.ended_by:
                    wait = max(wait, min(link.ended_by.retry_s, FALSE_BAN_S))
            self._waiting.add(url)
            try:
                await self.runtime.sleep(wait * self.runtime.random.uniform(0.8, 1.2))
            finally:
                self._waiting.discard(url)
            wait = min(_BACKOFF_MAX_S, 2 * wait)

    async def _lasted(self, link: Conversation) -> bool:
        """Whether a connection that ended had been wanted; where another one stands, this waits for its end."""
        peer = link.session.peer
        lasted = link.opened_at is not None and (link.ended_by is None or link.ended_by.code not in {"known", "banned"})
        while peer and self._linked_to(peer.log_id):
            lasted = True
            await self.runtime.sleep(_SECOND_S)
        return lasted

    async def _push_news(self) -> None:
        try:
            while self._news:
                self._news = False
                try:
                    heads, self._pushed = await self.runtime.read(lambda reads: _news_since(reads, self._pushed))
                except LedgerError as error:
                    log.warning("cannot read what is new: %s", error)
                    continue
                for link in list(self._links):
                    link.push(heads)
                await self.runtime.sleep(_COALESCE_S)
        finally:
            self._pushing = False


def _preference(link: Conversation, peer: bytes) -> tuple[bool, bool]:
    """Which of two connections to a peer both sides keep: a direct one, then the one that the smaller log id opened."""
    return not isinstance(link, TunnelLink), (link.session.me.role == 0) == (link.session.me.log < peer)


def _log_of(link: Conversation) -> bytes:
    """Whose node is at the other end of an open connection."""
    assert link.session.peer is not None
    return link.session.peer.log_id


def _news_since(reads: Snapshot, cursor: int) -> tuple[list[HeadField], int]:
    heads, _, upto = heads_since(reads, reads.fact("store") or b"", cursor)
    return heads, upto
