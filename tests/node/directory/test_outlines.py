# SPDX-License-Identifier: AGPL-3.0-or-later
"""Coasts and borders, cut to what a view shows."""

from __future__ import annotations

import re

import pytest

from node.directory.outlines import View, border_path, land_path, view_of

EUROPE, LILLE, PACIFIC = (34.0, -20.0, 64.0, 38.0), (50.6, 3.0, 50.7, 3.1), (-20.0, 176.0, -12.0, 180.0)


def points(path: str) -> list[tuple[int, int]]:
    """The points of a path, each from the one before."""
    found = []
    for piece in filter(None, path.split("M")):
        start, _, moves = piece.rstrip("z").partition("l")
        x, y = map(int, start.split())
        found.append((x, y))
        numbers = [int(number) for number in re.findall(r"-?[0-9]+", moves)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
    return found


@pytest.mark.parametrize("box", [EUROPE, LILLE, PACIFIC])
def test_land_is_cut_to_the_view(box: tuple[float, float, float, float]) -> None:
    view = view_of(box, 960, 440, 12)
    found = points(land_path(view))
    assert found
    assert all(-9 <= x <= view.width + 9 and -9 <= y <= view.height + 9 for x, y in found)
    assert len(found) < 20_000


def test_a_town_on_land_stands_on_nothing_but_land() -> None:
    view = view_of(LILLE, 960, 440, 12)
    assert {(-8, -8), (view.width + 8, -8)} <= set(points(land_path(view)))
    assert land_path(View(8, 0, 256 * 2**7, 100, 100)) == ""  # in the middle of the Pacific


def test_borders_are_lines() -> None:
    assert "z" not in border_path(view_of(EUROPE, 960, 440, 12))
    assert len(points(border_path(view_of(EUROPE, 960, 440, 12)))) > 300


def test_a_view_shows_its_box() -> None:
    for box in (EUROPE, LILLE):
        view = view_of(box, 960, 440, 12)
        south, west, north, east = view.box
        assert south <= box[0]
        assert west <= box[1]
        assert north >= box[2]
        assert east >= box[3]
        x, y = view.place((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        assert abs(x - 480) < 2
        assert 0 < y < 440
