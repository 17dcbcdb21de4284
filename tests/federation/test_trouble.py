# SPDX-License-Identifier: AGPL-3.0-or-later
"""Loss, cut connections, a partition, kills: nodes agree soon after it ends, and nobody is blamed for the weather."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.federation import netfilter
from tests.federation.roads import LossyWire, RoughRoad
from tests.federation.world import PORT, World, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.federation.world import Node

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("_namespaces")]

SEED = 20_261_124
LOSS = 0.3
AGREED_S = 90.0
"""Well under five gossip periods of 60 s (P11)."""


def _until_agreed(nodes: Sequence[Node], seconds: float = AGREED_S) -> None:
    for node in nodes:
        until(lambda node=node: node.holds(*nodes), f"{node.name} holds all logs", seconds)  # type: ignore[misc] # bound at once


def _assert_nobody_is_blamed(nodes: Sequence[Node]) -> None:
    for node in nodes:
        problems = json.dumps(node.ask("/v1/peers")["problems"])
        assert "false" not in problems, problems
        assert "forked" not in problems, problems
        logs = node.ask("/v1/log")["logs"]
        assert {log["state"] for log in logs} == {"ok"}, logs
        assert "Traceback" not in node.said, node.said


def test_packets_are_lost_between_two_halves_of_a_link(tmp_path: Path) -> None:
    """Names, connections and entries: all go over the lossy wire."""
    with World(tmp_path) as world:
        west, east = world.link("west"), world.link("east")
        nodes = [world.node(name) for name in ("alder", "birch", "cedar", "dogwood")]
        for number, node in enumerate(nodes, 1):
            world.wire(node, "lan0", west if number <= 2 else east, f"10.3.0.{number}/24")
        with LossyWire(west, east, SEED, loss=LOSS, delay_s=0.02) as wire:
            for node in nodes:
                node.found().start()
                node.write(50)
            time.sleep(10)  # what gets through in this weather, gets through
            nodes[0].write(200)
            nodes[3].write(200)
            time.sleep(10)
            assert wire.lost > 20
            wire.loss = 0.0
            healed = time.monotonic()
            _until_agreed(nodes)
            assert time.monotonic() - healed < AGREED_S
            _assert_nobody_is_blamed(nodes)


def test_connections_are_cut_and_stalled_and_a_node_is_killed(tmp_path: Path) -> None:
    """A chain: each node knows only the next one, and that one only by a bad road."""
    with World(tmp_path) as world:
        link, road_side = world.link("link"), world.machine("road")
        world.wire(road_side, "lan0", link, "10.4.0.100/24")
        nodes = [world.node(name) for name in ("elder", "furze", "gean")]
        for number, node in enumerate(nodes, 1):
            world.wire(node, "lan0", link, f"10.4.0.{number}/24")
            node.found(mdns=False).start()
        routes = {7_000 + number: (f"10.4.0.{number}", PORT) for number in (2, 3)}
        with RoughRoad(road_side, routes, SEED, hit=LOSS) as road:
            for node, port in zip(nodes, routes, strict=False):
                node.run("peer", "add", f"http://10.4.0.100:{port}")
            elder, furze, gean = nodes
            for round_ in range(3):
                elder.write(1_500)
                gean.write(500)
                time.sleep(2)
                if round_ == 1:  # in the midst of what is being copied
                    furze.stop(9)
                    furze.start()
                time.sleep(4)
            assert road.refused
            assert road.cut
            road.rough = False
            _until_agreed(nodes)
            _assert_nobody_is_blamed(nodes)
            assert "0 faults" in furze.run("log", "audit")
            assert "BAD" not in furze.run("doctor")


def test_a_partition_heals(tmp_path: Path) -> None:
    """Two halves are cut apart without a word, both go on, and agree when the cut is healed."""
    with World(tmp_path) as world:
        link = world.link("link")
        nodes = [world.node(name) for name in ("hazel", "ivy", "juniper")]
        addresses = {node: f"10.5.0.{number}" for number, node in enumerate(nodes, 1)}
        for node, address in addresses.items():
            world.wire(node, "lan0", link, f"{address}/24")
            node.found().start()
        _until_agreed(nodes)
        hazel, ivy, juniper = nodes
        others = [addresses[hazel], addresses[ivy]]
        juniper.inside(lambda: netfilter.cut_off(others))
        for node in nodes:
            node.write(150)
        until(lambda: hazel.holds(ivy) and ivy.holds(hazel), "this side goes on")
        juniper.stop(9)  # it crashes, and comes back while it is cut off
        juniper.start()
        juniper.write(10)
        assert not hazel.holds(juniper)
        time.sleep(5)
        juniper.inside(netfilter.heal)
        _until_agreed(nodes)
        _assert_nobody_is_blamed(nodes)
