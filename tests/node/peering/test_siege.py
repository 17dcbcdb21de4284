# SPDX-License-Identifier: AGPL-3.0-or-later
"""64 hostile connections on a node in a process of its own: it stays up, small and quick, and others are served."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from tests.node.running import found

pytestmark = [pytest.mark.long, pytest.mark.alone]

ROOT = Path(__file__).parents[3]
SIEGE_S = 30.0
MEMORY_BYTES = 256 * 2**20
STALL_S, P99_S = 0.25, 2.0
PATHS = ("/healthz", "/v1/records?q=commons&limit=20", "/", "/v1/log", "/?q=commons")


async def _python(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def test_a_node_under_attack_stays_up_small_and_quick(tmp_path: Path) -> None:
    directory = found(tmp_path / "moot", "Moot")
    node = await _python("-m", "tests.node.peering.besieged", str(directory.path))
    assert node.stdout is not None
    url = (await node.stdout.readline()).decode().split()[1]
    attacking = await _python("-m", "tests.node.peering.attacking", url.rpartition(":")[2], str(SIEGE_S))
    try:
        took = await _ask(url, SIEGE_S)
        assert attacking.returncode is None, "there was somebody who attacked"
        _, wrong = await attacking.communicate()
        assert wrong == b""
    finally:
        with suppress(ProcessLookupError):
            node.send_signal(signal.SIGTERM)
        said, log = await node.communicate()
    told = dict(line.split() for line in said.decode().splitlines())
    assert await node.wait() == 0, "it stays up until it is told to stop"
    assert log == b"", "what others do wrong is not told to the operator without end"
    assert sorted(took)[len(took) * 99 // 100] < P99_S
    assert float(told["stall"]) < STALL_S
    assert int(told["peak"]) < MEMORY_BYTES


async def _ask(url: str, seconds: float) -> list[float]:
    """Seconds that each of some honest requests took."""
    took: list[float] = []
    until = time.monotonic() + seconds
    async with ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(10)) as honest:
        for path in cycle(PATHS):
            begun = time.monotonic()
            if begun > until:
                return took
            async with honest.get(url + path) as answer:
                await answer.read()
                assert answer.status == 200
            took.append(time.monotonic() - begun)
            await asyncio.sleep(0.02)
    return took
