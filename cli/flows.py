# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot flows`: who gave what to whom, organisations and persons by class, over a period."""

from __future__ import annotations

import time

import click

from cli.output import json_option, plain, say, show, show_json, show_table

_DAY_S = 86_400


@click.command("flows", short_help="Who gave what to whom, over a period.")
@click.option(
    "--period",
    type=click.Choice(("month", "quarter", "year", "all")),
    default="year",
    show_default=True,
    help="Of the calendar.",
)
@click.option("--until", help="A month in the period, such as 2026-03; the newest of which there is something.")
@click.option("--log", default="own", show_default=True, help="own, all that are held here, or the id of one.")
@click.option(
    "--sort", type=click.Choice(("money", "time", "goods", "gift", "care")), help="Only this; everything if not given."
)
@json_option
@click.pass_obj
def command(data_dir: str | None, period: str, until: str | None, log: str, sort: str | None, *, as_json: bool) -> None:
    """Shows what went from one organisation to another, as /flows does: money, time, goods, gifts, care.

    Persons are counted together by their class. Amounts of different units are never added.
    """
    from ledger.held.private import find_log
    from ledger.showing.view import LedgerView, held_ledger, own_tree
    from ledger.showing.whole import KINDS, PartyFlows, Told, newest_month, shown_trees, span, whole_object
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from protocol.amounts import month_of, parse_month

    store = SqliteStore(data_directory(data_dir).store, writable=False)
    try:
        with store.read() as reads:
            if log == "all":
                trees = shown_trees(reads)
            else:
                trees = [own_tree(reads) if log == "own" else held_ledger(reads, find_log(reads, log))]
            told = []
            for tree in trees:
                flows = PartyFlows()
                flows.advance(reads, tree, tree.derived)
                told.append(Told(LedgerView(reads, tree, private=True), flows, tree.size - tree.derived))
            month = parse_month(until) if until else newest_month(told, month_of(int(time.time()) // _DAY_S))
            value = whole_object(told, *span(period, month, told), (sort,) if sort else KINDS) | {"period": period}
    finally:
        store.close()
    if as_json:
        show_json(value)
        return
    if value["lag"]:
        say(f"{value['lag']:,} entries are stored and not counted here yet")
    show(f"{value['from']} to {value['until']}")
    rows = [
        (
            plain(_called(one["from"])),
            plain(_called(one["to"])),
            f"{one['amount']} {one['unit']}",
            one["what"],
            "gift" if one["gift"] else "",
            f"{one['count']:,}",
        )
        for one in value["flows"]
    ]
    show_table(rows, ("from", "to", "amount", "for", "", "times"))


def _called(party: dict[str, str]) -> str:
    """A party in a word or two."""
    short = party["id"].rpartition("/")[2][:8]
    return {"outside": "outside", "members": f"{party['class']}s"}.get(party["type"]) or party["name"] or short
