# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening the SQLite file: settings that keep promises, numbered migrations forward only, a backup before each."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import StoreDamagedError, StoreFullError, StoreLockedError, StoreUnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID = 0x666D6F74  # "fmot"
BUSY_MS = 5_000
_HEADER_BYTES = 100
_MIGRATION = re.compile(r"([0-9]{4})_[a-z_]+\.sql")


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """(number, SQL) of every migration, in order."""
    found = []
    for file in resources.files("ledger.sqlite").joinpath("migrations").iterdir():
        match = _MIGRATION.fullmatch(file.name)
        if match:
            found.append((int(match[1]), file.read_text("utf-8")))
    return tuple(sorted(found))


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one writing connection, migrated to the present version. It alone checkpoints the WAL.

    WAL with synchronous=FULL: with NORMAL a power cut loses commits that were acknowledged.
    """
    with _translated(path), _closed_on_error(path, cached_statements=512) as connection:
        _refuse_foreign(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cache_size = -24576")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        _migrate(connection, path)
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; the store must exist and be of the present version."""
    if not path.exists():
        raise StoreUnusableError(f"no store at {path}: run `folkmoot init` first, or name the right --data-dir")
    with _translated(path), _closed_on_error(path, cached_statements=256) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute("PRAGMA cache_size = -4096")
        connection.execute("PRAGMA trusted_schema = OFF")
        _refuse_foreign(connection, path)
        if _version(connection) < migrations()[-1][0]:
            raise StoreUnusableError(
                f"{path} is of an older version; start `folkmoot serve` once, which brings it up to date"
            )
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    if 0 < path.stat().st_size < _HEADER_BYTES:  # SQLite would take it for an empty file and write over it
        raise StoreDamagedError(f"{path} is not a database; nothing was changed")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version, newest = _version(connection), migrations()[-1][0]
    if application != APPLICATION_ID and (version or connection.execute("SELECT 1 FROM sqlite_schema").fetchone()):
        raise StoreDamagedError(f"{path} is not the store of a Folkmoot node; nothing was changed")
    if version > newest:
        raise StoreUnusableError(
            f"{path} was written by a newer Folkmoot (store version {version}, this program knows {newest}): "
            "update the program; nothing was changed"
        )


def check_foreign(path: Path) -> None:
    """Refuses a file from elsewhere whose tables are not exactly those that a store of its version has.

    A trigger or a view in it would otherwise do its work among ours. Raises StoreDamagedError, StoreUnusableError.
    """
    with _translated(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        _refuse_foreign(connection, path)
        version = _version(connection)
        with closing(sqlite3.connect(":memory:")) as ours:
            for number, sql in migrations():
                if number <= version:
                    ours.executescript(sql)
            if _schema(connection) != _schema(ours):
                raise StoreDamagedError(f"{path} holds other tables than a store of a Folkmoot node: it is not opened")


def _schema(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return sorted(connection.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema"))


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Brings the store to the present version, each step whole or not at all, after a backup of what was there.

    A new store comes about in a single step: each waits for the disk.
    """
    version = _version(connection)
    todo = [(number, sql) for number, sql in migrations() if number > version]
    if todo and version:
        back_up(connection, path.with_name(f"{path.stem}-before-{todo[-1][0]:04d}.db"))
    steps = todo if version else [(number, " ".join(sql for _, sql in todo)) for number, _ in todo[-1:]]
    for number, sql in steps:
        connection.executescript(
            f"BEGIN IMMEDIATE; {sql} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
        )


def back_up(connection: sqlite3.Connection, target: Path) -> None:
    """A consistent copy of the store, taken while it is in use, checked before it counts."""
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    partial.touch(0o600)
    with closing(sqlite3.connect(partial)) as copy:
        connection.backup(copy)
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreDamagedError(f"the backup does not check out ({found}): the store itself is damaged")
    partial.replace(target)


@contextmanager
def _closed_on_error(path: Path, *, cached_statements: int) -> Iterator[sqlite3.Connection]:
    """A new connection; a file that it makes is its owner's alone."""
    with suppress(OSError):  # what is wrong with the folder SQLite says as well
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=cached_statements
    )
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        yield connection
    except BaseException:
        connection.close()
        raise


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error, path: Path) -> StoreUnusableError:
    """What an error of SQLite means to the people who run the node."""
    text = str(error)
    code = getattr(error, "sqlite_errorname", "") or ""
    if "locked" in text or "BUSY" in code:
        return StoreLockedError(f"{path} is in use by another process; stop it, or wait: {text}")
    if "full" in text or "FULL" in code:
        return StoreFullError(f"the disk of {path} is full: nothing was written; make room and try again")
    if "IOERR" in code or "unable to open" in text or "readonly" in text:
        return StoreUnusableError(f"{path} cannot be read or written ({text}): check the disk and its permissions")
    return StoreDamagedError(
        f"{path}: {text}; run `folkmoot doctor`, restore a backup or fetch the logs from peers again"
    )
