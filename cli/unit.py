# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot unit`: what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.output import json_option, plain, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import language_map

if TYPE_CHECKING:
    from protocol.encoding import Value

SORTS = ("money", "time", "credit", "share", "count", "energy", "co2e", "goods")


@click.group("unit", short_help="What is counted: euros, hours, credits, shares, kWh.")
def command() -> None:
    """What is counted. A unit is defined once and never changes: amounts were recorded in it."""


@command.command("add")
@click.argument("code")
@click.argument("sort", type=click.Choice(SORTS))
@click.option("--decimals", type=click.IntRange(0, 9), default=2, show_default=True, help="Of its smallest part.")
@click.option("--name", "names", multiple=True, help="What people call it; fr=NAME in another language; repeat it.")
@says
@click.pass_obj
def add(data_dir: str | None, code: str, sort: str, decimals: int, names: tuple[str, ...], *, how: How) -> None:
    """Defines a unit, such as EUR money, or h time."""
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            named = language_map(names or (code,), view.language)
            organisation = view.log_id
        body: dict[str, Value] = {"code": code, "scale": decimals, "sort": sort, "name": named}
        saved = speaker.say("unit.define", body, [organisation])
        speaker.report(saved, f"unit {code}")


@command.command("list")
@log_option
@json_option
@click.pass_obj
def list_units(data_dir: str | None, log: str, *, as_json: bool) -> None:
    """Lists the units of a ledger."""
    from ledger.showing.accounts import UNITS_SCHEMA, unit_objects

    with looking(data_dir, log) as view:
        units = unit_objects(view)
    if as_json:
        show_json({"schema": UNITS_SCHEMA, "units": units})
        return
    rows = [(unit["code"], unit["sort"], unit["scale"], plain(next(iter(unit["name"].values())))) for unit in units]
    show_table(rows, ("unit", "sort", "decimals", "name"))
