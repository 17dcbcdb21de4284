# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot peer net`: who witnesses whom, how fresh each log is, who vouches for whom."""

from __future__ import annotations

import time
from typing import Any

import click

from cli.output import json_option, plain, show_json, show_table, when


@click.command("net", short_help="Who witnesses whom, how fresh each log is.")
@json_option
@click.pass_obj
def net(data_dir: str | None, *, as_json: bool) -> None:
    """Shows the federation as /peers does: the witnesses of each log, when it was last heard of, forks, vouches."""
    from ledger.held.net import net_object
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory

    with SqliteStore(data_directory(data_dir).store, writable=False).read() as reads:
        told = net_object(reads, int(time.time()))
    if as_json:
        show_json(told)
        return
    rows = [
        (
            plain(next(iter(one["name"].values()))),
            one["log"][:8],
            one["state"],
            "here" if one["own"] else when(one["seen"]) if one["seen"] else "",
            f"{one['published_size']:,}/{one['size']:,}",
            plain(", ".join(map(_witness, one["witnesses"])) or "nobody"),
            ", ".join(log[:8] for log in one["vouches"]),
        )
        for one in told["logs"]
    ]
    show_table(rows, ("name", "log", "state", "heard of", "published", "witnessed by", "vouches for"))


def _witness(one: dict[str, Any]) -> str:
    return f"{one['name']} {when(one['cosigned_at'])}" if one["cosigned_at"] else f"{one['name']} not yet"
