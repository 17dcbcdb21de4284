# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot match`, and the end that offers and needs get."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ledger.directory.expiry import end_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home

OFFER = {"kind": "offer", "direction": "offer", "name": {"en": "Cargo bike"}, "terms": ["lend"], "licence": "CC0-1.0"}
NEED = {"kind": "need", "direction": "want", "name": {"en": "A bike"}, "terms": ["rent"], "licence": "CC0-1.0"}


def put(home: Home, path: Path, record: dict[str, Any]) -> tuple[str, str]:
    path.write_text(json.dumps(record))
    ran = home.well("record", "put", path, "--json")
    return str(ran.json["id"]), ran.err


def test_an_offer_without_an_end_gets_one_and_is_renewed(home: Home, tmp_path: Path) -> None:
    one, said = put(home, tmp_path / "offer.json", OFFER)
    assert "valid until" in said
    assert "folkmoot record renew" in said

    def until() -> int:
        return int(home.well("record", "show", one, "--json").json["record"]["valid_until"])

    assert until() == end_of(["lend"], int(time.time()))
    home.well("record", "renew", one, "--days", "3")
    assert until() == end_of((), int(time.time()), 3)
    home.well("record", "renew", one)
    assert until() == end_of(["lend"], int(time.time()))
    place = {"kind": "place", "name": {"en": "Shed"}, "licence": "CC0-1.0"}
    other, said = put(home, tmp_path / "place.json", place)
    assert "valid until" not in said
    assert home("record", "renew", other).code == 1


def test_the_operator_says_how_long(home: Home, tmp_path: Path) -> None:
    (home.path / "folkmoot.toml").write_text("offer_days = 0\n")
    one, said = put(home, tmp_path / "offer.json", OFFER)
    assert "valid until" not in said
    assert "valid_until" not in home.well("record", "show", one, "--json").json["record"]


def test_what_fits_is_told_with_the_reasons(home: Home, tmp_path: Path) -> None:
    offer, _ = put(home, tmp_path / "offer.json", OFFER)
    need, _ = put(home, tmp_path / "need.json", NEED)
    (match,) = home.well("match", need, "--json").json["matches"]
    assert match["record"]["id"] == offer
    assert match["reasons"]["better"] == "lend"
    shown = home.well("match")
    assert "Cargo bike" in shown.out
    assert "both say bike; offered to lend" in shown.out
    assert "1 found" in home.well("match", offer).err
    assert home("match", "--radius", "x").code == 2
