# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot search`: the same query, the same answer as GET /v1/records."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from cli.hits import FORMATS, write_hits
from cli.output import json_option, plain, say, show, show_json, when


@click.command("search", short_help="Search the directory.")
@click.argument("words", nargs=-1)
@click.option("--kind", multiple=True, help="organisation, place, resource, service, offer, need, person.")
@click.option("--category", multiple=True, help="scheme:code.")
@click.option("--status", multiple=True, help="active, planned, paused, closed; without it all but closed.")
@click.option("--bbox", help="west,south,east,north in degrees.")
@click.option("--near", help="A town, such as Lille, or Gent, BE.")
@click.option("--lat", help="With --lon: the middle of a circle.")
@click.option("--lon")
@click.option("--radius", help="Around --near or --lat and --lon, such as 5km; 10km if not given.")
@click.option("--licence", multiple=True, help="SPDX expression.")
@click.option("--set", multiple=True, help="Short name of the data set that it was imported from.")
@click.option("--log", multiple=True, help="Id of the log that says it, or its beginning.")
@click.option("--country", multiple=True, help="Two letters.")
@click.option("--checked-within", help="Somebody looked within this time, such as 90d or 1y.")
@click.option("--open", type=click.Choice(["now"]), help="now: whose opening hours say so, where they are.")
@click.option("--direction", multiple=True, help="offer, want: of offers and needs.")
@click.option("--terms", multiple=True, help="give, lend, rent, sell, time, mutual.")
@click.option("--over", type=click.Choice(["include"]), help="include: also offers and needs whose time is over.")
@click.option("--archived", type=click.Choice(["include", "only"]), help="What nobody has checked for two years.")
@click.option("--limit", help="1 to 100; 20 if not given.")
@click.option("--cursor", help="`next` of the page before.")
@click.option("--private", is_flag=True, help="Search what is not public instead: records for a circle or for parties.")
@click.option("--facets", is_flag=True, help="Show counts by kind, category, log, licence, country.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Write all hits as a file of this format.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to; else the terminal.")
@json_option
@click.pass_obj
def command(
    data_dir: str | None,
    /,
    words: tuple[str, ...],
    *,
    private: bool,
    facets: bool,
    form: str | None,
    output: Path | None,
    as_json: bool,
    **options: Any,  # noqa: ANN401 - texts
) -> None:
    """Searches all records held here. Every word is the beginning of a word; accents and case do not count."""
    from ledger.directory.query import QueryError
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from node.directory.finder import Finder

    parameters = {name: value if isinstance(value, tuple) else (value,) for name, value in options.items() if value}
    if words:
        parameters["q"] = (" ".join(words),)
    if "log" in parameters:
        parameters["log"] = _logs(data_dir, parameters["log"])
    if form or output:
        write_hits(data_dir, parameters, form, output, alone=not (private or facets or as_json))
        return
    store = SqliteStore(data_directory(data_dir).store, writable=False)
    try:
        page = Finder(store).find(parameters, int(time.time()), private=private)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    finally:
        store.close()
    if as_json:
        show_json(page)
        return
    for record in page["records"]:
        _show(record)
    say(f"{page['total']:,} found" + (f"; next page: --cursor {page['next']}" if page["next"] else ""))
    if page["lag"]:
        say(f"{page['lag']:,} entries are stored and not searchable yet")
    if facets:
        for facet, counts in page["facets"].items():
            shown = ", ".join(f"{plain(value)} {count:,}" for value, count in list(counts.items())[:12])
            show(f"{facet}: {shown}" if shown else f"{facet}: none")


def _logs(data_dir: str | None, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of logs, each from its beginning or whole."""
    from ledger.held.scopes import find_log
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from protocol.identity import show_log_id

    store = SqliteStore(data_directory(data_dir).store, writable=False)
    try:
        with store.read() as reads:
            return tuple(show_log_id(find_log(reads, text)) for text in texts)
    finally:
        store.close()


def _show(record: dict[str, Any]) -> None:
    name = next(iter(record["name"].values()))
    address = record.get("address", {})
    where = " ".join(filter(None, [address.get("postcode"), address.get("locality"), address.get("country")]))
    checked = f"checked {when(record['checked_at'])[:10]}" if record.get("checked_at") else "never checked"
    show(f"{plain(name)}")
    parts = [record["kind"], plain(where), checked, record["licence"]]
    if record["entry"]["scope"] != "public":
        parts.insert(0, f"NOT PUBLIC ({record['entry']['scope']})")
    if record["status"] != "active":
        parts.insert(1, record["status"])
    show("  " + " · ".join(filter(None, parts)))
    show(f"  {record['log'][:8]}/{record['id']}")
