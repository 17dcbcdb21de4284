# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first view, and how the map moves over 50,000 places, in Chromium: bytes, seconds, frames while it is dragged."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.ledger import Ledger
from node.config import Config
from node.server import Node
from tests.benchmarks.measure import percentile, synthetic_records
from tests.benchmarks.peer import append_all, found
from tests.node.browser.reading import open_ready, read_as
from tests.node.verifier.browser import browsing

if TYPE_CHECKING:
    from tests.node.verifier.browser import Tab

RECORDS = 50_000
FIRST = """(() => {
  const [page] = performance.getEntriesByType("navigation");
  const all = [page, ...performance.getEntriesByType("resource")];
  return {
    bytes: all.reduce((sum, one) => sum + one.transferSize, 0), requests: all.length,
    foreign: all.filter((one) => new URL(one.name).origin !== location.origin).length,
    interactive: page.domInteractive,
    painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1,
    mapped: Math.max(...performance.getEntriesByType("resource").map((one) => one.responseEnd)),
  };
})()"""
FRAMES = """(() => {
  window.frames_ms = [];
  let last = performance.now();
  const tick = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
})()"""
DRAGS, STEPS, STEP_S = 6, 60, 0.016


async def _drag(tab: Tab, back: int) -> None:
    """Drags the map from one side to the other and lets go."""
    await tab.run("document.getElementById('map').scrollIntoView({ block: 'center' })")
    left, top = await tab.run(
        "(({ left, top }) => [left + 500, top + 150])(document.getElementById('map').getBoundingClientRect())"
    )
    at: dict[str, Any] = {"x": left, "y": top, "button": "left", "clickCount": 1}
    await tab.ask("Input.dispatchMouseEvent", type="mousePressed", **at)
    for step in range(STEPS):
        at |= {"x": left + back * 5 * step, "y": top + step}
        await tab.ask("Input.dispatchMouseEvent", type="mouseMoved", buttons=1, **at)
        await asyncio.sleep(STEP_S)
    await tab.ask("Input.dispatchMouseEvent", type="mouseReleased", **at)
    await asyncio.sleep(1)


async def _work(tab: Tab) -> float:
    metrics = await tab.ask("Performance.getMetrics")
    return float(next(one["value"] for one in metrics["metrics"] if one["name"] == "TaskDuration"))


async def _look(folder: Path) -> dict[str, Any]:
    directory = found(folder / "node", "Panning")
    with Ledger(directory) as ledger:
        append_all(ledger, synthetic_records(RECORDS))
        ledger.writer.settle()
    node = Node(directory, Config(port=0, mdns=False), lambda _: None)
    await node.start()
    await asyncio.to_thread(node.finder.warm_up)
    figures: dict[str, Any] = {"records": RECORDS}
    try:
        async with browsing(folder / "browser") as tab:
            await read_as(tab)
            await tab.ask("Performance.enable")
            await open_ready(tab, node.url)
            first = await tab.run(FIRST)
            figures |= {
                "first view kB": first["bytes"] / 1000,
                "requests": first["requests"],
                "foreign requests": first["foreign"],
            }
            figures |= {"first paint ms": first["painted"], "interactive ms": first["interactive"]}
            figures |= {
                "last answer for the map ms": first["mapped"],
                "processor ms in the page": 1000 * await _work(tab),
            }
            for name, path in {"a continent": "/", "a town": "/?near=Lyon&radius=25km"}.items():
                await open_ready(tab, node.url + path)
                before = await _work(tab)
                await tab.run(FRAMES)
                for number in range(DRAGS):
                    await _drag(tab, 1 if number % 2 else -1)
                frames = await tab.run("window.frames_ms")
                figures[f"{name}: frames"] = len(frames)
                figures[f"{name}: frame p50 ms"] = percentile(frames, 0.5)
                figures[f"{name}: frame p99 ms"] = percentile(frames, 0.99)
                figures[f"{name}: frames over 50 ms %"] = 100 * sum(one > 50 for one in frames) / len(frames)
                figures[f"{name}: processor ms a drag"] = 1000 * (await _work(tab) - before) / DRAGS
    finally:
        await node.stop()
    return figures


def run() -> dict[str, Any]:
    """The figures; there have to be Chromium and nobody else who uses the machine."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(_look(Path(name)))
