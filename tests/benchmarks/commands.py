# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long commands take: --help, verify, an import; and the start of a node that holds much."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ledger.ledger import Ledger
from tests.benchmarks.measure import synthetic_records
from tests.benchmarks.peer import append_all, found
from tests.published import DATA

REPEATS = 11


def _timed(*command: str) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return 1000 * (time.perf_counter() - begun)


def _median(*command: str) -> float:
    _timed(*command)
    return statistics.median(_timed(*command) for _ in range(REPEATS))


def run() -> dict[str, Any]:
    """The figures; the import only where the published data sets are."""
    program = [str(Path(sys.executable).with_name("folkmoot"))]
    figures: dict[str, Any] = {
        "python -c pass ms": _median(sys.executable, "-c", "pass"),
        "--help ms": _median(*program, "--help"),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Ledger(found(folder / "a", "Verify")) as ledger:
            append_all(ledger, synthetic_records(3_000))
            ledger.writer.settle()
        at = [*program, "--data-dir", str(folder / "a")]
        proof, trust = str(folder / "p"), str(folder / "t")
        subprocess.run(
            [*at, "log", "prove", "", "1500", "-o", proof, "--trust", trust], check=True, capture_output=True
        )
        figures["verify ms"] = _median(*program, "verify", proof, "--trust", trust)
        if DATA is not None:
            found(folder / "b", "Import")
            at = [*program, "--data-dir", str(folder / "b")]
            file = str(DATA / "coops-uk" / "coops-uk-2022.csv")
            figures["import of coops-uk s"] = _timed(*at, "import", file, "--licence", "ODC-By-1.0") / 1000
            figures["import peak MB"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return figures
