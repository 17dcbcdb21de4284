# SPDX-License-Identifier: AGPL-3.0-or-later
"""What flowed beside money under each contract: energy, emissions, goods, and the hours of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.reciprocity.state import Contract, Footprint
from ledger.reciprocity.totals import NO_CONTRACT
from protocol.amounts import show_month

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

FOOTPRINTS_SCHEMA = "folkmoot.footprints/1"
_CONTRACT_BYTES, _MONTH_BYTES = 16, 4


def footprints_object(view: LedgerView, first: int, last: int, contract: bytes = b"") -> dict[str, Any]:
    """The footprint of each contract over the months first..last, both included, as JSON; or of one contract.

    What happened under no contract has an empty id.
    """
    sums: dict[bytes, dict[str, int]] = {}
    for key, cell in view.book.scan(Footprint, contract):
        named, rest = key[:_CONTRACT_BYTES], key[_CONTRACT_BYTES:]
        month, unit = int.from_bytes(rest[:_MONTH_BYTES], "big"), rest[_MONTH_BYTES:].decode()
        if first <= month <= last:
            amounts = sums.setdefault(named, {})
            amounts[unit] = amounts.get(unit, 0) + cell.amount
    rows = []
    for named, amounts in sorted(sums.items()):
        found = view.book.get(Contract, named) if named != NO_CONTRACT else None
        rows.append(
            {
                "contract": named.hex() if found else "",
                "title": found.title if found else {},
                "amounts": [view.quantity_object(amount, unit) for unit, amount in sorted(amounts.items()) if amount],
            }
        )
    return {
        "schema": FOOTPRINTS_SCHEMA,
        "from": show_month(first),
        "until": show_month(last),
        "footprints": [row for row in rows if row["amounts"]],
    }
