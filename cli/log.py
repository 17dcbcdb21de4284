# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot log`: show, prove, audit and rebuild what is held; erase a payload."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cli.failure import FALSE, CommandError
from cli.output import Progress, json_option, plain, say, show, show_json, show_table, when
from cli.proving import PROOF_COMMANDS
from cli.scope import LOG_COMMANDS, mode_text, read_federation, show_apart

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from ledger.sqlite.store import Snapshot, SqliteStore


@click.group("log", short_help="Show, follow, vouch for, prove, audit, rebuild logs; erase; override.")
def command() -> None:
    """The logs held here: one's own, and replicas of others."""


for _command in (*LOG_COMMANDS, *PROOF_COMMANDS):
    command.add_command(_command)


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


def _store(data_dir: str | None) -> SqliteStore:
    from ledger.sqlite.store import SqliteStore

    return SqliteStore(_directory(data_dir).store, writable=False)


@command.command("list")
@json_option
@click.pass_obj
def list_logs(data_dir: str | None, *, as_json: bool) -> None:
    """Lists the logs held here and why, those that wait, and those that are denied."""
    key = _witness_key(data_dir)
    held = read_federation(_directory(data_dir))
    logs = held["logs"]
    with _store(data_dir).read() as reads:
        own = int(reads.fact("own") or 0)
        epoch = reads.tree_numbered(own).origin.epoch if own else 0
        waiting = _unsigned(reads, own) if own else 0
    if as_json:
        apart = {name: held[name] for name in ("waiting", "denied", "regions", "vouched")}
        show_json({"schema": "folkmoot.logs/1", "logs": logs, "witness_key": key, "queued": waiting, **apart})
        return
    rows = [
        (
            log["log"][:8],
            log["epoch"],
            next(iter(log["name"].values())),
            log["kind"],
            f"{log['size']:,}",
            _own_state(waiting)
            if log["own"] and log["epoch"] == epoch
            else "complete"
            if log["complete"]
            else f"of {log['head_size']:,}",
            f"{log['derived']:,}",
            log["state"],
            _published(log),
            mode_text(log),
        )
        for log in logs
    ]
    show_table(rows, ("log", "epoch", "name", "kind", "entries", "held", "searchable", "state", "written", "why"))
    show_apart(held)
    if key:
        show(f"witness key of this node, for others to paste: {key}")


def _published(log: dict[str, Any]) -> str:
    """How much of a log a quorum of its witnesses has cosigned."""
    if log["written"] == "published" or not log["published_size"]:
        return str(log["written"])
    return f"{log['written']}, published to {log['published_size']:,}"


def _witness_key(data_dir: str | None) -> str:
    """The verifier key of this node's witness; empty before the node has been opened once."""
    from ledger.held.witness import verifier_of
    from ledger.own.keys import read_key

    path = _directory(data_dir).witness_key
    if not path.exists():
        return ""
    with _store(data_dir).read() as reads:
        log_id = reads.tree_numbered(int(reads.fact("own") or 0)).origin.log_id
    return str(verifier_of(log_id, read_key(path, "witness")))


def _unsigned(reads: Snapshot, own: int) -> int:
    """How many entries of the own log are durable and not signed yet."""
    tree = reads.tree_numbered(own)
    return max(0, tree.size - tree.checkpoint_size) + reads.queue_size(own)


def _own_state(waiting: int) -> str:
    return f"own, {waiting:,} queued" if waiting else "own"


@command.command("show")
@click.argument("log")
@click.argument("position", type=click.IntRange(0))
@json_option
@click.pass_obj
def show_entry(data_dir: str | None, log: str, position: int, *, as_json: bool) -> None:
    """Shows one entry: LOG is the beginning of a log's id."""
    from ledger.keeping.audit import find_tree
    from ledger.proofs.proving import entry_object

    with _store(data_dir).read() as reads:
        tree = find_tree(reads, log)
        entry = entry_object(reads, tree, position, private=True)
        fork = reads.fork(tree.tree)
    if fork is not None and fork.healed is None:
        say(f"WARNING: the log {entry['log'][:8]} has forked; `folkmoot log fork-proof` writes the proof")
    if as_json:
        show_json(entry)
        return
    show(f"log {entry['log'][:8]}, position {position}: {entry['verdict']}, {entry['state']}")
    if entry["scope"] != "public":
        show(f"  NOT PUBLIC ({entry['scope']}): shown on this machine only")
    statement = entry.get("statement")
    if statement is None:
        show(f"  payload: {entry.get('payload_missing') or entry.get('malformed')}")
        if "erasure" in entry:
            _show_followers(entry["erasure"])
        return
    show(f"  {statement['kind']} at {when(statement['at'])} by {statement['author'][:16]}")
    for key, value in statement["body"].items():
        show(f"  {key}: {plain(value)}")


@command.command("audit")
@json_option
@click.pass_obj
def audit_logs(data_dir: str | None, *, as_json: bool) -> int:
    """Checks every hash and every signature of every log held here."""
    from ledger.keeping.audit import audit

    store = _store(data_dir)
    with store.read() as reads:
        total = sum(tree.size for tree in reads.trees())
    progress = Progress("auditing", total)
    try:
        found = audit(store, progress.advance)
    finally:
        progress.close()
    broken = store.check_integrity()
    if as_json:
        faults: list[dict[str, Any]] = [fault._asdict() for fault in found.faults]
        value = {"schema": "folkmoot.audit/1", **found._asdict(), "faults": faults, "file": broken}
        show_json(value)
    else:
        for fault in found.faults:
            show(f"FALSE  {fault.log} {'' if fault.position < 0 else f'position {fault.position}: '}{fault.what}")
        for line in broken:
            show(f"DAMAGED  {plain(line)}")
        show(
            f"{found.logs} logs, {found.entries:,} entries, {found.signatures:,} signatures checked, "
            f"{len(found.faults)} faults"
        )
    return FALSE if found.faults or broken else 0


@command.command("rebuild")
@json_option
@click.pass_obj
def rebuild_tables(data_dir: str | None, *, as_json: bool) -> None:
    """Makes the derived tables anew from the logs, and says whether they were as they should be."""
    from ledger.keeping.audit import rebuild
    from ledger.ledger import Ledger

    with Ledger(_directory(data_dir)) as ledger:
        before, after = rebuild(ledger.store, ledger.writer)
    if as_json:
        show_json(
            {"schema": "folkmoot.rebuild/1", "before": before.hex(), "after": after.hex(), "same": before == after}
        )
        return
    show(
        "rebuilt: identical"
        if before == after
        else "rebuilt: the old tables differed; the new ones follow from the logs"
    )


@command.command("erase")
@click.argument("position", type=click.IntRange(1))
@click.option("--reason", type=click.Choice(("request", "expired", "mistake", "law")), required=True)
@json_option
@click.pass_obj
def erase(data_dir: str | None, position: int, reason: str, *, as_json: bool) -> None:
    """Erases the payload of an entry of one's own log, here and, when they hear of it, at all who hold it.

    The entry stays, so the log still verifies. What it said is gone.
    """
    from cli.target import open_target
    from ledger.importing.plan import Statement

    with open_target(_directory(data_dir)) as target:
        number, _ = target.own
        with target.store.read() as reads:
            if position >= reads.tree_numbered(number).size:
                raise CommandError(f"the log has no entry at {position}", 4)
        target.write([Statement("erase", {"position": position, "reason": reason}, os.urandom(16))])
        target.settle()
        with target.store.read() as reads:
            if reads.lacking(number, position, position + 1).get(position) != "erased":
                raise CommandError("that entry cannot be erased: a charter and an erasure stay")
    if as_json:
        show_json({"schema": "folkmoot.erased/1", "state": "erased", "position": position})
    else:
        show(f"erased: the payload at position {position}; the log still verifies")
        show(f"Who holds this log drops it when they hear of it: `folkmoot log erased {position}` shows who says so.")


@command.command("erased")
@click.argument("position", type=click.IntRange(1), required=False)
@json_option
@click.pass_obj
def list_erased(data_dir: str | None, position: int | None, *, as_json: bool) -> None:
    """Lists what was erased of one's own log, and who of those who hold it say that they have followed."""
    from ledger.held.receipts import erasures_object

    with _store(data_dir).read() as reads:
        tree = reads.tree_numbered(int(reads.fact("own") or 0))
        found = erasures_object(reads, tree, position or 0, tree.size if position is None else position + 1)
    if position is not None and not found["erased"]:
        raise CommandError(f"nothing was erased at position {position}", 4)
    if as_json:
        show_json(found)
        return
    for one in found["erased"]:
        asked = f" at {when(one['at'])}, {one['reason']}" if one["at"] else ""
        show(f"position {one['position']}: erased{asked}")
        _show_followers(one)
    if not found["erased"]:
        show("nothing was erased of this log")


def _show_followers(erasure: dict[str, Any]) -> None:
    """Who has followed an erasure, and who is not known to."""
    for field, text in (("confirmed", "dropped by"), ("unconfirmed", "not confirmed by")):
        for log in erasure[field]:
            show(f"  {text} {plain(log['name']) or 'an organisation not known here'} ({log['log'][:8]})")
    if not erasure["confirmed"]:
        show("  nobody has confirmed it yet: a running node does so within some minutes of hearing of it")


@command.command("override")
@click.option("--reason", required=True, help="Why you are certain; it is recorded in the log for good.")
@json_option
@click.pass_obj
def override(data_dir: str | None, reason: str, *, as_json: bool) -> None:
    """Signs from here on although not enough of those who watch this log have answered.

    Only where you are certain that this is the newest copy of your log and the only one in use: if another one has
    signed something else, the log has forked for good.
    """
    from cli.target import RemoteTarget
    from ledger.errors import StoreLockedError
    from ledger.ledger import Ledger

    directory = _directory(data_dir)
    try:
        with Ledger(directory) as ledger:
            position = ledger.override(reason)
    except StoreLockedError:
        if not directory.url.exists() or not directory.token.exists():
            raise
        with RemoteTarget(directory) as target:
            position = target.post("/v1/override", {"reason": reason})["position"]
    if as_json:
        show_json({"schema": "folkmoot.override/1", "position": position})
    else:
        show(f"overridden: said at position {position} of the log; it is signed from here on")
