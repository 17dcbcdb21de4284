# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who gives to whom as a ring for SVG: an arc for each, bands with a point at whoever takes. Pure, always the same.

Lengths are in units of a view box; they are numbers of ours. Names stand beside the picture, by their numbers.
"""

from __future__ import annotations

from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.reciprocity.pictures import Stream

SIZE = 480
_MIDDLE, _OUTER, _INNER, _BAND, _SHOULDER, _BADGE = 240.0, 196.0, 182.0, 179.0, 163.0, 218.0
_GAP = 0.055
"""Between two arcs, in radians; where there are many, half of the ring at most."""
_BOW_MIN = 0.5
_THIN = 0.02
"""What is there is seen: the least angle of a band."""


class Arc(NamedTuple):
    """One who gives or takes: the `d` of a path, and where its number stands."""

    name: str
    number: int
    path: str
    x: float
    y: float


class Band(NamedTuple):
    """What goes from one to another: the `d` of a path, and its class in the style sheet."""

    stream: Stream
    path: str


class Ring(NamedTuple):
    """All of it; arcs in the order of their numbers, bands with the widest first, so that none is hidden."""

    size: int
    arcs: list[Arc]
    bands: list[Band]


def draw_ring(streams: Sequence[Stream]) -> Ring:
    """A ring of streams of one unit, all more than 0 and from one to another."""
    total = sum(stream.amount for stream in streams)
    wide = [max(_THIN, stream.amount / total * pi) for stream in streams]
    order = arrange(streams)
    gap = min(_GAP, pi / len(order))
    scale = (2 * pi - gap * len(order)) / (2 * sum(wide))
    ends = _ends(streams, order)
    at, arcs = -pi / 2, []
    places: dict[tuple[int, bool], tuple[float, float]] = {}
    for number, name in enumerate(order, 1):
        begin = at
        for stream, gives in ends[name]:
            places[stream, gives] = (at, at + wide[stream] * scale)
            at += wide[stream] * scale
        x, y = _point(_BADGE, (begin + at) / 2)
        arcs.append(Arc(name, number, _arc(begin, at), x, y))
        at += gap
    widest = sorted(range(len(streams)), key=lambda number: (-streams[number].amount, number))
    return Ring(SIZE, arcs, [Band(streams[n], _band(places[n, True], places[n, False])) for n in widest])


def arrange(streams: Sequence[Stream]) -> list[str]:
    """The largest first, then always whoever has most to do with the one before: long bands are few."""
    between: dict[tuple[str, str], int] = {}
    sums: dict[str, int] = {}
    for stream in streams:
        for one, other in ((stream.source, stream.target), (stream.target, stream.source)):
            between[one, other] = between.get((one, other), 0) + stream.amount
            sums[one] = sums.get(one, 0) + stream.amount
    left = sorted(sums, key=lambda name: (-sums[name], name))
    order = [left.pop(0)]
    while left:
        nearest = min(left, key=lambda name: (-between.get((order[-1], name), 0), -sums[name], name))
        left.remove(nearest)
        order.append(nearest)
    return order


def _ends(streams: Sequence[Stream], order: Sequence[str]) -> dict[str, list[tuple[int, bool]]]:
    """The ends of bands on each arc, (stream, gives), in the order in which bands cross least."""
    place = {name: number for number, name in enumerate(order)}
    ends: dict[str, list[tuple[int, int, bool]]] = {name: [] for name in order}
    for number, stream in enumerate(streams):
        away = place[stream.source] - place[stream.target]
        ends[stream.source].append((away % len(order), number, True))
        ends[stream.target].append((-away % len(order), -number, False))
    return {name: [(abs(number), gives) for _, number, gives in sorted(found)] for name, found in ends.items()}


def _arc(begin: float, end: float) -> str:
    large = int(end - begin > pi)
    points = [_text(_point(*one)) for one in ((_OUTER, begin), (_OUTER, end), (_INNER, end), (_INNER, begin))]
    outer = f"A{_OUTER:g} {_OUTER:g} 0 {large} 1 {points[1]}"
    return f"M{points[0]}{outer}L{points[2]}A{_INNER:g} {_INNER:g} 0 {large} 0 {points[3]}Z"


def _band(source: tuple[float, float], target: tuple[float, float]) -> str:
    """From the whole width at whoever gives to a point at whoever takes."""
    begin, end = _text(_point(_BAND, source[0])), _text(_point(_BAND, source[1]))
    left, right = _text(_point(_SHOULDER, target[0])), _text(_point(_SHOULDER, target[1]))
    middle = sum(target) / 2
    tip = _text(_point(_BAND, middle))
    bow = (_SHOULDER + _BAND) / 2 / max(_BOW_MIN, cos((middle - target[0]) / 2))
    there, back = (_text(_point(bow, (one + middle) / 2)) for one in target)
    bend = _text(_bend(sum(source) / 2, middle))
    large = int(source[1] - source[0] > pi)
    gives = f"M{begin}A{_BAND:g} {_BAND:g} 0 {large} 1 {end}"
    return f"{gives}Q{bend} {left}Q{there} {tip}Q{back} {right}Q{bend} {begin}Z"


def _bend(source: float, target: float) -> tuple[float, float]:
    """What draws a band inwards: the middle, for neighbours not quite."""
    x, y = (cos(source) + cos(target)) / 2, (sin(source) + sin(target)) / 2
    near = hypot(x, y)
    return _MIDDLE + x * near * _INNER * 0.6, _MIDDLE + y * near * _INNER * 0.6


def _point(radius: float, angle: float) -> tuple[float, float]:
    return round(_MIDDLE + radius * cos(angle), 1), round(_MIDDLE + radius * sin(angle), 1)


def _text(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
