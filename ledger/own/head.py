# SPDX-License-Identifier: AGPL-3.0-or-later
"""The head file: how far this instance has signed, kept outside of what a backup takes.

It is made by `init` and advanced by compare-and-swap before a checkpoint is signed. A store that was put back from a
backup does not match its head, and then nothing is signed until others have said what they last saw (spec 06 §5); only
then, or at an operator's word, is it made anew, with another nonce.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from ledger.disk import sync_folder
from ledger.errors import NotSigningError, StoreUnusableError
from ledger.sqlite.database import translate

if TYPE_CHECKING:
    from pathlib import Path


NONCE_BYTES = 16


class Head(NamedTuple):
    """The last state that was, or was about to be, signed."""

    origin: str
    size: int
    root: bytes


class HeadFile:
    """The head of the own log in a small SQLite file: durable, atomic, and safe between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, head: Head) -> HeadFile:
        """A new head file, for `init`; refuses to replace one."""
        if path.exists():
            raise NotSigningError(f"{path} exists already; a head is never made a second time")
        _write(path, head, os.urandom(NONCE_BYTES))
        return cls(path)

    def add(self, origin: str, root: bytes) -> None:
        """Room for a new origin, of which nothing was ever signed: that of a new epoch. May be done twice.

        A head file that is missing is made: what it said of older epochs counts no more, since they are closed.
        """
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            HeadFile.create(self.path, Head(origin, 0, root))
            return
        with self._connect() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO head (origin, size, root, nonce) "
                "SELECT ?, 0, ?, coalesce(max(nonce), randomblob(16)) FROM head",
                (origin, root),
            )

    def make_anew(self, head: Head, nonce: bytes) -> None:
        """Replaces the head file, or makes one where it is missing: only when signing has been allowed again."""
        made = self.path.with_name(self.path.name + ".new")
        made.unlink(missing_ok=True)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _write(made, head, nonce)
            for suffix in ("-journal", "-wal", "-shm"):  # of the file that is replaced: never played into the new one
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            made.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise StoreUnusableError(f"{self.path} cannot be made anew ({error}): nothing is signed") from error

    def read(self, origin: str) -> Head:
        """The head of an origin. Raises NotSigningError if there is none."""
        if not self.path.exists():
            raise NotSigningError(f"the head file {self.path} is missing: this store was restored or copied")
        with self._connect() as connection:
            row = connection.execute("SELECT origin, size, root FROM head WHERE origin = ?", (origin,)).fetchone()
        if row is None:
            raise NotSigningError(f"the head file {self.path} is of another log than {origin}")
        return Head._make(row)

    def nonce(self, origin: str) -> bytes:
        """What tells this instance from others; the store holds it, too."""
        with self._connect() as connection:
            row = connection.execute("SELECT nonce FROM head WHERE origin = ?", (origin,)).fetchone()
        return bytes(row[0]) if row else b""

    def advance(self, old: Head, new: Head, nonce: bytes) -> None:
        """Compare and swap. Raises NotSigningError if the head is not `old` of this instance: another has signed."""
        with self._connect() as connection:
            changed = connection.execute(
                "UPDATE head SET size = ?, root = ? WHERE origin = ? AND size = ? AND root = ? AND nonce = ?",
                (new.size, new.root, old.origin, old.size, old.root, nonce),
            ).rowcount
        if changed != 1:
            raise NotSigningError(f"{self.path} was advanced by another process than this one")

    def _connect(self) -> _Connection:
        return _Connection(self.path)


def _write(path: Path, head: Head, nonce: bytes) -> None:
    path.touch(0o600, exist_ok=False)
    with _Connection(path) as connection:
        connection.execute(
            "CREATE TABLE head "
            "(origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, nonce BLOB NOT NULL)"
        )
        connection.execute("INSERT INTO head VALUES (?, ?, ?, ?)", (*head, nonce))


class _Connection:
    """A short-lived connection whose block is one durable transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        try:
            # Never makes a file: one that is missing must be seen to be missing.
            uri = f"{self._path.absolute().as_uri()}?mode=rw"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5)
            self._connection.execute("PRAGMA synchronous = EXTRA")
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise translate(error, self._path) from error
        return self._connection

    def __exit__(self, kind: object, raised: BaseException | None, _: object) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT" if kind is None else "ROLLBACK")
            if isinstance(raised, sqlite3.Error):
                raise raised
        except sqlite3.Error as error:
            raise translate(error, self._path) from error
        finally:
            self._connection.close()
