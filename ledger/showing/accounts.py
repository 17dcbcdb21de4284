# SPDX-License-Identifier: AGPL-3.0-or-later
"""Units and accounts as JSON objects; amounts are texts with exactly their unit's decimals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Account, Unit
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

UNITS_SCHEMA, ACCOUNTS_SCHEMA, ACCOUNT_SCHEMA = "folkmoot.units/1", "folkmoot.accounts/1", "folkmoot.account/1"


def unit_objects(view: LedgerView) -> list[dict[str, Any]]:
    """All units of a ledger."""
    return [
        {"code": key.decode(), "sort": unit.sort, "scale": unit.scale, "name": unit.name}
        for key, unit in view.book.scan(Unit)
    ]


def account_object(view: LedgerView, account_id: bytes) -> dict[str, Any]:
    """One account. `available` is what can be spent: null where there is no floor. Raises NotFoundError."""
    account = view.book.get(Account, account_id)
    if account is None:
        raise NotFoundError(f"no account {account_id.hex()} in this ledger")

    def shown(amount: int | None) -> str | None:
        return None if amount is None else view.show(amount, account.unit)

    available = None if account.floor is None else account.posted - account.reserved - account.floor
    peer = {"peer": show_log_id(account.peer)} if account.peer else {}
    return {
        "id": account_id.hex(),
        "name": view.account_name(account_id),
        "title": account.title,
        "owner": view.party_object(account.owner),
        "unit": account.unit,
        "type": account.type,
        "state": account.state,
        "posted": shown(account.posted),
        "reserved": shown(account.reserved),
        "available": shown(available),
        "floor": shown(account.floor),
        "ceiling": shown(account.ceiling),
        **peer,
    }


def account_objects(view: LedgerView, owner: bytes = b"", unit: str = "") -> list[dict[str, Any]]:
    """The accounts of a ledger, or those of one owner, or in one unit; the organisation's first, then by name."""
    found = [
        account_object(view, key)
        for key, account in view.book.scan(Account)
        if (not owner or account.owner == owner) and (not unit or account.unit == unit)
    ]
    return sorted(found, key=lambda one: (one["owner"]["kind"] == "member", one["type"], one["name"], one["id"]))
