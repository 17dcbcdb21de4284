# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot duplicates`: found, merged, kept apart, taken back; and what search and imports make of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Home, row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

POINT = {"lat": 506_292_000, "lon": 30_573_000, "precision": 10, "method": "hand"}
ADDRESS = {"street": "12 rue de la Clef", "postcode": "59000", "locality": "Lille"}
ONE: dict[str, Any] = {
    "id": "11" * 16,
    "kind": "organisation",
    "name": {"fr": "Atelier du Vélo"},
    "licence": "CC0-1.0",
    "point": POINT,
    "address": ADDRESS,
    "identifiers": [{"scheme": "siret", "id": "1"}],
}
OTHER: dict[str, Any] = ONE | {
    "id": "22" * 16,
    "name": {"fr": "Association ATELIER DU VELO", "nl": "Fietsatelier"},
    "url": "https://velo.example",
    "identifiers": [{"scheme": "rna", "id": "2"}],
}
ELSE: dict[str, Any] = ONE | {
    "id": "33" * 16,
    "name": {"fr": "Crèche des Lilas"},
    "identifiers": [{"scheme": "siret", "id": "3"}],
}


@pytest.fixture
def full(home: Home, tmp_path: Path) -> Home:
    for number, record in enumerate((ONE, OTHER, ELSE)):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(record))
        home.well("record", "put", file)
    return home


def _queue(home: Home, *options: str) -> list[dict[str, Any]]:
    pairs: list[dict[str, Any]] = home.well("duplicates", "--json", *options).json["pairs"]
    return pairs


def _record(home: Home, name: str) -> dict[str, Any]:
    record: dict[str, Any] = home.well("record", "show", name, "--json").json["record"]
    return record


def test_listed_side_by_side(full: Home) -> None:
    (pair,) = _queue(full, "--sure")
    assert {record["id"] for record in pair["records"]} == {ONE["id"], OTHER["id"]}
    assert set(pair["differs"]) == {"name", "url", "identifiers"}
    assert pair["score"] > 50
    text = full.well("duplicates").out
    assert "Atelier du Vélo" in text
    assert "https://velo.example" in text
    assert "Lilas" not in text


def test_a_merge_keeps_both_ids_and_is_taken_back(full: Home) -> None:
    before = _record(full, "11")
    assert full.well("duplicates", "merge", "11", "22", "--take", "name", "--json").json["left"] == []
    kept, closed = _record(full, "11"), _record(full, "22")
    assert kept["name"] == OTHER["name"]
    assert kept["url"] == OTHER["url"]
    assert kept["identifiers"] == ONE["identifiers"] + OTHER["identifiers"]
    assert [same["id"] for same in kept["same_as"]] == [OTHER["id"]]
    assert closed["status"] == "closed"
    assert [same["id"] for same in closed["same_as"]] == [ONE["id"]]
    assert _queue(full) == []
    assert full.total("velo") == 1
    (decided,) = full.well("duplicates", "--decided", "--json").json["decided"]
    assert (decided["decision"], decided["other"]["id"]) == ("same", ONE["id"])
    assert "Atelier" in full.well("duplicates", "--decided").out.title()

    full.well("duplicates", "undo", "22", "11")
    after = _record(full, "11")
    assert {key: after[key] for key in ONE} == {key: before[key] for key in ONE}
    assert "same_as" not in after
    assert "url" not in after
    assert _record(full, "22")["status"] == "active"
    assert len(_queue(full, "--sure")) == 1
    assert full("duplicates", "undo", "22", "11").code == 4


def test_what_was_changed_since_is_left(full: Home) -> None:
    full.well("duplicates", "merge", "11", "22")
    full.well("record", "check", "11")
    assert full.well("duplicates", "undo", "11", "22", "--json").json["left"] == [ONE["id"]]
    assert _record(full, "11")["url"] == OTHER["url"]
    assert _record(full, "22")["status"] == "active"


def test_not_a_duplicate_is_remembered(full: Home) -> None:
    full.well("duplicates", "different", "22", "11")
    assert _queue(full) == []
    full.well("duplicates", "undo", "11", "22")
    assert len(_queue(full, "--sure")) == 1


def test_nothing_is_merged_that_cannot_be(full: Home) -> None:
    assert full("duplicates", "merge", "11", "11").code == 1
    assert full("duplicates", "merge", "11", "99").code == 4
    assert "no field colour" in full("duplicates", "merge", "11", "22", "--take", "colour").err
    full.well("record", "close", "11")
    assert "is closed" in full("duplicates", "merge", "11", "22").err


def test_across_logs_each_changes_its_own_records_only(full: Home, tmp_path: Path, run: Run) -> None:
    other = Home(tmp_path / "other", run)
    other.well("init", "--name", "Other", "--kind", "assembly")
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(OTHER | {"id": "44" * 16, "licence": "ODbL-1.0", "description": {"fr": "Les vélos"}}))
    other.well("record", "put", theirs)
    other.well("bundle", "export", tmp_path / "their.bundle")
    full.well("bundle", "import", tmp_path / "their.bundle")
    full.well("duplicates", "merge", "11", "22")
    assert {one["id"] for one in _queue(full, "--sure")[0]["records"]} == {ONE["id"], "44" * 16}
    assert "another organisation" in full("duplicates", "merge", "44", "11", "--take", "url").err

    full.well("duplicates", "merge", "11", "44")
    assert _record(full, "44")["status"] == "active"
    assert "description" not in _record(full, "11")
    assert {"scheme": "rna", "id": "2"} in _record(full, "11")["identifiers"]
    assert full.total("velo") == 1
    full.well("duplicates", "undo", "11", "44")
    assert full.total("velo") == 2
    full.well("duplicates", "merge", "44", "11")
    assert _record(full, "11")["status"] == "closed"
    assert full.total("velo") == 1
    full.well("duplicates", "undo", "44", "11")
    assert _record(full, "11")["status"] == "active"


def test_an_import_names_what_is_here_and_leaves_a_merge_alone(home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "some.csv", row(1, "Green Bakery"), row(2, "Mobility Workshop"), row(3, "Seed Library"))
    home.well("import", file, "--licence", "CC0-1.0")
    again = tmp_path / "again.csv"
    again.write_text(file.read_text())
    first = home.well("import", again, "--licence", "CC0-1.0", "--set", "again", "--dry-run", "--json").json
    assert first["likely_duplicates"]
    ran = home.well("import", again, "--licence", "CC0-1.0", "--set", "again", "--report", tmp_path / "report.txt")
    assert "Likely duplicates" in ran.out
    assert "likely duplicates" in (tmp_path / "report.txt").read_text()
    pair = _queue(home)[0]["records"]
    home.well("duplicates", "merge", pair[0]["id"], pair[1]["id"])
    changed = tmp_path / "again.csv"
    changed.write_text(again.read_text() + row(9))
    counts = home.well("import", changed, "--licence", "CC0-1.0", "--set", "again", "--json").json["counts"]
    assert (counts["kept"], counts["added"], counts["updated"]) == (3, 1, 0)
    assert _record(home, pair[1]["id"])["status"] == "closed"
