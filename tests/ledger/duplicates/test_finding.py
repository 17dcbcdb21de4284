# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which pairs are looked at among many, and which are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.duplicates.blocking import GROUP_MAX, Blocks
from ledger.duplicates.finding import find_duplicates
from tests.benchmarks.duplicates import (
    HELD_OUT,
    SEED,
    by_design_rule,
    editions_of,
    figures_of,
    ours,
    profiles_of,
    registers,
)
from tests.benchmarks.measure import synthetic_records
from tests.ledger.duplicates.making import profile
from tests.published import DATA, NO_DATA
from tests.tools.make_editions import make_editions

if TYPE_CHECKING:
    from ledger.duplicates.profile import Profile


def met(*profiles: Profile) -> list[list[int]]:
    blocks = Blocks()
    blocks.add(profiles)
    pairs: list[list[int]] = blocks.pairs().tolist()
    return pairs


@pytest.mark.parametrize("north", [0, 1, 50, 99, -99])
def test_neighbours_meet_wherever_the_cells_end(north: int) -> None:
    for begin in range(0, 111, 13):
        assert met(profile(0, "A", north=begin), profile(1, "B", north=begin + north)) == [[0, 1]]


def test_those_far_away_meet_by_what_they_have_in_common() -> None:
    far = 900_000
    assert met(profile(0, "A"), profile(1, "B", north=far)) == []
    assert met(profile(0, "Ab", url="http://a.org"), profile(1, "B", north=far, url="https://www.a.org/")) == [[0, 1]]
    assert met(profile(0, "Moulin Bleu"), profile(1, "Bleu Moulin", north=far)) == [[0, 1]]
    known = [{"scheme": "siret", "id": "1"}]
    assert met(profile(0, "A", identifiers=known), profile(1, "B", north=None, identifiers=known)) == [[0, 1]]
    lille = {"locality": "Lille"}
    assert met(profile(0, "A b c", address=lille), profile(1, "ABC", north=None, address=lille)) == [[0, 1]]


def test_a_crowd_on_one_point_meets_by_the_words_of_names() -> None:
    crowd = [profile(number, f"Group{number} {number % 7}x Circle") for number in range(3 * GROUP_MAX)]
    pairs = met(*crowd, profile(len(crowd), "Group5 Ring"))
    assert [5, len(crowd)] in pairs
    assert len(pairs) < len(crowd) * GROUP_MAX


def test_nobody_meets_among_none() -> None:
    assert met() == []
    assert find_duplicates([]) == []


def test_found_best_first_and_not_again_once_decided() -> None:
    everybody = [
        profile(30, "Green Valley Growers"),
        profile(10, "Green Valley Growers Ltd", north=10),
        profile(20, "Green Valley", north=15),
    ]
    found = find_duplicates(everybody)
    assert (found[0].one, found[0].other) == (10, 30)
    assert [pair.comparison.score for pair in found] == sorted((p.comparison.score for p in found), reverse=True)
    left = find_duplicates(everybody, decided=lambda one, other: {one, other} == {10, 30})
    assert (10, 30) not in {(pair.one, pair.other) for pair in left}
    assert {(p.one, p.other) for p in find_duplicates(everybody, touching={20})} <= {(10, 20), (20, 30)}


@pytest.mark.long
@pytest.mark.skipif(not DATA, reason=NO_DATA)
def test_two_editions_of_real_registers_are_joined() -> None:
    editions = editions_of(registers(), HELD_OUT, SEED)
    profiles, ids = profiles_of(editions)
    recall, precision = figures_of(ours(profiles, editions), ids, editions)
    assert recall >= 98.9
    assert precision >= 92.7


def test_better_than_a_rule_of_distance_and_overlap_alone() -> None:
    records = list(synthetic_records(600))
    editions = make_editions(records, 5)
    assert make_editions(records, 5) == editions
    profiles, ids = profiles_of(editions)
    recall, precision = figures_of(ours(profiles, editions), ids, editions)
    plain_recall, plain_precision = figures_of(by_design_rule(profiles, editions), ids, editions)
    assert recall > max(95, plain_recall)
    assert precision > max(85, plain_precision)
