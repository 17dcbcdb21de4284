# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each member did in the months of a dividend, and where their share goes (spec 18 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.reciprocity.book import refuse
from ledger.reciprocity.patronage import Total
from ledger.reciprocity.state import Account, Totals
from ledger.reciprocity.totals import totals_key
from protocol.reciprocity_bodies import LEGS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.reciprocity.book import Book
    from protocol.clauses import Patronage

MONTHS_MAX = 60


def dividend_totals(book: Book, clause: Patronage, unit: str, months: Iterable[int]) -> list[Total]:
    """What each member gave in these months, and the account of theirs that a share in `unit` goes to.

    More members than a post has legs cannot be paid: `clause_mismatch`.
    """
    given: dict[bytes, int] = {}
    for month in months:
        prefix = totals_key(month, clause.unit)
        for key, totals in book.scan(Totals, prefix):
            member = key[len(prefix) :]
            given[member] = given.get(member, 0) + getattr(totals, clause.base)
    gave = sorted((member, amount) for member, amount in given.items() if amount)
    if len(gave) > LEGS_MAX:
        refuse("clause_mismatch")
    accounts: dict[bytes, bytes] = {}
    for key, account in book.scan(Account) if gave else ():
        if account.type == "member" and account.unit == unit and account.state == "open":
            accounts.setdefault(account.owner, key)
    return [Total(member, amount, accounts.get(member)) for member, amount in gave]
