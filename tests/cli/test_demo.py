# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot demo`, as a visitor sees it."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import ENVIRONMENT, wait

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

pytestmark = pytest.mark.long


def _demo(*arguments: object, temporary: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli.main", *map(str, arguments)]
    environment = ENVIRONMENT | {"TMPDIR": str(temporary)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("options", [["--no-mdns"], []], ids=["introduced", "found"])
def test_three_nodes_from_founding_to_proof(tmp_path: Path, options: list[str]) -> None:
    process = _demo("demo", "--once", *options, temporary=tmp_path)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert [line for line in out.splitlines() if line[:1].isdigit()][-1].startswith("7.")
    assert "TRUE: this entry stands in the log" in out
    assert out.count("0 faults") == 3
    assert out.count("every node holds all three logs, 33 entries") == 1
    assert out.rstrip().endswith("Stopped.")
    assert list(tmp_path.iterdir()) == [], "the temporary folder is removed"


def test_the_data_stay_where_they_were_asked_for(tmp_path: Path, run: Run) -> None:
    home = tmp_path / "demo"
    process = _demo("--data-dir", home, "demo", "--once", "--no-mdns", temporary=tmp_path)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    folders = sorted(folder for folder in home.iterdir() if (folder / "store").exists())
    assert len(folders) == 3
    assert all(not (folder / "instance" / "url").exists() for folder in folders), "the nodes stopped cleanly"
    assert run("--data-dir", folders[0], "log", "audit").code == 0
    ran = run("--data-dir", home, "demo", "--once")
    assert (ran.code, "not empty" in ran.err) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_its_nodes_when_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    home = tmp_path / "demo"
    process = _demo("--data-dir", home, "demo", "--no-mdns", temporary=tmp_path)
    try:
        wait(lambda: len(list(home.glob("*/instance/url"))) == 3, seconds=60)
        process.send_signal(number)
        process.communicate(timeout=30)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode in {0, 130, 143}
    assert list(home.glob("*/instance/url")) == []
