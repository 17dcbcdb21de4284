# SPDX-License-Identifier: AGPL-3.0-or-later
"""Running a node until it is told to stop, and starting it again in between when it asks for that."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.errors import StoreLockedError
from node.restarting import Restarting
from node.server import Node

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.data_directory import DataDirectory
    from node.config import Config

LOCKED_S, AGAIN_S = 60.0, 0.2
"""How long a command that came in between may have the data directory, and how often is looked."""


async def serve(
    directory: DataDirectory,
    config: Config,
    say: Callable[[str], None],
    started: Callable[[Node], None],
    stop: asyncio.Event,
) -> None:
    """Runs the node until `stop` is set; `started` is called once, when it listens. Raises what its start raises."""
    restarting = Restarting(possible=True)
    node = Node(directory, config, say, restarting)
    try:
        await node.start()
        started(node)
        while not await _is_over(stop, restarting):
            config = replace(config, port=node.port)
            say("closing, to change the charter")
            await node.stop()
            await asyncio.to_thread(restarting.carry_out)
            if stop.is_set():
                return
            node = await _start_again(directory, config, say, restarting)
            say(
                f"started again; the charter was not changed: {restarting.problem}"
                if restarting.problem
                else "started again"
            )
        say("stopping")
        await node.stop()
    finally:
        restarting.close()


async def _is_over(stop: asyncio.Event, restarting: Restarting) -> bool:
    """Waits for either; whether it is to stop."""
    waiting = {asyncio.create_task(stop.wait()), asyncio.create_task(restarting.asked())}
    _, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    return stop.is_set()


async def _start_again(
    directory: DataDirectory, config: Config, say: Callable[[str], None], restarting: Restarting
) -> Node:
    """The next node. If a command has got hold of the data directory in between, it is waited for."""
    for _ in range(int(LOCKED_S / AGAIN_S)):
        try:
            node = Node(directory, config, say, restarting)
            break
        except StoreLockedError:
            await asyncio.sleep(AGAIN_S)
    else:
        node = Node(directory, config, say, restarting)
    await node.start()
    return node
