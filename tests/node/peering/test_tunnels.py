# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §6: nodes that reach each other only through a third one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from node.config import parse_peer_url
from node.peering.link import Link
from node.peering.tunnels import STREAMS_MAX
from node.peering.way import Way, parse_way
from protocol.errors import Malformed
from protocol.frames import Tunnel
from tests.builders import seeded
from tests.node.peering.scripted import ScriptedPeer
from tests.node.running import RunningNode, fill, found, until

if TYPE_CHECKING:
    from pathlib import Path


def test_a_way_is_written_and_read() -> None:
    way = Way(seeded("relay"), seeded("target"))
    assert parse_way(str(way)) == way
    assert parse_peer_url(str(way)) == str(way)
    assert parse_way("https://moot.example") is None
    for text in ("via:", "via:abc", f"{way}/more", str(way)[:-1]):
        with pytest.raises(Malformed):
            parse_way(text)


@pytest.mark.usefixtures("_impatient")
async def test_two_nodes_meet_through_a_third_that_agreed(tmp_path: Path) -> None:
    relay = await RunningNode(found(tmp_path / "relay", "Relay"), relay=True).start()
    alder, birch = RunningNode(found(tmp_path / "alder", "Alder")), RunningNode(found(tmp_path / "birch", "Birch"))
    try:
        await alder.start()
        await birch.start()
        for node in (alder, birch):
            node.running.hub.dial(relay.url, trusted=True)
        await until(lambda: relay.connected(alder, birch))
        alder.running.hub.dial(str(Way(relay.log_id, birch.log_id)), trusted=True)
        await until(lambda: alder.connected(relay, birch) and birch.connected(relay, alder))
        fill(alder.ledger, 300)
        await until(lambda: birch.holds(alder.log_id, 301))
        (through,) = [peer for peer in birch.running.hub.peers() if peer.name == "Alder"]
        assert through.address == str(Way(relay.log_id, alder.log_id))
        await relay.stop()
        await until(lambda: alder.connected() and birch.connected())
        await relay.start()
        await until(lambda: alder.connected(relay, birch) and birch.connected(relay, alder))
    finally:
        for node in (alder, birch, relay):
            await node.stop()


@pytest.mark.usefixtures("_impatient")
async def test_a_tunnel_ends_with_the_connection_that_carries_it_and_is_opened_anew(tmp_path: Path) -> None:
    relay = await RunningNode(found(tmp_path / "relay", "Relay"), relay=True).start()
    alder, birch = RunningNode(found(tmp_path / "alder", "Alder")), RunningNode(found(tmp_path / "birch", "Birch"))
    try:
        for node in (alder, birch):
            await node.start()
            node.running.hub.dial(relay.url, trusted=True)
        await until(lambda: relay.connected(alder, birch))
        alder.running.hub.dial(str(Way(relay.log_id, birch.log_id)), trusted=True)
        await until(lambda: alder.connected(relay, birch) and birch.connected(relay, alder))
        links = list(alder.running.hub.links)
        (carrying,) = [link for link in links if isinstance(link, Link)]
        carrying._socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)  # breaks, and nobody says goodbye
        await until(lambda: not set(links) & set(alder.running.hub.links))
        await until(lambda: alder.connected(relay, birch) and birch.connected(relay, alder))
    finally:
        for node in (alder, birch, relay):
            await node.stop()


async def test_nothing_is_carried_by_who_has_not_agreed(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "one") as one, ScriptedPeer(node.url, "other") as other:
        await one.open()
        await other.open()
        ids = one.organisation.log_id, other.organisation.log_id
        await one.send(Tunnel(ids[1], ids[0], 0, "open", b""))
        assert await one.receive(Tunnel) == Tunnel(ids[0], ids[1], 0, "refused", b"")


async def test_frames_are_passed_on_between_the_ends_of_a_tunnel_only(node: RunningNode) -> None:
    node.running.hub.tunnels.carries = True
    async with ScriptedPeer(node.url, "one") as one, ScriptedPeer(node.url, "other") as other:
        await one.open()
        await other.open()
        a, b = one.organisation.log_id, other.organisation.log_id
        opened, data = Tunnel(b, a, 0, "open", b""), Tunnel(b, a, 0, "data", b"a frame")
        await one.send(Tunnel(b, a, 4, "data", b"into no tunnel"))
        assert (await one.receive(Tunnel)).code == "refused"
        await one.send(Tunnel(b, seeded("another"), 0, "open", b""), opened, data)
        assert await other.receive(Tunnel) == opened
        assert await other.receive(Tunnel) == data
        back = Tunnel(a, b, 0, "data", b"an answer")
        await other.send(back)
        assert await one.receive(Tunnel) == back
        await one.send(Tunnel(b, a, 0, "close", b""), data)
        assert (await other.receive(Tunnel)).code == "close"
        assert (await one.receive(Tunnel)).code == "refused"
        for number in range(STREAMS_MAX + 1):
            await one.send(Tunnel(b, a, number, "open", b""))
        assert await one.receive(Tunnel) == Tunnel(a, b, STREAMS_MAX, "refused", b"")
        await one.send(Tunnel(seeded("nobody"), a, 99, "open", b""))
        assert (await one.receive(Tunnel)).code == "refused"


async def test_a_node_takes_only_so_many_tunnels_from_one_peer(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "relay") as relay:
        await relay.open()
        for number in range(STREAMS_MAX + 1):
            await relay.send(Tunnel(node.log_id, seeded("far"), number, "open", b""))
        codes = [(await relay.receive(Tunnel)).code for _ in range(STREAMS_MAX + 1)]
        assert codes == ["data"] * STREAMS_MAX + ["refused"]
