# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every measurement needs: peak memory, percentiles, records to measure with."""

from __future__ import annotations

import json
import random
import resource
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WORDS = [
    "river",
    "solidarity",
    "commons",
    "kitchen",
    "repair",
    "library",
    "seed",
    "tool",
    "housing",
    "bakery",
    "radio",
    "garden",
    "workshop",
    "mutual",
    "aid",
    "clinic",
    "energy",
    "solar",
    "weavers",
    "print",
    "press",
    "timber",
    "bike",
    "kids",
    "elder",
    "care",
    "food",
    "share",
    "water",
    "forest",
    "mesh",
    "compost",
    "dairy",
    "orchard",
    "mill",
    "theatre",
    "choir",
    "data",
    "land",
]
TOWNS = ("Lille", "Gent", "Roubaix", "Kortrijk", "Tournai", "Amiens", "Brugge", "Namur")


def peak_mb() -> float:
    """Peak resident memory of this process in megabytes. (`ru_maxrss` would count what its parent held.)"""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def cpu_s() -> float:
    """Seconds of processor time that this process has taken: unlike those on the clock, they count no other process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def current_mb() -> float:
    """Resident memory of this process now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second, when the work does `count`."""
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def synthetic_records(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Records of about 400 bytes, the same every time.

    The first word of a name is rare, medium or common by its place.
    """
    rng = random.Random(seed)

    def text(low: int, high: int) -> str:
        return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(low, high)))

    for number in range(count):
        category = rng.choice(_WORDS)
        yield {
            "id": number.to_bytes(8, "big") + rng.randbytes(8),
            "kind": ("organisation", "place", "resource")[number % 3],
            "name": {"en": f"{text(2, 3).title()} {number}"},
            "description": {"en": text(12, 18) + _marks(number)},
            "point": {
                "lat": rng.randrange(360_000_000, 600_000_000),
                "lon": rng.randrange(-90_000_000, 240_000_000),
                "precision": 10,
                "method": "source",
            },
            "address": {"locality": rng.choice(TOWNS), "country": rng.choice(("FR", "BE", "ES", "DE"))},
            "categories": [f"bench:{category}"],
            "licence": rng.choice(("CC0-1.0", "ODC-By-1.0")),
        }


def _marks(number: int) -> str:
    """Words that stand in 0.05 %, 1 % and 10 % of the records."""
    marks = (" rareword", 2000, 0), (" mediumword", 100, 1), (" commonword", 10, 2)
    return "".join(word for word, each, rest in marks if number % each == rest)


def record_of(payload: bytes, number: int) -> dict[str, Any]:
    """A record made of one JSON record of a peer comparison (name, about, lat, lon, ref, amount)."""
    told = json.loads(payload)
    return {
        "id": bytes.fromhex(told["ref"])[:16],
        "kind": "organisation",
        "name": {"en": f"{told['name']} {number}"},
        "description": {"en": told["about"]},
        "point": {
            "lat": round(told["lat"] * 10**7),
            "lon": round(told["lon"] * 10**7),
            "precision": 10,
            "method": "source",
        },
        "licence": "CC0-1.0",
    }


def read_payloads(path: str, count: int) -> Iterator[bytes]:
    """Records from a file: each a little-endian u32 length and that many bytes."""
    with Path(path).open("rb") as file:
        for _ in range(count):
            (size,) = struct.unpack("<I", file.read(4))
            yield file.read(size)
