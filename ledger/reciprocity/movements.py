# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moving amounts between accounts, within their limits (spec 17 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.state import Account
from protocol.amounts import AMOUNT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.reciprocity.book import Book


def move(book: Book, account_id: bytes, amount: int, *, reserved: int = 0, forced: bool = False) -> None:
    """Adds to what is posted and what is reserved. Refuses what worsens a broken limit, unless it is `forced`.

    A movement is forced where it was promised before: what another log has accepted has to be posted here.
    """
    account = book.need(Account, account_id)
    posted, held = account.posted + amount, account.reserved + reserved
    free = posted - held
    taken = amount - reserved < 0
    if not forced:
        if account.state == "closed":
            refuse("closed")
        if account.state == "frozen" and taken:
            refuse("frozen")
        if taken and account.floor is not None and free < account.floor:
            refuse("floor")
        if amount > 0 and account.ceiling is not None and posted > account.ceiling:
            refuse("ceiling")
    if abs(posted) > AMOUNT_MAX:
        refuse("bad_amount")
    book.put(account_id, msgspec.structs.replace(account, posted=posted, reserved=held))
    book.concern(account_id, account.owner)


def check_balanced(book: Book, legs: Iterable[tuple[bytes, int]]) -> None:
    """The sum of legs is zero for each unit, and none is zero."""
    sums: dict[str, int] = {}
    for account_id, amount in legs:
        account = book.need(Account, account_id)
        if amount == 0:
            refuse("bad_amount")
        sums[account.unit] = sums.get(account.unit, 0) + amount
    if any(sums.values()):
        refuse("unbalanced")


def need_unit(book: Book, legs: Iterable[tuple[bytes, int]], unit: str) -> None:
    """Every leg is in the unit in which something is owed."""
    if any(book.need(Account, account_id).unit != unit for account_id, _ in legs):
        refuse("wrong_unit")
