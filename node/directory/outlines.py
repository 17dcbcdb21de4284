# SPDX-License-Identifier: AGPL-3.0-or-later
"""Coasts and borders for maps that are drawn here: cut to what a view shows. What they come from: static/README.md."""

from __future__ import annotations

import itertools
import json
import math
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

WORLD_PIXELS = 256
LAT_MAX = 85.0511287
_MARGIN = 8
"""Pixels around a view to which shapes are cut, so that the cuts are not seen."""

Point = tuple[float, float]
"""On a map of the world that is 1 wide and high: from the left, from the top."""


class View(NamedTuple):
    """A part of the map: its zoom level, the left and upper edge in pixels at that level, its size."""

    zoom: int
    left: int
    top: int
    width: int
    height: int

    @property
    def world(self) -> int:
        """How many pixels the world is wide."""
        return int(WORLD_PIXELS * 2**self.zoom)

    def place(self, lat: float, lon: float) -> Point:
        """Where a position in degrees lies, in pixels."""
        x, y = projected(lon, lat)
        return x * self.world - self.left, y * self.world - self.top

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The edges in degrees: south, west, north, east."""
        west = max(-180.0, self.left / self.world * 360 - 180)
        east = min(180.0, (self.left + self.width) / self.world * 360 - 180)
        return _latitude((self.top + self.height) / self.world), west, _latitude(self.top / self.world), east


class Shape(NamedTuple):
    """A line or the edge of an area, and its box: left, top, right, bottom."""

    points: tuple[Point, ...]
    box: tuple[float, float, float, float]


class Outlines(NamedTuple):
    """All that there is."""

    land: tuple[Shape, ...]
    borders: tuple[Shape, ...]


def projected(lon: float, lat: float) -> Point:
    """A position in degrees on the map of the world."""
    sine = math.sin(math.radians(max(-LAT_MAX, min(LAT_MAX, lat))))
    return lon / 360 + 0.5, 0.5 - math.atanh(sine) / (2 * math.pi)


def _latitude(down: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * max(0.0, min(1.0, down))))))


def view_of(box: tuple[float, float, float, float], width: int, height: int, zoom_max: int) -> View:
    """The view of that size that shows a box (south, west, north, east in degrees) as large as it can."""
    south, west, north, east = box
    (left, bottom), (right, top) = projected(west, south), projected(east, north)
    room = min((width - 64) / max(right - left, 1e-9), (height - 64) / max(bottom - top, 1e-9))
    zoom = max(0, min(zoom_max, math.floor(math.log2(room / WORLD_PIXELS))))
    world = WORLD_PIXELS * 2**zoom
    middle_x, middle_y = (left + right) / 2 * world, (top + bottom) / 2 * world
    return View(zoom, round(middle_x - width / 2), round(middle_y - height / 2), width, height)


@cache
def _outlines() -> Outlines:
    told = json.loads((files("node") / "static" / "outlines.json").read_bytes())
    unit, lines = told["unit"], []
    for numbers in told["lines"]:
        x = y = 0
        line = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            line.append(projected(x / unit, y / unit))
        lines.append(line)
    rings = [[point for n in ring for point in (lines[n] if n >= 0 else lines[~n][::-1])[1:]] for ring in told["land"]]
    return Outlines(tuple(_shape(_whole(ring)) for ring in rings), tuple(_shape(lines[n]) for n in told["borders"]))


def land_shapes() -> tuple[Shape, ...]:
    """All pieces of land."""
    return _outlines().land


def _whole(points: list[Point]) -> list[Point]:
    """The edge of an area that goes on beyond the edge of the world, where it crosses 180 degrees."""
    whole, before = [], points[0][0]
    for x, y in points:
        before = x + round(before - x)
        whole.append((before, y))
    return whole


def _shape(points: list[Point]) -> Shape:
    across, down = [x for x, _ in points], [y for _, y in points]
    return Shape(tuple(points), (min(across), min(down), max(across), max(down)))


@lru_cache(maxsize=64)
def land_path(view: View) -> str:
    """The land in a view, as the `d` of an SVG path."""
    edges = _edges(view)
    rings = (_cut(shape.points, edges) for shape in _outlines().land if _meets(shape.box, edges))
    return "".join(path + "z" for ring in rings if (path := _path(ring, view)))


@lru_cache(maxsize=64)
def border_path(view: View) -> str:
    """The borders in a view, as the `d` of an SVG path."""
    edges = _edges(view)
    return "".join(
        _path(piece, view)
        for shape in _outlines().borders
        if _meets(shape.box, edges)
        for piece in _pieces(shape.points, edges)
    )


def _edges(view: View) -> tuple[float, float, float, float]:
    world = view.world
    return (
        (view.left - _MARGIN) / world,
        (view.top - _MARGIN) / world,
        (view.left + view.width + _MARGIN) / world,
        (view.top + view.height + _MARGIN) / world,
    )


def _meets(box: tuple[float, float, float, float], edges: tuple[float, float, float, float]) -> bool:
    return box[0] <= edges[2] and box[2] >= edges[0] and box[1] <= edges[3] and box[3] >= edges[1]


def _cut(points: tuple[Point, ...], edges: tuple[float, float, float, float]) -> list[Point]:
    """An area cut to a box, one side after the other (Sutherland and Hodgman)."""
    left = list(points)
    for side, edge in enumerate(edges):
        axis, sign = side % 2, 1 if side < 2 else -1
        bound = sign * edge
        kept: list[Point] = []
        if not left:
            return left
        before = left[-1]
        was_in = sign * before[axis] >= bound
        for point in left:
            is_in = sign * point[axis] >= bound
            if is_in != was_in:
                share = (edge - before[axis]) / (point[axis] - before[axis])
                crossing = [before[n] + share * (point[n] - before[n]) for n in (0, 1)]
                kept.append((crossing[0], crossing[1]))
            if is_in:
                kept.append(point)
            before, was_in = point, is_in
        left = kept
    return left


def _pieces(points: tuple[Point, ...], edges: tuple[float, float, float, float]) -> list[list[Point]]:
    """The parts of a line whose steps touch a box."""
    pieces: list[list[Point]] = [[]]
    for one, other in itertools.pairwise(points):
        box = (min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1]))
        if _meets(box, edges):
            pieces[-1] += [other] if pieces[-1] else [one, other]
        elif pieces[-1]:
            pieces.append([])
    return pieces


def _path(points: list[Point], view: View) -> str:
    """Points as moves of whole pixels; those that fall together are left out."""
    world = view.world
    steps: list[tuple[int, int]] = []
    for x, y in points:
        step = (round(x * world) - view.left, round(y * world) - view.top)
        if not steps or step != steps[-1]:
            steps.append(step)
    if len(steps) < 2:
        return ""
    moves = " ".join(f"{u - x} {v - y}" for (x, y), (u, v) in itertools.pairwise(steps))
    return f"M{steps[0][0]} {steps[0][1]}l{moves}"
