# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each member did in the months of a dividend, and where their share goes (spec 18 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.reciprocity.patronage import Total
from ledger.reciprocity.state import Account, DividendState, Member, Totals
from protocol.clauses import Patronage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reciprocity.book import Book
    from protocol.clauses import Clause


def dividend_totals(book: Book, declared: DividendState, clauses: Sequence[Clause]) -> list[Total]:
    """The totals of all members, and of several accounts of a member the first by id."""
    clause = clauses[declared.clause]
    assert isinstance(clause, Patronage)
    unit = book.need(Account, declared.pool).unit
    accounts: dict[bytes, bytes] = {}
    for key, account in book.scan(Account):
        if account.type == "member" and account.unit == unit and account.state == "open":
            accounts.setdefault(account.owner, key)
    months = range(declared.from_, declared.until)
    totals = []
    for member, _ in book.scan(Member):
        cells = [book.get(Totals, member + month.to_bytes(4, "big")) for month in months]
        amount = sum(getattr(cell, clause.base).get(clause.unit, 0) for cell in cells if cell is not None)
        if amount:
            totals.append(Total(member, amount, accounts.get(member)))
    return totals
