# SPDX-License-Identifier: AGPL-3.0-or-later
"""One node to propose at, and a steward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.node.running import RunningNode, found
from tests.node.upkeep.stewarding import Steward
from tests.node.verifier.browser import browsing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.node.verifier.browser import Tab


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    running = await RunningNode(found(tmp_path / "moot", "Moot")).start()
    try:
        yield running
    finally:
        await running.stop()


@pytest.fixture
def steward(node: RunningNode) -> Steward:
    return Steward(node)


@pytest_asyncio.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with browsing(tmp_path / "browser") as opened:
        yield opened
