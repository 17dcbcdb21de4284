# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs seeds: `python -m tests.simulation --seed N --nodes M --hours H`. The same seed gives the same hash."""

from __future__ import annotations

import argparse
import sys

from tests.simulation.scenario import run


def main() -> int:
    """One line for each run; 1 if any broke a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to run, one after the other")
    parser.add_argument("--nodes", type=int, default=7)
    parser.add_argument("--hours", type=float, default=6.0, help="of virtual time")
    chosen = parser.parse_args()
    failed = False
    for seed in range(chosen.seed, chosen.seed + chosen.seeds):
        verdict = run(seed, chosen.nodes, chosen.hours)
        print(verdict, flush=True)
        failed = failed or bool(verdict.broken)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
