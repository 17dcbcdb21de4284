# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tables of witnessing: what is read from them and written to them (see migration 0005)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


class WitnessReads:
    """Reading the tables of witnessing over one connection."""

    _db: sqlite3.Connection

    def cosigned(self, digest: bytes) -> tuple[int, bytes, bytes] | None:
        """(size, root, note) of what was cosigned last of the origin with that SHA-256, or None."""
        sql = "SELECT size, root, note FROM cosigned WHERE digest = ?"
        row: tuple[int, bytes, bytes] | None = self._db.execute(sql, (digest,)).fetchone()
        return row

    def witnesses(self) -> list[tuple[str, str]]:
        """(verifier key, URL) of the witnesses that the operator chose, oldest first."""
        return self._db.execute("SELECT key, url FROM witness ORDER BY number").fetchall()

    def published(self, tree: int) -> tuple[int, bytes]:
        """(size, note) of the newest checkpoint of a log that a quorum has cosigned; (0, b"") if there is none."""
        row = self._db.execute("SELECT size, note FROM published WHERE tree = ?", (tree,)).fetchone()
        return (row[0], row[1]) if row else (0, b"")


class WitnessWrites(WitnessReads):
    """Writing the tables of witnessing, inside a transaction."""

    def set_cosigned(self, digest: bytes, origin: str, size: int, root: bytes, note: bytes) -> None:
        """What is about to be cosigned of an origin."""
        self._db.execute("INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?)", (digest, origin, size, root, note))

    def add_witness(self, key: str, url: str, at: int) -> None:
        """A witness that the operator chose; one that is there gets the new URL."""
        sql = "INSERT INTO witness (key, url, added) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET url = excluded.url"
        self._db.execute(sql, (key, url, at))

    def remove_witness(self, key: str) -> bool:
        """Whether there was such a witness; it is gone now."""
        return self._db.execute("DELETE FROM witness WHERE key = ?", (key,)).rowcount > 0

    def set_published(self, tree: int, size: int, note: bytes) -> None:
        """The newest checkpoint that a quorum has cosigned."""
        self._db.execute("INSERT OR REPLACE INTO published VALUES (?, ?, ?)", (tree, size, note))
