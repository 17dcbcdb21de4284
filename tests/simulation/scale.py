# SPDX-License-Identifier: AGPL-3.0-or-later
"""How time to agreement and bytes per change grow with the number of nodes: `python -m tests.simulation.scale`.

Prints the rows of the table in specs/scale.md and draws specs/scale.svg from them.
"""

from __future__ import annotations

import argparse
import gc
from math import log, log10
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from tests.simulation.network import Network
from tests.simulation.node import VirtualNode
from tests.simulation.world import World

COUNTS = (10, 30, 100, 300, 1000, 3000, 10_000)
OUTBOUND = 8
CHANGES = 3
SETTLED_S, BETWEEN_S = 10.0, 5.0
"""All connections are open and the log is with everybody after the first; a change is with everybody after the second,
and neither pings nor questions by the clock come in that time: what is counted is the change alone."""


class Row(NamedTuple):
    """Means over some changes: seconds until half of the nodes and all of them had it; what a node sent for it."""

    nodes: int
    half_s: float
    all_s: float
    bytes: float
    frames: float


class Cloud:
    """Many nodes, each with eight random peers, that pass on the log of the first one."""

    def __init__(self, count: int, seed: int) -> None:
        self.world = world = World(seed)
        self.network = Network(world)
        names = [f"node {number}" for number in range(count)]
        self.nodes = []
        for number, name in enumerate(names):
            others = world.random.sample(names, min(OUTBOUND + 1, count))
            peers = tuple(other for other in others if other != name)[:OUTBOUND]
            self.nodes.append(VirtualNode(world, self.network, name, peers, signed=number == 0))
        self.origin = self.nodes[0].disk.organisation.origin
        self.held = [0] * count
        self._reached: list[float] = []
        self._size = 1
        for number, node in enumerate(self.nodes):
            node.on_commit = lambda number=number: self._look(number)  # type: ignore[misc] # bound now

    def start(self) -> None:
        """Starts all and waits until each has the log."""
        for node in self.nodes:
            node.start()
        self.world.run_until(SETTLED_S)
        assert min(self.held[1:]) == self._size, "somebody lacks the log"

    def change(self) -> Row:
        """One entry more."""
        world, count = self.world, len(self.nodes)
        bytes_before, frames_before = sum(self.network.sent.values()), self.network.frames
        self._size, self._reached = self._size + 1, []
        self.nodes[0].write()
        world.run_until(world.now + BETWEEN_S)
        assert len(self._reached) == count, "somebody lacks the change"
        times = [reached - self._reached[0] for reached in self._reached]
        sent = sum(self.network.sent.values()) - bytes_before
        frames = self.network.frames - frames_before
        return Row(count, times[count // 2], times[-1], sent / count, frames / count)

    def _look(self, number: int) -> None:
        with self.nodes[number].disk.store.read() as reads:
            tree = reads.tree(self.origin)
        if tree is not None and tree.checkpoint_size > self.held[number]:
            self.held[number] = tree.checkpoint_size
            if tree.checkpoint_size == self._size:
                self._reached.append(self.world.now)


def measure(count: int, seed: int = 1) -> Row:
    """The means for a number of nodes."""
    gc.set_threshold(200_000, 20, 50)
    cloud = Cloud(count, seed)
    cloud.start()
    rows = [cloud.change() for _ in range(CHANGES)]
    return Row(count, *(fmean(values) for values in list(zip(*rows, strict=True))[1:]))


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| nodes | half have it after | all have it after | bytes sent per node | frames per node |"]
    lines.append("|--:|--:|--:|--:|--:|")
    lines += [
        f"| {row.nodes:,} | {row.half_s:.2f} s | {row.all_s:.2f} s | {row.bytes:,.0f} | {row.frames:.1f} |"
        for row in rows
    ]
    return "\n".join(lines)


WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 640, 320, 60, 270, 30


def plot(rows: list[Row]) -> str:
    """Both curves over the logarithm of the number of nodes, as SVG."""
    first, last = log(rows[0].nodes), log(rows[-1].nodes)
    seconds, kilobytes = max(row.all_s for row in rows) * 1.2, max(row.bytes for row in rows) * 1.2 / 1000

    def x(nodes: int) -> float:
        return LEFT + (log(nodes) - first) / (last - first) * (WIDTH - 2 * LEFT)

    def y(share: float) -> float:
        return BOTTOM - share * (BOTTOM - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        "<!-- SPDX-License-Identifier: CC0-1.0 -->",
        "<title>Time to agreement and bytes per change, by number of nodes</title>",
        f'<path d="M{LEFT} {TOP}V{BOTTOM}H{WIDTH - LEFT}V{TOP}" fill="none" stroke="#888"/>',
    ]
    parts += [
        f'<text x="{x(row.nodes):.0f}" y="{BOTTOM + 18}" text-anchor="middle">{row.nodes:,}</text>'
        for row in rows
        if log10(row.nodes).is_integer()
    ]
    for side, anchor, top, unit in ((LEFT - 6, "end", seconds, "s"), (WIDTH - LEFT + 6, "start", kilobytes, "kB")):
        for share in (0.0, 0.5, 1.0):
            label = f"{share * top:.1f} {unit}"
            parts.append(f'<text x="{side}" y="{y(share) + 4:.0f}" text-anchor="{anchor}">{label}</text>')
    curves = (
        ("#1b6", "seconds until all have a change (left)", [row.all_s / seconds for row in rows]),
        ("#06c", "kB that a node sends for it (right)", [row.bytes / 1000 / kilobytes for row in rows]),
    )
    for number, (colour, label, shares) in enumerate(curves):
        points = " ".join(f"{x(row.nodes):.1f},{y(share):.1f}" for row, share in zip(rows, shares, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{LEFT + 12}" y="{TOP + 4 + 16 * number}" fill="{colour}">{label}</text>')
    parts.append(
        f'<text x="{WIDTH / 2}" y="{BOTTOM + 38}" text-anchor="middle">nodes, each with 8 outbound peers</text>'
    )
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Measures, prints, draws."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.scale", description=__doc__)
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="the largest number of nodes")
    parser.add_argument("--svg", type=Path, help="where to draw the plot")
    chosen = parser.parse_args()
    rows: list[Row] = []
    for count in COUNTS:
        if count <= chosen.most:
            rows.append(measure(count))
            print(rows[-1], flush=True)
    print(table(rows))
    if chosen.svg:
        chosen.svg.write_text(plot(rows), "utf-8")


if __name__ == "__main__":
    main()
