# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars by RFC 5545, read back by a program of others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.publishing.icalendar import CalendarEvent, calendar

icalendar: Any = pytest.importorskip("icalendar")

EVIL = "Perceuse; à percussion, \\ N°5\nATTACH:http://evil\r\nBEGIN:VALARM\x00" + "é😀" * 60
EVENTS = (
    CalendarEvent("1@log", 1_790_000_000, 1_790_003_600, EVIL, 1_789_000_000, EVIL, "https://moot.example/a"),
    CalendarEvent("2@log", 1_790_010_000, 1_790_013_600, "Drill", 1_789_000_001, cancelled=True),
)


def read(data: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_another_program_reads_what_was_written() -> None:
    first, second = read(calendar("Drill", EVENTS))
    assert str(first["SUMMARY"]) == EVIL.replace("\r", " ").replace("\x00", " ")
    assert first["DTSTART"].dt == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert (first["DTEND"].dt - first["DTSTART"].dt).seconds == 3_600
    assert (first["UID"], first["SEQUENCE"], first["STATUS"], first["TRANSP"]) == ("1@log", 0, "CONFIRMED", "OPAQUE")
    assert (second["SEQUENCE"], second["STATUS"], second["TRANSP"]) == (1, "CANCELLED", "TRANSPARENT")
    assert first["DTSTAMP"].dt == datetime.fromtimestamp(1_789_000_000, UTC)
    assert "ATTACH" not in first
    assert first["URL"] == "https://moot.example/a"


def test_lines_are_of_the_form_of_the_standard() -> None:
    data = calendar(EVIL, EVENTS)
    assert data.endswith(b"END:VCALENDAR\r\n")
    lines = data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert all(line.decode() for line in lines[:-1])
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert sum(line.startswith(b"BEGIN:") for line in lines) == 3


def test_a_calendar_without_events_is_one() -> None:
    assert read(calendar("", ())) == []


def test_what_is_booked_for_after_the_year_9999_keeps_nobody_from_the_rest() -> None:
    late = CalendarEvent("3@log", 2**40 - 2, 2**40 - 1, "Drill", 1_789_000_000, cancelled=True)
    assert b"DTSTART:99991231T235959Z" in calendar("Drill", [*EVENTS, late])
