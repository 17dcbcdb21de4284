# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derives `node/static/outlines.json`, the coasts and borders under the map.

    python -m tests.tools.make_outlines DATA/basemap/countries-50m.json

The source is TopoJSON: lines that meet at their ends, of which areas are made. Each line is simplified by itself, so
that neighbours still share it. The same source gives the same file, which is JSON:

| member | what |
| --- | --- |
| `unit` | how many steps a degree has |
| `lines` | for each line its numbers: longitude and latitude of its first point in steps, then differences |
| `land` | areas, each a list of line numbers that follow each other; -1 - n is line n from its end |
| `borders` | the numbers of the lines between two countries |
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

OUTLINES = Path("node/static/outlines.json")
UNIT = 100
NEAR = (-25.0, 27.0, 45.0, 72.0)
"""West, south, east, north of where places are given finely: the gazetteer has small towns there too."""
TOLERANCES = 0.01, 0.07
"""How far in degrees of a great circle a simplified line may be from what it was, there and elsewhere."""
AREAS_MIN = 0.003, 0.06
"""In square degrees: smaller islands are left out."""

Point = tuple[float, float]


def lines_of(topology: dict[str, Any]) -> list[list[Point]]:
    """The lines in degrees."""
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * scale[0] + move[0], y * scale[1] + move[1]))
        lines.append(line)
    return lines


def near(point: Point) -> bool:
    """Whether a point is where places are given finely."""
    west, south, east, north = NEAR
    return west <= point[0] <= east and south <= point[1] <= north


def simplified(line: list[Point]) -> list[Point]:
    """A line with as few of its points as keep it within the tolerance (Douglas and Peucker)."""
    if len(line) < 3:
        return line
    tolerance = TOLERANCES[not near(line[0])]
    squeeze = math.cos(math.radians(line[len(line) // 2][1]))
    keep, stack = {0, len(line) - 1}, [(0, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        worst, at = 0.0, 0
        for number in range(first + 1, last):
            away = _distance(line[number], line[first], line[last], squeeze)
            if away > worst:
                worst, at = away, number
        if worst > tolerance:
            keep.add(at)
            stack += [(first, at), (at, last)]
    return [line[number] for number in sorted(keep)]


def _distance(point: Point, one: Point, other: Point, squeeze: float) -> float:
    x, y = (point[0] - one[0]) * squeeze, point[1] - one[1]
    dx, dy = (other[0] - one[0]) * squeeze, other[1] - one[1]
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, (x * dx + y * dy) / length)) if length else 0.0
    return math.hypot(x - along * dx, y - along * dy)


def rings_of(geometry: dict[str, Any]) -> list[list[int]]:
    """The rings of an object, outer and inner ones alike, as line numbers."""
    if geometry["type"] == "GeometryCollection":
        return [ring for part in geometry["geometries"] for ring in rings_of(part)]
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [ring for polygon in polygons for ring in polygon]


def area(ring: list[int], lines: list[list[Point]]) -> float:
    """The area of a ring in square degrees, as a multiple of what is kept."""
    points = [point for number in ring for point in (lines[number] if number >= 0 else lines[~number][::-1])[:-1]]
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairs)) / 2 / AREAS_MIN[not near(points[0])]


def steps(line: list[Point]) -> list[int]:
    """A line as its numbers."""
    rounded = [(round(x * UNIT), round(y * UNIT)) for x, y in line]
    kept = [rounded[0], *(b for a, b in itertools.pairwise(rounded) if a != b)]
    if len(kept) < 2:
        kept = [rounded[0], rounded[-1]]
    numbers = list(kept[0])
    for (x, y), (u, v) in itertools.pairwise(kept):
        numbers += [u - x, v - y]
    return numbers


def main() -> None:
    """Writes the file."""
    topology = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    lines = lines_of(topology)
    land = [ring for ring in rings_of(topology["objects"]["land"]) if area(ring, lines) >= 1]
    countries = topology["objects"]["countries"]["geometries"]
    uses = Counter(
        number if number >= 0 else ~number for country in countries for ring in rings_of(country) for number in ring
    )
    borders = [number for number, count in uses.items() if count > 1]
    wanted = sorted({number if number >= 0 else ~number for ring in land for number in ring} | set(borders))
    place = {number: at for at, number in enumerate(wanted)}
    told = {
        "source": "Natural Earth 4.1, public domain",
        "unit": UNIT,
        "lines": [steps(simplified(lines[number])) for number in wanted],
        "land": [[place[number] if number >= 0 else ~place[~number] for number in ring] for ring in land],
        "borders": sorted(place[number] for number in borders),
    }
    OUTLINES.write_text(json.dumps(told, separators=(",", ":")) + "\n", "ascii")


if __name__ == "__main__":
    main()
