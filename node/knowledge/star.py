# SPDX-License-Identifier: AGPL-3.0-or-later
"""The picture of a word among those that it is linked to: broader above, narrower below, others at the sides."""

from __future__ import annotations

from typing import NamedTuple

from node.directory.listing import cut

WIDTH, HEIGHT, MIDDLE = 640, 300, (320, 150)
ROW_MAX, WORD_CHARACTERS = 3, 19
_ROWS = {"broader": 34, "narrower": 266}
_SIDES = {"related": 84, "differs": 556}


class Ray(NamedTuple):
    """A word in the picture with the line that leads to it."""

    word: str
    url: str
    relation: str
    x: int
    y: int


def frame(drawn: list[Ray]) -> tuple[int, int]:
    """From where to where the picture reaches: rows in which nothing stands are left out."""
    relations = {one.relation for one in drawn}
    top = 0 if "broader" in relations else 80
    return top, (HEIGHT if "narrower" in relations else HEIGHT - 80) - top


def rays(linked: list[tuple[str, str, str]]) -> list[Ray]:
    """Where the words stand: (relation, word, address) of each; at most three for each relation."""
    found = []
    for relation, y in _ROWS.items():
        row = [one for one in linked if one[0] == relation][:ROW_MAX]
        for number, (_, word, url) in enumerate(row, 1):
            found.append(Ray(cut(word, WORD_CHARACTERS), url, relation, WIDTH * number // (len(row) + 1), y))
    for relation, x in _SIDES.items():
        column = [one for one in linked if one[0] == relation][:ROW_MAX]
        for number, (_, word, url) in enumerate(column, 1):
            y = MIDDLE[1] + 46 * (2 * number - 1 - len(column)) // 2
            found.append(Ray(cut(word, WORD_CHARACTERS), url, relation, x, y))
    return found
