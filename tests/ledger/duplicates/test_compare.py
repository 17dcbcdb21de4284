# SPDX-License-Identifier: AGPL-3.0-or-later
"""What two records side by side come to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.duplicates.making import compared, profile

HERE: dict[str, Any] = {"address": {"street": "1 High Street", "postcode": "AB1 2CD", "locality": "Alton"}}
THERE: dict[str, Any] = {"address": {"street": "9 Mill Lane", "postcode": "XY9 8ZW", "locality": "Beeton"}}
SITE: dict[str, Any] = {"url": "http://www.green.coop"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (profile(1, "Green Valley Growers", **HERE), profile(2, "GREEN VALLEY GROWERS LTD", north=60, **HERE)),
        (profile(1, "Green Valley Growers", **HERE), profile(2, "Growers, Green Vally", north=20, **HERE)),
        (profile(1, "Green Valley Growers", **HERE), profile(2, "Greenvalley Growers", north=None, **HERE)),
        (profile(1, "Green Valley Growers", **HERE, **SITE), profile(2, "GVG", north=5, **HERE, **SITE)),
        (profile(1, "Jardin partagé", **SITE), profile(2, "Association Jardin Partage", north=300, **SITE)),
        (profile(1, "Συνεταιριστική Τράπεζα", **HERE), profile(2, "Συνεταιριστικη Τραπεζα Α.Ε.", **HERE)),
    ],
)
def test_one_thing_twice(one: Any, other: Any) -> None:
    assert compared(one, other).verdict == "duplicate"
    assert compared(other, one).verdict == "duplicate"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (profile(1, "Green Valley Growers", **HERE), profile(2, "Alton Cycling Club", **HERE)),
        (profile(1, "Repair Café", **HERE), profile(2, "Repair Café", north=50_000, **THERE)),
        (
            profile(1, "Emmaus Alton", **HERE, url="http://emmaus.org/alton"),
            profile(2, "Emmaus Beeton", north=9_000, **THERE, url="http://emmaus.org/beeton"),
        ),
    ],
)
def test_two_things(one: Any, other: Any) -> None:
    assert compared(one, other).verdict == "different"


def test_sisters_that_differ_by_a_number_are_not_taken_for_one() -> None:
    one, other = profile(1, "Alton Lodge 31", **HERE), profile(2, "Alton Lodge 47", **HERE)
    assert compared(one, other).verdict != "duplicate"
    assert compared(one, profile(3, "Alton Lodge", **HERE)).score < compared(one, profile(4, "Alton Lodge 31")).score


def test_a_website_of_a_group_says_little() -> None:
    one, other = profile(1, "Alton Market", **HERE, **SITE), profile(2, "Alton Stalls", north=9_000, **SITE)
    third = profile(3, "Ceefield", north=None, **SITE)
    assert compared(one, other, third).score < compared(one, other).score


def test_a_place_and_its_organisation_are_left_to_a_person() -> None:
    one, other = profile(1, "Green Valley", **HERE, **SITE), profile(2, "Green Valley", kind="place", **HERE, **SITE)
    assert compared(one, other).verdict == "perhaps"


def test_an_equal_identifier_counts_for_and_another_one_against() -> None:
    def known_as(rid: int, number: str) -> Any:
        return profile(rid, "Green Valley Growers", north=None, identifiers=[{"scheme": "companies", "id": number}])

    plain = compared(profile(1, "Green Valley Growers", north=None), profile(2, "Green Valley Growers", north=None))
    assert compared(known_as(1, "7"), known_as(2, "7")).score > plain.score
    assert compared(known_as(1, "7"), known_as(2, "8")).score < plain.score
