# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program as people call it: in this process where that is enough, in its own where it matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import ProxyHandler, build_opener

import pytest

from cli.main import main
from tests.cli.towns import found, make_library, make_mutual, make_town
from tests.founding import copy, founded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., "Ran"]

WAIT_S = 60.0
"""More than an idle machine ever needs."""

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("FOLKMOOT", "XDG_"))}


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its data."""
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, through the same door as the program."""
    for name in set(os.environ) - set(ENVIRONMENT):
        monkeypatch.delenv(name)

    def run_(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["folkmoot", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return run_


class Home:
    """A data directory and commands on it."""

    def __init__(self, path: Path, run: Run) -> None:
        self.path = path
        self._run = run

    def __call__(self, *arguments: object) -> Ran:
        """Runs a command on it."""
        return self._run("--data-dir", self.path, *arguments)

    def well(self, *arguments: object) -> Ran:
        """Runs a command that must succeed."""
        ran = self(*arguments)
        assert ran.code == 0, ran
        return ran

    def total(self, *words: str) -> int:
        """How many records a search finds."""
        return int(self.well("search", "--json", *words).json["total"])


@pytest.fixture
def home(tmp_path: Path, run: Run) -> Home:
    """A founded organisation."""
    copy(founded(found), tmp_path / "moot")
    return Home(tmp_path / "moot", run)


@pytest.fixture
def town(tmp_path: Path, run: Run) -> Home:
    """An organisation with two members: Amina, whose key the node keeps and who has 100.00 EUR, and Bruno."""
    copy(founded(make_town), tmp_path / "town")
    return Home(tmp_path / "town", run)


@pytest.fixture
def mutual(tmp_path: Path, run: Run) -> Home:
    """The town as a labour mutual, whose contract Amina has acceded to, and an invoice of 1000.00 for her work."""
    copy(founded(make_mutual), tmp_path / "mutual")
    return Home(tmp_path / "mutual", run)


@pytest.fixture
def library(tmp_path: Path, run: Run) -> Home:
    """The town as a tool library; Bruno is a co-op with 50.00, Amina a commoner."""
    copy(founded(make_library), tmp_path / "library")
    return Home(tmp_path / "library", run)


def spawn(path: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-m", "cli.main", "--data-dir", str(path), *arguments]
    environment = ENVIRONMENT | options.pop("env", {})
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
    )


class Served(NamedTuple):
    """A running node: its process, and where it listens."""

    process: subprocess.Popen[str]
    url: str

    def get(self, path: str) -> Any:
        """An answer of its API."""
        with build_opener(ProxyHandler({})).open(self.url + path, timeout=30) as answer:
            return json.load(answer)


def serve(path: Path, *options: str) -> Served:
    """Starts a node on a data directory and waits until it says where it listens."""
    process = spawn(path, "serve", "--port", "0", "--no-mdns", *options)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"it did not start: {process.communicate(timeout=10)}")
    return Served(process, line.rsplit(" ", 1)[1].strip().rstrip("/"))


@pytest.fixture
def served(home: Home) -> Iterator[Served]:
    """The node of `home`, running."""
    node = serve(home.path)
    try:
        yield node
    finally:
        node.process.terminate()
        node.process.communicate(timeout=15)


def wait(condition: Callable[[], object], seconds: float = WAIT_S) -> None:
    """Waits for another process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it has not come about in {seconds} s"
        time.sleep(0.01)


HEADER = "id,name,street,postcode,town,country,lat,lon,website\n"


def row(number: int, name: str = "") -> str:
    """A line of a CSV file."""
    return f"{number},{name or f'Commons {number:04d}'},Street {number},59000,Lille,FR,50.{number:04d},3.06,\n"


def write_csv(path: Path, *rows: str) -> Path:
    """A CSV file of these lines."""
    path.write_text(HEADER + "".join(rows), "utf-8")
    return path
