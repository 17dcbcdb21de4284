# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records to compare."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger.duplicates.blocking import Blocks
from ledger.duplicates.compare import Comparison, compare
from ledger.duplicates.likeness import Rarity
from ledger.duplicates.profile import Profile, profile_of
from protocol.record import Record

LILLE = (506_292_000, 30_573_000)
METRE = 90
"""A metre to the north, in 1e-7 degrees."""


def record(name: str | dict[str, str], *, north: int | None = 0, **fields: Any) -> Record:
    names = name if isinstance(name, dict) else {"und": name}
    value: dict[str, Any] = {"id": bytes(16), "kind": "organisation", "name": names, "licence": "CC0-1.0", **fields}
    if north is not None:
        value["point"] = {"lat": LILLE[0] + METRE * north, "lon": LILLE[1], "precision": 10, "method": "hand"}
    return msgspec.convert(value, Record, builtin_types=(bytes,))


def profile(rid: int, name: str | dict[str, str], *, north: int | None = 0, **fields: Any) -> Profile:
    return profile_of(rid, record(name, north=north, **fields))


def compared(one: Profile, other: Profile, *others: Profile) -> Comparison:
    blocks = Blocks()
    everybody = [one, other, *others]
    blocks.add(everybody)
    rarity = Rarity(blocks.word_counts(), 100)
    return compare(one, other, rarity, lambda website: sum(one.website == website for one in everybody))
