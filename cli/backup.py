# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot backup`: a copy of the store, taken while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from cli.failure import CommandError
from cli.output import json_option, say, show, show_json


@click.command("backup", short_help="Copy the store while it is in use.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def command(data_dir: str | None, file: Path, *, as_json: bool) -> None:
    """Copies logs, payloads and derived tables into one file, checked when it is taken.

    Keys and the head file stay behind: a store put back from a copy does not sign by itself.
    """
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory

    if file.exists():
        raise CommandError(f"{file} exists already: name another file")
    store = SqliteStore(data_directory(data_dir).store, writable=False)
    try:
        store.back_up(file)
    finally:
        store.close()
    size = file.stat().st_size
    if as_json:
        show_json({"schema": "folkmoot.backup/1", "file": str(file), "bytes": size})
    else:
        show(f"backup written and checked: {file} ({size / 2**20:.1f} MiB)")
    say("It holds no keys. Keep the recovery sheets and keys/operating.key elsewhere.")
