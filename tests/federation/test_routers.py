# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nodes at home behind routers: they take full part by dialling out, and meet through a third node (spec 09 §6)."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from ledger.sqlite.store import SqliteStore
from tests.federation.world import PORT, World, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.federation.world import Node

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("_namespaces")]

RELAY = "198.51.100.10"


def test_nodes_behind_routers_take_part_and_meet_through_a_third(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        outside = world.link("outside")
        relay = world.node("relay")
        world.wire(relay, "wan0", outside, f"{RELAY}/24")
        homes = []
        for number, name in enumerate(("fir", "gorse"), 1):  # both homes use the addresses that all homes use
            home, node = world.link(f"home{number}"), world.node(name)
            world.router(f"router{number}", home, "192.168.1.1/24", outside, f"198.51.100.{number}/24")
            world.wire(node, "lan0", home, "192.168.1.2/24")
            node.ip("route", "add", "default", "via", "192.168.1.1")
            homes.append(node)
        relay.ip("route", "add", "192.168.1.0/24", "via", "198.51.100.1")
        fir, gorse = homes
        relay.found(mdns=False, relay=True).start()
        for node in homes:
            node.found().start()
            node.run("peer", "add", f"http://{RELAY}:{PORT}")
            node.write(120)
        everybody = [relay, *homes]
        relay.write(20)
        for node in everybody:
            until(lambda node=node: node.holds(*everybody), f"{node.name} holds all logs")  # type: ignore[misc] # bound at once
        assert relay.inside(lambda: _dial("192.168.1.2")) == "nobody there"
        assert {name: peer["address"] for name, peer in relay.peers().items()} == {
            "fir": "198.51.100.1",
            "gorse": "198.51.100.2",
        }
        assert set(fir.peers()) == set(gorse.peers()) == {"relay"}

        # Through the relay, and for the two alone: what the relay carries it cannot read.
        fir.run("peer", "add", f"via:{relay.log}/{gorse.log}")
        until(lambda: "gorse" in fir.peers() and "fir" in gorse.peers(), "the tunnel")
        record = {"kind": "place", "name": {"en": "Between us"}, "licence": "CC0-1.0"}
        fir.run(
            "record", "put", "-", "--scope", "private", "--party", gorse.log, "--party", fir.log,
            text=json.dumps(record),
        )  # fmt: skip
        position = fir.tree(fir.log).size - 1  # type: ignore[union-attr] # its own log
        until(lambda: gorse.holds(fir) and relay.holds(fir))
        until(lambda: _payload(gorse, fir, position), "the private payload arrives")
        assert not _payload(relay, fir, position)
        _assert_operators_see_it(fir, gorse, relay)

        # The relay is killed, and comes back: the tunnel is dug anew by itself.
        relay.stop(9)
        until(lambda: not fir.peers() and not gorse.peers(), "all is lost")
        gorse.write(3)
        relay.start()
        until(lambda: set(fir.peers()) == {"relay", "gorse"}, "all is back")
        until(lambda: fir.holds(gorse) and relay.holds(gorse))


def _dial(address: str) -> str:
    try:
        socket.create_connection((address, PORT), 2).close()
    except OSError:
        return "nobody there"
    return "somebody there"


def _payload(node: Node, owner: Node, position: int) -> bool:
    """Whether a node has the payload of an entry; its API shows nobody what is private."""
    tree = node.tree(owner.log)
    assert tree is not None
    with SqliteStore(node.directory.store, writable=False).read() as reads:
        return any(stored.payload for stored in reads.entries(tree.tree, position, position + 1))


def _assert_operators_see_it(fir: Node, gorse: Node, relay: Node) -> None:
    listed = fir.run("peer", "list")
    assert f"added by hand: http://{RELAY}:{PORT}" in listed
    assert f"via:{relay.log}/{gorse.log}" in listed
    assert "Gorse" in gorse.run("log", "list")
    assert "via:" in gorse.run("peer", "list")
    assert "peers: connected to 2: Fir, Gorse" in relay.run("doctor")
    for node in (fir, gorse):
        assert "BAD" not in node.run("doctor")
        assert "false" not in json.dumps(node.ask("/v1/peers")["problems"])
