# SPDX-License-Identifier: AGPL-3.0-or-later
"""Points in time: days, moments and seconds as text, to UTC seconds."""

from __future__ import annotations

from datetime import UTC, datetime

SECONDS_MAX = 2**40 - 1
_LAST_YEAR_SECONDS = 253_402_300_799
"""The end of the year 9999, beyond which there is no usual way to write a day."""


def parse_time(text: str) -> int | None:
    """UTC seconds of a day (its beginning) or moment in ISO 8601, or of seconds; None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) > 8:
        return int(text) if len(text) < 14 and int(text) <= SECONDS_MAX else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = int(moment.timestamp())
    return seconds if seconds >= 0 else None


def show_time(seconds: int) -> str:
    """UTC seconds in ISO 8601, or as they are where that has no year for them."""
    if seconds > _LAST_YEAR_SECONDS:
        return str(seconds)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
