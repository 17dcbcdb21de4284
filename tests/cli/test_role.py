# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot role`: given, listed, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Home

KEY = "ab" * 32


def test_a_role_is_given_and_ended(home: Home) -> None:
    assert "nobody has a role" in home.well("role", "list").err
    home.well("role", "give", KEY, "editor", "--name", "Zoé")
    assert [(one["key"], one["role"], one["name"]) for one in home.well("role", "list", "--json").json["roles"]] == [
        (KEY, "editor", "Zoé")
    ]
    home.well("role", "end", KEY)
    assert [one["role"] for one in home.well("role", "list", "--json").json["roles"]] == ["none"]
    assert home("role", "give", "xy", "editor").code == 2
    assert home("role", "give", KEY, "king").code == 2
