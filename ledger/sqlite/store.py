# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SQLite store: one writer, many readers, each over its own connection."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ledger.errors import StoreFullError, StoreUnusableError
from ledger.sqlite.cells import CellReads, CellWrites
from ledger.sqlite.changes import ChangeReads, ChangeWrites
from ledger.sqlite.checks import CheckReads, CheckWrites
from ledger.sqlite.database import BUSY_MS, back_up, connect_reader, connect_writer, translate
from ledger.sqlite.knowledge import KnowledgeReads, KnowledgeWrites
from ledger.sqlite.logs import LogReads
from ledger.sqlite.logwrites import LogWrites
from ledger.sqlite.memberlinks import MemberLinkReads, MemberLinkWrites
from ledger.sqlite.proposals import ProposalReads, ProposalWrites
from ledger.sqlite.records import RecordReads, RecordWrites
from ledger.sqlite.scopes import ScopeReads, ScopeWrites
from ledger.sqlite.witnesses import WitnessReads, WitnessWrites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESERVE_BYTES = 32 * 2**20
"""Room that must stay free on the disk: writing is refused below it, so that reading and closing still work."""

CLOSE_S = 5.0
"""How long closing waits for those who still read. A connection must not be closed under a thread that is in it."""


class Snapshot(
    LogReads,
    RecordReads,
    ScopeReads,
    WitnessReads,
    CellReads,
    ChangeReads,
    KnowledgeReads,
    ProposalReads,
    CheckReads,
    MemberLinkReads,
):
    """One consistent view of the whole store."""


class Transaction(
    CheckWrites,
    LogWrites,
    RecordWrites,
    ScopeWrites,
    WitnessWrites,
    CellWrites,
    ChangeWrites,
    KnowledgeWrites,
    ProposalWrites,
    MemberLinkWrites,
    Snapshot,
):
    """One change of the store: whole or not at all, and durable when it has ended."""


class SqliteStore:
    """A store in one SQLite file. Writing is for one thread at a time; reading for any."""

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self._writer = connect_writer(path) if writable else None
        self._readers = threading.local()
        self._open_readers: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._readers_lock = threading.Lock()
        self._reading = 0
        self._closed = False
        self._read_ended = threading.Condition()
        if self._writer is not None and LogReads(self._writer).fact("store") is None:
            with self.write() as change:
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
                yield Transaction(writer)
                writer.execute("COMMIT")
            except BaseException as error:
                if writer.in_transaction:  # on a full or failing disk SQLite has undone it already
                    writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise translate(error, self.path) from error
                raise

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """A view that does not change while the block runs."""
        with self._read_ended:
            if self._closed:
                raise StoreUnusableError(f"{self.path} has been closed")
            self._reading += 1
        try:
            connection = self._reader()
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
        finally:
            with self._read_ended:
                self._reading -= 1
                self._read_ended.notify_all()

    def _reader(self) -> sqlite3.Connection:
        """The reading connection of the calling thread."""
        connection: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = connect_reader(self.path)
            with self._read_ended:  # not the lock of the writer, who may be waiting for this very reader
                self._open_readers.append(connection)
        return connection

    def back_up(self, target: Path) -> None:
        """Copies the store while it is in use; the copy is checked."""
        with closing(connect_reader(self.path)) as connection:
            try:
                back_up(connection, target)
            except sqlite3.Error as error:
                raise translate(error, target) from error

    def truncate_journal(self) -> bool:
        """Moves everything out of the write-ahead log and empties it, so that nothing erased lingers there.

        Whether it could: not while somebody reads what was there before. It does not wait for them.
        """
        if self._writer is None:
            return True
        with self._lock:
            try:
                self._writer.execute("PRAGMA busy_timeout = 0")
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error as error:
                raise translate(error, self.path) from error
            finally:
                self._writer.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        return not busy

    def rewrite(self) -> int:
        """Writes the whole file anew, without what lies between the rows; its size in bytes.

        Everybody may read meanwhile. Raises StoreFullError where there is no room for the copies that this takes.
        """
        if self._writer is None:
            raise StoreUnusableError(f"{self.path} is open for reading only")
        self._check_room(2 * self.path.stat().st_size)
        with self._lock:
            try:
                self._writer.execute("VACUUM")
            except sqlite3.Error as error:
                raise translate(error, self.path) from error
        return self.path.stat().st_size

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
        """Closes all connections, when nobody is reading any more. Whoever reads for too long keeps theirs."""
        with self._read_ended:
            self._closed = True
            idle = self._read_ended.wait_for(lambda: not self._reading, CLOSE_S)
        with self._lock:
            for connection in self._open_readers if idle else ():
                connection.close()
            self._open_readers.clear()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _check_room(self, wanted: int = 0) -> None:
        disk = os.statvfs(self.path.parent)
        if disk.f_bavail * disk.f_frsize < RESERVE_BYTES + wanted:
            raise StoreFullError(
                f"less than {RESERVE_BYTES + wanted >> 20} MiB are free on the disk of {self.path}: "
                "writing is refused until there is room; nothing was lost"
            )
