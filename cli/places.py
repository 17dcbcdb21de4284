# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot places`: records that are nowhere on the map, or where they cannot be; putting them where they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CommandError
from cli.named import find_named
from cli.output import json_option, plain, say, show, show_json

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory

REASONS = ("none", "sea", "outside", "far", "coarse")


@click.group("places", invoke_without_command=True, short_help="Records whose place is missing or in doubt.")
@click.option("--reason", type=click.Choice(REASONS), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@json_option
@click.pass_context
def command(context: click.Context, /, *, reason: str | None, limit: int, as_json: bool) -> None:
    """Lists records of this organisation whose place is missing or in doubt.

    That is: without a point, in the sea, outside the territory, far from their town, or known only roughly. The
    territory is where nearly all of its records lie.
    """
    if context.invoked_subcommand is not None:
        return
    from ledger.places.placing import doubt_object, look
    from ledger.sqlite.store import SqliteStore
    from node.upkeep.sea import are_sea

    with SqliteStore(_directory(context.obj).store, writable=False).read() as reads:
        doubts, territory = look(reads, are_sea, {})
        chosen = [one for one in doubts if reason is None or reason in one.reasons]
        rows = reads.records([one.rid for one in chosen[:limit]])
        shown = [doubt_object(reads, rows[one.rid], one.reasons) for one in chosen[:limit]]
    if as_json:
        box = [edge / 1e7 for edge in territory] if territory else None
        show_json({"schema": "folkmoot.places/1", "total": len(chosen), "territory": box, "records": shown})
        return
    for record in shown:
        name = plain(next(iter(record["name"].values())))
        town = f" ({plain(record['locality'])})" if record["locality"] else ""
        show(f"{record['id'][:12]}  {', '.join(record['reasons']):<16}  {name}{town}")
    say(f"{len(chosen):,} in doubt" + (f", {len(shown):,} shown: --limit for more" if len(shown) < len(chosen) else ""))


@command.command("set")
@click.argument("name")
@click.argument("lat", required=False)
@click.argument("lon", required=False)
@click.option("--town", is_flag=True, help="The middle of the town of its address, instead of LAT and LON.")
@click.option("--precision", type=click.IntRange(1, 100_000), default=10, show_default=True, help="In metres.")
@json_option
@click.pass_obj
def set_place(
    data_dir: str | None, name: str, lat: str | None, lon: str | None, *, town: bool, precision: int, as_json: bool
) -> None:
    """Puts a record of this organisation at LAT and LON, in decimal degrees (after `--` where one is negative)."""
    from cli.target import open_target
    from ledger.directory.present import read_record
    from ledger.duplicates.merging import present_body
    from ledger.importing.plan import Statement
    from ledger.importing.points import parse_point
    from ledger.places.placing import TOWN_PRECISION_M, placed, towns_of
    from protocol.kinds import check_body

    if town == (lat is not None and lon is not None):
        raise click.UsageError("give LAT and LON, or --town")
    with open_target(_directory(data_dir)) as target:
        target.settle()
        with target.store.read() as reads:
            row = find_named(reads, name)
            before, record = present_body(reads, row), read_record(reads, row)[0]
        if row.tree != target.own[0] or row.scope:
            raise CommandError("only public records of this organisation are put on the map here")
        body: dict[str, Any]
        if town:
            if not (towns := towns_of(record)):
                raise CommandError("the town of its address is not known; give LAT and LON")
            body = placed(before, towns[0].lat, towns[0].lon, TOWN_PRECISION_M, "town")
        else:
            found = parse_point(lat or "", lon or "")
            if isinstance(found, str):
                raise CommandError(found, 2)
            body = placed(before, found.latitude, found.longitude, precision, "hand")
        check_body("record.put", {"record": body})
        position = target.write([Statement("record.put", {"record": body}, os.urandom(16))])[0]
        target.settle()
        state = target.state_of(position)
    if as_json:
        show_json({"schema": "folkmoot.written/1", "id": row.id.hex(), "position": position, "state": state})
        return
    show(f"{state}: record {row.id.hex()}, at position {position}")


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)
