# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of the ledger as shapes for SVG: columns over time, and bands from those who gave to those who took. Pure.

Lengths are in units of a view box that is 640 wide; they are numbers of ours, texts are put in by the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 640
_COLUMNS_HEIGHT, _BASE, _TOP = 210, 176, 26
_LABELS_MAX = 12
_BAR_PART = 0.68
_PART_MIN = 1.5
"""What is there is seen, however little it is beside the rest."""

_NODE, _BANDS_HEIGHT, _ROW_MIN, _GAP = 9, 190, 34, 10


class Bar(NamedTuple):
    """A part of a column; `mark` is its class in the style sheet."""

    x: float
    y: float
    width: float
    height: float
    mark: str


class Label(NamedTuple):
    """A text under a column; `spare` ones go where there is little room."""

    x: float
    text: str
    spare: bool


class Columns(NamedTuple):
    """Columns over time, the highest of which is `top` high on the line at `line`."""

    width: int
    height: int
    base: int
    line: int
    bars: list[Bar]
    labels: list[Label]


class Column(NamedTuple):
    """What is shown of one time: (mark, amount) from the base up."""

    label: str
    parts: Sequence[tuple[str, int]]


def draw_columns(columns: Sequence[Column]) -> Columns:
    """A column for each time; amounts are of one unit, none of them negative, and the highest column is not 0."""
    step = WIDTH / len(columns)
    highest = max(sum(amount for _, amount in column.parts) for column in columns)
    every = -(-len(columns) // _LABELS_MAX)
    bars, labels = [], []
    for number, column in enumerate(columns):
        left, at = number * step + step * (1 - _BAR_PART) / 2, float(_BASE)
        for mark, amount in column.parts:
            height = max(_PART_MIN, (_BASE - _TOP) * amount / highest)
            at -= height
            bars.append(Bar(_short(left), _short(at), _short(step * _BAR_PART), _short(height), mark))
        if number % every == 0:
            labels.append(Label(_short((number + 0.5) * step), column.label, bool(number // every % 2)))
    return Columns(WIDTH, _COLUMNS_HEIGHT, _BASE, _TOP, bars, labels)


class Stream(NamedTuple):
    """So much goes from one side to the other."""

    source: str
    target: str
    amount: int
    mark: str


class Node(NamedTuple):
    """One that gives (left) or takes (right), as a bar beside its name and the sum of its streams."""

    x: float
    y: float
    width: int
    height: float
    text_x: int
    text_y: float
    name: str
    amount: int


class Band(NamedTuple):
    """A stream as the `d` of an SVG path."""

    path: str
    mark: str


class Bands(NamedTuple):
    """Who gave, who took, and the bands between them."""

    width: int
    height: int
    givers: list[Node]
    takers: list[Node]
    bands: list[Band]


def draw_bands(streams: Sequence[Stream], order: Sequence[str]) -> Bands:
    """Bands as thick as their amounts, all more than 0; the sides stand in `order`."""
    total = sum(stream.amount for stream in streams)
    thick = {stream: max(_PART_MIN, _BANDS_HEIGHT * stream.amount / total) for stream in streams}
    givers = _side([(stream.source, thick[stream], stream.amount) for stream in streams], order, left=True)
    takers = _side([(stream.target, thick[stream], stream.amount) for stream in streams], order, left=False)
    at = {("from", node.name): node.y for node in givers} | {("to", node.name): node.y for node in takers}
    bands = []
    for stream in sorted(streams, key=lambda one: (order.index(one.source), order.index(one.target))):
        left, right, size = at["from", stream.source], at["to", stream.target], thick[stream]
        bands.append(Band(_band(left, right, size), stream.mark))
        at["from", stream.source] += size
        at["to", stream.target] += size
    height = max(node.y + max(node.height, _ROW_MIN) for node in (*givers, *takers))
    return Bands(WIDTH, round(height) + 2, givers, takers, bands)


def _side(shares: Iterable[tuple[str, float, int]], order: Sequence[str], *, left: bool) -> list[Node]:
    sizes: dict[str, float] = {}
    sums: dict[str, int] = {}
    for name, size, amount in shares:
        sizes[name] = sizes.get(name, 0) + size
        sums[name] = sums.get(name, 0) + amount
    x, text_x = (0, _NODE + 8) if left else (WIDTH - _NODE, WIDTH - _NODE - 8)
    nodes, at = [], 2.0
    for name in sorted(sizes, key=order.index):
        size, room = sizes[name], max(sizes[name], _ROW_MIN)
        nodes.append(Node(x, _short(at), _NODE, _short(size), text_x, _short(at + room / 2), name, sums[name]))
        at += room + _GAP
    return nodes


def _band(left: float, right: float, size: float) -> str:
    begin, end, middle = _NODE, WIDTH - _NODE, WIDTH // 2
    left_end, right_end = _short(left + size), _short(right + size)
    there = f"M{begin} {_short(left)}C{middle} {_short(left)} {middle} {_short(right)} {end} {_short(right)}"
    return f"{there}V{right_end}C{middle} {right_end} {middle} {left_end} {begin} {left_end}Z"


def _short(length: float) -> float:
    return round(length, 1)
