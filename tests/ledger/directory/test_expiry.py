# SPDX-License-Identifier: AGPL-3.0-or-later
"""When offers and needs are over if nobody says so."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ledger.directory.expiry import DAYS, days_valid, end_of, expire, renewed
from protocol.record import Record
from tests.builders import seeded

NOON, DAY = 20_000 * 86_400 + 43_200, 86_400


@pytest.mark.parametrize(
    ("terms", "days"), [([], 90), (["give"], 90), (["sell", "give"], 90), (["lend"], 360), (["give", "time"], 360)]
)
def test_what_is_done_again_and_again_lasts_longer(terms: list[str], days: int) -> None:
    assert days_valid(terms) == days
    assert end_of(terms, NOON) == (20_000 + days + 1) * DAY - 1
    assert days_valid(terms, 10) == days // 9


def test_only_offers_and_needs_without_an_end_get_one() -> None:
    offer: dict[str, Any] = {"kind": "offer", "terms": ["give"]}
    assert expire(offer, NOON) == offer["valid_until"] == end_of(["give"], NOON)
    assert expire(offer, NOON + DAY) is None
    others: list[dict[str, Any]] = [{"kind": "place"}, {"kind": "need", "valid_until": 5}]
    for other in others:
        before = dict(other)
        assert expire(other, NOON) is None
        assert other == before
    assert expire({"kind": "need"}, NOON, 0) is None
    assert expire({"kind": "need", "terms": [1, None]}, NOON) == end_of((), NOON)


def test_a_closed_offer_that_is_renewed_is_open_again() -> None:
    body: dict[str, Any] = {"id": seeded("offer", 16), "kind": "offer", "name": {"en": "Drill"}, "direction": "offer"}
    body |= {"licence": "CC0-1.0", "status": "closed", "valid_until": 5}
    record = msgspec.convert(body, Record, builtin_types=(bytes,))
    assert renewed(record, 7) == {key: value for key, value in body.items() if key != "status"} | {"valid_until": 7}
    assert DAYS == 90
