# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would have been owed last year under a contract that somebody is writing: a dry run in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.reciprocity.last_year import rehearse_template
from ledger.reciprocity.lines import show_rule
from ledger.reciprocity.rehearsal import by_month, sums
from ledger.reciprocity.template import TemplateError, read_template
from node.forms.field import Unfit
from node.web.words import message
from protocol.amounts import show_amount, show_day

if TYPE_CHECKING:
    from node.web.words import Words

    Row = tuple[str, str, str, str, str]


class Trial(NamedTuple):
    """What would have been owed: for each month rows of (day, what, account, amount, rule), or why there is nothing.

    `sums` are what each account would have received in all: (account, amount).
    """

    months: list[tuple[str, list[Row], list[str]]]
    sums: list[tuple[str, str]]


def try_template(text: str, words: Words) -> Trial:
    """The dry run of a template with its own section [last_year]. Raises Unfit."""
    try:
        template = read_template(text)
        rehearsal = rehearse_template(template)
    except TemplateError as error:
        raise Unfit("text", message("The file has a mistake: {mistake}"), mistake=str(error)) from None
    scales, names = template.section("units"), rehearsal.names

    def shown(amount: int, unit: str) -> str:
        return f"{words.amount(show_amount(amount, scales[unit]))}\N{NO-BREAK SPACE}{unit}"

    months = []
    for month, owed in by_month(rehearsal.owed).items():
        rows: list[Row] = [
            (
                words.day(show_day(one.on)),
                words.label("line", line.name),
                names.get(line.account, ""),
                shown(line.amount, one.unit),
                show_rule(line.rule, scales[one.unit]).replace("at most", words("at most")),
            )
            for one in owed
            for line in one.lines
        ]
        refused = [f"{words.day(show_day(one.on))}: {one.refused}" for one in owed if one.refused]
        months.append((words.month(month), rows, refused))
    totals = [(names[account], shown(amount, unit)) for (unit, account), amount in sums(rehearsal.owed).items()]
    return Trial(months, totals)
