# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot contract template` and `folkmoot contract try`: no node, no store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ledger.reciprocity.contract_templates import NAMES, template_text

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_templates_are_listed_and_printed(run: Run) -> None:
    listed = run("contract", "template")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == list(NAMES)
    assert run("contract", "template", "time-bank").out == template_text("time-bank")
    unknown = run("contract", "template", "bank")
    assert (unknown.code, unknown.out) == (4, "")
    assert "there are labour-mutual" in unknown.err


def test_what_would_have_been_owed_is_shown_with_its_rules(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tools.toml"
    file.write_text(template_text("tool-library"), "utf-8")
    shown = run("contract", "try", file)
    assert shown.code == 0
    assert "-(3 day × 40.00 × 1/4)" in shown.out
    assert "2025-05-10  nothing: no access for class city" in shown.out
    assert shown.out.rstrip().endswith("whoever used it  -214.00  EUR")
    found = run("contract", "try", file, "--json").json
    assert found["lines"][1] == {
        "on": "2025-04-12",
        "clause": 0,
        "kind": "access",
        "name": "fee",
        "account": "upkeep",
        "amount": "30.00",
        "unit": "EUR",
        "rule": "3 day × 40.00 × 1/4",
        "fraction": [3_000, 1],
    }
    assert {"account": "upkeep", "amount": "214.00", "unit": "EUR"} in found["sums"]
    assert len(found["refused"]) == 1


def test_a_mistake_in_a_file_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tools.toml"
    file.write_text(template_text("tool-library").replace('"40.00"', '"40"'), "utf-8")
    ran = run("contract", "try", file)
    assert (ran.code, ran.out) == (1, "")
    assert "clause 1, unit_price: '40': this unit has exactly 2 decimals, as in 12.50" in ran.err
    file.write_bytes(b"title = \xff")
    assert "is not text in UTF-8" in run("contract", "try", file).err
    assert run("contract", "try", tmp_path / "nothing.toml").code == 4
