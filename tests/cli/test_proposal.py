# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot proposal`: listed, shown, decided on; links for proposing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.proposals.inbox import take
from tests.ledger.proposals.proposing import MILL, correction, enter, report

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home


@pytest.fixture
def proposed(home: Home) -> Home:
    with Ledger(DataDirectory(home.path)) as ledger:
        enter(ledger)
        take(ledger, correction(ledger, name={"en": "The old mill"}, note="its sign says so"))
        take(ledger, correction(ledger, "two", name={"en": "Pills"}))
        take(ledger, report(ledger))
    return home


def _waiting(home: Home) -> dict[str, dict[str, Any]]:
    told = home.well("proposal", "list", "--json").json["waiting"]
    return {one.get("type") or one["record"]["name"]["en"]: one for one in told}


def test_proposals_are_decided_on(proposed: Home, tmp_path: Path) -> None:
    waits = _waiting(proposed)
    assert set(waits) == {"The old mill", "Pills", "not_there"}
    assert "The old mill" in proposed.well("proposal", "list").out
    shown = proposed.well("proposal", "show", waits["The old mill"]["id"][:8]).out
    assert '{"en": "The mill", "fr": "Le moulin"} -> {"en": "The old mill"}' in shown
    assert "its sign says so" in shown
    proposed.well("proposal", "refuse", waits["Pills"]["id"], "--hold-back", "--reason", "spam")
    proposed.well("proposal", "answer", waits["not_there"]["id"], "nothing_to_do", "--reason", "it stands there")
    file = tmp_path / "mill.json"
    record = {**MILL, "id": MILL["id"].hex(), "name": {"en": "The very old mill"}}
    file.write_text(json.dumps(record))
    told = proposed.well("proposal", "accept", waits["The old mill"]["id"], "--record", file, "--json").json
    assert told["schema"] == "folkmoot.decided/1"
    assert proposed.well("record", "show", MILL["id"].hex(), "--json").json["record"]["name"] == record["name"]
    decided = proposed.well("proposal", "list", "--decided").out
    assert "edited" in decided
    assert "it stands there" in decided
    assert _waiting(proposed) == {}
    assert "edited" in proposed.well("proposal", "show", waits["The old mill"]["id"]).out


def test_a_link_is_shown_once(proposed: Home) -> None:
    assert proposed.well("proposal", "link", "Marie").out.startswith("/propose?link=")
    assert proposed("proposal", "show", "ffffffff").code == 4
    assert proposed("proposal", "vote", next(iter(_waiting(proposed).values()))["id"]).code == 1
