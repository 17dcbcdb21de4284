# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes of `tests.ledger.crashing` whose system calls fail, or that are killed at one of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.data_directory import DataDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
WAIT_S = 120
WRITES = "pwrite64,fdatasync,fsync,ftruncate,unlink,rename"
"""Each thread counts its own: whatever a test wants to be hit in the first thread is to be a process of its own."""


def command(*arguments: str) -> list[str]:
    """A process that does what `tests.ledger.crashing` is told."""
    return [sys.executable, "-m", "tests.ledger.crashing", *arguments]


def tracer() -> list[str]:
    """The command that traces; skips the test where that is not possible."""
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not here")
    tried = subprocess.run([found, "-f", "-e", "trace=none", "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip("strace may not trace here")
    return [found, "-f", "-qq", "-e", "signal=none", "-o", "/dev/null", "-e", f"trace={WRITES}"]


def traced(strace: list[str], inject: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs one, with a fault injected where it is named."""
    injected = ["-e", f"inject={inject}"] if inject else []
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [*strace, *injected, *command(*arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_S,
        env=environment,
    )


def copies(directory: DataDirectory, folder: Path) -> Iterator[tuple[int, DataDirectory]]:
    """Fresh copies of a data directory, numbered from 1."""
    number = 0
    while True:
        number += 1
        copy = DataDirectory(folder / f"copy-{number}")
        shutil.copytree(directory.path, copy.path)
        yield number, copy
        shutil.rmtree(copy.path)
