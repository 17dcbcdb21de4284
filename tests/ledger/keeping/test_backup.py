# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backups: what is put back is what was taken, nothing is overwritten, and a hostile archive gets nowhere."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.directory.images import Images
from ledger.errors import LedgerError, NotFoundError, RefusedError, StoreDamagedError, StoreUnusableError
from ledger.keeping.backup import KEYS, MANIFEST, STORE, read_manifest, restore, take_backup
from ledger.ledger import Ledger
from ledger.own.keys import read_key
from ledger.own.recovery import State
from tests.builders import START
from tests.founding import copy, founded
from tests.ledger.conftest import found
from tests.ledger.watching import opened, write
from tests.pictures import drawn


@pytest.fixture
def backup(directory: DataDirectory) -> Path:
    copy(founded(_backed_up), directory.path)
    return directory.path.with_name("data-backup")


def _backed_up(path: Path) -> None:
    """A data directory and a backup of it, made once, as nearly every test of this file begins with them."""
    found(path)
    directory = DataDirectory(path)
    with opened(directory) as ledger:
        write(ledger, "one", "two", "three")
        take_backup(directory, path.with_name("moot-backup"), "correct horse", START)
        write(ledger, "later")


@pytest.fixture
def empty(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "elsewhere")


def test_what_is_put_back_is_what_was_taken(backup: Path, directory: DataDirectory, empty: DataDirectory) -> None:
    counted: list[int] = []
    manifest = restore(empty, backup, "correct horse", counted.append)
    assert (manifest.size, manifest.signed, sum(counted)) == (4, 4, 4)
    assert read_key(empty.key).seed == read_key(directory.key).seed
    for path in (empty.store, empty.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not empty.head.exists()
    assert [path.name for path in empty.store.parent.iterdir()] == ["ledger.db"]
    with opened(empty) as ledger:
        assert ledger.own.recovery.state is State.UNSURE
        assert write(ledger, "one", "new")[0].repeated
        assert ledger.own.signed_size == 4
        with ledger.store.read() as reads, Ledger(directory) as old, old.store.read() as others:
            assert reads.fact("store") != others.fact("store")
            assert reads.record_count() == 4


def test_without_a_passphrase_the_keys_stay_behind(
    directory: DataDirectory, tmp_path: Path, empty: DataDirectory
) -> None:
    take_backup(directory, tmp_path / "backup", None, START)
    assert KEYS not in read_manifest(tmp_path / "backup").files
    seed = read_key(directory.key).seed
    assert not any(seed.hex().encode() in file.read_bytes() for file in (tmp_path / "backup").iterdir())
    restore(empty, tmp_path / "backup", None)
    assert not empty.key.exists()


def test_the_keys_are_sealed(backup: Path, directory: DataDirectory, empty: DataDirectory) -> None:
    seed = read_key(directory.key).seed
    for file in backup.iterdir():
        assert seed not in file.read_bytes()
        assert seed.hex().encode() not in file.read_bytes()
    for wrong in ("correct horse ", "", None):
        with pytest.raises(RefusedError, match="passphrase"):
            restore(empty, backup, wrong)
    assert not empty.store.exists()


def test_nothing_is_overwritten(backup: Path, directory: DataDirectory, empty: DataDirectory) -> None:
    before = directory.store.read_bytes()
    with pytest.raises(RefusedError, match="nothing was overwritten"):
        restore(directory, backup, "correct horse")
    assert directory.store.read_bytes() == before
    empty.key.parent.mkdir(parents=True)
    empty.key.write_text("somebody's")
    with pytest.raises(RefusedError, match="exists already"):
        restore(empty, backup, "correct horse")
    assert empty.key.read_text() == "somebody's"
    with pytest.raises(RefusedError, match="exists already"):
        take_backup(directory, backup, None, START)


def manifest_says(backup: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads((backup / MANIFEST).read_bytes())
    change(value)
    (backup / MANIFEST).write_text(json.dumps(value))


def seal_store(backup: Path) -> None:
    """The manifest says of the store what it is now."""
    data = (backup / STORE).read_bytes()
    file = {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    manifest_says(backup, lambda value: value["files"].update({STORE: file}))


def in_store(backup: Path, *statements: str) -> None:
    with closing(sqlite3.connect(backup / STORE)) as store:
        for statement in statements:
            store.execute(statement)
        store.commit()
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        (backup / (STORE + suffix)).unlink(missing_ok=True)
    seal_store(backup)


def flip(backup: Path) -> None:
    data = bytearray((backup / STORE).read_bytes())
    data[len(data) // 2] ^= 1
    (backup / STORE).write_bytes(data)


def link(backup: Path) -> None:
    (backup / STORE).rename(backup / "other")
    (backup / STORE).symlink_to(backup / "other")


def pipe(backup: Path) -> None:
    (backup / MANIFEST).unlink()
    os.mkfifo(backup / MANIFEST)


def longer(backup: Path) -> None:
    with (backup / STORE).open("ab") as file:
        file.write(b"x")


def nonsense(backup: Path) -> None:
    (backup / STORE).write_bytes(b"nonsense" * 1000)
    seal_store(backup)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a flipped bit": flip,
    "a file cut off": lambda backup: os.truncate(backup / STORE, 4096),
    "a file that is longer": longer,
    "a link": link,
    "a pipe": pipe,
    "no store": lambda backup: (backup / STORE).unlink(),
    "no manifest": lambda backup: (backup / MANIFEST).unlink(),
    "a manifest that is none": lambda backup: (backup / MANIFEST).write_bytes(b"[" * 10_000),
    "a large manifest": lambda backup: (backup / MANIFEST).write_bytes(b" " * 20_000),
    "a path": lambda backup: manifest_says(
        backup,
        lambda value: value["files"].update({"../x": {"bytes": 1, "sha256": "0" * 64}}),
    ),
    "a negative size": lambda backup: manifest_says(backup, lambda value: value.update(size=-1)),
    "a huge file": lambda backup: manifest_says(
        backup,
        lambda value: value["files"].update({STORE: {"bytes": 2**60, "sha256": "0" * 64}}),
    ),
    "another log": lambda backup: manifest_says(backup, lambda value: value.update(log="a" * 52)),
    "keys that are cut off": lambda backup: os.truncate(backup / KEYS, 8),
    "a trigger": lambda backup: in_store(
        backup, "CREATE TRIGGER bad AFTER UPDATE ON tree BEGIN DELETE FROM entry; END"
    ),
    "a view": lambda backup: in_store(backup, "CREATE VIEW bad AS SELECT 1"),
    "an entry that was changed": lambda backup: in_store(
        backup, "UPDATE entry SET payload = substr(payload, 2) WHERE position = 2"
    ),
    "an entry that is missing": lambda backup: in_store(backup, "DELETE FROM entry WHERE position = 1"),
    "something else that waits": lambda backup: in_store(
        backup, "INSERT INTO queue VALUES (1, 0, NULL, zeroblob(16), x'', 0, zeroblob(32), zeroblob(40))"
    ),
    "no own log": lambda backup: in_store(backup, "UPDATE fact SET value = CAST('77' AS BLOB) WHERE name = 'own'"),
    "not a database": nonsense,
}


@pytest.mark.parametrize("harm", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_archive_gets_nowhere(backup: Path, empty: DataDirectory, harm: Callable[[Path], object]) -> None:
    harm(backup)
    with pytest.raises(LedgerError) as raised:
        restore(empty, backup, "correct horse")
    assert isinstance(raised.value, StoreDamagedError | StoreUnusableError)
    left = [path for path in empty.path.rglob("*") if path.is_file()] if empty.path.exists() else []
    assert left == []


def test_after_a_refusal_a_good_backup_is_put_back(backup: Path, empty: DataDirectory, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(backup, bad)
    flip(bad)
    with pytest.raises(StoreDamagedError):
        restore(empty, bad, "correct horse")
    restore(empty, backup, "correct horse")
    assert empty.store.exists()


def test_pictures_go_along(directory: DataDirectory, empty: DataDirectory, tmp_path: Path) -> None:
    kept = Images(directory.images)
    path, unseen = kept.take(drawn()), kept.take(drawn(size=(5, 5)))
    kept.publish(path, bytes(16))
    take_backup(directory, tmp_path / "backup", None, START)
    restore(empty, tmp_path / "backup", None)
    back = Images(empty.images)
    assert back.read(path) == kept.read(path)
    with pytest.raises(NotFoundError):
        back.look(unseen)
    assert sorted(one.name for one in empty.path.rglob("*.tar*")) == []
    back.retire(path, bytes(16))
    assert back.sizes([path]) == {}


def test_of_pictures_only_what_is_one_is_put_back(tmp_path: Path) -> None:
    names = ["../out.webp", f"{'0' * 64}.webp", "/tmp/out.webp", f"uses/{'0' * 64}.webp/../../../out", "waiting/a.webp"]
    with tarfile.open(tmp_path / "images.tar", "w") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, BytesIO(b"out"))
        member = tarfile.TarInfo(f"{'1' * 64}.webp")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    Images(tmp_path / "images").unpack(tmp_path / "images.tar")
    assert [one.name for one in tmp_path.rglob("*")] == ["images.tar"]
