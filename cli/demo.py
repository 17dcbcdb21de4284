# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot demo`: three organisations on this machine, as three real nodes, from founding to offline proof."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from cli.failure import FALSE, NETWORK, CommandError
from cli.output import plain, show
from cli.staging import REPLICATION_S, Organisation, connect, found, serve, show_step, stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command("demo", short_help="Three organisations on this machine, found, filled, connected, verified.")
@click.option("--once", is_flag=True, help="End when everything has been shown, instead of waiting for Ctrl-C.")
@click.option(
    "--no-mdns", is_flag=True, help="Do as if multicast did not work: introduce the nodes by their addresses."
)
@click.option(
    "--story",
    type=click.Choice(("territory", "mutual")),
    default="territory",
    show_default=True,
    help="territory: an assembly, a city and a co-op map what they have. mutual: a year of a labour mutual.",
)
@click.pass_obj
def command(data_dir: str | None, *, once: bool, no_mdns: bool, story: str) -> None:
    """Founds organisations as real nodes on this machine, and shows what they do.

    territory: three of them get a small made-up territory, find each other, replicate, and everything is verified
    offline. mutual: a labour mutual of 200 members with a year behind it trades with a neighbour, and a member takes
    their statement away. Without --data-dir the data go into a temporary folder that is removed at the end.
    """
    home = Path(data_dir) if data_dir else Path(tempfile.mkdtemp(prefix="folkmoot-demo-"))
    if home.exists() and any(home.iterdir()):
        raise CommandError(f"{home} is not empty: the demo wants an empty data directory")
    home.mkdir(parents=True, exist_ok=True)
    described, run = _story(story)
    organisations = [Organisation(home, one) for one in described]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(organisations, not no_mdns)
        if not once:
            show("")
            show("The nodes keep running. Ctrl-C ends them.")
            with contextlib.suppress(KeyboardInterrupt):
                while all(one.process and one.process.poll() is None for one in organisations):
                    time.sleep(0.5)
    finally:
        stop(organisations)
        if not data_dir:
            shutil.rmtree(home, ignore_errors=True)
    show("Stopped." if data_dir is None else f"Stopped. The data stay in {home}.")


def _story(name: str) -> tuple[list[dict[str, Any]], Callable[[list[Organisation], bool], None]]:
    """The organisations of a story, and what happens."""
    if name == "mutual":
        from cli.story.demonstration import ORGANISATIONS, show_mutual

        return ORGANISATIONS, show_mutual
    territory = json.loads(resources.files("cli.data").joinpath("territory.json").read_text("utf-8"))
    return territory["organisations"], _show_territory


def _show_territory(organisations: list[Organisation], mdns: bool) -> None:  # noqa: FBT001 - as every story is run
    network = f"demo-{secrets.token_hex(4)}"
    show_step(1, "Three organisations are founded, each with its own keys and its own log")
    for one in organisations:
        found(one)
        show(f"   {one.name} ({one.described['kind']}): log {one.log[:8]}")
    show_step(2, "Their nodes start, three processes on this machine")
    for one in organisations:
        serve(one, network, mdns=mdns)
        show(f"   {one.url}/  {one.name}")
    show_step(3, "Each writes what it knows of the territory into its log")
    for one in organisations:
        count = _fill(one)
        show(f"   {one.name}: {count} records, signed and durable")
    show_step(4, "They find each other")
    connect(organisations, mdns=mdns)
    show_step(5, "They replicate: every entry is checked against a signed checkpoint before it is stored")
    _replicate(organisations)
    show_step(6, "A search on one node finds what the others know")
    _search(organisations[1])
    show_step(7, "Offline: proofs and whole logs are checked with no network and no node")
    _verify(organisations)


def _fill(one: Organisation) -> int:
    """Writes the organisation's records through the API of its node, as a steward."""
    from cli.target import RemoteTarget
    from ledger.data_directory import DataDirectory
    from ledger.importing.plan import Statement

    with RemoteTarget(DataDirectory(one.path)) as target:
        statements = []
        for record in one.described["records"]:
            key = sha256(json.dumps(record, sort_keys=True).encode()).digest()[:16]
            body: dict[str, Any] = {"record": {"id": key, **record}}
            statements.append(Statement("record.put", body, key))
        target.write(statements)
        target.settle()
    return len(statements)


def _replicate(organisations: list[Organisation]) -> None:
    sizes = {one.log: len(one.described["records"]) + 1 for one in organisations}

    def complete() -> bool:
        return all(
            {log["log"]: log["derived"] for log in one.get("/v1/log")["logs"] if log["complete"]} == sizes
            for one in organisations
        )

    begun = time.monotonic()
    if not wait_for(complete, REPLICATION_S):
        raise CommandError("the logs were not complete in time; see node.log in each data directory", NETWORK)
    total = sum(sizes.values())
    show(f"   every node holds all three logs, {total} entries, after {time.monotonic() - begun:.1f} s")


def _search(one: Organisation) -> None:
    for query in ({"q": "velo"}, {"q": "boulang"}, {"kind": "need"}):
        page = one.get(f"/v1/records?{urlencode(query)}")
        shown = " ".join(query.values())
        show(f"   “{shown}” at {one.name}: {page['total']} found")
        for record in page["records"][:3]:
            show(f"      {plain(next(iter(record['name'].values())))} (log {record['log'][:8]})")


def _verify(organisations: list[Organisation]) -> None:
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
