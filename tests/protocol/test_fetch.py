# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §5: fetching a log in ranges. However the answers are cut and come, all entries arrive once, in order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.fetch import IN_FLIGHT_MAX, Fetch, Span
from protocol.frames import Entries
from protocol.identity import Origin
from tests.drawing import draws

ORIGIN = Origin(bytes(32), 1)


def entry(position: int) -> tuple[bytes, bytes]:
    return position.to_bytes(8, "big"), b""


def answer(span: Span, count: int, size: int, payload: bytes = b"") -> Entries:
    entries = [(entry(position)[0], payload) for position in range(span.begin, span.begin + count)]
    return Entries(ORIGIN.log_id, 1, size, span.begin, entries, [])


def positions(handed_on: list[Entries]) -> list[int]:
    return [int.from_bytes(data, "big") for part in handed_on for data, _ in part.entries]


def finish(fetch: Fetch, size: int, choose: st.DataObject, most: int, payload: bytes = b"") -> list[int]:
    """Answers one of the open questions after the other, each with up to so many entries, until the fetch is done."""
    open_spans, found = fetch.asks(), []
    while not fetch.done:
        assert open_spans, f"nothing is asked for and {fetch.next} of {size} are here"
        assert len(open_spans) <= IN_FLIGHT_MAX
        span = open_spans.pop(choose.draw(st.integers(0, len(open_spans) - 1)))
        count = choose.draw(st.integers(1, min(span.end - span.begin, most)))
        assert fetch.take(answer(span, count, size, payload))
        found += positions(fetch.in_order())
        open_spans += fetch.asks()
    assert fetch.asks() == []
    return found


@draws(50)
@given(st.data(), st.integers(0, 400), st.integers(0, 1500), st.sampled_from([1, 3, 20, 100, 10_000]))
def test_any_cut_and_order_of_answers_gives_every_entry_once_in_order(
    data: st.DataObject, held: int, more: int, most: int
) -> None:
    size = held + (more if most >= 20 else more % 60)
    assert finish(Fetch(ORIGIN, held, size), size, data, most) == list(range(held, size))


@draws(25)
@given(st.data(), st.integers(1, 200))
def test_large_entries_come_too(data: st.DataObject, size: int) -> None:
    payload = bytes(30_000)
    assert finish(Fetch(ORIGIN, 0, size), size, data, 8, payload) == list(range(size))


@pytest.mark.parametrize("first_to_last", [True, False])
@pytest.mark.parametrize("fits", [1, 7, 50, 57, 100])
def test_a_peer_that_answers_in_the_order_of_asking_never_leaves_a_fetch_waiting(
    fits: int, *, first_to_last: bool
) -> None:
    size, found = 1000, []
    fetch = Fetch(ORIGIN, 0, size)
    queue = fetch.asks()
    while queue:
        span = queue.pop(0 if first_to_last else -1)
        assert fetch.take(answer(span, min(fits, span.end - span.begin), size))
        found += positions(fetch.in_order())
        queue += fetch.asks()
    assert found == list(range(size))
    assert fetch.done


def test_nothing_is_asked_for_when_all_is_held() -> None:
    fetch = Fetch(ORIGIN, 5, 5)
    assert fetch.done
    assert fetch.asks() == []


@given(st.integers(0, 50), st.integers(60, 3000))
def test_what_is_asked_for_is_what_is_missing(held: int, size: int) -> None:
    spans = Fetch(ORIGIN, held, size).asks()
    assert spans[0].begin == held
    assert all(one.end == other.begin for one, other in pairwise(spans))
    assert spans[-1].end <= size
    assert len(spans) == IN_FLIGHT_MAX or spans[-1].end == size


@given(st.integers(0, 2000), st.integers(1, 2000), st.sampled_from([999, 1000, 1001]))
def test_an_answer_that_was_not_asked_for_is_not_taken(begin: int, count: int, size: int) -> None:
    fetch = Fetch(ORIGIN, 0, 1000)
    asked = {span.begin: span for span in fetch.asks()}
    wanted = size == 1000 and begin in asked and begin + count <= asked[begin].end
    assert fetch.take(answer(Span(begin, begin + count), count, size)) is wanted
    assert positions(fetch.in_order()) == (list(range(count)) if wanted and begin == 0 else [])


def test_an_answer_is_taken_once() -> None:
    fetch = Fetch(ORIGIN, 0, 100)
    (span,) = fetch.asks()
    assert fetch.take(answer(span, 100, 100))
    assert not fetch.take(answer(span, 100, 100))


def test_small_answers_make_later_questions_smaller_and_large_ones_larger() -> None:
    widths = {}
    for name, payload in (("small", b""), ("large", bytes(60_000))):
        fetch = Fetch(ORIGIN, 0, 100_000)
        queue = fetch.asks()
        for _ in range(20):
            span = queue.pop(0)
            assert fetch.take(answer(span, min(4, span.end - span.begin), 100_000, payload))
            fetch.in_order()
            queue = [*fetch.asks(), *queue]
        widths[name] = fetch._room()
    assert widths["small"] > 1000
    assert widths["large"] < 10
