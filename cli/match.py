# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot match`: what fits an offer or need, or all those of a search."""

from __future__ import annotations

import time
from typing import Any

import click

from cli.failure import CommandError
from cli.output import json_option, plain, say, show, show_json


@click.command("match", short_help="Offers and needs that fit each other, and why.")
@click.argument("name", required=False)
@click.option("--near", help="Offers near a town, such as Lille or Gent, BE.")
@click.option("--radius", help="Around it, such as 5km; 10km if not given.")
@click.option("--terms", help="give, lend, rent, sell, time, mutual; several with commas.")
@click.option("--category", help="scheme:code; several with commas.")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="So many offers.")
@json_option
@click.pass_obj
def command(data_dir: str | None, /, name: str | None, *, limit: int, as_json: bool, **options: str | None) -> None:
    """Shows what fits the offer or need NAME (its id, or LOG/ID), or each current offer of a search."""
    from cli.named import find_named
    from ledger.directory.matched import MATCHES_SCHEMA, match_objects
    from ledger.directory.query import QueryError
    from ledger.sqlite.store import SqliteStore
    from node.api.v1 import find_record
    from node.config import data_directory
    from node.directory.finder import Finder
    from node.directory.matcher import Matcher

    asked = {key: (value,) for key, value in options.items() if value}
    store, now = SqliteStore(data_directory(data_dir).store, writable=False), int(time.time())
    try:
        finder = Finder(store)
        matcher = Matcher(store, finder)
        with store.read() as reads:
            if name:
                row = find_named(reads, name)
                if not row.direction:
                    raise CommandError("that record is neither an offer nor a need")
                matches = match_objects(reads, matcher.matches(reads, row.rid, now, limit))
                answer: dict[str, Any] = {"schema": MATCHES_SCHEMA, "matches": matches}
            else:
                found = finder.find({**asked, "direction": ("offer",), "limit": (str(limit),)}, now)
                offers = []
                for record in found["records"]:
                    row = find_record(reads, record["log"], record["id"])
                    matches = match_objects(reads, matcher.matches(reads, row.rid, now))
                    offers.append({"record": record, "matches": matches})
                answer = {"schema": MATCHES_SCHEMA, "total": found["total"], "offers": offers, "next": found["next"]}
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    finally:
        store.close()
    if as_json:
        show_json(answer)
        return
    if name:
        _show_matches(answer["matches"], "")
        say(f"{len(answer['matches'])} found")
        return
    for offer in answer["offers"]:
        show(_title(offer["record"]))
        _show_matches(offer["matches"], "  ")
    say(f"{answer['total']:,} offers found")


def _title(record: dict[str, Any]) -> str:
    return f"{plain(next(iter(record['name'].values())))}  ({record['log'][:8]}/{record['id'][:8]})"


def _show_matches(matches: list[dict[str, Any]], indent: str) -> None:
    for match in matches:
        reasons, parts = match["reasons"], []
        if reasons["categories"]:
            parts.append(f"same category: {plain(', '.join(reasons['categories']))}")
        if reasons["words"]:
            parts.append(f"both say {plain(', '.join(reasons['words']))}")
        if reasons["distance_m"] is not None:
            parts.append(f"{reasons['distance_m'] / 1000:.1f} km")
        if reasons["terms"]:
            parts.append(f"both {', '.join(reasons['terms'])}")
        if reasons["better"]:
            parts.append(f"offered to {reasons['better']}")
        show(f"{indent}{_title(match['record'])}")
        show(f"{indent}  {'; '.join(parts)}")
