# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows from the reciprocity ledger: what is read and written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.rows import insert, select_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Sequence

RECIPROCITY_TABLES = ("cell", "chain", "said", "remark")


class CellReads:
    """Reading cells, chains and ids over one connection."""

    _db: sqlite3.Connection

    def cell(self, tree: int, sort: str, key: bytes) -> bytes | None:
        """The encoded value under a key."""
        sql = "SELECT value FROM cell WHERE tree = ? AND sort = ? AND key = ?"
        row = self._db.execute(sql, (tree, sort, key)).fetchone()
        return row[0] if row else None

    def cells(self, tree: int, sort: str, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys and encoded values of a sort whose keys begin so, ascending by key."""
        sql = "SELECT key, value FROM cell WHERE tree = ? AND sort = ? AND key >= ?"
        end = _after(prefix)
        if end:
            yield from self._db.execute(f"{sql} AND key < ? ORDER BY key", (tree, sort, prefix, end))
        else:
            yield from self._db.execute(f"{sql} ORDER BY key", (tree, sort, prefix))

    def keys_with(self, tree: int, sort: str, part: bytes, from_end: int) -> list[bytes]:
        """Keys of a sort in which a part begins so many bytes before their end, ascending."""
        sql = "SELECT key FROM cell WHERE tree = ? AND sort = ? AND substr(key, ?, ?) = ? ORDER BY key"
        return [row[0] for row in self._db.execute(sql, (tree, sort, -from_end, len(part), part))]

    def chain(self, tree: int, thing: bytes) -> list[int]:
        """Positions of the entries that concern a member or an account, in order."""
        sql = "SELECT position FROM chain WHERE tree = ? AND id = ? ORDER BY position"
        return [row[0] for row in self._db.execute(sql, (tree, thing))]

    def chain_before(self, tree: int, things: Iterable[bytes], position: int, limit: int) -> list[int]:
        """Positions below another one of entries that concern any of these, descending, at most so many."""
        sql = "SELECT position FROM chain WHERE tree = ? AND id = ? AND position < ? ORDER BY position DESC LIMIT ?"
        found = {row[0] for thing in things for row in self._db.execute(sql, (tree, thing, position, limit))}
        return sorted(found, reverse=True)[:limit]

    def concerned_since(self, tree: int, position: int) -> list[bytes]:
        """Ids of the members and accounts that an entry at this position or behind it concerns."""
        sql = """
          SELECT DISTINCT key FROM cell WHERE tree = :tree AND sort IN ('member', 'account')
          AND EXISTS (SELECT 1 FROM chain WHERE chain.tree = :tree AND chain.id = cell.key AND position >= :position)
        """
        return [row[0] for row in self._db.execute(sql, {"tree": tree, "position": position})]

    def last_cell(self, tree: int, sort: str, below: bytes) -> bytes | None:
        """The greatest key of a sort that is less than another one."""
        sql = "SELECT max(key) FROM cell WHERE tree = ? AND sort = ? AND key < ?"
        row: tuple[bytes | None] = self._db.execute(sql, (tree, sort, below)).fetchone()
        return row[0]

    def said(self, tree: int, ids: Collection[bytes]) -> dict[bytes, tuple[int, bytes, bool]]:
        """Where ids of statements were used first, the digest of what was said with them, whether it was applied."""
        sql = "SELECT id, position, digest, applied FROM said WHERE tree = ? AND id IN"
        return {row[0]: (row[1], row[2], bool(row[3])) for row in select_in(self._db, sql, [tree], list(ids))}

    def remarks(self, tree: int, about: bytes) -> list[int]:
        """Positions of profiles and notes about a thing, in order."""
        sql = "SELECT position FROM remark WHERE tree = ? AND about = ? ORDER BY position"
        return [row[0] for row in self._db.execute(sql, (tree, about))]


class CellWrites(CellReads):
    """Writing them, inside a transaction."""

    def put_cells(self, tree: int, cells: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Sets cells: (sort, key, encoded value)."""
        insert(
            self._db,
            "INSERT OR REPLACE INTO cell (tree, sort, key, value)",
            [(tree, sort, key, value) for sort, key, value in cells],
        )

    def add_links(self, tree: int, links: Sequence[tuple[bytes, int]]) -> None:
        """Entries concern members and accounts: (id, position)."""
        insert(self._db, "INSERT OR REPLACE INTO chain (tree, id, position)", [(tree, *link) for link in links])

    def add_said(self, tree: int, said: Sequence[tuple[bytes, int, bytes, bool]]) -> None:
        """Ids have been used: (id, position, digest, applied)."""
        sql = "INSERT OR REPLACE INTO said (tree, id, position, digest, applied)"
        insert(self._db, sql, [(tree, *row) for row in said])

    def add_remark(self, tree: int, about: bytes, position: int) -> None:
        """A profile or note about a thing."""
        self._db.execute("INSERT OR REPLACE INTO remark VALUES (?, ?, ?)", (tree, about, position))


def _after(prefix: bytes) -> bytes:
    """The least bytes that are more than everything that begins so; empty if nothing is."""
    cut = prefix.rstrip(b"\xff")
    return cut[:-1] + bytes([cut[-1] + 1]) if cut else b""
