# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot places`: what is nowhere is listed, and put on the map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.places import REASONS
from ledger.places import placing

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home

RECORD = {
    "id": "11" * 16,
    "kind": "place",
    "name": {"fr": "Nulle part"},
    "licence": "CC0-1.0",
    "address": {"locality": "Lille", "country": "FR"},
}


@pytest.fixture
def full(home: Home, tmp_path: Path) -> Home:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(RECORD))
    home.well("record", "put", file)
    return home


def test_a_record_is_listed_until_it_is_put_somewhere(full: Home) -> None:
    told = full.well("places", "--json").json
    assert [(one["id"], one["reasons"], one["town"]["name"]) for one in told["records"]] == [
        ("11" * 16, ["none"], "Lille")
    ]
    assert "Nulle part (Lille)" in full.well("places", "--reason", "none").out
    assert full.well("places", "--reason", "sea", "--json").json["total"] == 0
    full.well("places", "set", "1111", "--town")
    assert [one["reasons"] for one in full.well("places", "--json").json["records"]] == [["coarse"]]
    full.well("places", "set", "1111", "50.6339", "3.0551")
    assert full.well("places", "--json").json["total"] == 0
    point = full.well("record", "show", "1111", "--json").json["record"]["point"]
    assert point == {"lat": 50.6339, "lon": 3.0551, "precision": 10, "method": "hand"}


def test_what_is_no_place_is_refused(full: Home) -> None:
    for wrong in (["50"], ["50", "x"], ["0", "0"], [], ["50", "3", "--town"]):
        assert full("places", "set", "1111", *wrong).code == 2


def test_the_reasons_are_those_that_there_are() -> None:
    assert REASONS == placing.REASONS
