# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot peer`: the nodes that this one talks to."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import click

from cli.failure import NETWORK, NOT_FOUND, CommandError
from cli.output import json_option, plain, say, show, show_json, show_table, when
from cli.scope import PEER_COMMANDS, read_federation

if TYPE_CHECKING:
    from ledger.ledger import DataDirectory


@click.group("peer", short_help="Show, add, remove, deny and allow peers.")
def command() -> None:
    """Peers beyond the local network, and the connections that are open."""


for _command in PEER_COMMANDS:
    command.add_command(_command)


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


@command.command("add")
@click.argument("url")
@json_option
@click.pass_obj
def add(data_dir: str | None, url: str, *, as_json: bool) -> None:
    """Adds a peer by the URL of its node, such as https://commons.example.org. A running node connects at once."""
    from cli.target import LocalTarget, RemoteTarget, open_target
    from node.config import parse_peer_url
    from protocol.errors import Malformed

    try:
        url = parse_peer_url(url)
    except Malformed as error:
        raise click.UsageError(error.text) from None
    with open_target(_directory(data_dir)) as target:
        if isinstance(target, RemoteTarget):
            target.post("/v1/peers", {"url": url})
        elif isinstance(target, LocalTarget):
            target.ledger.writer.run(lambda change: change.add_peer(url, int(time.time()))).result()
    _show_change("added", url, as_json=as_json)


@command.command("remove")
@click.argument("url")
@json_option
@click.pass_obj
def remove(data_dir: str | None, url: str, *, as_json: bool) -> None:
    """Removes a peer; the node must not run."""
    from ledger.ledger import Ledger

    url = url.rstrip("/")
    with Ledger(_directory(data_dir)) as ledger:
        if not ledger.writer.run(lambda change: change.remove_peer(url)).result():
            raise CommandError(f"no peer {url}; see `folkmoot peer list`", NOT_FOUND)
    _show_change("removed", url, as_json=as_json)


def _show_change(what: str, url: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"schema": "folkmoot.peer/1", "state": what, "url": url})
    else:
        show(f"{what}: {plain(url)}")


@command.command("list")
@json_option
@click.pass_obj
def list_peers(data_dir: str | None, *, as_json: bool) -> None:
    """Lists the peers added by hand and, if the node runs, the open connections."""
    from ledger.sqlite.store import SqliteStore

    directory = _directory(data_dir)
    with SqliteStore(directory.store, writable=False).read() as reads:
        added = reads.peers()
    running = _ask(directory)
    held = read_federation(directory)
    if as_json:
        learnt = {name: held[name] for name in ("records", "denied")}
        show_json(
            {"schema": "folkmoot.peers/1", "added": added, **learnt, **(running or {"peers": [], "problems": {}})}
        )
        return
    for url in added:
        show(f"added by hand: {url}")
    for row in held["denied"]:
        show(f"denied: {row['log'][:8]} {plain(row['name'])}")
    if held["records"]:
        say(f"{len(held['records'])} peer records are kept, this node's own among them if it has an address")
    if running is None:
        say("the node is not running: no connections to show")
        return
    rows = [
        (
            peer["name"],
            peer["log"][:8],
            peer["direction"],
            peer["address"],
            when(peer["since"]),
            peer["received_entries"],
        )
        for peer in running["peers"]
    ]
    show_table(rows, ("name", "log", "way", "address", "since", "entries received"))
    for name, problem in running["problems"].items():
        say(f"{plain(name)}: {plain(problem)}")


def _ask(directory: DataDirectory) -> dict[str, Any] | None:
    """What the running node says of its connections; None if none runs."""
    if not directory.url.exists():
        return None
    from cli.running import node_opener

    url = directory.url.read_text().strip()
    try:
        with node_opener(directory).open(f"{url}/v1/peers", timeout=5) as answer:
            value: dict[str, Any] = json.load(answer)
            return value
    except (URLError, OSError) as error:
        raise CommandError(f"the node at {url} does not answer: {error}", NETWORK) from None
