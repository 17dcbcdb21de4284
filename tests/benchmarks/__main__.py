# SPDX-License-Identifier: AGPL-3.0-or-later
"""python -m tests.benchmarks [NAME ...]: measures those of `ALL`, or those named."""

from __future__ import annotations

import sys
from importlib import import_module

ALL = (
    "commands",
    "append",
    "replication",
    "searching",
    "browsing",
    "panning",
    "reconciling",
    "clauses",
    "folding",
    "statement",
    "transfers",
    "duplicates",
    "fitting",
)
LONG = ("million",)


def main() -> None:
    """Runs the named measurements, or all but the long one."""
    for name in sys.argv[1:] or ALL:
        if name not in (*ALL, *LONG):
            sys.exit(f"no measurement {name!r}; there are {', '.join((*ALL, *LONG))}")
        print(f"== {name}", flush=True)
        for what, figure in import_module(f"tests.benchmarks.{name}").run().items():
            shown = f"{figure:,.2f}" if isinstance(figure, float) and figure < 1000 else f"{figure:,.0f}"
            print(f"  {what:<48}{shown:>14}", flush=True)


if __name__ == "__main__":
    main()
