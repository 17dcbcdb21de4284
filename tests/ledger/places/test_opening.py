# SPDX-License-Identifier: AGPL-3.0-or-later
"""Open or not: in the time and with the holidays of where a place is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.places.opening import is_open

LILLE, LONDON = (506_300_000, 30_600_000), (515_000_000, -1_000_000)
NOWHERE = (None, None)


@pytest.mark.parametrize(
    ("hours", "place", "country", "moment", "wanted"),
    [
        ("Mo-Fr 09:00-18:00", LILLE, "", "2026-11-30T08:30", True),
        ("Mo-Fr 09:00-18:00", LONDON, "", "2026-11-30T08:30", False),
        ("Mo-Fr 09:00-18:00", LILLE, "", "2026-07-13T07:30", True),  # summer time
        ("Mo-Su 09:00-18:00; PH off", LILLE, "", "2026-07-14T10:00", False),
        ("Mo-Su 09:00-18:00; PH off", LONDON, "", "2026-07-14T10:00", True),
        ("Mo-Fr 09:00-18:00", NOWHERE, "FR", "2026-11-30T08:30", True),
        ("Mo-Fr 09:00-18:00", NOWHERE, "GB", "2026-11-30T08:30", False),
        ("24/7", NOWHERE, "", "2026-11-30T08:30", False),
        ("24/7", NOWHERE, "XX", "2026-11-30T08:30", False),
        ("9h-18h, sauf le lundi", LILLE, "FR", "2026-11-30T08:30", False),
        ("Mo-Fr 09:00-18:00 unknown", LILLE, "FR", "2026-11-30T08:30", False),
        ("24/7", (900_000_000, 1_800_000_000), "", "2026-11-30T08:30", True),
        ("24/7", (2_000_000_000, 0), "FR", "2026-11-30T08:30", True),
    ],
)
def test_open_is_told_in_the_time_of_the_place(
    hours: str,
    place: tuple[int | None, int | None],
    country: str,
    moment: str,
    wanted: bool,  # noqa: FBT001 - a table
) -> None:
    at = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    assert is_open(hours, *place, country, at) == wanted
