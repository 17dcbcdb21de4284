# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot duplicates`: records that may describe one thing; what is decided on them; decisions taken back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cli.failure import NOT_FOUND, CommandError
from cli.named import find_named
from cli.output import json_option, plain, say, show, show_json

if TYPE_CHECKING:
    from cli.target import Target
    from ledger.data_directory import DataDirectory
    from ledger.duplicates.deciding import Key
    from ledger.importing.plan import Statement
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow

_WIDTH = 60


@click.group("duplicates", invoke_without_command=True, short_help="Records that may be one thing: merge, keep apart.")
@click.option("--sure", is_flag=True, help="Only those that are very likely one thing.")
@click.option("--decided", is_flag=True, help="Show what was decided here instead, latest first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@json_option
@click.pass_context
def command(context: click.Context, /, *, sure: bool, decided: bool, limit: int, as_json: bool) -> None:
    """Lists records that may describe one thing, most likely first, side by side.

    They lie within 100 m of each other, or share a website, an identifier or words of their names in one town. What was
    decided once is not asked again.
    """
    if context.invoked_subcommand is not None:
        return
    from ledger.duplicates.queue import SCHEMA, decision_objects, decisions, likely_duplicates, pair_object
    from ledger.sqlite.store import SqliteStore

    with SqliteStore(_directory(context.obj).store, writable=False).read() as reads:
        said = decisions(reads)
        if decided:
            found = decision_objects(said)
            _show_decided(reads, found[:limit], len(found), as_json=as_json)
            return
        pairs = likely_duplicates(reads, said)
        if sure:
            pairs = [pair for pair in pairs if pair.comparison.verdict == "duplicate"]
        shown = [pair_object(reads, pair) for pair in pairs[:limit]]
    if as_json:
        show_json({"schema": SCHEMA, "total": len(pairs), "pairs": shown})
        return
    for pair in shown:
        _show_pair(pair)
    say(f"{len(pairs):,} pairs" + (f", {len(shown):,} shown: --limit for more" if len(shown) < len(pairs) else ""))
    if shown:
        say("folkmoot duplicates merge KEEP CLOSE, or folkmoot duplicates different A B")


@command.command("merge")
@click.argument("keep")
@click.argument("close")
@click.option("--take", multiple=True, metavar="FIELD", help="Take this field from the other record; may be repeated.")
@json_option
@click.pass_obj
def merge(data_dir: str | None, keep: str, close: str, take: tuple[str, ...], *, as_json: bool) -> None:
    """Says that two records are one: KEEP stays, CLOSE is closed as a duplicate and remains readable.

    KEEP takes the identifiers and sources of CLOSE, the fields that it lacks where the licence is the same, and those
    that --take names. Records of another organisation's log stay as they are: only search shows one of the two.
    """
    from ledger.duplicates.merging import FIELDS, merged_record, names_unknown, plan_same, present_body

    if names_unknown(take):
        raise click.UsageError(f"no field {', '.join(names_unknown(take))}; there are {', '.join(FIELDS)}")
    with _target(data_dir) as target:
        own_log = target.own[1]
        with target.store.read() as reads:
            kept, other = _two(reads, keep, close)
            if kept.status == "closed":
                raise CommandError(f"record {kept.id.hex()} is closed: keep the other one")
            changed = None
            if _key(reads, kept)[0] == own_log:
                before = present_body(reads, kept)
                merged = merged_record(before, present_body(reads, other), take)
                changed = merged if merged != before else None
            elif take:
                raise CommandError("the record to keep is of another organisation's log: only they can change it")
            statements = plan_same(_key(reads, kept), _key(reads, other), own_log, changed, os.urandom(16))
        _enter(target, statements, "merged", [], as_json=as_json)


@command.command("different")
@click.argument("one")
@click.argument("other")
@json_option
@click.pass_obj
def different(data_dir: str | None, one: str, other: str, *, as_json: bool) -> None:
    """Says that two records are not one: they are not proposed again."""
    from ledger.duplicates.merging import plan_different

    with _target(data_dir) as target:
        with target.store.read() as reads:
            first, second = _two(reads, one, other)
            statements = plan_different(_key(reads, first), _key(reads, second), os.urandom(16))
        _enter(target, statements, "kept apart", [], as_json=as_json)


@command.command("undo")
@click.argument("one")
@click.argument("other")
@json_option
@click.pass_obj
def undo(data_dir: str | None, one: str, other: str, *, as_json: bool) -> None:
    """Takes back what was decided here on two records, and puts them back as they were before a merge."""
    from ledger.duplicates.deciding import pair_of
    from ledger.duplicates.merging import plan_undo
    from ledger.duplicates.queue import decisions

    with _target(data_dir) as target:
        with target.store.read() as reads:
            first, second = _two(reads, one, other)
            decision = decisions(reads).own.get(pair_of(_key(reads, first), _key(reads, second)))
            if decision is None or not decision.kind:
                raise CommandError("nothing was decided here on these two records", NOT_FOUND)
            undoing = plan_undo(reads, decision, os.urandom(16))
        left = [record_id.hex() for record_id in undoing.changed_since]
        _enter(target, undoing.statements, "taken back", left, as_json=as_json)


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


def _target(data_dir: str | None) -> Target:
    from cli.target import open_target

    target = open_target(_directory(data_dir))
    target.settle()
    return target


def _key(reads: Snapshot, row: RecordRow) -> Key:
    return reads.tree_numbered(row.tree).origin.log_id, row.id


def _two(reads: Snapshot, one: str, other: str) -> tuple[RecordRow, RecordRow]:
    """Two public records by their names. Raises CommandError."""
    rows = find_named(reads, one), find_named(reads, other)
    if rows[0].rid == rows[1].rid:
        raise CommandError("these are one record, named twice")
    if any(row.scope for row in rows):
        raise CommandError("one of these records is not public: what is said of pairs is public, and would tell of it")
    return rows


def _enter(target: Target, statements: list[Statement], done: str, left: list[str], *, as_json: bool) -> None:
    """Writes a decision, all of it or nothing, and says so."""
    from protocol.kinds import check_body

    for statement in statements:
        check_body(statement.kind, statement.body)
    positions = target.write(statements)
    target.settle()
    state = target.state_of(positions[-1])
    if as_json:
        value = {"schema": "folkmoot.decided/1", "state": state, "positions": positions, "left": left}
        show_json(value)
        return
    show(f"{state}: {done}, at position {', '.join(map(str, positions))}")
    for record_id in left:
        say(f"record {record_id} was changed since and is left as it is")


def _show_pair(pair: dict[str, Any]) -> None:
    one, other = pair["records"]
    show(f"{pair['score']} %  {pair['verdict']}")
    for field in dict.fromkeys(("name", "id", *pair["differs"])):
        left, right = _short(one.get(field)), _short(other.get(field))
        show(f"  {field:<12} {left:<{_WIDTH}}  {right}")
    show()


def _short(value: object) -> str:
    """A value of a field in one short line."""
    if isinstance(value, dict):
        text = " | ".join(str(item) for item in value.values())
    elif isinstance(value, list):
        text = ", ".join(_short(item) if isinstance(item, dict) else str(item) for item in value)
    else:
        text = "-" if value is None else str(value)
    text = plain(text)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _show_decided(reads: Snapshot, found: list[dict[str, Any]], total: int, *, as_json: bool) -> None:
    from ledger.duplicates.queue import SCHEMA

    if as_json:
        show_json({"schema": SCHEMA, "total": total, "decided": found})
        return
    for one in found:
        names = " and ".join(
            f"{_title(reads, one[side]['id'])} ({one[side]['id'][:12]})" for side in ("subject", "other")
        )
        show(f"{one['decision']:<10} {names}")
    say(f"{total:,} decided")


def _title(reads: Snapshot, record_id: str) -> str:
    from ledger.directory.present import read_record

    rows = reads.records_with_id(bytes.fromhex(record_id))
    return plain(read_record(reads, rows[0])[0].title()) if rows else "?"
