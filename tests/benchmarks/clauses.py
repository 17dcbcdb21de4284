# SPDX-License-Identifier: AGPL-3.0-or-later
"""Evaluation of clauses with all that explains them, beside the bare division of the same totals."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from ledger.reciprocity.patronage import Total, patronage
from ledger.reciprocity.yields import contribution
from protocol.amounts import split
from protocol.clauses import Clause, read_clauses

CLAUSES, LINES = 32, 10_000
ROUNDS = 7


def run() -> dict[str, Any]:
    """The figures: milliseconds for 32 evaluations that give 10,000 lines, the best of a few rounds."""
    rng = random.Random(1)
    members = [Total(rng.randbytes(16), rng.randrange(10**7), rng.randbytes(16)) for _ in range(LINES // CLAUSES)]
    weights = [total.amount for total in members]
    sharing = read_clauses([_patronage(rng)])
    claims = _contributions(rng)
    figures = {
        "bare division of 32 totals over 10,000 ms": _best(lambda: [split(10**8, weights) for _ in range(CLAUSES)]),
        "32 dividends, 10,000 lines ms": _best(
            lambda: [patronage(sharing, 0, 10**8, bytes(16), members) for _ in range(CLAUSES)]
        ),
        "32 contributions, 10 claims, 10,240 lines ms": _best(
            lambda: [contribution(claims, amount) for amount in range(10**6, 10**6 + 10)]
        ),
    }
    bare, dividends, _ = figures.values()
    return figures | {"ratio of dividends to bare division": dividends / bare}


def _best(work: Callable[[], object]) -> float:
    def once() -> float:
        begun = time.perf_counter()
        work()
        return 1000 * (time.perf_counter() - begun)

    return min(once() for _ in range(ROUNDS))


def _patronage(rng: random.Random) -> dict[str, Any]:
    accounts = {"reserve_to": rng.randbytes(16), "commons_to": rng.randbytes(16)}
    rates = {"reserve": [3, 10], "commons": [3, 100]}
    return {"kind": "patronage", "base": "contributions", "unit": "EUR", "min": 100} | rates | accounts


def _contributions(rng: random.Random) -> list[Clause]:
    def shares() -> list[list[Any]]:
        return [[account, rng.randrange(1, 100)] for account in sorted(rng.randbytes(16) for _ in range(32))]

    clause: dict[str, Any] = {"kind": "rate_contribution", "of": "claim", "rate": [1, 100]}
    return read_clauses([clause | {"to": shares()} for _ in range(CLAUSES)])
