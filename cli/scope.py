# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot log follow` and the like, `folkmoot peer deny` and `allow`: whose logs are held here, and whose are not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.target import Target
    from ledger.data_directory import DataDirectory
    from protocol.encoding import Value

WHY = {
    "own": "own",
    "follow": "followed",
    "mirror": "mirrored",
    "admit": "admitted by hand",
    "neighbour": "a neighbour's, whose accounts are kept here",
    "met": "a known peer's",
    "seed": "held by a known peer",
    "vouched": "vouched for",
    "region": "of a followed region",
    "open": "open to all",
    "waiting": "not admitted: stays as it is",
}
"""What `mode` of a log means (spec 16 §2)."""


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


def decide_log(data_dir: str | None, action: str, log: str, said: str, *, as_json: bool) -> None:
    """Carries out a decision about a log, through the node if it runs, and says so."""
    from cli.target import open_target
    from ledger.held.scopes import find_log
    from protocol.identity import show_log_id

    with open_target(_directory(data_dir)) as target:
        with target.store.read() as reads:
            log_id = find_log(reads, log)
        _carry_out(target, action, {"log": show_log_id(log_id)}, log_id)
    if as_json:
        show_json({"schema": "folkmoot.decision/1", "action": action, "log": show_log_id(log_id)})
    else:
        show(f"{said}: {show_log_id(log_id)}")


def _carry_out(target: Target, action: str, named: dict[str, str], subject: bytes | str) -> None:
    from cli.target import LocalTarget, RemoteTarget
    from ledger.held.scopes import decide

    if isinstance(target, RemoteTarget):
        target.post("/v1/scopes", {"action": action, **named})
    elif isinstance(target, LocalTarget):
        target.ledger.writer.run(lambda change: decide(change, action, subject)).result()


def publish(data_dir: str | None, kind: str, body: dict[str, Value], said: str, *, as_json: bool) -> None:
    """Writes a statement into the own log, and says where it stands."""
    from cli.target import open_target
    from ledger.importing.plan import Statement

    with open_target(_directory(data_dir)) as target:
        (position,) = target.write([Statement(kind, body, os.urandom(16))])
        target.settle()
    if as_json:
        show_json({"schema": "folkmoot.statement/1", "kind": kind, "position": position})
    else:
        show(f"{said}; entry {position} of this organisation's log says so")


def known_log(data_dir: str | None, log: str) -> bytes:
    """The id of a log that is named by the beginning of it, or by all of it."""
    from ledger.held.scopes import find_log
    from ledger.sqlite.store import SqliteStore

    with SqliteStore(_directory(data_dir).store, writable=False).read() as reads:
        return find_log(reads, log)


def _decision(name: str, action: str, said: str, about: str) -> click.Command:
    @click.command(name, help=about, short_help=about.split(". ", maxsplit=1)[0].rstrip(".") + ".")
    @click.argument("log")
    @json_option
    @click.pass_obj
    def run(data_dir: str | None, log: str, *, as_json: bool) -> None:
        decide_log(data_dir, action, log, said, as_json=as_json)

    return run


@click.command("region")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Follow it no longer.")
@json_option
@click.pass_obj
def region(data_dir: str | None, name: str, *, remove: bool, as_json: bool) -> None:
    """Follows a region: logs whose territory has all words of NAME, accents and case not counting.

    With scope = "followed", the admitted ones among them are held whole.
    """
    from cli.target import open_target

    action = "unregion" if remove else "region"
    with open_target(_directory(data_dir)) as target:
        _carry_out(target, action, {"region": name}, name)
    if as_json:
        show_json({"schema": "folkmoot.decision/1", "action": action, "region": name})
    else:
        show(f"{'no longer followed' if remove else 'followed'}: {plain(name)}")


@click.command("vouch")
@click.argument("log")
@click.option("--withdraw", is_flag=True, help="Vouch for it no longer.")
@click.option("--note", help="Why, for everybody to read.")
@json_option
@click.pass_obj
def vouch(data_dir: str | None, log: str, *, withdraw: bool, note: str | None, as_json: bool) -> None:
    """Vouches for a log: nodes that follow this organisation, or one that leads here, take it in too.

    That is a public statement, signed with the operating key.
    """
    log_id = known_log(data_dir, log)
    body: dict[str, Value] = {"log": log_id, "vouched": not withdraw, **({"note": note} if note else {})}
    said = f"{'no longer vouched' if withdraw else 'vouched'} for {log[:8]}"
    publish(data_dir, "vouch", body, said, as_json=as_json)


LOG_COMMANDS: Sequence[click.Command] = (
    _decision(
        "follow",
        "follow",
        "followed",
        "Follows a log. It is held whole, and the logs that it vouches for are admitted.",
    ),
    _decision(
        "mirror", "mirror", "mirrored", "Mirrors a log. It is held whole for others to fetch; its vouches say nothing."
    ),
    _decision("unfollow", "unfollow", "no longer followed", "Takes back follow, mirror or admit."),
    _decision(
        "admit", "admit", "admitted", "Admits a log that waits, on the operator's own word; see `folkmoot log list`."
    ),
    region,
    vouch,
)
PEER_COMMANDS: Sequence[click.Command] = (
    _decision(
        "deny", "deny", "denied", "Denies a log. Nothing of it is taken in, served, shown or passed on; only here."
    ),
    _decision("allow", "allow", "allowed", "Allows a log, whatever the block lists that are subscribed to say."),
)


def read_federation(directory: DataDirectory) -> dict[str, Any]:
    """What is held and why, from the store (ledger.held.federation)."""
    import time

    from ledger.held.federation import federation_object
    from ledger.sqlite.store import SqliteStore
    from node.config import load_config

    with SqliteStore(directory.store, writable=False).read() as reads:
        return federation_object(reads, load_config(directory).policy, int(time.time()))


def mode_text(log: dict[str, Any]) -> str:
    """Why a log is held, and whether whole, for people."""
    why = WHY.get(log["mode"], log["mode"])
    if log["quota"]:
        return f"{why}; the quota is full"
    return why if log["whole"] or log["mode"] == "waiting" else f"{why}; heads only"


def show_apart(held: dict[str, Any]) -> None:
    """Logs that wait or are denied, and what is followed beside logs."""
    if held["waiting"]:
        show("")
        show("waiting; `folkmoot log admit LOG` or a vouch lets one in:")
        rows = [
            (row["log"][:8], next(iter(row["name"].values())), row["kind"], f"{row['size']:,}", row["told_by_name"])
            for row in held["waiting"]
        ]
        show_table(rows, ("log", "name", "kind", "entries", "told by"))
    for row in held["denied"]:
        who = ", ".join(f"{item['by_name']} ({item['reason']})" if item["by"] else "here" for item in row["decisions"])
        show(f"denied: {row['log'][:8]} {plain(row['name'])}: {plain(who)}")
    if held["regions"]:
        say(f"regions followed: {plain(', '.join(held['regions']))}")
    for row in held["vouched"]:
        say(f"this organisation vouches for {row['log'][:8]} {plain(row['name'])}")
