# SPDX-License-Identifier: AGPL-3.0-or-later
"""python -m tests.tools.fit_duplicates: the weights of ledger/duplicates/compare.py, fitted on the tuning half.

Logistic regression by Newton's method over the signals of all candidate pairs of two editions. The held-out half is for
`python -m tests.benchmarks duplicates` and is never read here.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from ledger.duplicates.blocking import Blocks
from ledger.duplicates.compare import WEIGHTS, signals_of
from ledger.duplicates.likeness import Rarity
from tests.benchmarks.duplicates import editions_of, profiles_of, registers

_SEED, _ROUNDS, _RIDGE = 1, 40, 1e-3


def main() -> None:
    """Prints each signal with the weight in use and the fitted one."""
    editions = editions_of(registers(), 0, _SEED)
    profiles, ids = profiles_of(editions)
    blocks = Blocks()
    blocks.add(profiles)
    rarity = Rarity(blocks.word_counts(), len(profiles))
    websites = Counter(profile.website for profile in profiles)
    rows, truths = [], []
    for one, other in blocks.pairs().tolist():
        if one < len(editions.first) <= other:
            signals = signals_of(profiles[one], profiles[other], rarity, websites.__getitem__)
            rows.append([signals[name] for name in WEIGHTS] + [1.0])
            truths.append((ids[one], ids[other]) in editions.pairs)
    weights = _fit(np.array(rows), np.array(truths, float))
    for name, weight in zip([*WEIGHTS, "prior"], weights, strict=True):
        print(f"{name:<20}{WEIGHTS.get(name, 0):>6}{100 * weight:>8.0f}")


def _fit(rows: np.ndarray, truths: np.ndarray) -> np.ndarray:
    weights = np.zeros(rows.shape[1])
    ridge = np.eye(rows.shape[1]) * _RIDGE * len(rows)
    ridge[-1, -1] = 1e-6
    for _ in range(_ROUNDS):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (likely - truths) + ridge @ weights
        curve = (rows * (likely * (1 - likely))[:, None]).T @ rows + ridge
        weights -= np.linalg.solve(curve, slope)
    return weights


if __name__ == "__main__":
    main()
