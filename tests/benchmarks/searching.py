# SPDX-License-Identifier: AGPL-3.0-or-later
"""Search over 200,000 records at the API: text, box, facets and clusters."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from node.config import Config
from node.server import Node
from tests.benchmarks.measure import cpu_s, current_mb, percentile, synthetic_records
from tests.benchmarks.peer import append_all, found

RECORDS = 200_000
QUERIES = 600
MAPS = 100


async def _ask(directory: DataDirectory) -> dict[str, Any]:
    begun = time.perf_counter()
    node = Node(directory, Config(port=0, mdns=False), lambda _: None)
    await node.start()
    started = time.perf_counter() - begun
    begun = time.perf_counter()
    rng = random.Random(4)
    took: dict[str, list[float]] = {"rare": [], "medium": [], "common": [], "everyday": []}
    # In 0.05 %, 1 % and 10 % of the records; "everyday" words stand in more than a third.
    words = {"rare": "rareword", "medium": "mediumword", "common": "commonword", "everyday": "river"}
    async with ClientSession() as session:
        await (await session.get(f"{node.url}/v1/records?q=river")).read()
        first = time.perf_counter() - begun
        for number in range(QUERIES):
            sort = list(took)[number % 4]
            south, west, size = rng.uniform(36, 55), rng.uniform(-9, 20), rng.choice((0.2, 2, 12))
            parameters = {"bbox": f"{west:.4f},{south:.4f},{west + size:.4f},{min(60, south + size):.4f}"}
            parameters["q"] = words[sort]
            begun = time.perf_counter()
            answer = await session.get(f"{node.url}/v1/records", params=parameters)
            body = await answer.read()
            took[sort].append(time.perf_counter() - begun)
            assert answer.status == 200, body[:200]
        mapped = await _map(session, node.url)
    memory = current_mb()
    await node.stop()
    every = [seconds for sort in ("rare", "medium", "common") for seconds in took[sort]]
    figures = {f"{sort} p50 ms": 1000 * percentile(times, 0.5) for sort, times in took.items()}
    return {
        "records": RECORDS,
        "node started s": started,
        "first answer after s": first,
        **figures,
        "rare, medium, common p99 ms": 1000 * percentile(every, 0.99),
        **mapped,
        "memory MB": memory,
    }


async def _map(session: ClientSession, url: str) -> dict[str, float]:
    """Clusters of everything, of a country and of a town, beside the answer of the node to a question without work."""
    figures = {}
    asked = {
        "clusters of all": "/v1/clusters?zoom=5",
        "clusters of a country": "/v1/clusters?zoom=6&bbox=-5,42,8,51",
        "clusters of a town": "/v1/clusters?zoom=12&bbox=2.9,50.5,3.2,50.7",
        "nothing (/healthz)": "/healthz",
    }
    for name, path in asked.items():
        took, burnt = [], cpu_s()
        for _ in range(MAPS):
            begun = time.perf_counter()
            answer = await session.get(url + path)
            await answer.read()
            took.append(time.perf_counter() - begun)
            assert answer.status == 200
        figures[f"{name} p50 ms"] = 1000 * percentile(took, 0.5)
        figures[f"{name} p99 ms"] = 1000 * percentile(took, 0.99)
        figures[f"{name} processor ms"] = 1000 * (cpu_s() - burnt) / MAPS
    return figures


def run() -> dict[str, Any]:
    """The figures."""
    with tempfile.TemporaryDirectory() as name:
        directory = found(Path(name) / "node", "Search")
        with Ledger(directory) as ledger:
            append_all(ledger, synthetic_records(RECORDS))
            begun = time.perf_counter()
            ledger.writer.settle()
            derived = time.perf_counter() - begun
        return {"settling s": derived, **asyncio.run(_ask(directory))}
