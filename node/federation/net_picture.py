# SPDX-License-Identifier: AGPL-3.0-or-later
"""The federation as a picture for SVG: nodes on a circle around one's own, arrows from witnesses. Pure.

Lengths are in units of a view box; names stand beside the picture, by their numbers.
"""

from __future__ import annotations

from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = 480
SHOWN_MAX = 16
"""So many nodes can be told apart; the others stand in the table."""
_MIDDLE, _AROUND, _RADIUS, _CLEAR, _BOW = 240.0, 190.0, 21.0, 26.0, 26.0
_HEAD, _HEAD_WIDE = 11.0, 5.5
_MARGIN = _RADIUS + _BOW


class Spot(NamedTuple):
    """A node: where it is, its number, its class in the style sheet."""

    id: str
    number: int
    x: float
    y: float
    radius: float
    mark: str


class Tie(NamedTuple):
    """A line from one node to another as the `d` of a path, its head (empty: none), its class."""

    source: str
    target: str
    path: str
    head: str
    mark: str


class Net(NamedTuple):
    """All of it: `size` wide, and from `top` on so high as what is on it."""

    size: int
    top: int
    height: int
    spots: list[Spot]
    ties: list[Tie]


def draw_net(nodes: Sequence[tuple[str, str]], ties: Sequence[tuple[str, str, str]]) -> Net:
    """Of nodes (id, class), the own one first, and ties (from, to, class): those of nodes that are shown."""
    shown = nodes[:SHOWN_MAX]
    spots = [_spot(number, len(shown), *node) for number, node in enumerate(shown)]
    known = {spot.id: spot for spot in spots}
    drawn = [
        _tie(known[source], known[target], mark)
        for source, target, mark in ties
        if source in known and target in known and source != target
    ]
    top = int(min((spot.y for spot in spots), default=_MIDDLE) - _MARGIN)
    return Net(SIZE, top, int(max((spot.y for spot in spots), default=_MIDDLE) + _MARGIN) - top, spots, drawn)


def _spot(number: int, count: int, name: str, mark: str) -> Spot:
    if number == 0:
        return Spot(name, 1, _MIDDLE, _MIDDLE, _RADIUS, mark)
    angle = pi * (2 * number - 1) / max(1, count - 1) - pi / 2
    return Spot(
        name, number + 1, _short(_MIDDLE + _AROUND * cos(angle)), _short(_MIDDLE + _AROUND * sin(angle)), _RADIUS, mark
    )


def _tie(source: Spot, target: Spot, mark: str) -> Tie:
    """A bow to the left of its way, so that there and back do not lie on each other."""
    across, down = target.x - source.x, target.y - source.y
    length = hypot(across, down)
    bow = 0.0 if mark == "talk" else _BOW
    left = (down / length * bow, -across / length * bow)
    bend = ((source.x + target.x) / 2 + left[0], (source.y + target.y) / 2 + left[1])
    begin, end = _towards((source.x, source.y), bend, _CLEAR), _towards((target.x, target.y), bend, _CLEAR)
    path = f"M{_text(begin)}Q{_text(bend)} {_text(end)}"
    if mark in {"vouch", "talk"}:
        return Tie(source.id, target.id, path, "", mark)
    back = _towards(end, bend, _HEAD)
    along = hypot(end[0] - back[0], end[1] - back[1]) or 1.0
    side = ((end[1] - back[1]) / along * _HEAD_WIDE, (back[0] - end[0]) / along * _HEAD_WIDE)
    corners = (end, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1]))
    return Tie(source.id, target.id, path, "M" + "L".join(map(_text, corners)) + "Z", mark)


def _towards(point: tuple[float, float], other: tuple[float, float], far: float) -> tuple[float, float]:
    """So far from a point on the way to another."""
    across, down = other[0] - point[0], other[1] - point[1]
    length = hypot(across, down) or 1.0
    return point[0] + across / length * far, point[1] + down / length * far


def _text(point: tuple[float, float]) -> str:
    return f"{_short(point[0])} {_short(point[1])}"


def _short(length: float) -> float:
    return round(length, 1)
