# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot demo`: three organisations on this machine, as three real nodes, from founding to offline proof."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import click

from cli.failure import FALSE, NETWORK, CommandError
from cli.output import plain, show

if TYPE_CHECKING:
    from collections.abc import Callable

START_S, DISCOVERY_S, REPLICATION_S = 20.0, 15.0, 60.0


class _Organisation:
    """One of the three: its data directory and its running node."""

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


@click.command("demo", short_help="Three organisations on this machine, found, filled, connected, verified.")
@click.option("--once", is_flag=True, help="End when everything has been shown, instead of waiting for Ctrl-C.")
@click.option(
    "--no-mdns", is_flag=True, help="Do as if multicast did not work: introduce the nodes by their addresses."
)
@click.pass_obj
def command(data_dir: str | None, *, once: bool, no_mdns: bool) -> None:
    """Founds an assembly, a city and a co-op as three real nodes on this machine, and shows what they do.

    They get a small made-up territory, find each other, replicate, and everything is verified offline. Without
    --data-dir the data
    go into a temporary folder that is removed at the end.
    """
    home = Path(data_dir) if data_dir else Path(tempfile.mkdtemp(prefix="folkmoot-demo-"))
    if home.exists() and any(home.iterdir()):
        raise CommandError(f"{home} is not empty: the demo wants an empty data directory")
    home.mkdir(parents=True, exist_ok=True)
    territory = json.loads(resources.files("cli.data").joinpath("territory.json").read_text("utf-8"))
    organisations = [_Organisation(home, described) for described in territory["organisations"]]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _run(organisations, mdns=not no_mdns)
        if not once:
            show("")
            show("The three nodes keep running. Ctrl-C ends them.")
            with contextlib.suppress(KeyboardInterrupt):
                while all(one.process and one.process.poll() is None for one in organisations):
                    time.sleep(0.5)
    finally:
        _stop(organisations)
        if not data_dir:
            shutil.rmtree(home, ignore_errors=True)
    show("Stopped." if data_dir is None else f"Stopped. The data stay in {home}.")


def _run(organisations: list[_Organisation], *, mdns: bool) -> None:
    network = f"demo-{secrets.token_hex(4)}"
    _step(1, "Three organisations are founded, each with its own keys and its own log")
    for one in organisations:
        _found(one)
        show(f"   {one.name} ({one.described['kind']}): log {one.log[:8]}")
    _step(2, "Their nodes start, three processes on this machine")
    for one in organisations:
        _serve(one, network, mdns=mdns)
        show(f"   {one.url}/  {one.name}")
    _step(3, "Each writes what it knows of the territory into its log")
    for one in organisations:
        count = _fill(one)
        show(f"   {one.name}: {count} records, signed and durable")
    _step(4, "They find each other")
    _connect(organisations, mdns=mdns)
    _step(5, "They replicate: every entry is checked against a signed checkpoint before it is stored")
    _replicate(organisations)
    _step(6, "A search on one node finds what the others know")
    _search(organisations[1])
    _step(7, "Offline: proofs and whole logs are checked with no network and no node")
    _verify(organisations)


def _step(number: int, text: str) -> None:
    show("")
    show(f"{number}. {text}")


def _found(one: _Organisation) -> None:
    described = one.described
    done = one.run(
        *("init", "--json", "--name", one.name, "--kind", described["kind"], "--language", described["language"]),
        *("--territory", described["territory"]),
    )
    if done.returncode:
        raise CommandError(f"{one.name} could not be founded: {done.stderr.strip()}", done.returncode)
    one.log = json.loads(done.stdout)["log"]


def _serve(one: _Organisation, network: str, *, mdns: bool) -> None:
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

    if not _wait(ready, START_S):
        raise CommandError(f"the node of {one.name} did not start in {START_S:.0f} s")


def _fill(one: _Organisation) -> int:
    """Writes the organisation's records through the API of its node, as a steward."""
    from cli.target import RemoteTarget
    from ledger.importing.plan import Statement
    from ledger.ledger import DataDirectory

    with RemoteTarget(DataDirectory(one.path)) as target:
        statements = []
        for record in one.described["records"]:
            key = sha256(json.dumps(record, sort_keys=True).encode()).digest()[:16]
            body: dict[str, Any] = {"record": {"id": key, **record}}
            statements.append(Statement("record.put", body, key))
        target.write(statements)
        target.settle()
    return len(statements)


def _connect(organisations: list[_Organisation], *, mdns: bool) -> None:
    def met() -> bool:
        return all(len(one.get("/v1/peers")["peers"]) >= len(organisations) - 1 for one in organisations)

    if mdns and _wait(met, DISCOVERY_S):
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
        if not _wait(met, REPLICATION_S):
            raise CommandError("the nodes did not connect; see node.log in each data directory", NETWORK)
    for one in organisations:
        names = ", ".join(plain(peer["name"]) for peer in one.get("/v1/peers")["peers"])
        show(f"   {one.name} talks to {names}")


def _replicate(organisations: list[_Organisation]) -> None:
    sizes = {one.log: len(one.described["records"]) + 1 for one in organisations}

    def complete() -> bool:
        return all(
            {log["log"]: log["derived"] for log in one.get("/v1/log")["logs"] if log["complete"]} == sizes
            for one in organisations
        )

    begun = time.monotonic()
    if not _wait(complete, REPLICATION_S):
        raise CommandError("the logs were not complete in time; see node.log in each data directory", NETWORK)
    total = sum(sizes.values())
    show(f"   every node holds all three logs, {total} entries, after {time.monotonic() - begun:.1f} s")


def _search(one: _Organisation) -> None:
    for query in ({"q": "velo"}, {"q": "boulang"}, {"kind": "need"}):
        page = one.get(f"/v1/records?{urlencode(query)}")
        shown = " ".join(query.values())
        show(f"   “{shown}” at {one.name}: {page['total']} found")
        for record in page["records"][:3]:
            show(f"      {plain(next(iter(record['name'].values())))} (log {record['log'][:8]})")


def _verify(organisations: list[_Organisation]) -> None:
    """A proof of the assembly's record, taken from the co-op's node; the checker opens nothing but two files."""
    assembly, _, coop = organisations
    page = coop.get("/v1/records?q=outilth")
    record = next(record for record in page["records"] if record["log"] == assembly.log)
    proof, trust = coop.path / "record.tlog-proof", coop.path / "trust.txt"
    position = str(record["entry"]["position"])
    coop.run("log", "prove", assembly.log, position, "--output", str(proof), "--trust", str(trust))
    done = coop.run("verify", str(proof), "--trust", str(trust))
    for line in done.stdout.splitlines():
        show(f"   {line}")
    if done.returncode:
        raise CommandError(f"the proof does not hold: {done.stdout}{done.stderr}", FALSE)
    for one in organisations:
        done = one.run("log", "audit")
        show(f"   {one.name}: {done.stdout.strip().splitlines()[-1]}")
        if done.returncode:
            raise CommandError(f"the audit of {one.name} found faults: {done.stdout}", FALSE)
    show("")
    show("Look around:")
    for one in organisations:
        show(f"   {one.url}/  {one.name}")
    show(f"   proof: {proof}")
    show(f"   check it yourself: folkmoot verify {proof} --trust {trust}")


def _stop(organisations: list[_Organisation]) -> None:
    for one in organisations:
        if one.process and one.process.poll() is None:
            one.process.terminate()
    for one in organisations:
        if one.process:
            try:
                one.process.wait(10)
            except subprocess.TimeoutExpired:
                one.process.kill()


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(URLError):
            if done():
                return True
        time.sleep(0.1)
    return False
