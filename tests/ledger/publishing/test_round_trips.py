# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is exported and imported again is the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.convert import convert_table
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from ledger.publishing.formats import FORMATS
from ledger.publishing.labelled import labelled
from tests.drawing import draws
from tests.ledger.importing.test_oddities import published, real
from tests.ledger.publishing.made import BASE, FULL, LOG, records, shown


def _again(form: str, published: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The records that an import of an export makes, by their outside ids."""
    table = read_table(b"".join(FORMATS[form].pieces(published, BASE)))
    mapping = suggest(table, "again")
    assert mapping.gaps() == ()
    made = {}
    for item in convert_table(table, mapping, bytes(32)):
        assert item.record is not None, item.problems
        made[item.outside_id] = {key: item.record[key] for key in item.record if key not in {"id", "sources"}}
    return made


def _told(record: dict[str, Any]) -> dict[str, Any]:
    """What a table can say of a record."""
    return {key: record[key] for key in record if key not in {"id", "sources", "images", "relations"}}


@pytest.mark.parametrize("form", ["csv", "ods", "geojson"])
@draws(20)
@given(bodies=st.lists(records(), min_size=1, max_size=4, unique_by=lambda record: record["id"]))
def test_any_records_come_back_as_they_were(form: str, bodies: list[dict[str, Any]]) -> None:
    # One that is written in full says what the columns are: a table of few rows leaves much to guess.
    bodies = [{**FULL, "id": b"\xff" * 16}, *(body for body in bodies if body["id"] != b"\xff" * 16)]
    again = _again(form, [shown(body) for body in bodies])
    assert again == {f"{LOG}/{body['id'].hex()}": _told(body) for body in bodies}


@real
@pytest.mark.parametrize("form", ["csv", "ods", "geojson"])
@pytest.mark.parametrize(
    "path", ["susy/susy.geojson", "munich/greenmap-muenchen.geojson", "montpellier/etablissements_publics.geojson"]
)
def test_published_records_come_back_as_they_were(form: str, path: str) -> None:
    records = published(path).records
    again = _again(form, [shown(record) for record in records])
    assert again == {f"{LOG}/{record['id'].hex()}": _told(record) for record in records}


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
@pytest.mark.parametrize("form", ["csv", "ods", "geojson"])
@draws(5)
@given(bodies=st.lists(records(), min_size=1, max_size=4, unique_by=lambda record: record["id"]))
def test_labels_beside_codes_are_passed_over(form: str, language: str, bodies: list[dict[str, Any]]) -> None:
    bodies = [{**FULL, "id": b"\xff" * 16}, *(body for body in bodies if body["id"] != b"\xff" * 16)]
    words = {"kind": {"organisation": "Organisation"}, "status": {"paused": "Pause"}}
    said = {"labels": [{"label": "spam", "by": LOG, "by_name": "Others"}]}  # by others, about the record
    exported = [labelled(shown(body, **said), language, words) for body in bodies]
    assert b"_label" in b"".join(FORMATS["csv"].pieces(exported, BASE))
    assert _again(form, exported) == {f"{LOG}/{body['id'].hex()}": _told(body) for body in bodies}


@pytest.mark.parametrize("form", ["csv", "ods", "geojson"])
def test_licence_source_and_attribution_go_along(form: str) -> None:
    table = read_table(b"".join(FORMATS[form].pieces([shown(FULL)], BASE)))
    (item,) = convert_table(table, msgspec.structs.replace(suggest(table, "again"), attribution="ours"), bytes(32))
    assert item.record is not None
    assert item.record["licence"] == "ODbL-1.0"
    assert item.record["sources"] == [
        {"set": "again", "record": f"{LOG}/{'00' * 16}", "licence": "ODbL-1.0", "attribution": "Ville de Lille, 2026"}
    ]


@pytest.mark.parametrize("form", ["csv", "ods", "geojson"])
def test_work_comes_back_with_its_rate_and_its_days(form: str) -> None:
    rate = {"amount": 2_450, "unit": "EUR", "scale": 2, "per": "day", "by": "Union of millers"}
    rate |= {"table": "https://millers.example/rates"}
    work = {"skills": ["skill:joinery", "Baking bread"], "rate": rate, "from": 20_500, "until": 20_864, "remote": True}
    offer = {"id": b"\1" * 16, "kind": "offer", "direction": "offer", "name": {"fr": "Pain"}, "licence": "CC0-1.0"}
    need = {"id": b"\2" * 16, "kind": "need", "direction": "want", "name": {"fr": "Four"}, "licence": "CC0-1.0"}
    bodies = [FULL, offer | {"work": work}, need | {"work": {"skills": ["fours"]}}, offer | {"id": b"\3" * 16}]
    again = _again(form, [shown(body) for body in bodies])
    assert [again[f"{LOG}/{body['id'].hex()}"].get("work") for body in bodies] == [
        None, work, {"skills": ["fours"]}, None,
    ]  # fmt: skip
