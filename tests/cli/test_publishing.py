# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot search --format`: files that are whole, and that an import takes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.hits import FORMATS
from ledger.publishing.formats import FORMATS as KNOWN
from tests.cli.conftest import Home, row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

CC0 = ("--licence", "CC0-1.0")


def test_the_formats_are_those_that_there_are() -> None:
    assert tuple(KNOWN) == FORMATS


@pytest.mark.parametrize("form", ["csv", "geojson", "ods"])
def test_a_directory_goes_from_node_to_node_as_a_file(home: Home, tmp_path: Path, form: str) -> None:
    home.well("import", write_csv(tmp_path / "some.csv", row(1), row(2), row(3)), *CC0)
    file = tmp_path / f"out.{form}"
    home.well("search", "--format", form, "-o", file)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    counts = home.well("import", file, "--set", "copy", "--json").json["counts"]
    assert counts == {"added": 3, "updated": 0, "kept": 0, "closed": 0, "refused": 0, "warnings": 0}
    again = home.well("import", file, "--set", "copy", "--json").json["counts"]
    assert (again["kept"], again["added"], again["updated"]) == (3, 0, 0)


def test_without_a_file_it_goes_to_the_terminal(home: Home, tmp_path: Path) -> None:
    home.well("import", write_csv(tmp_path / "some.csv", row(1)), *CC0)
    document = json.loads(home.well("search", "--format", "geojson").out)
    assert len(document["features"]) == 1
    assert document["licence"] == ["CC0-1.0"]


def test_what_does_not_go_together_is_refused(home: Home, tmp_path: Path) -> None:
    for options in (
        ("--format", "csv", "--private"),
        ("-o", tmp_path / "x"),
        ("--format", "csv", "--near", "Nowhereville"),
    ):
        assert home("search", *options).code == 2
    assert not (tmp_path / "x").exists()
