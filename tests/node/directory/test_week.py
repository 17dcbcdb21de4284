# SPDX-License-Identifier: AGPL-3.0-or-later
"""The week of a place as a table, and how it stands now, in the time and with the holidays of where it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from ledger.places.opening import read_week
from node.directory.week import Table, week_table
from node.web.words import choose_words

LILLE = (506_300_000, 30_600_000, "FR")
THIN = "\u2009\u2013\u2009"


def table(hours: str, moment: str, language: str = "en") -> Table:
    at = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    week = read_week(hours, *LILLE, at)
    assert week is not None
    return week_table(week, choose_words((language,)))


@pytest.mark.parametrize(
    ("hours", "moment", "now"),
    [
        ("Mo-Fr 09:00-18:00", "2026-11-30T08:30", "Open now, until 18:00"),
        ("Mo-Fr 09:00-18:00", "2026-11-30T07:30", "Closed now, opens at 09:00"),
        ("Mo-Fr 09:00-18:00", "2026-11-28T12:00", "Closed now, opens on Monday at 09:00"),
        ("Mo-Sa 18:00-02:00", "2026-11-30T20:00", "Open now, until 02:00"),
        ("Mo 08:00-24:00", "2026-11-30T20:00", "Open now, until 24:00"),
        ("Mo 00:00-24:00; Tu 00:00-12:00", "2026-11-30T12:00", "Open now, until Tuesday, 12:00"),
        ("24/7", "2026-11-30T12:00", "Open all the time"),
        ("Mo-Su 00:00-24:00", "2026-11-30T12:00", "Open all the time"),
        ("off", "2026-11-30T12:00", "Closed at present"),
        ("2030 Mo 10:00-12:00", "2026-11-30T12:00", "Closed at present"),
    ],
)
def test_how_it_stands_now(hours: str, moment: str, now: str) -> None:
    assert table(hours, moment).now == now


def test_the_days_of_the_week() -> None:
    week = table(
        'Mo-Fr 09:00-12:00,14:00-18:00; Sa 22:00-02:00; We 10:00-11:00 unknown "ring"; PH off', "2026-07-15T10:00"
    )
    named = {day.name: day for day in week.days}
    assert next(iter(named)) == "Monday"
    assert named["Monday"].times == [f"09:00{THIN}12:00", f"14:00{THIN}18:00"]
    assert named["Tuesday"].times == []  # the fourteenth of July
    assert named["Wednesday"].times == [f"10:00{THIN}11:00, perhaps (ring)"]
    assert named["Saturday"].times == [f"22:00{THIN}02:00"]
    assert named["Sunday"].times == []
    assert [day.name for day in week.days if day.today] == ["Wednesday"]


def test_day_and_night_is_every_day() -> None:
    assert [day.times for day in table("24/7", "2026-11-30T12:00").days] == [[f"00:00{THIN}24:00"]] * 7


@pytest.mark.parametrize("hours", ["", "9h-18h, sauf le lundi", "\u202e<script>", "Mo-Fr 25:00", "x" * 500])
def test_what_cannot_be_read_has_no_week(hours: str) -> None:
    assert read_week(hours, *LILLE, 1_790_000_000) is None
    assert read_week("24/7", None, None, "", 1_790_000_000) is None


def test_hours_that_never_change_are_read_soon() -> None:
    begun = time.monotonic()
    for hours in ("Mo-Su 00:00-24:00", "2030 Mo 10:00-12:00", "week 1-53/2 Mo 10:00; " * 22, "9999 Dec 31 off"):
        read_week(hours, *LILLE, 1_790_000_000)
    assert time.monotonic() - begun < 2


def test_the_words_are_those_of_the_reader() -> None:
    assert table("Mo-Fr 09:00-18:00", "2026-11-30T08:30", "fr").now == "Ouvert, jusqu'à 18:00"
