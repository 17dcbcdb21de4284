# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot record image`: added and removed, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.test_record_history import MILL, put
from tests.pictures import bomb, drawn

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home


def test_a_picture_comes_and_goes(home: Home, tmp_path: Path) -> None:
    mill = put(home, tmp_path / "mill.json", MILL)
    (tmp_path / "wheel.png").write_bytes(drawn())
    said = ("--alt", "La roue", "--language", "fr", "--alt", "The wheel", "--language", "en", "--licence", "CC-BY-4.0")
    told = home.well("record", "image", "add", mill, tmp_path / "wheel.png", *said, "--json").json
    assert (told["schema"], told["id"]) == ("folkmoot.saved/1", mill)
    record = home.well("record", "show", mill, "--json").json["record"]
    assert record["images"] == [
        {"url": told["image"], "licence": "CC-BY-4.0", "alt": {"fr": "La roue", "en": "The wheel"}}
    ]
    home.well("record", "image", "remove", mill, told["image"])
    assert "images" not in home.well("record", "show", mill, "--json").json["record"]
    assert "no such picture" in home("record", "image", "remove", mill, told["image"]).err


def test_what_does_not_do_is_told(home: Home, tmp_path: Path) -> None:
    mill = put(home, tmp_path / "mill.json", MILL)
    (tmp_path / "bomb.png").write_bytes(bomb())
    said = ("--alt", "The wheel", "--language", "en", "--licence", "CC-BY-4.0")
    assert "megapixels" in home("record", "image", "add", mill, tmp_path / "bomb.png", *said).err
    (tmp_path / "wheel.png").write_bytes(drawn())
    assert "licence" in home("record", "image", "add", mill, tmp_path / "wheel.png", *said[:4], "--licence", "©").err
    two = home("record", "image", "add", mill, tmp_path / "wheel.png", *said, "--alt", "La roue")
    assert (two.code, "--language for each" in two.err) == (2, True)
