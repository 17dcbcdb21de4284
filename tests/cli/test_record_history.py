# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot record show`: what each step changed, what others say, what points at it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home

MILL: dict[str, Any] = {"kind": "place", "name": {"en": "The old mill"}, "licence": "CC0-1.0"}


def put(home: Home, path: Path, record: dict[str, Any]) -> str:
    path.write_text(json.dumps(record))
    return str(home.well("record", "put", path, "--json").json["id"])


def test_a_history_says_what_changed_and_who_looked(home: Home, tmp_path: Path) -> None:
    mill = put(home, tmp_path / "mill.json", MILL)
    put(home, tmp_path / "mill.json", {**MILL, "id": mill, "name": {"en": "The new\u202e mill"}, "item": "flour"})
    home.well("record", "check", mill, "--note", "still turning")
    log = home.well("record", "show", mill, "--json").json["record"]["log"]
    near = {"predicate": "near", "object": {"log": log, "id": mill}}
    put(home, tmp_path / "well.json", {**MILL, "name": {"en": "The well"}, "relations": [near]})
    told = home.well("record", "show", mill).out
    assert "Name (English): The old mill -> The new" in told
    assert "Item: (nothing) -> flour" in told
    assert "said: claim.checked right" in told
    assert "still turning" in told
    assert "pointed at: near by" in told
    assert "\u202e" not in told
