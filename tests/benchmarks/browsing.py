# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fifty people who look around at once in a directory of 50,000 places: pages, maps, searches, records."""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from ledger.ledger import Ledger
from node.config import Config
from node.server import Node
from tests.benchmarks.measure import cpu_s, current_mb, percentile, synthetic_records
from tests.benchmarks.peer import append_all, found

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory

RECORDS = 50_000
PEOPLE = 50
CONNECTIONS = 6
"""Of each, as browsers open them; all from one address, as behind a router."""
STEPS = 24
_WORDS = ("river", "repair", "seed", "bakery", "radio", "solar")


class _Took:
    """How long answers took, and how many were none."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.faults = 0


async def _person(number: int, url: str, took: _Took) -> None:
    rng = random.Random(number)
    connector = TCPConnector(limit=CONNECTIONS)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as session:

        async def get(kind: str, path: str) -> str:
            begun = time.perf_counter()
            try:
                async with session.get(url + path, headers={"Accept-Encoding": "gzip"}) as answer:
                    text = await answer.text()
                    took.faults += answer.status != 200
            except OSError:
                took.faults += 1
                text = ""
            took.seconds.setdefault(kind, []).append(time.perf_counter() - begun)
            return text

        for _ in range(STEPS):
            word, south, west = rng.choice(_WORDS), rng.uniform(37, 55), rng.uniform(-8, 20)
            size = rng.choice((0.3, 3.0, 12.0))
            box = f"bbox={west:.3f},{south:.3f},{west + size:.3f},{south + size / 2:.3f}"
            page = await get("page", rng.choice(("/", f"/?q={word}", f"/?{box}", f"/?q={word}&{box}")))
            await asyncio.gather(
                get("clusters", f"/v1/clusters?zoom={rng.randrange(4, 12)}&{box}"), get("towns", f"/v1/towns?{box}")
            )
            records = re.findall(r'href="(/record/[^"]+)"', page)
            if records:
                await get("record", rng.choice(records))
            await get("search", f"/v1/records?q={word}&{box}")


async def _browse(directory: DataDirectory) -> dict[str, Any]:
    node = Node(directory, Config(port=0, mdns=False), lambda _: None)
    await node.start()
    await asyncio.to_thread(node.finder.warm_up)
    took, begun, burnt = _Took(), time.perf_counter(), cpu_s()
    await asyncio.gather(*(_person(number, node.url, took) for number in range(PEOPLE)))
    seconds, burnt = time.perf_counter() - begun, cpu_s() - burnt
    memory = current_mb()
    await node.stop()
    answers = sum(map(len, took.seconds.values()))
    figures: dict[str, Any] = {"people": PEOPLE, "answers": answers, "faults": took.faults}
    for kind, some in took.seconds.items():
        figures[f"{kind} p50 ms"] = 1000 * percentile(some, 0.5)
        figures[f"{kind} p99 ms"] = 1000 * percentile(some, 0.99)
    processor = 1000 * burnt / answers
    return {**figures, "answers a second": answers / seconds, "processor ms an answer": processor, "memory MB": memory}


def run() -> dict[str, Any]:
    """The figures. The people are in the same process: half of the processor's time is theirs."""
    with tempfile.TemporaryDirectory() as name:
        directory = found(Path(name) / "node", "Browse")
        with Ledger(directory) as ledger:
            append_all(ledger, synthetic_records(RECORDS))
            ledger.writer.settle()
        return asyncio.run(_browse(directory))
