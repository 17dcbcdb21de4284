# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot peer`: the nodes that this one talks to."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import click

from cli.failure import NETWORK, NOT_FOUND, CommandError
from cli.net import net
from cli.output import json_option, plain, say, show, show_json, show_table, when
from cli.scope import PEER_COMMANDS, read_federation

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory


@click.group("peer", short_help="Show, add, remove, deny and allow peers.")
def command() -> None:
    """Peers beyond the local network, and the connections that are open."""


for _command in (*PEER_COMMANDS, net):
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
@click.argument("name")
@json_option
@click.pass_obj
def remove(data_dir: str | None, name: str, *, as_json: bool) -> None:
    """Forgets a peer: NAME is its URL, or the whole id of its log.

    It need not answer any more before this node signs. One that connects again is known again.
    """
    from urllib.parse import urlencode

    from cli.target import LocalTarget, RemoteTarget, open_target
    from ledger.own.watchers import forget_peer

    name = name.rstrip("/")
    with open_target(_directory(data_dir)) as target:
        if isinstance(target, RemoteTarget):
            target.delete(f"/v1/peers?{urlencode({'name': name})}")
        elif (
            isinstance(target, LocalTarget)
            and not target.ledger.writer.run(lambda change: forget_peer(change, name)).result()
        ):
            raise CommandError(f"no peer {plain(name)}; see `folkmoot peer list`", NOT_FOUND)
    _show_change("removed", name, as_json=as_json)


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


def _ask(directory: DataDirectory, path: str = "/v1/peers") -> dict[str, Any] | None:
    """What the running node says of its connections; None if none runs."""
    if not directory.url.exists():
        return None
    from cli.running import node_opener

    url = directory.url.read_text().strip()
    try:
        with node_opener(directory).open(f"{url}{path}", timeout=5) as answer:
            value: dict[str, Any] = json.load(answer)
            return value
    except (URLError, OSError) as error:
        raise CommandError(f"the node at {url} does not answer: {error}", NETWORK) from None


@command.group("witness", short_help="Choose who cosigns this node's log.")
def witness() -> None:
    """Witnesses of one's own log: they cosign its checkpoints, so that it cannot show two histories unnoticed.

    More than half of them make what is written published. Witnesses that the charter names come before these.
    """


@witness.command("add")
@click.argument("key", metavar="VKEY")
@click.option(
    "--url",
    default="",
    help="The witness's node, or the submission prefix of a third-party one; to change it, add again.",
)
@json_option
@click.pass_obj
def add_witness(data_dir: str | None, key: str, url: str, *, as_json: bool) -> None:
    """Chooses a witness by its verifier key, as its own `folkmoot log list` shows it (name+id+key)."""
    from cli.target import LocalTarget, RemoteTarget, open_target
    from ledger.own.choosing import check_choice, parse_witness_key
    from node.config import parse_peer_url
    from protocol.errors import Malformed

    try:
        parsed, url = parse_witness_key(key), parse_peer_url(url) if url else ""
    except Malformed as error:
        raise click.UsageError(error.text) from None
    with open_target(_directory(data_dir)) as target:
        if isinstance(target, RemoteTarget):
            target.post("/v1/witnesses", {"key": key, "url": url})
        elif isinstance(target, LocalTarget):
            check_choice(target.ledger, parsed)
            target.ledger.writer.run(lambda change: change.add_witness(key, url, int(time.time()))).result()
    _show_witness_change("added", key, url, as_json=as_json)


@witness.command("remove")
@click.argument("key", metavar="VKEY")
@json_option
@click.pass_obj
def remove_witness(data_dir: str | None, key: str, *, as_json: bool) -> None:
    """Gives up a witness."""
    from urllib.parse import urlencode

    from cli.target import LocalTarget, RemoteTarget, open_target

    with open_target(_directory(data_dir)) as target:
        if isinstance(target, RemoteTarget):
            target.delete(f"/v1/witnesses?{urlencode({'key': key})}")
        elif (
            isinstance(target, LocalTarget)
            and not target.ledger.writer.run(lambda change: change.remove_witness(key)).result()
        ):
            raise CommandError("no such witness was chosen here; see `folkmoot peer witness list`", NOT_FOUND)
    _show_witness_change("removed", key, "", as_json=as_json)


def _show_witness_change(what: str, key: str, url: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"schema": "folkmoot.witness/1", "state": what, "key": key, "url": url})
    else:
        show(f"{what}: {plain(key)}{' at ' + plain(url) if url else ''}")


@witness.command("list")
@json_option
@click.pass_obj
def list_witnesses(data_dir: str | None, *, as_json: bool) -> None:
    """Lists the witnesses of one's own log, and how far they have cosigned it."""
    from ledger.own.choosing import witnesses_object
    from ledger.sqlite.store import SqliteStore

    directory = _directory(data_dir)
    found = _ask(directory, "/v1/witnesses")
    if found is None:
        with SqliteStore(directory.store, writable=False).read() as reads:
            found = witnesses_object(reads, int(reads.fact("own") or 0))
    if as_json:
        show_json(found)
        return
    rows = [(one["key"], one["url"], one.get("problem", "")) for one in found["witnesses"]]
    show_table(rows, ("witness", "address", "problem"))
    chosen = "named by the charter" if found["by"] == "charter" else "chosen here"
    show(
        f"{len(rows)} {chosen}, {found['quorum']} of them needed: "
        f"{found['published_size']:,} of {found['size']:,} entries are published"
    )


@command.group("circle", short_help="Choose who may read what is written for the circle.")
def circle() -> None:
    """The circle of one's own log: organisations whose nodes may read its entries of the scope circle.

    Who is in it is public. Whoever is taken out keeps what they have read.
    """


@circle.command("add")
@click.argument("log")
@click.option("--name", default="", help="What you call them, where their log is not held here.")
@json_option
@click.pass_obj
def add_member(data_dir: str | None, log: str, name: str, *, as_json: bool) -> None:
    """Takes an organisation in: LOG is its log's id, or the beginning of one that is held here."""
    _set_member(data_dir, log, name, member=True, as_json=as_json)


@circle.command("remove")
@click.argument("log")
@json_option
@click.pass_obj
def remove_member(data_dir: str | None, log: str, *, as_json: bool) -> None:
    """Takes an organisation out: it gets nothing more that is written for the circle."""
    _set_member(data_dir, log, "", member=False, as_json=as_json)


def _set_member(data_dir: str | None, log: str, name: str, *, member: bool, as_json: bool) -> None:
    import os

    from cli.target import open_target
    from ledger.held.private import circle_object, find_log
    from ledger.importing.plan import Statement
    from protocol.identity import show_log_id
    from protocol.kinds import check_body

    with open_target(_directory(data_dir)) as target:
        number, own = target.own
        with target.store.read() as reads:
            log_id = find_log(reads, log, () if member else reads.circle(number))
            present = log_id in reads.circle(number)
        if log_id == own:
            raise CommandError("this node's own log is always in its circle")
        if present != member:
            body: dict[str, Any] = {"log": log_id, "member": member, **({"name": name} if name else {})}
            check_body("circle", body)
            target.write([Statement("circle", body, os.urandom(16))])
            target.settle()
        elif not member:
            raise CommandError("that log is not in the circle; see `folkmoot peer circle list`", NOT_FOUND)
        with target.store.read() as reads:
            members = circle_object(reads, number)["members"]
    state = "added" if member else "removed"
    if as_json:
        show_json({"schema": "folkmoot.member/1", "state": state, "log": show_log_id(log_id)})
        return
    shown = next((one["name"] for one in members if one["log"] == show_log_id(log_id)), "")
    show(f"{state}: {show_log_id(log_id)} {plain(shown)}".rstrip())


@circle.command("list")
@json_option
@click.pass_obj
def list_members(data_dir: str | None, *, as_json: bool) -> None:
    """Lists who is in the circle of one's own log."""
    from ledger.held.private import circle_object
    from ledger.sqlite.store import SqliteStore

    with SqliteStore(_directory(data_dir).store, writable=False).read() as reads:
        found = circle_object(reads, int(reads.fact("own") or 0))
    if as_json:
        show_json(found)
        return
    show_table([(one["log"], one["name"], when(one["since"])) for one in found["members"]], ("log", "name", "since"))
    if not found["members"]:
        say("nobody is in the circle: what is written for it stays on this machine")
