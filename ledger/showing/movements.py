# SPDX-License-Identifier: AGPL-3.0-or-later
"""What moved on an account, with what it held after each movement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.exporting.journal import applied, movement_of
from ledger.reciprocity.state import Account
from protocol.amounts import show_day

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

MOVEMENTS_MAX = 200


def movement_objects(view: LedgerView, account_id: bytes, limit: int = MOVEMENTS_MAX) -> list[dict[str, Any]]:
    """The newest movements on an account as JSON, the newest first; `posted` is what it held after.

    Raises NotFoundError.
    """
    account = view.book.get(Account, account_id)
    if account is None:
        raise NotFoundError(f"no account {account_id.hex()} in this ledger")
    held, rows = account.posted, []
    for position in reversed(view.reads.chain(view.tree.tree, account_id)):
        for told in applied(view.reads, view.tree, position, position + 1):
            movement = movement_of(view.book, told)
            amount = dict(movement.legs).get(account_id, 0) if movement else 0
            if movement is None or not amount:
                continue
            row: dict[str, Any] = {
                "id": movement.id.hex(),
                "position": position,
                "on": show_day(movement.on),
                "code": movement.code,
                "amount": view.show(amount, account.unit),
                "posted": view.show(held, account.unit),
                "others": [_other_object(view, one) for one, part in movement.legs if (part > 0) != (amount > 0)],
                "basis": movement.basis or {},
            }
            rows.append(row)
            held -= amount
        if len(rows) >= limit:
            break
    return rows


def _other_object(view: LedgerView, account_id: bytes) -> dict[str, str]:
    """An account on the other side of a movement."""
    return {"id": account_id.hex(), "name": view.account_name(account_id)}
