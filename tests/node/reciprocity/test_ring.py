# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ring of who gives to whom: everybody is in it, nothing leaves it, and it is the same each time."""

from __future__ import annotations

import re
from math import hypot

from hypothesis import given
from hypothesis import strategies as st

from node.reciprocity.pictures import Stream
from node.reciprocity.ring import SIZE, Ring, draw_ring

_NAMES = [f"n{number}" for number in range(12)]
_streams = st.lists(
    st.tuples(
        st.sampled_from(_NAMES), st.sampled_from(_NAMES), st.integers(1, 10**15), st.sampled_from(["money", "gift"])
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda one: (one[0], one[1], one[3]),
).map(lambda found: [Stream(*one) for one in found if one[0] != one[1]])


def numbers(path: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", path)]


def swept(ring: Ring, name: str) -> float:
    """How far the arc of a name is from its beginning to its end, straight."""
    path = numbers(next(arc.path for arc in ring.arcs if arc.name == name))
    return hypot(path[0] - path[7], path[1] - path[8])


@given(_streams.filter(bool))
def test_everybody_is_in_the_ring_and_nothing_leaves_it(streams: list[Stream]) -> None:
    ring = draw_ring(streams)
    assert {arc.name for arc in ring.arcs} == {end for one in streams for end in (one.source, one.target)}
    assert [arc.number for arc in ring.arcs] == list(range(1, len(ring.arcs) + 1))
    assert sorted(band.stream for band in ring.bands) == sorted(streams)
    assert all(0 <= value <= SIZE for arc in ring.arcs for value in numbers(arc.path))
    assert all(0 <= value <= SIZE for band in ring.bands for value in numbers(band.path))
    assert draw_ring(list(streams)) == ring


def test_widths_are_as_the_amounts() -> None:
    ring = draw_ring([Stream("a", "b", 100, "money"), Stream("a", "c", 100, "money"), Stream("d", "b", 100, "money")])
    assert ring.arcs[0].name in "ab"
    assert swept(ring, "a") > 1.7 * swept(ring, "c")
    assert abs(swept(ring, "c") - swept(ring, "d")) < 0.3
    assert ring.bands[0].path.startswith("M")
