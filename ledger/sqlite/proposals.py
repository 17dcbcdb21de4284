# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits to be decided on, and the links by which it came (spec 21 §3): the node's own, no part of a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.values import InvitationRow, ProposalRow

if TYPE_CHECKING:
    import sqlite3

_PROPOSAL = "SELECT id, statement, signature, through, origin, at, base, ballot FROM proposal"
_INVITATION = "SELECT token, name, at, until, room FROM invitation"


class ProposalReads:
    """Reading them over one connection."""

    _db: sqlite3.Connection

    def proposal(self, proposal_id: bytes) -> ProposalRow | None:
        """One that waits."""
        row = self._db.execute(f"{_PROPOSAL} WHERE id = ?", (proposal_id,)).fetchone()
        return ProposalRow(*row) if row else None

    def proposals(self, limit: int) -> list[ProposalRow]:
        """Those that wait, the latest first."""
        rows = self._db.execute(f"{_PROPOSAL} ORDER BY at DESC, id LIMIT ?", (limit,))
        return [ProposalRow(*row) for row in rows]

    def proposals_size(self, *, strangers: bool = False) -> tuple[int, int]:
        """How many wait, and how many bytes they have; `strangers`: of those that came without a link."""
        without = " WHERE through = ''" if strangers else ""
        row = self._db.execute(
            f"SELECT count(*), coalesce(sum(length(statement)), 0) FROM proposal{without}"
        ).fetchone()
        return int(row[0]), int(row[1])

    def proposals_from(self, origin: bytes) -> int:
        """How many wait that came without a link from one address, or from around it: `origin` begins theirs."""
        sql = "SELECT count(*) FROM proposal WHERE through = '' AND substr(origin, 1, ?) = ?"
        return int(self._db.execute(sql, (len(origin), origin)).fetchone()[0])

    def invitation(self, token: bytes) -> InvitationRow | None:
        """A link, by the hash of its token."""
        row = self._db.execute(f"{_INVITATION} WHERE token = ?", (token,)).fetchone()
        return InvitationRow(*row) if row else None

    def invitations(self) -> list[InvitationRow]:
        """All links, the latest first."""
        return [InvitationRow(*row) for row in self._db.execute(f"{_INVITATION} ORDER BY at DESC, token")]

    def claims_decided(self, tree: int, limit: int) -> list[int]:
        """Positions of decisions on claims in a log, the latest first."""
        sql = "SELECT position FROM claim WHERE tree = ? AND kind = 'claim.decided' ORDER BY position DESC LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (tree, limit))]


class ProposalWrites(ProposalReads):
    """Writing them, inside a transaction."""

    def add_proposal(self, row: ProposalRow) -> None:
        """Keeps one."""
        self._db.execute("INSERT INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def drop_proposal(self, proposal_id: bytes) -> None:
        """Lets go of one that was decided on."""
        self._db.execute("DELETE FROM proposal WHERE id = ?", (proposal_id,))

    def ask_about(self, proposal_id: bytes, ballot: bytes) -> None:
        """One is put to the vote: the id of what the assembly is asked."""
        self._db.execute("UPDATE proposal SET ballot = ? WHERE id = ?", (ballot, proposal_id))

    def put_invitation(self, row: InvitationRow) -> None:
        """Keeps a link, or what has become of it."""
        self._db.execute("INSERT OR REPLACE INTO invitation VALUES (?, ?, ?, ?, ?)", row)

    def drop_invitation(self, token: bytes) -> None:
        """Takes a link back."""
        self._db.execute("DELETE FROM invitation WHERE token = ?", (token,))
