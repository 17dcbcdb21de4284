# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SQLite file: migrations forward only with a backup before them; what is not ours is left as it is."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import (
    StoreDamagedError,
    StoreFullError,
    StoreLockedError,
    StoreUnusableError,
)
from ledger.sqlite.database import APPLICATION_ID, connect_reader, connect_writer, migrations, translate
from ledger.sqlite.store import SqliteStore
from tests.ledger.making import Scribe, derive, derived_state, hold

NEWEST = migrations()[-1][0]


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def shape(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()


def old_store(path: Path, version: int) -> None:
    """A store as that version of the program left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number, sql in migrations():
            if number <= version:
                connection.executescript(sql)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("PRAGMA journal_mode = WAL")


def test_no_two_migrations_have_one_number() -> None:
    numbers = [number for number, _ in migrations()]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_every_older_store_is_brought_to_the_present(tmp_path: Path, version: int) -> None:
    path, fresh = tmp_path / "ledger.db", tmp_path / "fresh.db"
    scribe = Scribe()
    scribe.put(1, "किताब")
    scribe.erase(1)
    scribe.put(1, "Bakery")
    SqliteStore(fresh).close()
    old_store(path, version)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO fact VALUES ('own', x'31')")
    store = SqliteStore(path)
    with store.read() as reads:
        assert reads.fact("own") == b"1"
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert reads.matching('"bakery"*').tolist() == [1 << 32 | 3]
    store.close()
    assert version_of(path) == NEWEST
    assert shape(path) == shape(fresh)
    before = tmp_path / f"ledger-before-{NEWEST:04d}.db"
    assert version_of(before) == version
    assert stat.S_IMODE(before.stat().st_mode) == 0o600
    assert {file.name for file in tmp_path.iterdir()} == {"ledger.db", "fresh.db", before.name}


def test_a_store_of_the_present_is_not_backed_up(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqliteStore(path).close()
    assert version_of(path) == NEWEST
    SqliteStore(path).close()
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.db"]


def test_a_migration_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    old_store(path, NEWEST)
    broken = [(NEWEST + 1, "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);")]
    monkeypatch.setattr("ledger.sqlite.database.migrations", lambda: [*migrations(), *broken])
    with pytest.raises(StoreUnusableError):
        SqliteStore(path)
    monkeypatch.undo()
    assert version_of(path) == NEWEST
    assert all("half" not in row for row in shape(path))
    SqliteStore(path).close()


def test_a_migration_does_not_run_without_its_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.db"
    old_store(path, 1)
    (tmp_path / f"ledger-before-{NEWEST:04d}.db").mkdir()
    with pytest.raises(Exception, match="ledger-before"):
        SqliteStore(path)
    assert version_of(path) == 1
    monkeypatch.undo()


def test_a_reader_does_not_migrate(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    old_store(path, 1)
    with pytest.raises(StoreUnusableError, match="older version"):
        connect_reader(path)
    assert version_of(path) == 1


def make_newer(path: Path) -> None:
    old_store(path, NEWEST)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")


def make_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE song (title)")


def make_foreign_of_a_version(path: Path) -> None:
    make_foreign(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")


def make_foreign_of_a_program(path: Path) -> None:
    make_foreign(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 77")


def make_text(path: Path) -> None:
    path.write_text("Dear diary, " * 500)


def make_short_text(path: Path) -> None:
    path.write_text("x")


def make_truncated(path: Path) -> None:
    SqliteStore(path).close()
    path.write_bytes(path.read_bytes()[:700])


def make_truncated_to_little(path: Path) -> None:
    SqliteStore(path).close()
    path.write_bytes(path.read_bytes()[:400])


@pytest.mark.parametrize("connect", [connect_writer, connect_reader])
@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (make_newer, StoreUnusableError, "newer Folkmoot"),
        (make_foreign, StoreDamagedError, "not the store"),
        (make_foreign_of_a_version, StoreDamagedError, "not the store"),
        (make_foreign_of_a_program, StoreDamagedError, "not the store"),
        (make_text, StoreDamagedError, "not a database"),
        (make_short_text, StoreDamagedError, "not a database"),
        (make_truncated, StoreUnusableError, ""),
        (make_truncated_to_little, StoreUnusableError, ""),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_what_is_not_ours_is_left_byte_for_byte(
    tmp_path: Path,
    make: Callable[[Path], None],
    error: type[Exception],
    match: str,
    connect: Callable[[Path], sqlite3.Connection],
) -> None:
    path = tmp_path / "ledger.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(error, match=match or None):
        connect(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.db"]


def test_a_store_that_lost_its_end_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    scribe = Scribe()
    for number in range(300):
        scribe.put(number, f"Bakery {number}")
    store = SqliteStore(path)
    hold(store, scribe.log)
    derive(store)
    store.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreUnusableError):
        damaged = SqliteStore(path, writable=False)
        with damaged.read() as reads:
            list(reads.entries(1, 0, 1000))
            reads.derived_digest()
    with pytest.raises(StoreDamagedError):
        SqliteStore(path, writable=False).check_integrity()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusableError, match="permissions"):
        SqliteStore(tmp_path / "nowhere" / "ledger.db")
    with pytest.raises(StoreUnusableError, match="no store"):
        connect_reader(tmp_path / "ledger.db")
    assert list(tmp_path.iterdir()) == []


def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    store = SqliteStore(path)
    with store.write() as change:
        change.set_fact("a", b"b")
    store.back_up(tmp_path / "copy.db")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()
    assert modes == dict.fromkeys(["ledger.db", "ledger.db-wal", "ledger.db-shm", "copy.db"], 0o600)


def test_a_backup_is_the_store_at_one_moment(tmp_path: Path) -> None:
    scribe = Scribe()
    scribe.put(1, "Bakery")
    store, copy_path = SqliteStore(tmp_path / "ledger.db"), tmp_path / "copy.db"
    hold(store, scribe.log)
    derive(store)
    with store.write() as change:
        change.set_fact("uncommitted", b"1")
        store.back_up(copy_path)
    copy = SqliteStore(copy_path)
    with copy.read() as reads, store.read() as own:
        assert reads.fact("uncommitted") is None
        assert reads.trees() == own.trees()
        assert list(reads.entries(1, 0, 9)) == list(own.entries(1, 0, 9))
    assert derived_state(copy_path) == derived_state(store.path)
    assert copy.check_integrity() == []
    copy.close()
    store.close()


def test_a_backup_that_cannot_be_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    with pytest.raises((StoreUnusableError, OSError)):
        store.back_up(tmp_path / "nowhere" / "copy.db")
    store.close()


def test_settings_that_keep_promises(tmp_path: Path) -> None:
    with closing(connect_writer(tmp_path / "ledger.db")) as connection:
        asked = ("journal_mode", "synchronous", "mmap_size", "secure_delete", "trusted_schema", "busy_timeout")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert found == ["wal", 2, 0, 1, 0, 5000]
    with closing(connect_reader(tmp_path / "ledger.db")) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM fact")


def test_another_process_that_writes_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.sqlite.database.BUSY_MS", 20)
    path = tmp_path / "ledger.db"
    store = SqliteStore(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLockedError, match="another process"), store.write():
            pass
        other.execute("ROLLBACK")
    with store.write() as change:
        change.set_fact("a", b"b")
    store.close()


def test_a_transaction_that_sqlite_undid_itself_is_reported_as_what_it_was(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.db")
    writer = store._writer
    assert writer is not None
    writer.execute(f"PRAGMA max_page_count = {writer.execute('PRAGMA page_count').fetchone()[0] + 2}")
    with pytest.raises(StoreFullError, match="full"), store.write() as change:
        change.set_fact("large", bytes(1_000_000))
    writer.execute("PRAGMA max_page_count = 100000")
    with store.write() as change:
        assert change.fact("large") is None
        change.set_fact("large", b"1")
    store.close()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("database is locked", StoreLockedError),
        ("database or disk is full", StoreFullError),
        ("unable to open database file", StoreUnusableError),
        ("attempt to write a readonly database", StoreUnusableError),
        ("database disk image is malformed", StoreDamagedError),
        ("file is not a database", StoreDamagedError),
    ],
)
def test_errors_say_what_to_do(text: str, kind: type[StoreUnusableError]) -> None:
    found = translate(sqlite3.OperationalError(text), Path("ledger.db"))
    assert type(found) is kind
    assert "ledger.db" in str(found)
