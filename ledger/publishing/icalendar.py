# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bookings as iCalendar (RFC 5545), for the calendars that people have; pure.

Times are in UTC, so that no definition of a time zone has to be carried along; a calendar shows them in its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE_BYTES_MAX = 75
_MOMENT_MAX = 253_402_300_799
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class CalendarEvent(NamedTuple):
    """A time that is taken. `uid` is one for ever; `changed`: when that was last said; a cancelled one is told, too."""

    uid: str
    begin: int
    end: int
    summary: str
    changed: int
    description: str = ""
    url: str = ""
    cancelled: bool = False


def calendar(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """A calendar file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Folkmoot//Bookings//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    ]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return b"".join(map(_folded, lines))


def _event(event: CalendarEvent) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        f"DTSTAMP:{_moment(event.changed)}",
        f"DTSTART:{_moment(event.begin)}",
        f"DTEND:{_moment(event.end)}",
        f"SUMMARY:{_text(event.summary)}",
        *([f"DESCRIPTION:{_text(event.description)}"] if event.description else []),
        *([f"URL:{_CONTROL.sub('', event.url)}"] if event.url else []),
        f"SEQUENCE:{int(event.cancelled)}",
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}",
        f"TRANSP:{'TRANSPARENT' if event.cancelled else 'OPAQUE'}",
        "END:VEVENT",
    ]


def _moment(seconds: int) -> str:
    """A moment; a later one than the format has is the last that it has."""
    return datetime.fromtimestamp(min(seconds, _MOMENT_MAX), UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """A text as a value: what has a meaning there is escaped, what cannot be in it is gone."""
    escaped = re.sub(r"([\\;,])", r"\\\1", _CONTROL.sub(" ", value))
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line of the file, folded so that no part is longer than 75 bytes or ends within a character."""
    parts, part, room = [], bytearray(), _LINE_BYTES_MAX
    for character in line:
        encoded = character.encode("utf-8", "replace")
        if len(part) + len(encoded) > room:
            parts.append(bytes(part))
            part, room = bytearray(), _LINE_BYTES_MAX - 1
        part += encoded
    return b"\r\n ".join([*parts, bytes(part)]) + b"\r\n"
