# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nodes tell each other where others are, and connect to those that they learnt of (spec 16 §1)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from ledger.values import PeerRow
from node.peering import client, connecting, tunnels
from protocol.frames import Peers
from protocol.peer_record import UNTIL_S_MAX, PeerRecord, parse_record, sign_record
from tests.builders import signing_key
from tests.node.peering.scripted import ScriptedPeer
from tests.node.running import RunningNode, found, until

if TYPE_CHECKING:
    from pathlib import Path

Three = tuple[RunningNode, RunningNode, RunningNode]


@pytest.fixture(autouse=True)
def _here_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 127.0.0.1 was an address of the world; and nodes look often what to connect to."""
    monkeypatch.setattr(client, "is_public", lambda _: True)
    monkeypatch.setattr(connecting, "LOOK_S", 0.05)
    monkeypatch.setattr(connecting, "ASKED_AGAIN_S", 0.0)
    monkeypatch.setattr(tunnels, "_TICK_S", 0.05)


def kept(node: RunningNode) -> dict[bytes, PeerRecord]:
    with node.ledger.store.read() as reads:
        return {row.log_id: parse_record(row.record).record for row in reads.peer_records(int(time.time()))}


def outbound(node: RunningNode) -> list[str]:
    return sorted(peer.name for peer in node.running.hub.peers() if peer.outbound)


async def test_a_node_learns_of_others_and_connects_to_them(three: Three) -> None:
    alder, birch, cedar = three
    alder.running.hub.connecting.addresses = (alder.url,)
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: alder.log_id in kept(birch))
    record = kept(birch)[alder.log_id]
    assert record.addresses == (alder.url,)
    assert UNTIL_S_MAX - 100 < record.until - time.time() <= UNTIL_S_MAX
    await until(lambda: birch.holds(alder.log_id, 1))
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(alder.log_id, 1))
    link = cedar.running.hub.connected_to(birch.log_id)
    assert link is not None
    link.say(Peers(ask=True, records=[]))
    await until(lambda: alder.log_id in kept(cedar))
    await until(lambda: cedar.connected(alder, birch))
    assert not cedar.running.hub.is_trusted(alder.url)
    with cedar.ledger.store.read() as reads:
        row = reads.peer_record(alder.log_id)
        assert row is not None
        assert alder.log_id not in reads.met_logs()


async def test_a_node_without_an_address_is_reached_through_its_relay(tmp_path: Path, three: Three) -> None:
    alder, _, cedar = three
    relay = await RunningNode(found(tmp_path / "dogwood", "Dogwood"), relay=True).start()
    try:
        alder.running.hub.dial(relay.url, trusted=True)
        await until(lambda: alder.log_id in kept(relay))
        assert (kept(relay)[alder.log_id].addresses, kept(relay)[alder.log_id].via) == ((), (relay.log_id,))
        await until(lambda: relay.holds(alder.log_id, 1))
        cedar.running.hub.dial(relay.url, trusted=True)
        await until(lambda: cedar.holds(alder.log_id, 1))
        link = cedar.running.hub.connected_to(relay.log_id)
        assert link is not None
        link.say(Peers(ask=True, records=[]))
        await until(lambda: any(peer.address.startswith("via:") for peer in cedar.running.hub.peers()))
    finally:
        await relay.stop()


def _record(peer: ScriptedPeer, **changes: Any) -> bytes:
    now = int(time.time())
    parts: dict[str, Any] = {
        "log": peer.organisation.log_id,
        "sequence": 1,
        "addresses": ("http://127.0.0.1:1",),
        "via": (),
        "until": now + 1000,
    }
    return sign_record(PeerRecord(**(parts | changes)), peer.organisation.key)


async def test_only_records_that_hold_are_kept(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "peer", 1) as peer:
        await peer.open()
        own = peer.organisation.log_id
        await peer.send(Peers(ask=False, records=[_record(peer, sequence=9)]))
        await peer.announce()
        await peer.serve()
        await until(lambda: node.holds(own, 1))
        assert kept(node) == {}, "before its charter was known, it said nothing"
        now = int(time.time())
        forged = sign_record(PeerRecord(own, 50, (), (), now + 1000), signing_key("somebody"))
        late, far = _record(peer, sequence=60, until=now - 1), _record(peer, sequence=70, until=now + 30 * 86_400)
        stranger = sign_record(PeerRecord(b"\1" * 32, 1, (), (), now + 1000), peer.organisation.key)
        await peer.send(Peers(ask=False, records=[b"junk", forged, late, far, stranger, _record(peer, sequence=5)]))
        await until(lambda: own in kept(node))
        await peer.send(Peers(ask=False, records=[_record(peer, sequence=4), _record(peer, sequence=7)]))
        await until(lambda: kept(node)[own].sequence == 7)
        assert set(kept(node)) == {own}
    assert node.running.hub._banned == {}


async def test_at_most_32_are_told(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedPeer(node.url, "peer", 1) as peer:
        rows = [PeerRow(bytes([n]) * 32, 1, 10**11, _record(peer, sequence=n), 0) for n in range(100)]
        monkeypatch.setattr(node.running.hub.connecting, "_told", lambda _: rows)
        await peer.open()
        await peer.send(Peers(ask=True, records=[]))
        while not (told := await peer.receive(Peers)).records:
            pass
        assert len(told.records) == 32
        assert set(told.records) <= {row.record for row in rows}
