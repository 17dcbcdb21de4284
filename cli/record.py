# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot record`: one record of the directory."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CommandError
from cli.named import find_named
from cli.output import json_option, plain, say, show, show_json, when
from cli.picture import image
from cli.stale import stale

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow


SCOPE_NAMES = ("public", "circle", "private")


@click.group("record", short_help="Show, add, change or close one record.")
def command() -> None:
    """One record: LOG/ID or the beginning of its ID, as `folkmoot search` prints it."""


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


@command.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show_record(data_dir: str | None, name: str, *, as_json: bool) -> None:
    """Shows a record with what others say of it, and its history with what each step changed."""
    from cli.record_history import show_around, show_history
    from ledger.directory.present import RECORD_SCHEMA, history_objects, record_object
    from ledger.sqlite.store import SqliteStore

    with SqliteStore(_directory(data_dir).store, writable=False).read() as reads:
        row = find_named(reads, name)
        record, history = record_object(reads, row), history_objects(reads, row)
        _warn(reads, row, record)
        if as_json:
            show_json({"schema": RECORD_SCHEMA, "record": record, "history": history})
            return
        for key, value in record.items():
            if key != "entry":
                show(f"{key}: {plain(value)}")
        entry = record["entry"]
        show(
            f"position: {entry['position']} of log {record['log'][:8]}, by {entry['author'][:16]}, {when(entry['at'])}"
        )
        show(f"state: {entry['state']}")
        show_around(reads, record, row)
        show_history(reads, row, history)


def _warn(reads: Snapshot, row: RecordRow, record: dict[str, Any]) -> None:
    """Says what has to be known of a record before it is read."""
    fork = reads.fork(row.tree)
    apart = reads.records_by_id(row.tree, [row.id], private=row.scope == 0)
    if row.scope:
        say(f"NOT PUBLIC: only the {'circle' if row.scope == 1 else 'parties'} of its log and this machine can see it")
    if apart:
        say(f"changed last of two states: the other one, {'public' if row.scope else 'not public'}, is older")
    if fork is not None and fork.healed is None:
        say(f"WARNING: the log {record['log'][:8]}, in which this stands, has forked: elsewhere it may say otherwise")


@command.command("put")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--scope", type=click.Choice(SCOPE_NAMES), default="public", show_default=True, help="Who may read it.")
@click.option("--party", "parties", multiple=True, help="With --scope private: the log of a party to it; repeat it.")
@json_option
@click.pass_obj
def put(data_dir: str | None, file: Path, scope: str, parties: tuple[str, ...], *, as_json: bool) -> None:
    """Adds or changes a record from a JSON file (- is stdin): the fields of spec 10. Without an id it is a new one.

    What is not public goes to the nodes of the circle, or of the parties, alone, and is shown on no page.
    """
    from cli.target import open_target
    from ledger.importing.plan import Statement
    from ledger.jsonform import from_json, refuse_repeated
    from ledger.own.submitting import check_scope
    from protocol.identity import parse_log_id
    from protocol.kinds import check_body

    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    try:
        value = json.loads(text, object_pairs_hook=refuse_repeated)
    except json.JSONDecodeError as error:
        raise CommandError(f"{file}: not JSON: {error}") from None
    record: dict[str, Any] = from_json(value)
    if not isinstance(record, dict):
        raise CommandError(f"{file}: a record is an object")
    record.setdefault("id", os.urandom(16))
    _expire(data_dir, record)
    body: dict[str, Any] = {"record": record}
    if parties:
        body["parties"] = sorted(map(parse_log_id, parties))
    check_body("record.put", body)
    check_scope("record.put", body, SCOPE_NAMES.index(scope))
    with open_target(_directory(data_dir)) as target:
        statement = Statement("record.put", body, os.urandom(16), SCOPE_NAMES.index(scope))
        position = target.write([statement])[0]
        target.settle()
        state = target.state_of(position)
        with target.store.read() as reads:
            apart = reads.records_by_id(target.own[0], [record["id"]], private=scope == "public")
    _show_written(record["id"], position, state, as_json=as_json)
    if any(row.status != "closed" for row in apart.values()):
        other = "not public" if scope == "public" else "public"
        say(f"its other state, which is {other}, stays as it is: to end that, close it in its own scope or erase it")


def _expire(data_dir: str | None, record: dict[str, Any]) -> None:
    """Gives an offer or need without an end one, and says so."""
    from ledger.directory.expiry import expire
    from node.config import load_config

    end = expire(record, int(time.time()), load_config(_directory(data_dir)).offer_days)
    if end is not None:
        say(f"valid until {when(end)[:10]}, because it says nothing of it; `folkmoot record renew` prolongs it")


@command.command("renew")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 3_660), help="For so many days; else for as long as a new one.")
@json_option
@click.pass_obj
def renew(data_dir: str | None, name: str, days: int | None, *, as_json: bool) -> None:
    """Lets an offer or need of one's own log go on from today, also one that is over or closed."""
    from cli.target import open_target
    from ledger.directory.expiry import DAYS, end_of, renewed
    from ledger.directory.present import read_record
    from ledger.held.private import parties_about
    from ledger.importing.plan import Statement
    from node.config import load_config

    with open_target(_directory(data_dir)) as target:
        with target.store.read() as reads:
            row = find_named(reads, name)
            record = read_record(reads, row)[0]
            parties = parties_about(reads, row, target.own[1])
        if row.tree != target.own[0]:
            raise CommandError("that record is of another organisation's log: only they can renew it")
        if not record.direction:
            raise CommandError("only an offer or a need has an end that can be put off")
        usual = load_config(_directory(data_dir)).offer_days or DAYS
        until = end_of((), int(time.time()), days) if days else end_of(record.terms, int(time.time()), usual)
        body: dict[str, Any] = {"record": renewed(record, until)}
        if parties:
            body["parties"] = parties
        position = target.write([Statement("record.put", body, os.urandom(16), row.scope)])[0]
        target.settle()
        state = target.state_of(position)
    say(f"valid until {when(until)[:10]}")
    _show_written(row.id, position, state, as_json=as_json)


@command.command("close")
@click.argument("name")
@click.option("--reason", type=click.Choice(("closed", "duplicate", "mistake")), default="closed", show_default=True)
@json_option
@click.pass_obj
def close(data_dir: str | None, name: str, reason: str, *, as_json: bool) -> None:
    """Closes a record of one's own log, of two states the one changed last. It stays readable."""
    _write_about(data_dir, name, "record.close", {"reason": reason}, as_json=as_json)


@command.command("check")
@click.argument("name")
@click.option("--finding", type=click.Choice(("right", "changed", "closed")), default="right", show_default=True)
@click.option("--note", default="")
@json_option
@click.pass_obj
def check(data_dir: str | None, name: str, finding: str, note: str, *, as_json: bool) -> None:
    """Says that somebody looked, and what they found. Works for records of every log held here."""
    body = {"finding": finding, **({"note": note} if note else {})}
    _write_about(data_dir, name, "claim.checked", body, as_json=as_json)


def _write_about(data_dir: str | None, name: str, kind: str, body: dict[str, Any], *, as_json: bool) -> None:
    """Writes a statement about a record."""
    from cli.target import open_target
    from ledger.held.private import parties_about
    from ledger.importing.plan import Statement

    with open_target(_directory(data_dir)) as target:
        own, _ = target.own
        with target.store.read() as reads:
            row = find_named(reads, name)
            log_id = reads.tree_numbered(row.tree).origin.log_id
            parties = parties_about(reads, row, target.own[1])
        if kind == "record.close":
            if row.tree != own:
                raise CommandError("that record is of another organisation's log: only they can close it")
            body = {"id": row.id, **body}
        else:
            body = {"subject": {"log": log_id, "id": row.id}, **body}
        if parties:
            body["parties"] = parties
        scope = SCOPE_NAMES.index("private") if parties else row.scope
        position = target.write([Statement(kind, body, os.urandom(16), scope)])[0]
        target.settle()
        state = target.state_of(position)
    _show_written(row.id, position, state, as_json=as_json)


def _show_written(record_id: bytes, position: int, state: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"schema": "folkmoot.saved/1", "state": state, "id": record_id.hex(), "position": position})
    else:
        show(f"{state}: record {record_id.hex()} at position {position}")


command.add_command(stale)
command.add_command(image)
