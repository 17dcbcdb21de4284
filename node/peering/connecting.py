# SPDX-License-Identifier: AGPL-3.0-or-later
"""Peer records told and taken in, and connections to peers that were learnt of by them (spec 16 §1, §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.values import PeerRow
from node.peering.errors import UnreachableError
from node.peering.peer_table import PeerTable
from node.peering.way import Way, parse_way
from protocol.charter import establish
from protocol.errors import Malformed
from protocol.frames import PEERS_MAX as TOLD_MAX
from protocol.frames import Peers
from protocol.peer_record import UNTIL_S_MAX, PeerRecord, SignedRecord, parse_record, sign_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from node.peering.conversation import Conversation
    from node.peering.exchange import Exchange
    from node.peering.runtime import Task

LOOK_S = 30.0
"""Between two looks whether slots are free and records are to be renewed."""

RENEW_S = 86_400
ASKED_AGAIN_S = 60.0
RELAY = "relay"
"""What HELLO names as a feature of a node that carries tunnels for its peers."""

ADDRESSES_MAX, ADDRESS_CHARACTERS_MAX, VIA_MAX = 4, 200, 4


class Connecting:
    """The peer records of one node, and the connections that it keeps by them."""

    def __init__(self, hub: Exchange) -> None:
        self.addresses: tuple[str, ...] = ()
        """Where this node can be reached, if it knows."""
        self.table = PeerTable(hub.runtime.random)
        self._hub = hub
        self._held: dict[bytes, Task] = {}
        self._answered: dict[bytes, float] = {}

    def begin(self) -> None:
        """Looks from now on what connections to keep."""
        self._hub.start_beside(self._run())

    async def _run(self) -> None:
        now = int(self._hub.ledger.clock())
        for row in await self._hub.runtime.read(lambda reads: reads.peer_records(now)):
            self._learn(parse_record(row.record).record, row.worked)
        while True:
            try:
                await self._renew()
                self.adjust()
            except LedgerError as error:
                self._hub.tell_problem("peer records", str(error))
            await self._hub.runtime.sleep(LOOK_S * self._hub.runtime.random.uniform(0.8, 1.2))

    def adjust(self) -> None:
        """Begins and ends connections as the table says."""
        expired = self.table.expired(int(self._hub.ledger.clock()))
        self.table.forget(expired)
        others = [link for link in self._hub.links if link.session.peer and link.opened_at]
        without_slot = {
            link.session.peer.log_id
            for link in others
            if link.session.peer and (link.session.me.role or link.session.peer.log_id not in self._held)
        }
        changes = self.table.adjust(self._hub.runtime.now(), self._hub.named, without_slot)
        for log_id in changes.end:
            task = self._held.pop(log_id, None)
            if task is not None:
                task.cancel()
        for log_id in changes.begin:
            self._held[log_id] = self._hub.start_beside(self._hold(log_id))

    async def _hold(self, log_id: bytes) -> None:
        """Connects to a learnt peer, at the first of its addresses where it answers, until the connection ends."""
        runtime, good = self._hub.runtime, False
        try:
            for address in self.table.addresses(log_id):
                try:
                    way = parse_way(address)
                    carried = self._hub.tunnels.converse(way) if way else self._hub.converse(address, trusted=False)
                    link = await carried
                except UnreachableError:
                    continue
                peer = link.session.peer
                good = good or bool(link.opened_at and peer and peer.log_id == log_id)
                if good:
                    break
        finally:
            self._held.pop(log_id, None)
            self.table.end(log_id, runtime.now())
        if not good:
            self.table.judge(log_id, runtime.now(), good=False)

    async def opened(self, link: Conversation) -> None:
        """Tells a new peer where this node is, and asks whom it knows."""
        peer = link.session.peer
        assert peer is not None
        log_id, at = peer.log_id, int(self._hub.ledger.clock())
        if not link.session.me.role and log_id in self._held:
            self.table.judge(log_id, self._hub.runtime.now(), good=True, at=at)
            await self._hub.runtime.write(lambda change: change.set_worked(log_id, at))
        await self._renew()
        own = await self._hub.runtime.read(lambda reads: reads.peer_record(self._hub.ledger.log_id))
        link.say(Peers(ask=True, records=[own.record] if own else []))

    async def hear(self, link: Conversation, frame: Peers) -> None:
        """Answers who asks, at most once a minute, and keeps the records that count."""
        peer, now = link.session.peer, self._hub.runtime.now()
        assert peer is not None
        last = self._answered.get(peer.log_id)
        if frame.ask and (last is None or now - last >= ASKED_AGAIN_S):
            self._answered = {log_id: at for log_id, at in self._answered.items() if now - at < ASKED_AGAIN_S}
            self._answered[peer.log_id] = now
            known = await self._hub.runtime.read(self._told)
            records = [row.record for row in known if row.log_id != peer.log_id]
            if len(records) > TOLD_MAX:
                records = self._hub.runtime.random.sample(records, TOLD_MAX)
            if records:
                link.say(Peers(ask=False, records=records))
        signed = []
        for data in frame.records:
            try:
                signed.append(parse_record(data))
            except Malformed:  # passed on by somebody who did not look; what else they say may be right
                continue
        if signed:
            await self._take(signed)

    def _told(self, reads: Snapshot) -> list[PeerRow]:
        """The records that are passed on: those of admitted logs."""
        rows = reads.peer_records(int(self._hub.ledger.clock()))
        return [row for row in rows if self._keys(reads, row.log_id)]

    def _keys(self, reads: Snapshot, log_id: bytes) -> list[bytes]:
        """The operating keys of an admitted log, none for one that is not held or not admitted."""
        trees = reads.epochs(log_id)
        charters = max((reads.charters(tree.tree) for tree in trees), key=len, default=[])
        if not charters or not self._hub.scoping.book.current(reads).standing(log_id, charters).admitted:
            return []
        return establish(charters).charter.keys

    async def _take(self, signed: Sequence[SignedRecord]) -> None:
        """Keeps the records that are newer than those kept, whose logs are admitted, and whose signatures hold."""
        now, own = int(self._hub.ledger.clock()), self._hub.ledger.log_id

        def wanted(reads: Snapshot) -> list[tuple[SignedRecord, list[bytes]]]:
            found = []
            for one in signed:
                kept = reads.peer_record(one.record.log)
                newer = kept is None or kept.sequence < one.record.sequence or kept.until <= now
                counts = now < one.record.until <= now + UNTIL_S_MAX + RENEW_S  # their clock may be ahead
                keys = self._keys(reads, one.record.log) if newer and counts and one.record.log != own else []
                if keys:
                    found.append((one, keys))
            return found

        def check() -> list[SignedRecord]:
            good = []
            for one, keys in candidates:
                try:
                    one.check(keys)
                except Malformed:
                    continue
                good.append(one)
            return good

        candidates = await self._hub.runtime.read(wanted)
        good = await self._hub.runtime.compute(check) if candidates else []
        gone = [log_id for one in good for log_id in self._learn(one.record)]

        def keep(change: Transaction) -> None:
            for one in good:
                known = change.peer_record(one.record.log)
                change.put_peer_record(_row(one.record, bytes(one), known.worked if known else 0))
            change.drop_peer_records(gone)

        if good:
            await self._hub.runtime.write(keep)

    def _learn(self, record: PeerRecord, worked: int = 0) -> list[bytes]:
        own = self._hub.ledger.log_id
        if record.log == own:
            return []
        ways = [str(Way(relay, record.log)) for relay in record.via if relay not in {own, record.log}]
        return self.table.learn(record.log, (*record.addresses, *ways), record.until, worked)

    async def _renew(self) -> None:
        """Signs this node's own record, if it has changed or is a day old."""
        ledger = self._hub.ledger
        now, log_id = int(ledger.clock()), ledger.log_id
        fitting = [address for address in self.addresses if len(address) <= ADDRESS_CHARACTERS_MAX]
        addresses = tuple(dict.fromkeys(fitting))[:ADDRESSES_MAX]
        via = () if addresses else self._relays()
        if not addresses and not via:
            return
        kept = await self._hub.runtime.read(lambda reads: reads.peer_record(log_id))
        if kept is not None and kept.until > now + UNTIL_S_MAX - RENEW_S:
            said = parse_record(kept.record).record
            if (said.addresses, said.via) == (addresses, via):
                return
        record = PeerRecord(log_id, max(now, kept.sequence + 1 if kept else 0), addresses, via, now + UNTIL_S_MAX)
        data = sign_record(record, ledger.key)
        await self._hub.runtime.write(lambda change: change.put_peer_record(_row(record, data, 0)))

    def _relays(self) -> tuple[bytes, ...]:
        """Peers that carry tunnels: through them this node is reached where it has no address."""
        sessions = (link.session for link in self._hub.links if link.opened_at)
        relays = {one.peer.log_id for one in sessions if one.peer and one.hello and RELAY in one.hello.features}
        return tuple(sorted(relays))[:VIA_MAX]


def _row(record: PeerRecord, data: bytes, worked: int) -> PeerRow:
    return PeerRow(record.log, record.sequence, record.until, data, worked)
