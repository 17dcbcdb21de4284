# SPDX-License-Identifier: AGPL-3.0-or-later
"""Large bundles: memory stays bounded whatever their size, and an import that is killed goes on where it stopped."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ledger.carried.bundle import choose, write_bundle
from ledger.keeping.audit import audit
from ledger.sqlite.store import SqliteStore
from tests.builders import Log, found_organisation
from tests.cli.conftest import ENVIRONMENT, Home
from tests.ledger.making import hold

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES, FEW = 100_000, 1_000
GROWTH_BYTES = 64 * 2**20
"""What a hundred times as much may cost in memory: the store's page cache, and what derives from the entries."""

pytestmark = pytest.mark.long


def write(folder: Path, size: int) -> Path:
    """A bundle of one log with that many entries."""
    store = SqliteStore(folder / f"{size}.db")
    hold(store, Log(found_organisation("alder")).grow(size))
    with store.read() as reads:
        chosen = choose(reads)
    path = folder / f"{size}.bundle"
    with path.open("wb") as file:
        file.writelines(write_bundle(store, chosen))
    store.close()
    return path


class Spent(NamedTuple):
    """What a command came to."""

    code: int
    bytes: int
    out: str


REPORTING = """
import atexit, sys
from cli.main import main
atexit.register(lambda: print(open("/proc/self/status").read(), file=sys.stderr))
main()
"""


def run(home: Home, *arguments: str) -> Spent:
    """Runs a command in a process of its own; its largest memory in bytes."""
    command = [sys.executable, "-c", REPORTING, "--data-dir", str(home.path), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=300)
    (peak,) = re.findall(r"VmHWM:\s+([0-9]+) kB", ran.stderr)
    return Spent(ran.returncode, int(peak) * 1024, ran.stdout)


def test_memory_does_not_grow_with_the_bundle(home: Home, tmp_path: Path) -> None:
    few, many = write(tmp_path, FEW), write(tmp_path, ENTRIES)
    assert many.stat().st_size > 30 * 2**20
    small = run(home, "bundle", "import", "--json", str(few))
    large = run(home, "bundle", "import", "--json", str(many))
    assert (small.code, large.code) == (0, 0)
    assert json.loads(large.out)["logs"][0]["held"] == ENTRIES
    assert large.bytes - small.bytes < GROWTH_BYTES
    out = run(home, "bundle", "export", "--json", str(tmp_path / "out.bundle"))
    assert out.code == 0
    assert out.bytes < small.bytes + GROWTH_BYTES
    assert run(home, "bundle", "export", "--tiles", str(tmp_path / "www")).code == 0
    other = Home(tmp_path / "other", home._run)
    other.well("init", "--name", "Other", "--kind", "coop")
    tiles = run(other, "bundle", "import", "--json", str(tmp_path / "www"))
    assert [log["state"] for log in json.loads(tiles.out)["logs"]] == ["taken"] * 2
    assert tiles.bytes < small.bytes + GROWTH_BYTES
    assert other.well("log", "audit", "--json").json["faults"] == []


def test_killed_in_the_middle_and_again(home: Home, tmp_path: Path) -> None:
    bundle, rng = write(tmp_path, 20_000), random.Random(14)
    data, held = bundle.read_bytes(), [0]
    for upto in sorted(rng.randrange(len(data)) for _ in range(12)):
        command = [sys.executable, "-m", "cli.main", "--data-dir", str(home.path), "bundle", "import", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=ENVIRONMENT) as process:
            assert process.stdin is not None
            process.stdin.write(data[:upto])
            process.stdin.flush()  # all but what fits into a pipe has been read by now
            process.kill()
        store = SqliteStore(home.path / "store" / "ledger.db")
        with store.read() as reads:
            held.append(sum(tree.size for tree in reads.trees()[1:]))
        assert audit(store, signatures=False).faults == []
        store.close()
    assert held == sorted(held)
    assert len(set(held)) > 8
    (log,) = home.well("bundle", "import", "--json", bundle).json["logs"]
    assert (log["held"], log["taken"]) == (20_000, 20_000 - held[-1])
    assert home.well("log", "audit", "--json").json["faults"] == []
