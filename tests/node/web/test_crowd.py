# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many at once: whoever has most gives way, who is many behind one address waits, and nobody else is kept waiting."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from typing import NamedTuple, cast

import pytest
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from hypothesis import given
from hypothesis import strategies as st

from node.web import crowd, guard
from node.web.crowd import Turns, gives_way, network_of
from tests.node.running import RunningNode, until

PEOPLE, EACH = 50, 6


class Line(NamedTuple):
    """A connection."""

    address: str
    idle: bool
    number: int


class Came(NamedTuple):
    """What a connection says of where it comes from."""

    address: str

    def get_extra_info(self, _: str) -> tuple[str, int]:
        """As transports have it."""
        return self.address, 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=2, max_size=30))
def test_who_has_most_gives_way(drawn: list[tuple[str, bool]]) -> None:
    lines = [Line(address, idle, number) for number, (address, idle) in enumerate(drawn)]
    leaving, held = gives_way(lines, lines[-1]), Counter(line.address for line in lines)
    assert held[leaving.address] == max(held.values())
    if held[lines[-1].address] == max(held.values()):
        assert leaving.address == lines[-1].address
    of_it = [line for line in lines if line.address == leaving.address]
    assert leaving == next((line for line in of_it if line.idle), of_it[-1])


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:dead::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1%3", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::7%eth0", "fe80::7%eth0"),
        ("192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_the_addresses_of_one_household_count_as_one(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_nobody_fills_the_house_from_the_many_addresses_of_one_household() -> None:
    def came_from(address: str) -> str:
        return guard._address(cast("asyncio.BaseTransport", Came(address)))

    held = [Line(came_from(f"2001:db8:1:2::{number:x}"), idle=False, number=number) for number in range(9)]
    newcomer = Line(came_from("2001:db8:7::1"), idle=False, number=9)
    assert gives_way([*held, newcomer], newcomer) == held[-1]


async def test_turns_are_given_in_order_and_by_address() -> None:
    turns, order = Turns(), []
    running: Counter[str] = Counter()

    async def ask(address: str, number: int) -> None:
        async with turns.take(address, 5):
            running[address] += 1
            assert running[address] <= crowd.IN_HAND_PER_ADDRESS_MAX
            order.append((address, number))
            await asyncio.sleep(0)
            running[address] -= 1

    many = [ask("router", number) for number in range(3 * crowd.IN_HAND_PER_ADDRESS_MAX)]
    await asyncio.gather(*many, ask("other", 0))
    assert order.index(("other", 0)) == crowd.IN_HAND_PER_ADDRESS_MAX
    assert [number for address, number in order if address == "router"] == list(range(len(many)))
    assert not turns._lines


async def test_a_turn_that_does_not_come_is_said(monkeypatch: pytest.MonkeyPatch, node: RunningNode) -> None:
    monkeypatch.setattr(guard, "ANSWER_S", 0.05)
    monkeypatch.setattr(crowd, "IN_HAND_PER_ADDRESS_MAX", 1)
    begin = (
        b"POST /v1/entries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    _, slow = await asyncio.open_connection("127.0.0.1", node.port)
    slow.write(begin)

    async def refused() -> bool:
        async with node.client.get(f"{node.url}/logs") as answer:
            await answer.read()
            return answer.status == 503 and answer.headers["Retry-After"] == "10"

    while not await refused():
        pass
    slow.close()


async def test_fifty_people_behind_one_router_are_all_answered(node: RunningNode) -> None:
    async def person() -> list[int]:
        connector = TCPConnector(limit=EACH)
        async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as session:

            async def get() -> int:
                async with session.get(f"{node.url}/healthz") as answer:
                    await answer.read()
                    return answer.status

            return await asyncio.gather(*(get() for _ in range(2 * EACH)))

    answers = await asyncio.gather(*(person() for _ in range(PEOPLE)))
    assert Counter(status for some in answers for status in some) == {200: PEOPLE * 2 * EACH}


async def test_who_finds_no_room_leaves_nothing_in_the_log(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(guard, "CONNECTIONS_MAX", 2)
    monkeypatch.setattr(guard, "gives_way", lambda _, newcomer: newcomer)  # as where all others are being answered
    came = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(8)]
    ended = [asyncio.create_task(reader.read(1)) for reader, _ in came]
    await until(lambda: sum(task.done() for task in ended) >= 6, "the end of those for whom there is no room")
    for _, writer in came:
        writer.close()
    await asyncio.gather(*ended, return_exceptions=True)
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_a_full_house_has_room_for_who_comes_from_elsewhere(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "CONNECTIONS_MAX", 5)
    held = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(5)]
    ended = [asyncio.create_task(reader.read(1)) for reader, _ in held]
    server = node.running._runner.server if node.running._runner else None
    await until(lambda: server is not None and all(one.idle for one in server.connections))  # type: ignore[attr-defined] # ours
    connector = TCPConnector(local_addr=("127.0.0.2", 0))
    async with ClientSession(connector=connector) as elsewhere, elsewhere.get(f"{node.url}/healthz") as answer:
        assert answer.status == 200
    await until(lambda: sum(task.done() for task in ended) == 1, "the end of one of five connections")
    assert ended[0].done(), "the one that was idle for longest"
    for _, writer in held:
        writer.close()
    await asyncio.gather(*ended, return_exceptions=True)
