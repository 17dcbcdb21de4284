# SPDX-License-Identifier: AGPL-3.0-or-later
"""One node, and three of them, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from node.peering import exchange, gossip, link, tunnels
from tests.node.running import RunningNode, fill, found
from tests.node.stewarding import Steward
from tests.node.verifier.browser import browsing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.node.verifier.browser import Tab


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that dial again and look at the clock without making a test wait."""
    monkeypatch.setattr(exchange, "_BACKOFF_FIRST_S", 0.02)
    monkeypatch.setattr(exchange, "_BACKOFF_MAX_S", 0.1)
    monkeypatch.setattr(gossip, "BACK_S", 0)
    monkeypatch.setattr(link, "TICK_S", 0.05)
    monkeypatch.setattr(tunnels, "_TICK_S", 0.05)


@pytest_asyncio.fixture
async def bare(tmp_path: Path) -> AsyncIterator[RunningNode]:
    """A node with nothing in it."""
    running = await RunningNode(found(tmp_path / "moot", "Moot")).start()
    try:
        yield running
    finally:
        await running.stop()


@pytest.fixture
def node(bare: RunningNode) -> RunningNode:
    """A node with a dozen records."""
    fill(bare.ledger, 12)
    return bare


@pytest.fixture
def steward(node: RunningNode) -> Steward:
    """Somebody who has signed in there, without scripts."""
    return Steward(node)


@pytest_asyncio.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A page of Chromium."""
    async with browsing(tmp_path / "browser") as opened:
        yield opened


@pytest_asyncio.fixture
async def three(tmp_path: Path, _impatient: None) -> AsyncIterator[tuple[RunningNode, RunningNode, RunningNode]]:
    """Three nodes that run and do not know each other."""
    nodes = [await RunningNode(found(tmp_path / name, name.title())).start() for name in ("alder", "birch", "cedar")]
    try:
        yield nodes[0], nodes[1], nodes[2]
    finally:
        for one in nodes:
            await one.stop()
