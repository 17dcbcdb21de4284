# SPDX-License-Identifier: AGPL-3.0-or-later
"""Duplicates: recall and precision on two editions of registers, beside a plainer rule; speed on 200,000 records."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.duplicates.compare import NEAR, metres_between
from ledger.duplicates.finding import find_duplicates
from ledger.duplicates.profile import Profile, profile_of
from ledger.importing.convert import convert_table
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from protocol.record import Record
from tests.benchmarks.measure import peak_mb, synthetic_records
from tests.published import DATA
from tests.tools.make_editions import Editions, make_editions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RECORDS = 200_000
HELD_OUT, SEED = 1, 2
_EACH = 10
REGISTERS = (
    ("coops-uk/coops-uk-2022.csv", "coops-uk", "ODC-By-1.0"),
    ("susy/susy.geojson", "susy", "LicenseRef-public-domain"),
)


def registers() -> list[dict[str, Any]]:
    """The records of the published data sets; none where these are not."""
    found: list[dict[str, Any]] = []
    if DATA is None:
        return found
    for file, name, licence in REGISTERS:
        table = read_table((DATA / file).read_bytes())
        mapping = msgspec.structs.replace(suggest(table, name), licence=licence)
        found += [row.record for row in convert_table(table, mapping, bytes(32), 0) if row.record]
    return found


def editions_of(records: Sequence[dict[str, Any]], half: int, seed: int) -> Editions:
    """Two editions of one half of the records: 0 is for tuning, 1 is held out."""
    return make_editions([record for record in records if record["id"][0] % 2 == half], seed)


def profiles_of(editions: Editions) -> tuple[list[Profile], list[bytes]]:
    """The profiles of both editions, numbered through, and their ids."""
    records = [*editions.first, *editions.second]
    return [_profile(number, record) for number, record in enumerate(records)], [record["id"] for record in records]


def _profile(number: int, record: dict[str, Any]) -> Profile:
    return profile_of(number, msgspec.convert(record, Record, builtin_types=(bytes,)))


def design_rule(one: Profile, other: Profile) -> bool:
    """The plainer rule: at most 100 m apart and an overlap of words of at least 0.6, or the same website."""
    if one.website and one.website == other.website:
        return True
    metres = metres_between(one, other)
    words, others = set(one.names[0].words), set(other.names[0].words)
    return metres is not None and metres <= NEAR and len(words & others) >= 0.6 * min(len(words), len(others))


def ours(profiles: Sequence[Profile], editions: Editions) -> set[tuple[int, int]]:
    """The pairs over both editions whose verdict is `duplicate`."""
    found = find_duplicates(profiles)
    between = len(editions.first)
    return {(p.one, p.other) for p in found if p.comparison.verdict == "duplicate" and p.one < between <= p.other}


def figures_of(found: set[tuple[int, int]], ids: Sequence[bytes], editions: Editions) -> tuple[float, float]:
    """Recall and precision in per cent."""
    right = sum((ids[one], ids[other]) in editions.pairs for one, other in found)
    return 100 * right / len(editions.pairs), 100 * right / max(1, len(found))


def by_design_rule(profiles: Sequence[Profile], editions: Editions) -> set[tuple[int, int]]:
    """The pairs over both editions that the plainer rule finds; every pair is looked at that it could find."""
    between, found = len(editions.first), set()
    by_site: dict[str, list[int]] = {}
    by_row: dict[int, list[int]] = {}
    for second in profiles[between:]:
        by_site.setdefault(second.website, []).append(second.rid)
        if second.point:
            by_row.setdefault(second.point[0] // 10_000, []).append(second.rid)
    for first in profiles[:between]:
        near = set(by_site.get(first.website, ())) if first.website else set()
        if first.point:
            near |= {rid for step in (-1, 0, 1) for rid in by_row.get(first.point[0] // 10_000 + step, ())}
        found |= {(first.rid, rid) for rid in near if design_rule(first, profiles[rid])}
    return found


def _many() -> Iterator[Profile]:
    """Many records, one in `_EACH` of them twice: the second time under a longer name."""
    number = 0
    for place, record in enumerate(synthetic_records(RECORDS - RECORDS // _EACH)):
        yield _profile(number, record)
        number += 1
        if place % _EACH == 0:
            yield _profile(number, record | {"name": {"en": "The " + record["name"]["en"] + " Community Ltd"}})
            number += 1


def run() -> dict[str, Any]:
    """The figures; recall and precision only where the published data sets are."""
    figures: dict[str, Any] = {}
    records = registers()
    if records:
        editions = editions_of(records, HELD_OUT, SEED)
        profiles, ids = profiles_of(editions)
        figures["true pairs, held out"] = len(editions.pairs)
        for name, rule in (("design's rule", by_design_rule), ("ours", ours)):
            begun = time.perf_counter()
            recall, precision = figures_of(rule(profiles, editions), ids, editions)
            figures |= {f"{name}: recall %": recall, f"{name}: precision %": precision}
            figures[f"{name}: s"] = time.perf_counter() - begun
    before, begun = peak_mb(), time.perf_counter()
    made = sum(1 for _ in _many())
    making = time.perf_counter() - begun
    begun = time.perf_counter()
    pairs = find_duplicates(_many())
    figures |= {
        "records": made,
        "pairs found among them": len(pairs),
        "finding them s (without reading)": time.perf_counter() - begun - making,
        "memory more MB": peak_mb() - before,
    }
    return figures
