# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import pytest

from node.peering.line import Line
from node.peering.tunnels import TunnelLink
from node.peering.way import Way
from tests.builders import seeded
from tests.node.peering.scripted import ScriptedPeer

if TYPE_CHECKING:
    from tests.node.running import RunningNode


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_things_are_done_in_order_and_one_at_a_time() -> None:
    done: list[int] = []
    gate = asyncio.Event()

    async def do(item: int) -> None:
        await gate.wait()
        done.append(item)

    line = Line(asyncio.ensure_future, do)
    for item in range(3):
        line.put(item)
    await _settle()
    assert (len(line), done) == (3, []), "one is being done, and counts"
    gate.set()
    await _settle()
    line.put(3)
    await _settle()
    assert (len(line), done) == (0, [0, 1, 2, 3])


@pytest.mark.parametrize("begun", [False, True])
async def test_after_its_task_was_cancelled_it_goes_on_with_the_next_thing(*, begun: bool) -> None:
    """A task that is cancelled before it began runs none of its code, so that nothing in it can say that it ended."""
    tasks: list[asyncio.Task[None]] = []
    done: list[int] = []

    def start(work: object) -> asyncio.Task[None]:
        assert inspect.iscoroutine(work)
        tasks.append(asyncio.ensure_future(work))
        return tasks[-1]

    async def do(item: int) -> None:
        await asyncio.sleep(0)
        done.append(item)

    line = Line(start, do)
    line.put(0)
    if begun:
        await asyncio.sleep(0)
    tasks[-1].cancel()
    await _settle()
    line.clear()
    assert (len(line), done) == (0, [])
    line.put(1)
    await _settle()
    assert (len(line), done, len(tasks)) == (0, [1], 2)


async def test_what_a_tunnel_was_to_do_is_dropped_properly_if_it_ends_first(node: RunningNode) -> None:
    """Work that never began is closed. Otherwise it is complained about whenever its memory is freed: much later."""

    async def work() -> None:
        raise AssertionError("the tunnel had ended")

    async with ScriptedPeer(node.url, "relay") as peer:
        await peer.open()
        hub = node.running.hub
        (relay,) = hub.links
        way = Way(peer.organisation.log_id, seeded("far"))
        tunnel = TunnelLink(hub, hub.session(role=1), relay, way, 0)
        running = asyncio.ensure_future(tunnel.run())
        await asyncio.sleep(0)
        running.cancel()
        late = work()
        tunnel.start(late)
        await asyncio.gather(running, return_exceptions=True)
        await _settle()
        assert inspect.getcoroutinestate(late) == inspect.CORO_CLOSED
