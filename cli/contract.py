# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot contract`: templates of contracts and trials, which need no node; the rest stands in `contract_ledger`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.contract_ledger import COMMANDS
from cli.output import json_option, plain, printable, show, show_json, show_table
from cli.template_file import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.reciprocity.last_year import Rehearsal
    from ledger.reciprocity.lines import Line
    from ledger.reciprocity.rehearsal import Owed

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("contract", short_help="Templates, trials; offer, sign, explain, carry out.")
def command() -> None:
    """Contracts: edit a template, try it out, offer it, sign it, see what is owed under it and why."""


for _command in COMMANDS:
    command.add_command(_command)


@command.command("template", short_help="Print a template to edit, or the list of them.")
@click.argument("name", required=False)
@json_option
def template(name: str | None, *, as_json: bool) -> None:
    """Prints a template to edit (folkmoot contract template tool-library > tools.toml), or the list of them."""
    from ledger.reciprocity.contract_templates import NAMES, template_text
    from ledger.reciprocity.template import read_template

    if name is not None:
        text = template_text(name)
        if as_json:
            show_json({"schema": "folkmoot.template/1", "name": name, "text": text})
        else:
            show(printable(text.rstrip("\n")))
        return
    titles = {one: read_template(template_text(one)).tables["title"] for one in NAMES}
    if as_json:
        listed = [{"name": one, "title": title} for one, title in titles.items()]
        show_json({"schema": "folkmoot.templates/1", "templates": listed})
        return
    show_table([(one, title["en"], title["fr"]) for one, title in titles.items()], ("template", "English", "français"))


@command.command("try", short_help="What would have been owed last year under a file.")
@click.argument("file", type=_FILE)
@json_option
def try_(file: Path, *, as_json: bool) -> None:
    """Says what would have been owed under the contract in FILE, with what its section [last_year] tells.

    Nothing is signed and nothing moves. Names need no ids yet; of equal shares it may be another one that gets the odd
    cent once they have some.
    """
    from ledger.reciprocity.last_year import rehearse_template

    read = read_file(file)
    rehearsal, scales = rehearse_template(read), read.section("units")
    if as_json:
        show_json(_object(rehearsal, scales))
    else:
        _show(rehearsal, scales)


def _rows(owed: Iterable[Owed], rehearsal: Rehearsal, scales: dict[str, int]) -> Iterable[tuple[Owed, Line, str, str]]:
    """(Owed, line, name of the account, amount) of each line."""
    from protocol.amounts import show_amount

    for one in owed:
        for line in one.lines:
            yield one, line, rehearsal.names.get(line.account, ""), show_amount(line.amount, scales[one.unit])


def _show(rehearsal: Rehearsal, scales: dict[str, int]) -> None:
    from ledger.reciprocity.lines import show_rule
    from ledger.reciprocity.rehearsal import by_month, sums
    from protocol.amounts import show_amount, show_day, show_month

    for month, owed in by_month(rehearsal.owed).items():
        show(show_month(month))
        rows = [
            (
                show_day(one.on),
                line.clause + 1 or "",
                line.name,
                name,
                amount,
                one.unit,
                show_rule(line.rule, scales[one.unit]),
            )
            for one, line, name, amount in _rows(owed, rehearsal, scales)
        ]
        if rows:
            show_table(rows, ("day", "clause", "what", "account", "amount", "unit", "rule"))
        for one in owed:
            if one.refused:
                show(f"{show_day(one.on)}  nothing: {plain(one.refused)}")
        show()
    show("in all")
    totals = sums(rehearsal.owed).items()
    show_table(
        [(rehearsal.names[account], show_amount(amount, scales[unit]), unit) for (unit, account), amount in totals],
        ("account", "amount", "unit"),
    )


def _object(rehearsal: Rehearsal, scales: dict[str, int]) -> dict[str, Any]:
    from ledger.reciprocity.lines import show_rule
    from ledger.reciprocity.rehearsal import sums
    from protocol.amounts import show_amount, show_day

    return {
        "schema": "folkmoot.trial/1",
        "lines": [
            {
                "on": show_day(one.on),
                "clause": line.clause,
                "kind": line.kind,
                "name": line.name,
                "account": name,
                "amount": amount,
                "unit": one.unit,
                "rule": show_rule(line.rule, scales[one.unit]),
                "fraction": list(line.fraction),
            }
            for one, line, name, amount in _rows(rehearsal.owed, rehearsal, scales)
        ],
        "refused": [{"on": show_day(one.on), "why": one.refused} for one in rehearsal.owed if one.refused],
        "sums": [
            {"account": rehearsal.names[account], "amount": show_amount(amount, scales[unit]), "unit": unit}
            for (unit, account), amount in sums(rehearsal.owed).items()
        ],
    }
