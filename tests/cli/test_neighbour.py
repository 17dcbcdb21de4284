# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two organisations pay each other, each as its own process, across kills (spec 19)."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Home, serve, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run, Served

LONG_S = 60.0
"""Each look is a process of its own, on a machine that may be busy."""


class Side:
    """One organisation: its commands, its node, its log."""

    def __init__(self, path: Path, run: Run, name: str) -> None:
        self.home = Home(path, run)
        self.home.well("init", "--name", name, "--kind", "coop")
        self.node: Served | None = None
        self.name = name
        self.log = ""
        self.port = "0"

    def start(self) -> str:
        self.node = serve(self.home.path, "--port", self.port)
        self.port = self.node.url.rpartition(":")[2]
        self.log = self.node.get("/v1/log")["logs"][0]["log"]
        return self.node.url

    def kill(self) -> None:
        assert self.node is not None
        self.node.process.send_signal(signal.SIGKILL)
        self.node.process.communicate(timeout=15)
        self.node = None

    def stop(self) -> None:
        if self.node is not None:
            self.node.process.terminate()
            self.node.process.communicate(timeout=15)

    def open_accounts(self) -> None:
        for words in (
            ("unit", "add", "EUR", "money"),
            ("account", "open", "org", "EUR", "--type", "external", "--title", "bank"),
            ("account", "open", "org", "EUR", "--type", "pool", "--title", "till"),
            ("pay", "bank", "till", "100.00"),
        ):
            self.home.well(*words)

    def neighbour(self) -> dict[str, Any]:
        (one,) = self.home.well("neighbour", "list", "--json").json["neighbours"]
        return dict(one)

    def states(self) -> list[str]:
        return [one["state"] for one in self.home.well("neighbour", "payments", "--json").json["transfers"]]


@pytest.fixture
def sides(tmp_path: Path, run: Run) -> Iterator[tuple[Side, Side]]:
    ours, theirs = Side(tmp_path / "ours", run, "Ours"), Side(tmp_path / "theirs", run, "Theirs")
    url = ours.start()
    theirs.home.well("peer", "add", url)
    ours.home.well("peer", "add", theirs.start())
    try:
        yield ours, theirs
    finally:
        theirs.stop()
        ours.stop()


@pytest.mark.long
def test_a_payment_survives_a_kill_of_either_node(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    for one in sides:
        one.open_accounts()
    for one, other, trust in ((ours, theirs, "500.00"), (theirs, ours, "50.00")):
        wait(lambda other=other, one=one: other.log[:8] in one.home("log", "list").out, LONG_S)  # type: ignore[misc] # bound now
        one.home.well("neighbour", "add", other.log[:8], "EUR", "--trust", trust)
    wait(lambda: ours.home("neighbour", "pay", "till", theirs.log[:8], "till", "1.00").code == 0, LONG_S)
    wait(lambda: ours.states() == ["posted"], LONG_S)
    assert (ours.neighbour()["owes"], theirs.neighbour()["owes"]) == ("1.00", "-1.00")
    for number, victim in enumerate(sides, 2):
        paid = ours.home.well("neighbour", "pay", "till", theirs.log[:8], "till", "2.00", "--json").json
        assert paid["state"] in {"saved", "published", "queued"}
        victim.kill()
        victim.start()
        wait(lambda number=number: ours.states() == ["posted"] * number, LONG_S)  # type: ignore[misc] # bound now
    assert (ours.neighbour()["owes"], theirs.neighbour()["owes"]) == ("5.00", "-5.00")
    too_much = ours.home.well("neighbour", "pay", "till", theirs.log[:8], "till", "46.00", "--json").json
    wait(lambda: ours.states()[-1] == "void", LONG_S)
    assert theirs.states()[-1] == "refused"
    assert too_much["id"]
    assert ours.home("neighbour", "pay", "till", theirs.log[:8], "till", "500.00").code == 1


def test_what_is_missing_is_said(home: Home) -> None:
    assert "no neighbours yet" in home("neighbour", "list").err
    home.well("unit", "add", "EUR", "money")
    home.well("account", "open", "org", "EUR", "--title", "till")
    assert home("neighbour", "add", "zzzz", "EUR", "--trust", "1.00").code == 4
    assert home("neighbour", "pay", "till", "zzzz", "till", "1.00").code == 4
    assert home("neighbour", "accept", "abcd").code == 4
    assert home("neighbour", "payments").code == 0
