# SPDX-License-Identifier: AGPL-3.0-or-later
"""What flows and contributions look like, each picture with the table that says the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.showing.contributions import part_order
from ledger.showing.flows import GROUPS
from node.reciprocity.pictures import Bands, Column, Columns, Stream, draw_bands, draw_columns
from node.web.words import SHORT_MONTHS
from protocol.amounts import parse_amount, parse_month

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.showing.view import LedgerView
    from node.reciprocity.periods import Period
    from node.web.words import Words

_STREAMS = frozenset({"livelihood", "care", "love"})


class FlowPicture(NamedTuple):
    """The flows of one unit: the bands, what their ends are called, their sums in words.

    A row is (what, gift, from, to, amount) in words.
    """

    unit: str
    sort: str
    bands: Bands
    names: dict[str, str]
    sums: dict[int, str]
    rows: list[tuple[str, bool, str, str, str]]


def flow_pictures(flows: Iterable[dict[str, Any]], view: LedgerView, words: Words) -> list[FlowPicture]:
    """A picture for each unit: money first, then time, then the rest."""
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for flow in flows:
        by_unit.setdefault(flow["unit"], []).append(flow)
    order = ("money", "time")
    units = sorted(by_unit, key=lambda unit: (*(by_unit[unit][0]["sort"] != sort for sort in order), unit))
    names = {group: words.label("group", group) for group in GROUPS}
    pictures = []
    for unit in units:
        streams, rows = [], []
        for flow in by_unit[unit]:
            amount = parse_amount(flow["amount"], view.unit(unit).scale)
            streams.append(Stream(flow["source"], flow["target"], amount, _mark(flow["what"], gift=flow["gift"])))
            what = words.label("stream" if flow["what"] in _STREAMS else "post", flow["what"])
            rows.append(
                (what, flow["gift"], names[flow["source"]], names[flow["target"]], words.amount(flow["amount"]))
            )
        bands, sort = draw_bands(streams, GROUPS), words.label("sort", by_unit[unit][0]["sort"])
        sums = {node.amount: words.amount(view.show(node.amount, unit)) for node in (*bands.givers, *bands.takers)}
        pictures.append(FlowPicture(unit, sort, bands, names, sums, rows))
    return pictures


class ContributionPicture(NamedTuple):
    """What a member gave in one unit: the columns, the heads of the table's columns with their marks, and its rows.

    A row is (when, an amount for each head or empty, the sum).
    """

    unit: str
    sort: str
    highest: str
    columns: Columns
    heads: list[tuple[str, str]]
    rows: list[tuple[str, list[str], str]]


def contribution_pictures(
    told: dict[str, Any], period: Period, view: LedgerView, words: Words
) -> list[ContributionPicture]:
    """A picture for each unit in which a member gave something in a period."""
    pictures = []
    for series in told["given"]:
        unit, scale = series["unit"], view.unit(series["unit"]).scale
        amounts: dict[int, dict[tuple[str, bool], int]] = {}
        for row in series["months"]:
            parts = {(part["stream"], part["gift"]): parse_amount(part["amount"], scale) for part in row["parts"]}
            amounts[parse_month(row["month"])] = parts
        pictures.append(_contribution_picture(unit, series["sort"], amounts, period, view, words))
    return pictures


def _contribution_picture(
    unit: str,
    sort: str,
    amounts: dict[int, dict[tuple[str, bool], int]],
    period: Period,
    view: LedgerView,
    words: Words,
) -> ContributionPicture:
    kinds = sorted({kind for parts in amounts.values() for kind in parts}, key=lambda kind: part_order(*kind))
    columns, rows, highest = [], [], 0
    for step in period.steps():
        sums = {
            kind: sum(amounts.get(month, {}).get(kind, 0) for month in range(step.first, step.last + 1))
            for kind in kinds
        }
        whole = sum(sums.values())
        highest = max(highest, whole)
        columns.append(Column(_short(step, words), [(_mark(*kind), amount) for kind, amount in sums.items() if amount]))
        shown = [words.amount(view.show(sums[kind], unit)) if sums[kind] else "" for kind in kinds]
        if whole:
            rows.append((_name(step, words), shown, words.amount(view.show(whole, unit))))
    heads = [(_kind_name(kind, words), _mark(*kind)) for kind in kinds]
    top = words.amount(view.show(highest, unit))
    return ContributionPicture(unit, words.label("sort", sort), top, draw_columns(columns), heads, rows)


def _kind_name(kind: tuple[str, bool], words: Words) -> str:
    name = words.label("stream", kind[0])
    return words("{stream}, as a gift", stream=name) if kind[1] else name


def _mark(what: str, gift: bool) -> str:  # noqa: FBT001 - two parts of one key
    """The class in the style sheet."""
    mark = what if what in _STREAMS else "money"
    return f"{mark} gift" if gift else mark


def _short(step: Period, words: Words) -> str:
    """What stands under a column: the month, in January the year."""
    if step.first != step.last:
        return str(step.last // 12)
    return words(SHORT_MONTHS[step.first % 12])


def _name(step: Period, words: Words) -> str:
    return words.month(step.first) if step.first == step.last else str(step.last // 12)
