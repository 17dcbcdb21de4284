# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the rate of some work is what the contract says that it names, where that is held here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.reciprocity.contracts import is_in_force
from ledger.reciprocity.state import Contract
from ledger.showing.view import LedgerView, held_ledger
from protocol.amounts import show_amount
from protocol.clauses import Access, Reinvest
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.sqlite.store import Snapshot


class RateCheck(NamedTuple):
    """What a contract says of a rate.

    `state`: agrees, differs, in_force (it names no price), not_in_force, not_held. `price` is that of the contract.
    """

    state: str
    title: dict[str, str]
    parties: list[str]
    price: str
    path: str


_NOT_HELD = RateCheck("not_held", {}, [], "", "")


def check_rate(reads: Snapshot, rate: Mapping[str, Any], today: int) -> RateCheck | None:
    """Looks into the contract that a rate (JSON) names; None if it names none. `today` is a day."""
    named = rate.get("contract")
    if not named:
        return None
    try:
        view = LedgerView(reads, held_ledger(reads, parse_log_id(named["log"])))
        contract_id = bytes.fromhex(named["id"])
    except (NotFoundError, Malformed, ValueError):
        return _NOT_HELD
    contract = view.book.get(Contract, contract_id)
    if contract is None:
        return _NOT_HELD
    path = f"/ledger/{named['log']}/contract/{named['id']}"
    told = RateCheck("in_force", contract.title, [view.name(party) for party in contract.signed], "", path)
    if not is_in_force(contract, today):
        return told._replace(state="not_in_force")
    price = _price(view, contract, rate)
    if price is None:
        return told
    amount, scale, unit, per = price
    same = rate["amount"] * 10**scale == amount * 10 ** rate["scale"] and (unit, per) == (rate["unit"], rate["per"])
    return told._replace(state="agrees" if same else "differs", price=f"{show_amount(amount, scale)} {unit}")


def _price(view: LedgerView, contract: Contract, rate: Mapping[str, Any]) -> tuple[int, int, str, str] | None:
    """(amount, scale, unit, per) that the clause sets; None if it sets no price."""
    number = rate.get("clause")
    if number is None or number >= len(contract.clauses):
        return None
    clause = contract.clauses[number]
    if isinstance(clause, Access):
        per = "piece" if clause.per == "use" else clause.per
        return clause.unit_price, view.unit(clause.unit).scale, clause.unit, per
    if isinstance(clause, Reinvest) and clause.in_kind is not None and view.unit(clause.in_kind.unit).sort == "time":
        unit = view.unit_of(clause.from_)
        return clause.in_kind.price, view.unit(unit).scale, unit, "hour"
    return None
