# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the commands about a territory share: reading what is known, saying something, lists."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.territory.knowledge import Knowledge, Known
    from protocol.encoding import Value

LICENCE = "CC-BY-SA-4.0"
_DAY_S = 86_400
_SHORT = 8


@contextmanager
def knowing(data_dir: str | None) -> Iterator[Knowledge]:
    """All that is known at this node, to look at."""
    from ledger.sqlite.store import SqliteStore
    from ledger.territory.knowledge import Knowledge
    from node.config import data_directory

    store = SqliteStore(data_directory(data_dir).store, writable=False)
    try:
        with store.read() as reads:
            yield Knowledge(reads)
    finally:
        store.close()


def own_language(knowledge: Knowledge) -> str:
    """The language that the organisation's texts are in unless they say otherwise."""
    from ledger.showing.view import LedgerView, own_tree

    return LedgerView(knowledge.reads, own_tree(knowledge.reads)).language


def state(data_dir: str | None, said: Sequence[tuple[str, dict[str, Value]]], text: str, *, as_json: bool) -> None:
    """Says something for the organisation, and tells where it stands; the id is that of the first."""
    from cli.target import open_target
    from ledger.importing.plan import Statement
    from node.config import data_directory
    from protocol.kinds import check_body

    for kind, body in said:
        check_body(kind, body)
    with open_target(data_directory(data_dir)) as target:
        positions = target.write([Statement(kind, body, os.urandom(16), 0) for kind, body in said])
        target.settle()
        reached = target.state_of(positions[-1])
    thing = said[0][1].get("id", b"")
    assert isinstance(thing, bytes)
    if as_json:
        value = {"schema": "folkmoot.saved/1", "state": reached, "position": positions[0]}
        show_json(value | ({"id": thing.hex()} if thing else {}))
        return
    show(f"{reached}: {plain(text)}; entry {positions[0]}")
    if thing:
        show(thing.hex())


def add_list(group: click.Group, sort: str, said: str) -> None:
    """Gives a group the command that lists a sort, named as in addresses."""

    @group.command("list", help=said)
    @json_option
    @click.pass_obj
    def _list(data_dir: str | None, *, as_json: bool) -> None:
        list_known(data_dir, sort, as_json=as_json)


def add_show_and_take_back(group: click.Group, sort: str, metavar: str, called: str) -> None:
    """Gives a group the commands that show one thing of a sort and take it back; `called` is what names it."""

    @group.command("show", help=f"Shows {metavar}: {called}, the beginning of its id, or LOG/ID.")
    @click.argument("name", metavar=metavar)
    @json_option
    @click.pass_obj
    def _show(data_dir: str | None, name: str, *, as_json: bool) -> None:
        show_known(data_dir, sort, name, as_json=as_json)

    @group.command("take-back", help=f"Takes {metavar} back; it stays in the log until it is erased.")
    @click.argument("name", metavar=metavar)
    @json_option
    @click.pass_obj
    def _take_back(data_dir: str | None, name: str, *, as_json: bool) -> None:
        take_back(data_dir, sort, name, as_json=as_json)


def list_known(data_dir: str | None, sort: str, found: list[Known] | None = None, *, as_json: bool) -> None:
    """Lists all of a sort, named as in addresses, or those that were found."""
    from ledger.territory.knowledge import KNOWLEDGE_SCHEMA, SORTS
    from ledger.territory.showing import known_objects

    with knowing(data_dir) as knowledge:
        objects = known_objects(knowledge, SORTS[sort], int(time.time()) // _DAY_S, found)
    if as_json:
        show_json({"schema": KNOWLEDGE_SCHEMA, "sort": sort, "known": objects})
        return
    show_table([_row(one) for one in objects], ("id", "what", "state", "votes", "by"))


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    titles: dict[str, str] = one.get("term") or one.get("title") or {}
    votes = one.get("votes")
    what = " / ".join(titles.values()) or one.get("skill") or one.get("code") or ""
    told = f"{votes['for']} of {votes['members']}" if votes else ""
    return one.get("id", "")[:_SHORT], what, one.get("state") or one.get("answer") or "", told, one["by"]


def show_known(data_dir: str | None, sort: str, name: str, *, as_json: bool) -> None:
    """Shows one thing: LOG/ID, the beginning of its id, or what it is called."""
    from ledger.territory.knowledge import SORTS, THING_SCHEMA, thing_object
    from ledger.territory.showing import votes_object

    with knowing(data_dir) as knowledge:
        known = knowledge.named(SORTS[sort], name)
        value = thing_object(knowledge, known) | votes_object(knowledge, known, int(time.time()) // _DAY_S)
    if as_json:
        show_json({"schema": THING_SCHEMA, "known": value})
        return
    for key, part in value.items():
        if isinstance(part, dict):
            for inner, text in part.items():
                show(f"{key} {inner}: {plain(str(text))}")
        else:
            show(f"{key}: {plain(str(part))}")


def take_back(data_dir: str | None, sort: str, name: str, *, as_json: bool) -> None:
    """Takes back what the organisation has said."""
    import msgspec

    from cli.failure import CommandError
    from ledger.territory.knowledge import SORTS

    with knowing(data_dir) as knowledge:
        known = knowledge.named(SORTS[sort], name)
        own = knowledge.reads.own_log()
    if known.log_id != own:
        raise CommandError("another organisation says that: only they can take it back")
    body = msgspec.to_builtins(known.body, builtin_types=(bytes,)) | {"withdrawn": True}
    state(data_dir, [(known.row.kind, body)], "taken back", as_json=as_json)


def find_subject(knowledge: Knowledge, name: str) -> dict[str, bytes]:
    """The record that a name means, as `folkmoot search` prints it, as a subject."""
    from cli.named import find_named

    row = find_named(knowledge.reads, name)
    return {"log": knowledge.reads.tree_numbered(row.tree).origin.log_id, "id": row.id}


def read_place(name: str) -> dict[str, Any]:
    """A place by its name, with the middle of the town where the gazetteer knows it; nothing for no name."""
    if not name:
        return {}
    from ledger.places.gazetteer import find

    town = find(name)
    point = {"lat": town.lat, "lon": town.lon, "precision": 5_000, "method": "town"} if town else None
    return {"place": {"name": name, **({"point": point} if point else {})}}
