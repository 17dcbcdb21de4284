# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding nodes on the local network (spec 09 §7): on loopback, with real multicast where there is any."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

import pytest
import pytest_asyncio
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from node.discovery import SERVICE, Discovery, lan_addresses, multicast_works
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
        names = [one.discovery._info.name for one in seen]
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
        names = {name.partition(".")[0] for name in seeker.discovery._urls}
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

    monkeypatch.setattr("node.discovery.AsyncZeroconf", fail)
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


def test_only_addresses_of_this_network_are_dialled() -> None:
    at_home = Discovery(seeded("a"), "A", "192.168.1.7", 1, lambda *_: None)
    alone = Discovery(seeded("a"), "A", LOOPBACK, 1, lambda *_: None)
    zeroconf = Discovery(seeded("a"), "A", "169.254.3.4", 1, lambda *_: None)
    expected = {
        "192.168.1.8": (True, True, True),
        LOOPBACK: (False, True, False),
        "169.254.9.9": (False, False, True),
        "0.0.0.0": (False, False, False),
        "239.1.1.1": (False, False, False),
    }
    for address, allowed in expected.items():
        assert tuple(one._may_be_here(address) for one in (at_home, alone, zeroconf)) == allowed, address
