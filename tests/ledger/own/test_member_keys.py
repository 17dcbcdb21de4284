# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members' key files: open or sealed, for their owner alone, never over another one; and keys that the node keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import RefusedError, StoreDamagedError, StoreUnusableError
from ledger.own.keys import write_key
from ledger.own.member_keys import keep_member_key, kept_member_key, make_member_key, read_member_key, write_member_key
from protocol.signature import SigningKey
from tests.builders import seeded

KEY = SigningKey.from_seed(seeded("member"))


def nobody() -> str:
    raise AssertionError("no passphrase is needed")


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    write_member_key(file, KEY)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_member_key(file, nobody) == KEY
    with pytest.raises(FileExistsError):
        write_member_key(file, make_member_key())
    assert read_member_key(file, nobody) == KEY


def test_a_sealed_key_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    write_member_key(file, KEY, "horse battery")
    assert file.stat().st_mode & 0o777 == 0o600
    assert KEY.seed.hex() not in file.read_text()
    assert read_member_key(file, lambda: "horse battery") == KEY
    with pytest.raises(RefusedError, match="passphrase"):
        read_member_key(file, lambda: "horse")
    lines = file.read_text().split("\n")
    file.write_text("\n".join([lines[0], "00" * 32, *lines[2:]]))
    with pytest.raises(StoreDamagedError):
        read_member_key(file, lambda: "horse battery")
    file.write_text("\n".join([*lines[:2], lines[2][:16]]))
    with pytest.raises(StoreDamagedError, match="cut off"):
        read_member_key(file, lambda: "horse battery")


def test_what_is_no_member_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusableError, match="cannot be read"):
        read_member_key(tmp_path / "nothing", nobody)
    for text in ("", "folkmoot member key 1\nzz\n", "folkmoot member key 1, sealed\nzz\n"):
        (tmp_path / "b.key").write_text(text)
        with pytest.raises(StoreDamagedError, match="is not a member key"):
            read_member_key(tmp_path / "b.key", nobody)
    write_key(tmp_path / "operating.key", KEY)
    with pytest.raises(StoreDamagedError):
        read_member_key(tmp_path / "operating.key", nobody)


def test_the_node_keeps_keys(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    assert kept_member_key(directory, KEY.public) is None
    keep_member_key(directory, KEY)
    assert kept_member_key(directory, KEY.public) == KEY
    (file,) = directory.member_keys.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
