# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot moderation`: what this organisation does not show, what it labels, and whose decisions it takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.output import json_option, plain, say, show, show_json, show_table, when
from cli.scope import decide_log, known_log, publish, read_federation

if TYPE_CHECKING:
    from protocol.encoding import Value

REASONS = ("spam", "false", "against_charter", "illegal", "duplicate", "not_there", "request")


class _RecordId(click.ParamType):  # type: ignore[type-arg] # not generic in older versions
    name = "record"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        try:
            record_id = bytes.fromhex(str(value))
        except ValueError:
            record_id = b""
        if len(record_id) != 16:
            self.fail("a record is named by the 32 hexadecimal digits of its id", param, ctx)
        return record_id


@click.group("moderation", short_help="Decide what is shown; subscribe to others' decisions.")
def command() -> None:
    """Decisions about logs and records: one's own, which everybody can read, and those of others taken over."""


@command.command("subscribe")
@click.argument("log")
@json_option
@click.pass_obj
def subscribe(data_dir: str | None, log: str, *, as_json: bool) -> None:
    """Takes over what the organisation of LOG denies, and shows its labels."""
    decide_log(data_dir, "subscribe", log, "subscribed", as_json=as_json)


@command.command("unsubscribe")
@click.argument("log")
@json_option
@click.pass_obj
def unsubscribe(data_dir: str | None, log: str, *, as_json: bool) -> None:
    """No longer takes over what the organisation of LOG decides."""
    decide_log(data_dir, "unsubscribe", log, "no longer subscribed", as_json=as_json)


@command.command("list")
@json_option
@click.pass_obj
def list_subscriptions(data_dir: str | None, *, as_json: bool) -> None:
    """Lists whose decisions count here, and what is denied by them."""
    from node.config import data_directory

    held = read_federation(data_directory(data_dir))
    if as_json:
        names = ("subscriptions", "denied", "allowed")
        show_json({"schema": "folkmoot.subscriptions/1", **{name: held[name] for name in names}})
        return
    for row in held["subscriptions"]:
        show(f"subscribed: {row['log'][:8]} {plain(row['name'])}")
    for row in held["denied"]:
        who = ", ".join(f"{item['by_name']} ({item['reason']})" if item["by"] else "here" for item in row["decisions"])
        show(f"denied: {row['log'][:8]} {plain(row['name'])}: {plain(who)}")
    for log in held["allowed"]:
        show(f"allowed here, whatever lists say: {log[:8]}")
    if not held["subscriptions"]:
        say("no subscriptions: only this organisation's own decisions count")


@command.command("log")
@click.argument("log", required=False)
@json_option
@click.pass_obj
def show_log(data_dir: str | None, log: str | None, *, as_json: bool) -> None:
    """Shows what an organisation decided: this one, or that of LOG. Each line is an entry that can be proved."""
    from ledger.held.federation import moderation_log
    from ledger.keeping.audit import find_tree
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from protocol.identity import show_log_id

    with SqliteStore(data_directory(data_dir).store, writable=False).read() as reads:
        tree = find_tree(reads, log or show_log_id(reads.own_log()))
        decisions = moderation_log(reads, tree)
    name = show_log_id(tree.origin.log_id)
    if as_json:
        schema = {"schema": "folkmoot.moderation/1", "log": name, "epoch": tree.origin.epoch}
        show_json({**schema, "decisions": decisions})
        return
    rows = [
        (row["position"], when(row["at"]), row["kind"], ", ".join(f"{key} {item}" for key, item in row["body"].items()))
        for row in decisions
    ]
    show_table(rows, ("entry", "at", "decision", "what"))
    say(f"`folkmoot log prove {name[:8]} ENTRY` proves one of them")


@command.command("deny")
@click.argument("log")
@click.argument("record", type=_RecordId(), required=False)
@click.option("--reason", type=click.Choice(REASONS), required=True)
@click.option("--note", help="More, for everybody to read.")
@click.option("--withdraw", is_flag=True, help="Take it back.")
@json_option
@click.pass_obj
def deny(
    data_dir: str | None,
    log: str,
    record: bytes | None,
    *,
    reason: str,
    note: str | None,
    withdraw: bool,
    as_json: bool,
) -> None:
    """Says publicly that this organisation does not show a log, or one RECORD of it.

    It counts here, and where one is subscribed to this log. To deny without saying so, use `folkmoot peer deny`.
    """
    body: dict[str, Value] = {"log": known_log(data_dir, log), "denied": not withdraw, "reason": reason}
    body |= {"id": record} if record else {}
    body |= {"note": note} if note else {}
    publish(data_dir, "deny", body, "no longer denied" if withdraw else "denied", as_json=as_json)


@command.command("label")
@click.argument("log")
@click.argument("text")
@click.option("--record", type=_RecordId(), help="Label one record of the log, not the log.")
@click.option("--note", help="More, for everybody to read.")
@click.option("--remove", is_flag=True, help="Take the label off.")
@json_option
@click.pass_obj
def label(
    data_dir: str | None,
    log: str,
    text: str,
    *,
    record: bytes | None,
    note: str | None,
    remove: bool,
    as_json: bool,
) -> None:
    """Puts a label on a log or a record: shown here, and where one is subscribed to this log."""
    subject: dict[str, Value] = {"log": known_log(data_dir, log), **({"id": record} if record else {})}
    body: dict[str, Value] = {"subject": subject, "label": text, "set": not remove, **({"note": note} if note else {})}
    publish(data_dir, "label", body, "label taken off" if remove else "labelled", as_json=as_json)
