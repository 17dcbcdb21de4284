# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links by which a member signs in once: what is read and written of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


class MemberLinkReads:
    """Reading the links over one connection."""

    _db: sqlite3.Connection

    def member_link(self, digest: bytes) -> tuple[bytes, bytes, int] | None:
        """(member, public key, until) of the link whose code has that SHA-256."""
        row = self._db.execute("SELECT member, key, until FROM member_link WHERE digest = ?", (digest,)).fetchone()
        return tuple(row) if row else None


class MemberLinkWrites(MemberLinkReads):
    """Writing them, inside a transaction."""

    def put_member_link(self, digest: bytes, member: bytes, key: bytes, until: int) -> None:
        """Keeps a link, in the place of the one that the member had."""
        self._db.execute("DELETE FROM member_link WHERE member = ?", (member,))
        self._db.execute("INSERT INTO member_link VALUES (?, ?, ?, ?)", (digest, member, key, until))

    def forget_member_links(self) -> None:
        """None is good any more."""
        self._db.execute("DELETE FROM member_link")

    def remove_member_link(self, digest: bytes) -> None:
        """It has been used."""
        self._db.execute("DELETE FROM member_link WHERE digest = ?", (digest,))
