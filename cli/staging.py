# SPDX-License-Identifier: AGPL-3.0-or-later
"""Organisations on this machine, each with a data directory and a real node: what every demonstration begins with."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from cli.failure import NETWORK, CommandError
from cli.output import plain, show

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START_S, DISCOVERY_S, REPLICATION_S = 20.0, 15.0, 60.0


class Organisation:
    """One of them: its data directory and its running node."""

    def __init__(self, home: Path, described: dict[str, Any]) -> None:
        self.described = described
        self.name: str = described["name"]
        self.path = home / described["folder"]
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.log = ""

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a folkmoot command on this data directory, as anybody could."""
        command = [sys.executable, "-m", "cli.main", "--data-dir", str(self.path), *arguments]
        return subprocess.run(  # noqa: S603 - our own program
            command, capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
        )

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        """An answer of its API."""
        with build_opener(ProxyHandler({})).open(self.url + path, timeout=10) as answer:
            return json.load(answer)


def show_step(number: int, text: str) -> None:
    """A step of the demonstration begins."""
    show("")
    show(f"{number}. {text}")


def found(one: Organisation) -> None:
    """Founds an organisation with a command, as anybody would. Raises CommandError."""
    described = one.described
    done = one.run(
        *("init", "--json", "--name", one.name, "--kind", described["kind"], "--language", described["language"]),
        *("--territory", described["territory"]),
    )
    if done.returncode:
        raise CommandError(f"{one.name} could not be founded: {done.stderr.strip()}", done.returncode)
    one.log = json.loads(done.stdout)["log"]


def serve(one: Organisation, network: str, *, mdns: bool) -> None:
    """Starts its node in a process of its own and waits until it is ready. Raises CommandError."""
    command = [sys.executable, "-m", "cli.main", "--data-dir", str(one.path), "serve", "--port", "0"]
    environment = {
        **os.environ,
        "FOLKMOOT_NETWORK": network,
        "FOLKMOOT_HOST": "127.0.0.1",
        "FOLKMOOT_MDNS": str(mdns).lower(),
    }
    with (one.path / "node.log").open("wb") as log:
        one.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)  # noqa: S603 - our own program
    where = one.path / "instance" / "url"

    def ready() -> bool:
        if one.process and one.process.poll() is not None:
            raise CommandError(f"the node of {one.name} ended: {(one.path / 'node.log').read_text()[-500:]}")
        if not where.exists() or not where.read_text().strip():
            return False
        one.url = where.read_text().strip()
        with contextlib.suppress(URLError, OSError):
            return bool(one.get("/readyz")["ready"])
        return False

    if not wait_for(ready, START_S):
        raise CommandError(f"the node of {one.name} did not start in {START_S:.0f} s")


def connect(organisations: list[Organisation], *, mdns: bool) -> None:
    """Lets the nodes find each other, or introduces them. Raises CommandError."""

    def met() -> bool:
        return all(len(one.get("/v1/peers")["peers"]) >= len(organisations) - 1 for one in organisations)

    if mdns and wait_for(met, DISCOVERY_S):
        show("   by multicast DNS on this machine's network: nobody told them an address")
    else:
        why = (
            f"multicast DNS did not bring them together in {DISCOVERY_S:.0f} s"
            if mdns
            else "multicast DNS is switched off"
        )
        show(f"   {why}: they are introduced by their addresses (folkmoot peer add)")
        for one in organisations:
            for other in organisations:
                if other is not one:
                    one.run("peer", "add", other.url)
        if not wait_for(met, REPLICATION_S):
            raise CommandError("the nodes did not connect; see node.log in each data directory", NETWORK)
    for one in organisations:
        names = ", ".join(plain(peer["name"]) for peer in one.get("/v1/peers")["peers"])
        show(f"   {one.name} talks to {names}")


def stop(organisations: list[Organisation]) -> None:
    """Stops the nodes."""
    for one in organisations:
        if one.process and one.process.poll() is None:
            one.process.terminate()
    for one in organisations:
        if one.process:
            try:
                one.process.wait(10)
            except subprocess.TimeoutExpired:
                one.process.kill()


def wait_for(done: Callable[[], bool], seconds: float) -> bool:
    """Whether something that other processes bring about came to be in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(URLError):
            if done():
                return True
        time.sleep(0.1)
    return False
