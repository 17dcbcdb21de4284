# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log of 1,000,000 entries: how long its node takes to start, and what both processes hold while it is copied."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from node.config import Config
from node.server import Node
from tests.benchmarks.measure import synthetic_records
from tests.benchmarks.peer import append_all, found

COUNT = int(os.environ.get("FOLKMOOT_BENCHMARK_ENTRIES", "1000000"))


async def _start(directory: DataDirectory) -> float:
    """Seconds until the node answers."""
    begun = time.perf_counter()
    node = Node(directory, Config(port=0, mdns=False), lambda _: None)
    await node.start()
    took = time.perf_counter() - begun
    await node.stop()
    return took


def run() -> dict[str, Any]:
    """The figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        directory = found(folder / "a", "Million")
        with Ledger(directory) as ledger:
            append_all(ledger, synthetic_records(COUNT))
        started = asyncio.run(_start(directory))
        peer = [sys.executable, "-m", "tests.benchmarks.peer"]
        server = subprocess.Popen([*peer, "serve", str(folder / "a"), "18999"], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        key = json.loads(server.stdout.readline())["key"]
        pulled = subprocess.run(
            [*peer, "pull", str(folder / "b"), "18999", key, str(COUNT)], capture_output=True, text=True, check=True
        )
        server.send_signal(signal.SIGTERM)
        served = json.loads(server.stdout.readline())
    told = json.loads(pulled.stdout.strip().splitlines()[-1])
    return {
        "entries": COUNT,
        "node started s": started,
        "replicated entries/s": told["rate"],
        "all searchable after s": told["searchable_after_s"],
        "receiver when replicated MB": told["held_mb"],
        "receiver peak MB": told["peak_mb"],
        "sender peak MB": served["peak_mb"],
    }
