# SPDX-License-Identifier: AGPL-3.0-or-later
"""The node that is attacked. `python -m tests.node.peering.besieged FOLDER` serves until SIGTERM, and tells of it.

It prints `listening URL`, and at the end `stall SECONDS` and `peak BYTES`. A stall is what the event loop's thread
computes between two turns: how busy the machine is otherwise does not count.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import time
from pathlib import Path

from ledger.data_directory import DataDirectory
from node.config import Config
from node.server import Node
from tests.node.running import NETWORK, fill

RECORDS = 1_000
TICK_S = 0.002
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


async def _watch(stalls: list[float]) -> None:
    last = time.thread_time()
    while True:
        await asyncio.sleep(TICK_S)
        now = time.thread_time()
        stalls[0] = max(stalls[0], now - last)
        last = now


async def main(folder: Path) -> None:
    """Serves."""
    node, end, stalls = (
        Node(DataDirectory(folder), Config(port=0, mdns=False, network=NETWORK), lambda _: None),
        asyncio.Event(),
        [0.0],
    )
    await node.start()
    await asyncio.to_thread(fill, node.ledger, RECORDS)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    watch = asyncio.create_task(_watch(stalls))
    print(f"listening {node.url}", flush=True)
    await end.wait()
    watch.cancel()
    await node.stop()
    print(f"stall {stalls[0]:.3f}\npeak {_peak()}", flush=True)


def _peak() -> int:
    """The most memory that this process has had at one time, in bytes."""
    found = _PEAK.search(Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return 1024 * int(found[1])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
