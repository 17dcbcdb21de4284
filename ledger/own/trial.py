# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the verdict on a statement of the ledger would be: what would be refused is not written (spec 17 §5)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ledger.deriving.books import open_book, rules_of
from ledger.deriving.fold import Authority
from ledger.errors import RefusedError
from ledger.reciprocity.applying import apply
from ledger.reciprocity.hearing import Heard
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity
from protocol.statement import Statement, parse_payload, parse_statement

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot, SqliteStore

WAIT_S, _LOOK_S = 2.0, 0.01
"""How long a trial waits until what was written before is folded."""

REASONS = {
    "unknown_ref": "it names something that is not in this ledger, or not of the sort that is meant",
    "not_authorised": "it is not signed for everybody whose word it takes, or a party is not active",
    "not_in_force": "the contract is not in force (not signed by all, not begun, ended), or it is too early",
    "bad_amount": "an amount is zero, negative where it may not be, or too large",
    "wrong_unit": "the units do not fit together",
    "unbalanced": "what is taken and what is given are not the same",
    "floor": "an account does not hold that much, with what is reserved",
    "ceiling": "an account would hold more than it may",
    "closed": "an account is closed",
    "frozen": "an account is frozen, or what it rests on is in dispute",
    "indivisible": "a reserve is only touched by a decision of the assembly",
    "already_resolved": "that has been done already",
    "late": "it comes too late",
    "conflict": "the resource is taken at that time, the account still holds something, or something came after it",
    "clause_mismatch": "it is not exactly what the clause yields, what the votes say, or what the proof shows",
    "state_mismatch": "it is not what follows from the entries",
    "id_reused": "its id was used to say something else: choose another one",
    "malformed": "it is not well-formed",
}
"""In plain words, for whoever wanted to write it."""


class Trial:
    """The own log's ledger as it stands, on which statements are tried one after the other; nothing is written."""

    def __init__(self, reads: Snapshot, tree: int) -> None:
        held = reads.tree_numbered(tree)
        self._book = open_book(reads, held)
        self._position = held.size
        self._authority = Authority.at_start(held.origin, reads.charters(tree))
        for position, payload in reads.charters_in_force(tree):
            self._authority.resume(position, payload)
        self._authority.stewards = reads.stewards(tree)
        self._book.rules = rules_of(self._authority)

    def verdict(self, payload: bytes, now: int) -> str:
        """The verdict on a payload, as if it came next in the log at `now`, UTC seconds."""
        parsed = parse_payload(payload)
        statement = parse_statement(parsed.statement)
        if not isinstance(statement, Statement) or statement.kind not in RECIPROCITY_BODIES:
            return "applied"
        return self.verdict_on(statement, frozenset(signature.key for signature in parsed.signatures), now)

    def verdict_on(self, statement: Statement, signers: frozenset[bytes], now: int) -> str:
        """The same on a statement of the ledger, as if it were signed with these keys."""
        may_write = self._authority.may_write
        heard = Heard(statement, read_reciprocity(statement), signers, self._position, now, may_write)
        self._position += 1
        return apply(self._book, heard, bytes(32))

    def require(self, payload: bytes, now: int) -> None:
        """Raises RefusedError with the reason if it would have no effect; a repetition is let pass."""
        verdict = self.verdict(payload, now)
        if verdict not in {"applied", "duplicate"}:
            raise RefusedError(f"this would have no effect ({verdict}): {REASONS[verdict]}; nothing was written")


def wait_until_folded(store: SqliteStore, tree: int, wait_s: float = WAIT_S) -> None:
    """Waits until what is in the own log is folded, at most that long: a trial is as good as what it knows."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        with store.read() as reads:
            held = reads.tree_numbered(tree)
        if held.derived >= held.size:
            return
        time.sleep(_LOOK_S)
