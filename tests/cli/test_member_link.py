# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot member link`: with and without a running node."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home


def test_a_member_without_a_key_file_gets_a_link(home: Home, tmp_path: Path) -> None:
    home.well("member", "add", "worker", "--name", "Amina")
    ran = home.well("member", "link", "Amina")
    assert "/come-in/" in ran.out
    assert "for Amina alone, once, until 2" in ran.err
    assert "public_url" in ran.err
    told = home.well("member", "link", "Amina", "--json").json
    assert told["schema"] == "folkmoot.member-link/1"
    assert told["url"] != ran.out.strip()
    file = tmp_path / "bruno.key"
    home.well("member", "key", file)
    home.well("member", "add", "worker", "--name", "Bruno", "--key", file)
    assert "their own key" in home("member", "link", "Bruno").err
