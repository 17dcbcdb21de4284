# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot record stale`: what nobody has seen for a year, by town; a list to print and go round with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, say, show, show_json, when

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from ledger.directory.checks import Stale
    from ledger.sqlite.store import Snapshot


@click.command("stale")
@click.option("--near", default="", help="A town: records within 15 km of it.")
@click.option("--kind", default="", help="Only of this kind.")
@click.option("--print", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write a list with codes here.")
@click.option("--to", default="", help="With --print: whom the list is given to; everybody will read it.")
@json_option
@click.pass_obj
def stale(
    data_dir: str | None,
    *,
    near: str,
    kind: str,
    file: Path | None,
    to: str,
    as_json: bool,
) -> None:
    """Lists records of this organisation that nobody has put or checked for a year, by town.

    With --print each gets a code that somebody can answer by, on paper or with a telephone, without an account.
    """
    from ledger.directory.checks import LINKS_MAX
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from node.upkeep.checks import Sought, chosen

    directory = data_directory(data_dir)
    if (file is None) == bool(to):
        raise click.UsageError("--print and --to go together: say whom the list is given to")
    with SqliteStore(directory.store, writable=False).read() as reads:
        found, unknown = chosen(reads, Sought(near, kind), int(time.time()))
        if unknown:
            raise click.UsageError(f"no town {near[:60]!r} in the gazetteer")
        shown = [_object(reads, one) for one in found]
    if file is not None and found:
        _print(directory, file, [one.row.id for one in found[:LINKS_MAX]], to)
    if as_json:
        show_json({"schema": "folkmoot.stale/1", "total": len(found), "records": shown})
        return
    for one in shown:
        name = plain(next(iter(one["name"].values())))
        show(f"{one['id'][:12]}  {when(one['seen_at'])[:10]}  {plain(one['locality']) or '-':<20}  {name}")
    say(f"{len(found):,} not seen for a year")


def _object(reads: Snapshot, one: Stale) -> dict[str, Any]:
    from ledger.directory.present import read_record

    name = dict(read_record(reads, one.row)[0].name)
    checked = one.row.checked_at
    return {
        "id": one.row.id.hex(),
        "name": name,
        "locality": one.locality,
        "seen_at": one.seen_at,
        "checked_at": checked,
    }


def _print(directory: DataDirectory, file: Path, ids: list[bytes], to: str) -> None:
    """Makes links, by the running node if there is one, and writes the list."""
    from cli.target import LocalTarget, RemoteTarget, open_target
    from ledger.directory.checks import DAYS, give_out
    from node.config import load_config
    from node.upkeep.printing import write_list

    config = load_config(directory)
    with open_target(directory) as target:
        if isinstance(target, RemoteTarget):
            value = {"records": [one.hex() for one in ids], "given_to": to}
            batch, base = bytes.fromhex(target.post("/v1/checks", value)["batch"]), target.url
        else:
            assert isinstance(target, LocalTarget)
            run = target.ledger.writer.run
            with target.store.read() as reads:
                batch = give_out(lambda put: run(put).result(), reads, ids, to, DAYS, int(time.time()))[0]
            base = f"http://{config.host}:{config.port}"
        with target.store.read() as reads:
            text = write_list(reads, batch, config.public_url.rstrip("/") or base, int(time.time()), config.language)
    file.write_text(text, "utf-8")
    say(f"{len(ids):,} records on {file}: open it in a browser and print it")
    if not config.public_url:
        say(f"its codes lead to {base}: set public_url in folkmoot.toml to where others reach this node")
