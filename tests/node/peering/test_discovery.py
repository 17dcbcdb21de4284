# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding nodes on the local network (spec 09 §7): on loopback, with real multicast where there is any."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, NamedTuple, Self

import pytest
import pytest_asyncio
from ifaddr import IP
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from node.peering.discovery import SERVICE, Discovery, Presence
from node.peering.lan import Lan, is_lan, lan_addresses, lans, multicast_works
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.running import RunningNode, found, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LOOPBACK = "127.0.0.1"


@pytest.fixture(scope="module")
def _multicast() -> None:
    problem = multicast_works(LOOPBACK)
    if problem:
        pytest.skip(f"multicast on loopback does not work on this machine: {problem}")


class Seen:
    """A node's presence, and what it found and lost."""

    def __init__(self, log_id: bytes, title: str, port: int) -> None:
        self.log_id = log_id
        self.url = f"http://{LOOPBACK}:{port}"
        self.found: dict[str, bytes] = {}
        self.lost: list[str] = []
        self.discovery = Discovery(log_id, title, LOOPBACK, port, self.found.__setitem__, self.lost.append)

    async def __aenter__(self) -> Self:
        await self.discovery.start()
        assert not self.discovery.problem
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.discovery.stop()


@pytest_asyncio.fixture
async def announcer() -> AsyncIterator[AsyncZeroconf]:
    """Somebody else on this network, who may announce anything."""
    zeroconf = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
    try:
        yield zeroconf
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


def _announcement(
    name: str, port: int, properties: dict[str, str | bytes], address: str = LOOPBACK
) -> AsyncServiceInfo:
    server = f"{name.lower().replace(' ', '-')}.local."
    return AsyncServiceInfo(
        SERVICE, f"{name}.{SERVICE}", port=port, server=server, parsed_addresses=[address], properties=properties
    )


@pytest.mark.long
@pytest.mark.usefixtures("_multicast")
async def test_nodes_find_each_other_whatever_their_names() -> None:
    """Two have one name and ids that begin alike, one has a name that no DNS label can hold; who leaves is lost."""
    twins = [seeded("twin")[:8] + bytes([number]) * 24 for number in (1, 2)]
    strange = "Commons\x1b[31m of St. Étienne · " + "é" * 100
    seen = [Seen(twins[0], "Twin", 7001), Seen(twins[1], "Twin", 7002), Seen(seeded("strange"), strange, 7003)]
    async with AsyncExitStack() as running:
        await asyncio.gather(*(running.enter_async_context(one) for one in seen[1:]))
        await running.enter_async_context(seen[0])
        for one in seen:
            others = {other.url: other.log_id for other in seen if other is not one}
            await until(lambda one=one, others=others: others.items() <= one.found.items(), "finding the others")  # type: ignore[misc] # bound at once
            assert one.url not in one.found, "nobody finds themselves"
        names = [presence.info.name for one in seen for presence in one.discovery._presences.values()]
        assert len(set(names)) == 3
        assert all(len(name.removesuffix(f".{SERVICE}").encode()) <= 63 for name in names)
        await seen[2].discovery.stop()
        await until(lambda: seen[2].url in seen[0].lost and seen[2].url in seen[1].lost)
    assert not any(one.discovery.problem for one in seen)


@pytest.mark.long
@pytest.mark.usefixtures("_multicast")
async def test_garbage_is_ignored(announcer: AsyncZeroconf) -> None:
    good = show_log_id(seeded("good"))
    garbage = {
        "no text": {},
        "no id": {"v": "1"},
        "an id that is none": {"v": "1", "id": "x" * 52},
        "an id of bytes": {"v": "1", "id": b"\xff\xfe\x00" * 17},
        "an id of control characters": {"v": "1", "id": "\x1b[2J" * 13},
        "another version": {"v": "2", "id": good},
        "much": {"v": "1", "id": "a" * 200, "x" * 20: "y" * 200},
    }
    async with Seen(seeded("seeker"), "Seeker", 7020) as seeker:
        services = [_announcement(name, 7021 + n, text) for n, (name, text) in enumerate(garbage.items())]  # type: ignore[arg-type] # bytes too
        services += [
            _announcement("no port", 0, {"v": "1", "id": good}),
            _announcement("metadata", 7030, {"v": "1", "id": good}, "169.254.169.254"),
            _announcement("multicast", 7031, {"v": "1", "id": good}, "224.0.0.1"),
            _announcement("nowhere", 7032, {"v": "1", "id": good}, "0.0.0.0"),
            _announcement("good", 7033, {"v": "1", "id": good, "t": "1"}),
        ]
        await asyncio.gather(*(announcer.async_register_service(service) for service in services))
        await until(lambda: f"https://{LOOPBACK}:7033" in seeker.found)
        names = {name.partition(".")[0] for name in seeker.discovery.urls}
        assert names <= {"metadata", "multicast", "nowhere", "good"}
        ours = {url for url in seeker.found if 7020 <= int(url.rpartition(":")[2]) < 7040}
        assert ours == {f"https://{LOOPBACK}:7033"}


@pytest.mark.usefixtures("_multicast", "_impatient")
async def test_nodes_that_nobody_introduced_replicate(tmp_path: Path) -> None:
    nodes = [RunningNode(found(tmp_path / name, name), mdns=True, network="mdns") for name in ("Alder", "Birch")]
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        alder, birch = nodes
        await until(lambda: alder.holds(birch.log_id, 1) and birch.holds(alder.log_id, 1))
        assert any("on the local network" in said for said in alder.said + birch.said)
    finally:
        for node in nodes:
            await node.stop()


async def test_a_network_without_multicast_is_no_reason_not_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr("node.peering.discovery.AsyncZeroconf", fail)
    node = await RunningNode(found(tmp_path / "moot", "Moot"), mdns=True).start()
    try:
        await until(lambda: any("No such device" in said for said in node.said))
        assert (await node.get("/readyz"))[0] == 200
    finally:
        await node.stop()


def test_what_is_announced_for_a_listening_address() -> None:
    assert lan_addresses("192.168.1.7") == ["192.168.1.7"]
    assert lan_addresses("localhost") == lan_addresses("::1") == [LOOPBACK]
    assert lan_addresses("0.0.0.0")
    assert all(address.count(".") == 3 for address in lan_addresses("0.0.0.0"))


class Adapter(NamedTuple):
    """An interface of a machine, as ifaddr tells of it."""

    nice_name: str
    ips: list[IP]


def test_interfaces_to_containers_and_tunnels_are_no_local_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["lo", "eth0", "wlp3s0", "docker0", "br-0123456789ab", "br-lan", "veth12ab", "tun0", "wg0", "tailscale0"]
    adapters = [
        Adapter(name, [IP("127.0.0.1" if name == "lo" else f"10.0.{n}.1", 24, name), IP(("fe80::1", 0, 0), 64, name)])
        for n, name in enumerate(names)
    ]
    monkeypatch.setattr("node.peering.lan.ifaddr.get_adapters", lambda: adapters)
    assert [lan.interface for lan in lans("0.0.0.0")] == ["eth0", "wlp3s0", "br-lan"]
    assert lans("10.0.6.1") == [Lan("veth12ab", (IPv4Interface("10.0.6.1/24"),))], "named, so wanted"
    adapters[1:] = []
    assert lan_addresses("0.0.0.0") == [LOOPBACK]


def test_a_bridge_is_a_local_network_if_a_card_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.peering.lan._DEVICES", tmp_path)
    for path in ("br0/brif/eth0", "br1/brif/veth0", "eth0/device", "veth0", "mesh", "hidden"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "mesh" / "tun_flags").write_text("0x1001")
    (tmp_path / "hidden" / "uevent").write_text("DEVTYPE=wireguard\nINTERFACE=hidden\n")
    assert [name for name in ("br0", "br1", "eth0", "mesh", "hidden") if is_lan(name)] == ["br0", "eth0"]


def test_only_addresses_of_this_network_are_dialled() -> None:
    at_home, alone, by_chance, in_a_mesh = (
        Lan("", (IPv4Interface(own),)) for own in ("192.168.1.7/24", "127.0.0.1/8", "169.254.3.4/16", "10.1.2.3/32")
    )
    expected = {
        "192.168.1.8": (True, False, False, True),
        "192.168.2.8": (False, False, False, True),
        LOOPBACK: (False, True, False, False),
        "169.254.9.9": (False, False, True, False),
        "0.0.0.0": (False, False, False, False),
        "239.1.1.1": (False, False, False, False),
    }
    for address, allowed in expected.items():
        assert tuple(lan.may_hold(address) for lan in (at_home, alone, by_chance, in_a_mesh)) == allowed, address


async def test_a_node_follows_the_addresses_of_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    async def start(presence: Presence) -> str:
        events.append(f"at {presence.info.parsed_addresses()[0]}")
        presence.urls["Another"] = [f"http://{presence.info.parsed_addresses()[0]}0:1", "http://10.0.0.9:1"]
        return ""

    async def stop(presence: Presence) -> None:
        events.append(f"left {presence.lan.addresses[0].ip}")

    now = [Lan("eth0", (IPv4Interface("10.0.0.1/24"),)), Lan("eth1", (IPv4Interface("10.1.0.1/24"),))]
    monkeypatch.setattr(Presence, "start", start)
    monkeypatch.setattr(Presence, "stop", stop)
    monkeypatch.setattr("node.peering.discovery.lans", lambda _: now)
    monkeypatch.setattr("node.peering.discovery.FOLLOW_S", 0.01)
    discovery = Discovery(seeded("a"), "A", "0.0.0.0", 1, lambda *_: None, lambda url: events.append(f"lost {url}"))
    await discovery.start()
    assert sorted(events) == ["at 10.0.0.1", "at 10.1.0.1"]
    events.clear()
    now[0] = Lan("eth0", (IPv4Interface("10.0.0.2/24"),))
    await until(lambda: len(events) == 3)
    assert events == ["left 10.0.0.1", "lost http://10.0.0.10:1", "at 10.0.0.2"], "the other one is seen on eth1 too"
    await discovery.stop()
