# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot record stale`: what nobody has seen for a year, and the list to go round with."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from ledger.data_directory import DataDirectory
from ledger.directory.checks import STALE_S
from ledger.ledger import Ledger
from tests.builders import seeded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home


def grow_old(home: Home) -> None:
    """Puts a record as somebody did over a year ago."""
    record: dict[str, Any] = {
        "id": b"\x11" * 16,
        "kind": "place",
        "name": {"fr": "Vieux café"},
        "licence": "CC0-1.0",
        "address": {"locality": "Lille", "country": "FR"},
    }
    with Ledger(DataDirectory(home.path), lambda: time.time() - STALE_S - 86_400) as ledger:
        ledger.writer.append([ledger.state("record.put", {"record": record}, seeded("old", 16))]).result()
        ledger.writer.settle()


def test_a_list_with_codes_is_written(home: Home, tmp_path: Path) -> None:
    grow_old(home)
    told = home.well("record", "stale", "--near", "Lille", "--json").json
    assert [(one["id"], one["locality"]) for one in told["records"]] == [("11" * 16, "Lille")]
    assert home.well("record", "stale", "--near", "Gent", "--json").json["total"] == 0
    file = tmp_path / "list.html"
    home.well("record", "stale", "--near", "Lille", "--print", file, "--to", "the <b>choir</b>")
    text = file.read_text("utf-8")
    assert "Vieux café" in text
    assert "the &lt;b&gt;choir&lt;/b&gt;" in text
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", text)
    assert "<path d=" in text
    assert "<script" not in text


def test_a_list_is_given_to_somebody(home: Home, tmp_path: Path) -> None:
    assert home("record", "stale", "--print", tmp_path / "x").code == 2
    assert home("record", "stale", "--to", "x").code == 2
    assert home("record", "stale", "--near", "Qqqxz").code == 2
