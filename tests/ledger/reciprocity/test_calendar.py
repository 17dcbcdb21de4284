# SPDX-License-Identifier: AGPL-3.0-or-later
"""Days where a resource stands, also those on which the clocks change; what is free; other times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity.calendar import (
    ALTERNATIVES,
    Span,
    alternatives,
    days_from,
    free_between,
    is_free,
    local_time,
    moment_of,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
HOUR = 3_600


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def there(text: str) -> int:
    return moment_of(datetime.fromisoformat(text), BRUSSELS)


def test_a_day_has_as_many_hours_as_it_has_there() -> None:
    days = days_from(date(2026, 3, 28), 3, BRUSSELS, ())
    assert [(day.end - day.begin) // HOUR for day in days] == [24, 23, 24]
    assert days[1].begin == utc("2026-03-28T23:00")
    days = days_from(date(2026, 10, 24), 3, BRUSSELS, ())
    assert [(day.end - day.begin) // HOUR for day in days] == [24, 25, 24]


def test_the_hour_that_does_not_come_is_no_time_and_the_one_that_comes_twice_is_the_first() -> None:
    with pytest.raises(ValueError, match="does not come"):
        there("2026-03-29T02:30")
    assert there("2026-03-29T03:00") == utc("2026-03-29T01:00")
    assert there("2026-10-25T02:30") == utc("2026-10-25T00:30")
    assert there("2026-10-25T03:00") == utc("2026-10-25T02:00")


def test_what_goes_over_midnight_stands_in_both_days() -> None:
    night = Span(there("2026-03-28T22:00"), there("2026-03-29T04:00"))
    first, second = days_from(date(2026, 3, 28), 2, BRUSSELS, [night])
    assert first.taken == [Span(night.begin, first.end)]
    assert second.taken == [Span(second.begin, night.end)]
    assert second.free == [Span(night.end, second.end)]
    assert (night.end - night.begin) // HOUR == 5


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 20)), max_size=12))
def test_free_and_taken_are_the_whole(times: list[tuple[int, int]]) -> None:
    spans = sorted(Span(begin, begin + length) for begin, length in times)
    inside = [Span(one.begin, min(one.end, 90)) for one in spans if one.begin < 90]
    free = free_between(0, 90, inside)
    minutes = {at for one in inside for at in range(one.begin, one.end)}
    assert {at for one in free for at in range(*one)} == set(range(90)) - minutes
    assert all(one.begin < one.end for one in free)


def test_other_times_are_free_near_and_as_long() -> None:
    now = there("2026-03-27T08:00")
    wanted = Span(there("2026-03-28T10:00"), there("2026-03-28T12:00"))
    taken = [
        Span(there("2026-03-28T09:00"), there("2026-03-28T11:00")),
        Span(there("2026-03-29T10:00"), there("2026-03-29T11:00")),
    ]
    found = alternatives(wanted, taken, BRUSSELS, now)
    assert len(found) == ALTERNATIVES
    assert all(is_free(one, taken) and one.end - one.begin == 2 * HOUR and one.begin >= now for one in found)
    assert Span(there("2026-03-28T11:00"), there("2026-03-28T13:00")) in found
    assert Span(there("2026-03-28T07:00"), there("2026-03-28T09:00")) in found
    assert found == sorted(found)


def test_the_same_hour_of_the_next_day_is_the_same_on_the_clock() -> None:
    wanted = Span(there("2026-03-28T10:00"), there("2026-03-28T11:00"))
    found = alternatives(wanted, [wanted], BRUSSELS, wanted.begin)
    assert f"{local_time(found[-1].begin, BRUSSELS):%H:%M}" == "10:00"
    sunday = Span(there("2026-03-29T10:00"), there("2026-03-29T11:00"))
    assert sunday in found
    at_half_past_two = Span(there("2026-03-28T02:30"), there("2026-03-28T03:00"))
    assert alternatives(at_half_past_two, [at_half_past_two], BRUSSELS, at_half_past_two.begin)
