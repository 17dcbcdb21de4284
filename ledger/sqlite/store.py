# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SQLite store: one writer, many readers, each over its own connection."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger.errors import StoreFullError, StoreUnusableError
from ledger.sqlite.database import back_up, connect_reader, connect_writer, translate
from ledger.sqlite.logs import LogReads, LogWrites
from ledger.sqlite.records import RecordReads, RecordWrites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESERVE_BYTES = 32 * 2**20
"""Room that must stay free on the disk: writing is refused below it, so that reading and closing still work."""


class Snapshot(LogReads, RecordReads):
    """One consistent view of the whole store."""


class Transaction(LogWrites, RecordWrites, Snapshot):
    """One change of the store: whole or not at all, and durable when it has ended."""


class SqliteStore:
    """A store in one SQLite file. Writing is for one thread at a time; reading for any."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self._writer = connect_writer(path) if writable else None
        self._readers = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        if self._writer is not None:
            with self.write() as change:
                if change.fact("store") is None:
                    change.set_fact("store", os.urandom(16))

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, undone when it raises. One thread at a time."""
        if self._writer is None:
            raise StoreUnusableError(f"{self.path} is open for reading only")
        self._check_room()
        writer = self._writer
        with self._lock:
            try:
                writer.execute("BEGIN IMMEDIATE")
                try:
                    yield Transaction(writer)
                except BaseException:
                    writer.execute("ROLLBACK")
                    raise
                writer.execute("COMMIT")
            except sqlite3.Error as error:
                if writer.in_transaction:
                    writer.execute("ROLLBACK")
                raise translate(error, self.path) from error

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """A view that does not change while the block runs."""
        connection = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = connect_reader(self.path)
            with self._lock:
                self._open_readers.append(connection)
        nested = connection.in_transaction
        try:
            if not nested:
                connection.execute("BEGIN")
            yield Snapshot(connection)
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        finally:
            if not nested and connection.in_transaction:
                connection.execute("COMMIT")

    def back_up(self, target: Path) -> None:
        """Copies the store while it is in use; the copy is checked."""
        back_up(connect_reader(self.path), target)

    def truncate_journal(self) -> None:
        """Moves everything out of the write-ahead log and empties it, so that nothing erased lingers there."""
        if self._writer is not None:
            with self._lock:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def check_integrity(self) -> list[str]:
        """What SQLite finds wrong with the file: nothing, if it is sound."""
        connection = connect_reader(self.path)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)")]
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        finally:
            connection.close()
        return [] if found == ["ok"] else found

    def close(self) -> None:
        """Closes all connections."""
        with self._lock:
            for connection in self._open_readers:
                connection.close()
            self._open_readers.clear()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _check_room(self) -> None:
        disk = os.statvfs(self.path.parent)
        if disk.f_bavail * disk.f_frsize < RESERVE_BYTES:
            raise StoreFullError(
                f"less than {RESERVE_BYTES >> 20} MiB are free on the disk of {self.path}: "
                "writing is refused until there is room; nothing was lost"
            )
