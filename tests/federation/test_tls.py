# SPDX-License-Identifier: AGPL-3.0-or-later
"""https on a link without an authority (spec 09 §8): between nodes, for commands, and against who stands in between."""

from __future__ import annotations

import json
import re
import ssl
from typing import TYPE_CHECKING

import pytest

from node.peering.tls import lax_context, write_certificate
from protocol.identity import parse_log_id
from tests.builders import signing_key
from tests.federation.roads import RoughRoad
from tests.federation.world import PORT, World, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("_namespaces")]


def test_nodes_with_certificates_of_their_own(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        link = world.link("link")
        larch, maple, nettle = nodes = [world.node(name) for name in ("larch", "maple", "nettle")]
        for number, node in enumerate(nodes, 1):
            world.wire(node, "lan0", link, f"10.6.0.{number}/24")
        larch.found(tls=True).start()
        maple.found(host="10.6.0.2").start("--tls")  # listens on one address only
        nettle.found(mdns=False).start()
        nettle.run("peer", "add", f"https://10.6.0.1:{PORT}")
        for node in nodes:
            record = {"kind": "place", "name": {"en": f"House of {node.name}"}, "licence": "CC0-1.0"}
            assert "saved" in node.run("record", "put", "-", text=json.dumps(record))
        for node in nodes:
            until(lambda node=node: node.holds(*nodes), f"{node.name} holds all logs")  # type: ignore[misc] # bound at once
        for node in nodes:
            found = json.loads(node.run("search", "House", "--json"))
            assert found["total"] == 3
        for node, url in ((larch, "https://127.0.0.1:7450"), (maple, "https://10.6.0.2:7450")):
            assert f"ready at {url}" in node.run("doctor")
            assert re.search(r"(Larch|Maple) .* https?://|(Larch|Maple) .* 10\.6", node.run("peer", "list"))
        assert "https://10.6.0.1" in nettle.run("peer", "list")


def test_who_stands_in_between_hears_nothing(tmp_path: Path) -> None:
    """One who ends the TLS with a certificate of their own, and one who passes everything on."""
    with World(tmp_path) as world:
        link, between = world.link("link"), world.machine("between")
        world.wire(between, "lan0", link, "10.7.0.100/24")
        oak, pine = (world.node(name) for name in ("oak", "pine"))
        for number, node in enumerate((oak, pine), 1):
            world.wire(node, "lan0", link, f"10.7.0.{number}/24")
            node.found(mdns=False, tls=True).start()
        certificate = tmp_path / "stolen.pem"
        write_certificate(certificate, parse_log_id(oak.log), signing_key("thief"), ["10.7.0.100"], 1_800_000_000)
        served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        served.load_cert_chain(certificate)
        target = {PORT: ("10.7.0.1", PORT)}
        with RoughRoad(between, target, 1, hit=0.0, served=served, dialled=lax_context()):
            pine.run("peer", "add", f"https://10.7.0.100:{PORT}")
            until(lambda: "stand in between" in str(pine.ask("/v1/peers")["problems"]), "the middle is noticed")
            assert not pine.peers()
            assert "stand in between" in pine.run("peer", "list")
        pine.stop()
        with RoughRoad(between, target, 1, hit=0.0):
            pine.start()
            until(lambda: "oak" in pine.peers(), "the plain way through")
            until(lambda: pine.holds(oak) and oak.holds(pine))
