# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nodes on two links find each other by themselves, each on its own link (spec 09 §7)."""

from __future__ import annotations

import re
import socket
import struct
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from node.peering.discovery import FOLLOW_S
from tests.federation.world import World, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.federation.world import Machine, Node

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("_namespaces")]

GROUP, PORT = "224.0.0.251", 5353


class Listener:
    """Hears the multicast DNS of a link."""

    def __init__(self, machine: Machine, address: str) -> None:
        def open_() -> socket.socket:
            heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            heard.bind((GROUP, PORT))
            membership = socket.inet_aton(GROUP) + socket.inet_aton(address)
            heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
            heard.settimeout(0)
            return heard

        self._socket = machine.inside(open_)

    def close(self) -> None:
        """Listens no longer."""
        self._socket.close()

    def heard(self) -> list[tuple[str, bytes]]:
        """Who said what since the last time."""
        said: list[tuple[str, bytes]] = []
        while True:
            try:
                data, (sender, _) = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return said
            said.append((sender, data))


def _address_record(address: str) -> bytes:
    """The data of an A record."""
    return struct.pack(">H", 4) + socket.inet_aton(address)


def _found(node: Node) -> set[tuple[str, str]]:
    """Whom a node says it has found, by the beginnings of their logs, and at which address."""
    return set(re.findall(r"found (\w{8}) at http://([0-9.]+):7450 on the local network", node.said))


def test_nodes_on_two_links_find_each_other_on_their_own(tmp_path: Path) -> None:
    with World(tmp_path) as world, ExitStack() as open_:
        red, blue = world.link("red"), world.link("blue")
        alder, birch, cedar, elm = (world.node(name) for name in ("alder", "birch", "cedar", "elm"))
        world.wire(alder, "lan0", red, "10.1.0.1/24")
        world.wire(birch, "lan0", red, "10.1.0.2/24")
        world.wire(cedar, "lan0", blue, "10.2.0.3/24")
        world.wire(elm, "lan0", red, "10.1.0.4/24")
        world.wire(elm, "lan1", blue, "10.2.0.4/24")
        world.wire(elm, "veth0", blue, "10.2.0.44/24")  # as to a container: not announced on
        ears = []
        for link, address in ((red, "10.1.0.250/24"), (blue, "10.2.0.250/24")):
            listener = world.machine(f"ear-{link.name}")
            world.wire(listener, "lan0", link, address)
            ears.append(open_.enter_context(closing(Listener(listener, address.partition("/")[0]))))

        nodes = [alder, birch, cedar, elm]
        short = {node: node.found().log[:8] for node in nodes}
        for node in nodes:
            node.start()
        expected = {
            alder: {(short[birch], "10.1.0.2"), (short[elm], "10.1.0.4")},
            birch: {(short[alder], "10.1.0.1"), (short[elm], "10.1.0.4")},
            cedar: {(short[elm], "10.2.0.4")},
            elm: {(short[alder], "10.1.0.1"), (short[birch], "10.1.0.2"), (short[cedar], "10.2.0.3")},
        }
        for node in nodes:
            until(lambda node=node: expected[node] <= _found(node), f"{node.name} finds the others")  # type: ignore[misc] # bound at once
        for node in nodes:
            node.write(3)
        for node in nodes:
            until(lambda node=node: node.holds(*nodes), f"{node.name} holds all logs")  # type: ignore[misc] # bound at once

        assert {node: _found(node) for node in nodes} == expected
        assert set(alder.peers()) == {"birch", "elm"}
        assert set(cedar.peers()) == {"elm"}
        on_red, on_blue = (ear.heard() for ear in ears)
        assert any(_address_record("10.1.0.4") in data for _, data in on_red)
        assert any(_address_record("10.2.0.4") in data for _, data in on_blue)
        assert not [sender for sender, data in on_red if _address_record("10.2.0.4") in data]
        assert not [sender for sender, data in on_blue if _address_record("10.1.0.4") in data]
        assert not [sender for sender, data in on_blue if "10.2.0.44" in {sender, *_addresses(data)}]

        # A machine that is given another address is found there.
        begun = time.monotonic()
        cedar.ip("address", "del", "10.2.0.3/24", "dev", "lan0")
        cedar.ip("address", "add", "10.2.0.33/24", "dev", "lan0")
        until(lambda: (short[cedar], "10.2.0.33") in _found(elm), "the new address is found")
        until(lambda: "elm" in cedar.peers(), "connected anew")
        assert time.monotonic() - begun < FOLLOW_S + 30
        cedar.write(2)
        until(lambda: alder.holds(cedar), "what is written there arrives")
        _assert_operators_see_it(alder, cedar, elm)


def _addresses(data: bytes) -> set[str]:
    """What looks like the data of an A record in a message."""
    places = [place.end() for place in re.finditer(re.escape(struct.pack(">H", 4)), data)]
    return {socket.inet_ntoa(data[place : place + 4]) for place in places if place + 4 <= len(data)}


def _assert_operators_see_it(alder: Node, cedar: Node, elm: Node) -> None:
    listed = alder.run("peer", "list")
    assert re.search(r"Elm +" + elm.log[:8] + r" +(in|out) +(http://)?10\.1\.0\.4", listed), listed
    assert "Cedar" not in listed
    logs = alder.run("log", "list")
    assert all(re.search(rf"{name} +coop .* ok", logs) for name in ("Alder", "Birch", "Cedar", "Elm")), logs
    doctor = elm.run("doctor")
    assert "works on 10.1.0.4" in doctor
    assert "works on 10.2.0.4" in doctor
    assert "10.2.0.44" not in doctor
    assert "BAD" not in doctor + cedar.run("doctor")
