# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot flows`: the same as /flows, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cli.conftest import Home


def to_bruno(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in found["flows"] if one["to"]["name"] == "Bruno"]


def test_what_was_paid_stands_there_by_class(library: Home) -> None:
    (before,) = to_bruno(library.well("flows", "--json").json)
    library.well("pay", "Amina", "Bruno", "5.00")
    found = library.well("flows", "--json", "--sort", "money").json
    (after,) = to_bruno(found)
    assert [(one["amount"], one["what"], one["to"]["name"], one["count"]) for one in (before, after)] == [
        ("50.00", "transfer", "Bruno", 1),
        ("55.00", "transfer", "Bruno", 2),
    ]
    assert after["from"] == {
        "id": f"{found['logs'][0]['log']}/members/commoner",
        "type": "members",
        "name": "",
        "log": found["logs"][0]["log"],
        "class": "commoner",
    }
    shown = library.well("flows", "--log", "all").out
    assert "commoners  Bruno" in shown
    assert library("flows", "--until", "2026").code != 0
