# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys on disk, and recovery secrets on paper."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RefusedError, StoreDamagedError, StoreUnusableError
from ledger.own.keys import read_key, read_secret, show_secret, write_key, write_private
from tests.builders import seeded, signing_key
from tests.drawing import draws

KEY = signing_key("moot")


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key(path, KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == KEY


def test_a_key_is_never_written_over_another(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key(path, KEY)
    with pytest.raises(FileExistsError):
        write_key(path, signing_key("other"))
    assert read_key(path) == KEY


def test_what_is_private_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    write_private(path, b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ledger.own.keys.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"after")
    assert path.read_bytes() == b"before"
    assert [*tmp_path.iterdir()] == [path]
    monkeypatch.undo()
    write_private(path, b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusableError, match="missing"):
        read_key(tmp_path / "key")
    with pytest.raises(StoreUnusableError, match="cannot be read"):
        read_key(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"folkmoot operating key 1",
        b"folkmoot operating key 1\n",
        b"folkmoot operating key 1\n" + b"0" * 62,
        b"folkmoot operating key 1\n" + b"0" * 66,
        b"folkmoot operating key 1\n" + b"g" * 64,
        b"folkmoot operating key 2\n" + b"0" * 64,
        b"0" * 64,
    ],
)
def test_what_is_not_a_key_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError, match="not an operating key"):
        read_key(path)
    path.write_bytes(b"\xff" + content)
    with pytest.raises(StoreUnusableError):
        read_key(path)


def test_a_secret_in_groups_of_four() -> None:
    shown = show_secret(seeded("holder"))
    assert [len(group) for group in shown.split(" ")] == [4] * 14
    assert read_secret(shown) == seeded("holder")
    assert read_secret(shown.upper().replace(" ", "")) == seeded("holder")
    assert read_secret(f"  {shown.replace(' ', chr(10))}\t") == seeded("holder")


@draws(60)
@given(
    st.binary(min_size=32, max_size=32), st.integers(0, 55), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567018-é ")
)
def test_one_wrong_character_is_noticed(secret: bytes, place: int, character: str) -> None:
    shown = show_secret(secret).replace(" ", "")
    wrong = shown[:place] + character + shown[place + 1 :]
    if wrong == shown:
        assert read_secret(wrong) == secret
    else:
        with pytest.raises(RefusedError, match="is wrong"):
            read_secret(wrong)


def test_where_something_is_wrong_is_told_by_group_if_it_can_be() -> None:
    groups = show_secret(seeded("holder")).split()
    for wrong, said in (
        ([*groups[:4], "a0b1", *groups[5:9], "a8cd", *groups[10:]], "in group 5, 10: a sheet has only the letters"),
        (groups[:13], "14 groups of 4, and not 52 characters"),
        ([*groups, "abcd"], "not 60 characters"),
        ([groups[1], groups[0], *groups[2:]], "compare it with the sheet, group by group"),
    ):
        with pytest.raises(RefusedError, match=said):
            read_secret(" ".join(wrong))
    assert read_secret("".join(groups).upper()) == read_secret("\n".join(groups)) == seeded("holder")


@draws(100)
@given(st.text(max_size=80))
def test_whatever_is_typed_is_answered(text: str) -> None:
    with pytest.raises(RefusedError):
        read_secret(text)


def test_two_characters_exchanged_are_noticed() -> None:
    shown = show_secret(seeded("holder")).replace(" ", "")
    for place in range(len(shown) - 1):
        pair = shown[place : place + 2]
        if pair[0] != pair[1]:
            with pytest.raises(RefusedError):
                read_secret(shown[:place] + pair[::-1] + shown[place + 2 :])
