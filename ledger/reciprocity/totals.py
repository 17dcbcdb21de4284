# SPDX-License-Identifier: AGPL-3.0-or-later
"""What members did and what flowed beside money, month by month (spec 17 §6, 18 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.state import Footprint, Totals

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book

TOTAL_MAX = 10**18
UNIT_BYTES = 12
NO_CONTRACT = bytes(16)
Base = Literal["contributions", "purchases", "hours"]


def totals_key(month: int, unit: str, member: bytes = b"") -> bytes:
    """Where the totals of a member in a unit stand; without a member, what all of them begin with."""
    return month.to_bytes(4, "big") + unit.encode().ljust(UNIT_BYTES, b"\0") + member


def add_total(book: Book, party: bytes, month: int, base: Base, unit: str, amount: int) -> None:
    """Adds to what a member did in a month; the organisation has no totals."""
    if party == book.log_id or not amount:
        return
    key = totals_key(month, unit, party)
    totals = book.get(Totals, key) or Totals()
    book.put(key, msgspec.structs.replace(totals, **{base: _bounded(getattr(totals, base) + amount)}))


def add_footprint(book: Book, contract: bytes, month: int, unit: str, amount: int) -> None:
    """Adds to what flowed beside money under a contract in a month."""
    key = (contract or NO_CONTRACT) + month.to_bytes(4, "big") + unit.encode()
    before = book.get(Footprint, key)
    book.put(key, Footprint(_bounded((before.amount if before else 0) + amount)))


def _bounded(amount: int) -> int:
    if not -TOTAL_MAX <= amount <= TOTAL_MAX:
        refuse("bad_amount")
    return amount
