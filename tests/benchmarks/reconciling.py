# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reconciliation of two sets of 100,000 logs: messages, bytes of all frames with GET_HEADS but without heads, time.

Differences are of all sorts, at random places: lacking or older, at either side. The greatest of several runs is told.
"""

from __future__ import annotations

import gc
import random
import time
from typing import Any

from protocol.ranges import Index, Item
from tests.benchmarks.measure import current_mb
from tests.protocol.reconciling import Exchange, index_of, newer, random_items

LOGS = 100_000
RUNS = {0: 1, 10: 100, 1_000: 10, LOGS: 1}


def _differ(one: Index, other: Index, items: list[Item], count: int, rng: random.Random) -> list[Item]:
    """Makes so many differences; gives the items to put back."""
    chosen = rng.sample(items, count)
    for item in chosen:
        side = rng.choice((one, other))
        if rng.random() < 0.8:
            side.put(newer(item))
        else:
            side.remove(item.origin)
    return chosen


def _measure(one: Index, other: Index) -> dict[str, float]:
    begun = time.perf_counter()
    exchange = Exchange(one, other)
    took = time.perf_counter() - begun
    return {"bytes": exchange.bytes, "messages": exchange.messages, "frames": exchange.frames, "s, both sides": took}


def run() -> dict[str, Any]:
    """The figures."""
    items = random_items(LOGS)
    gc.collect()
    before, begun = current_mb(), time.perf_counter()
    one = index_of(items)
    figures: dict[str, Any] = {"logs": LOGS, "index built s": time.perf_counter() - begun}
    figures["index MB"] = current_mb() - before
    other = index_of(items)
    begun = time.perf_counter()
    for item in items[:10_000]:
        one.put(newer(item))
        one.put(item)
    figures["change of one item us"] = (time.perf_counter() - begun) / 20_000 * 1e6
    rng = random.Random(7)
    for count, runs in RUNS.items():
        most: dict[str, float] = {}
        for _ in range(runs):
            chosen = _differ(one, other, items, count, rng)
            for name, figure in _measure(one, other).items():
                most[name] = max(figure, most.get(name, 0))
            for item in chosen:
                one.put(item)
                other.put(item)
        figures |= {f"{count:,} differences: {name}": figure for name, figure in most.items()}
    single = index_of(random_items(1, 2))
    for name, sides in (
        ("empty to 100,000", (Index(), one)),
        ("100,000 to empty", (one, Index())),
        ("1 to 100,000", (single, one)),
        ("100,000 to 1", (one, single)),
        ("100,000 to other 100,000", (one, index_of(random_items(LOGS, 3)))),
    ):
        figures |= {f"{name}: {what}": figure for what, figure in _measure(*sides).items()}
    assert figures["10 differences: bytes"] <= 10_000
    assert figures["10 differences: messages"] <= 5
    assert figures["1,000 differences: bytes"] <= 400_000
    return figures
