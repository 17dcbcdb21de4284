# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which peers to connect to, and who may come in (spec 16 §5). Decides only: time and chance are given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

from yarl import URL

from node.peering.client import is_public
from node.peering.way import parse_way

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from random import Random

OUTBOUND, REMEMBERED, INBOUND_MAX, INBOUND_NETWORK_MAX = 8, 2, 64, 4
PEERS_MAX = 1_000
EXCHANGE_S = 600.0
HALF_LIFE_S = 86_400.0
"""After so long a success or a failure counts half."""

_REST_FIRST_S, _REST_MAX_S = 60.0, 3_600.0


class Changes(NamedTuple):
    """Logs whose nodes are to be connected to, and those whose connections are to end."""

    begin: list[bytes]
    end: list[bytes]


@dataclass
class _Peer:
    addresses: tuple[str, ...]
    until: int
    worked: int
    networks: frozenset[str]
    score: float = 0.0
    scored_at: float = 0.0
    failures: int = 0
    rests_until: float = field(default=float("-inf"))


def network_of(address: str) -> str:
    """What an address shares with its neighbours: /24 or /48, the end of a name, or the node in the middle."""
    way = parse_way(address)
    if way is not None:
        return way.relay.hex()
    host = URL(address).host or address if "://" in address else address
    try:
        ip = ip_address(host)
    except ValueError:
        return ".".join(host.rsplit(".", 2)[-2:])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return str(ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))


def may_enter(address: str, inside: Collection[str]) -> bool:
    """Whether a connection from an address is served beside those from the addresses `inside`.

    Many nodes may stand behind one loopback or private address: for those only the number of all counts.
    """
    if len(inside) >= INBOUND_MAX:
        return False
    try:
        if not is_public(address):
            return True
    except ValueError:
        return True
    network = network_of(address)
    return sum(network_of(other) == network for other in inside) < INBOUND_NETWORK_MAX


class PeerTable:
    """The peers that were learnt of by their records, and which of them have the outbound slots."""

    def __init__(self, random: Random) -> None:
        self.chosen: dict[bytes, bool] = {}
        """Logs whose nodes have a slot, and whether as one of those remembered."""
        self._random = random
        self._peers: dict[bytes, _Peer] = {}
        self._exchange_at: float | None = None

    def __len__(self) -> int:
        """How many peers are known."""
        return len(self._peers)

    def addresses(self, log_id: bytes) -> tuple[str, ...]:
        """Where the node of a log is said to be."""
        return self._peers[log_id].addresses if log_id in self._peers else ()

    def score(self, log_id: bytes, now: float) -> float:
        """What is thought of a peer here: successes less failures, the older ones counting less."""
        peer = self._peers.get(log_id)
        return peer.score * 0.5 ** (max(0.0, now - peer.scored_at) / HALF_LIFE_S) if peer else 0.0

    def learn(self, log_id: bytes, addresses: Iterable[str], until: int, worked: int = 0) -> list[bytes]:
        """Takes in where the node of a log is; the logs that gave way, of the network with the most peers."""
        addresses = tuple(addresses)
        known = self._peers.get(log_id)
        peer = _Peer(addresses, until, worked, frozenset(map(network_of, addresses)))
        if known is not None:
            peer.worked = max(worked, known.worked)
            peer.score, peer.scored_at = known.score, known.scored_at
            if addresses == known.addresses:
                peer.failures, peer.rests_until = known.failures, known.rests_until
        self._peers[log_id] = peer
        gone = []
        while len(self._peers) > PEERS_MAX:
            gone.append(self._crowded())
            del self._peers[gone[-1]]
        return gone

    def _crowded(self) -> bytes:
        """Somebody of the fullest network who has no slot and never worked, if there is one."""
        counts = Counter(network for peer in self._peers.values() for network in peer.networks)

        def order(log_id: bytes) -> tuple[bool, bool, int]:
            peer = self._peers[log_id]
            return log_id in self.chosen, peer.worked > 0, -max((counts[each] for each in peer.networks), default=0)

        lowest = min(map(order, self._peers))
        return self._random.choice(sorted(log_id for log_id in self._peers if order(log_id) == lowest))

    def forget(self, logs: Iterable[bytes]) -> None:
        """Forgets peers: their records have ended, or their logs are denied."""
        for log_id in logs:
            self._peers.pop(log_id, None)

    def expired(self, at: int) -> list[bytes]:
        """Logs whose records do not count any more at that time, UTC seconds."""
        return sorted(log_id for log_id, peer in self._peers.items() if peer.until <= at)

    def judge(self, log_id: bytes, now: float, *, good: bool, at: int = 0) -> None:
        """A connection to a peer has worked (at that time in UTC seconds), or could not be had."""
        peer = self._peers.get(log_id)
        if peer is None:
            return
        peer.score, peer.scored_at = self.score(log_id, now) + (1 if good else -1), now
        if good:
            peer.worked, peer.failures = max(at, peer.worked), 0
        else:
            peer.failures += 1
            peer.rests_until = now + min(_REST_MAX_S, _REST_FIRST_S * 2.0 ** (peer.failures - 1))

    def end(self, log_id: bytes, now: float) -> None:
        """The slot of a peer is free: its connection has ended. It is left alone for a moment."""
        self.chosen.pop(log_id, None)
        peer = self._peers.get(log_id)
        if peer is not None:
            peer.rests_until = max(peer.rests_until, now + _REST_FIRST_S)

    def adjust(self, now: float, named: int, connected: Collection[bytes]) -> Changes:
        """Fills the slots that the peers named by the operator (`named` of them) leave free.

        `connected` are the logs of nodes that are connected without a slot: they named themselves by dialling in, or
        the operator did. They take none, so nobody can fill the slots from outside.
        """
        room = max(0, OUTBOUND - named)
        gone = [log_id for log_id in self.chosen if log_id not in self._peers or log_id in connected]
        staying = [log_id for log_id in self.chosen if log_id not in gone]
        gone += staying[room:]
        staying = staying[:room]
        candidates = [
            log_id
            for log_id, peer in sorted(self._peers.items())
            if peer.addresses and peer.rests_until <= now and log_id not in connected and log_id not in self.chosen
        ]
        if self._exchange_at is None:
            self._exchange_at = now + EXCHANGE_S
        random_ones = [log_id for log_id in staying if not self.chosen[log_id]]
        if now >= self._exchange_at:
            self._exchange_at = now + EXCHANGE_S
            if candidates and random_ones and len(staying) == room:
                worst = min(random_ones, key=lambda log_id: (self.score(log_id, now), self._random.random()))
                gone.append(worst)
                staying.remove(worst)
        self.chosen = {log_id: self.chosen[log_id] for log_id in staying}
        begin = self._fill(candidates, room, now)
        return Changes(begin, gone)

    def _fill(self, candidates: list[bytes], room: int, now: float) -> list[bytes]:
        """Gives free slots: two to peers that worked before, the rest by chance, no two of those in one network."""
        begin: list[bytes] = []

        def give(log_id: bytes, *, remembered: bool) -> None:
            self.chosen[log_id] = remembered
            begin.append(log_id)
            candidates.remove(log_id)

        worked = [log_id for log_id in candidates if self._peers[log_id].worked]
        worked.sort(key=lambda log_id: (-self.score(log_id, now), -self._peers[log_id].worked, log_id))
        for log_id in worked:
            if len(self.chosen) < room and sum(self.chosen.values()) < REMEMBERED:
                give(log_id, remembered=True)
        self._random.shuffle(candidates)
        for log_id in list(candidates):
            taken = {network for other in self.chosen for network in self._peers[other].networks}
            if len(self.chosen) < room and not taken & self._peers[log_id].networks:
                give(log_id, remembered=False)
        return begin
