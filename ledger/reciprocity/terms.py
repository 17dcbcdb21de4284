# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts that rest on a claim or a clause: their legs are exactly those that it yields (spec 17 §7, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.claims import need_open
from ledger.reciprocity.contracts import need_in_force, need_signed
from ledger.reciprocity.events import add_total
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.lines import ClauseError, legs_of
from ledger.reciprocity.movements import need_unit
from ledger.reciprocity.patronage import patronage
from ledger.reciprocity.shared import dividend_totals
from ledger.reciprocity.state import Account, ClaimState, Contract, DividendState
from ledger.reciprocity.terms_of_use import access_fee, host_fee, reinvest, rent, shares
from ledger.reciprocity.yields import budget, loss, settlement, wage
from protocol.amounts import month_of
from protocol.clauses import RateContribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from ledger.reciprocity.lines import Line
    from protocol.clauses import Clause
    from protocol.reciprocity_bodies import Basis, Post

    Yield = Callable[[Book, Heard[Post], Basis], tuple[Sequence[Line], Contract | None]]


def settle(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract | None]:
    """The client pays on a claim: the budget first, then the contributions."""
    body = heard.body
    claimed = need_open(book, basis.claim)
    assert basis.claim is not None
    contract = None
    clauses: list[Clause] = []
    if claimed.contract or basis.contract:
        if basis.contract != claimed.contract:
            refuse("clause_mismatch")
        contract = need_signed(book, claimed.contract)
        clauses = contract.clauses
    debits = [(account, amount) for account, amount in body.legs if amount < 0]
    for account_id, _ in debits:
        account = book.need(Account, account_id)
        allow(holds=account.type == "external" or account.owner == claimed.debtor)
    need_unit(book, body.legs, claimed.unit)
    payment = -sum(amount for _, amount in debits)
    lines = settlement(clauses, claimed.amount, claimed.account, claimed.paid, payment)
    if legs_of(lines) != [leg for leg in body.legs if leg[1] > 0]:
        refuse("clause_mismatch")
    for index, clause in enumerate(clauses):
        if isinstance(clause, RateContribution):
            given = sum(line.amount for line in lines if line.clause == index and line.kind == "rate_contribution")
            add_total(book, claimed.for_, month_of(body.on), "contributions", claimed.unit, given)
    paid = claimed.paid + payment
    closed = "paid" if paid == claimed.amount else ""
    book.put(basis.claim, msgspec.structs.replace(claimed, paid=paid, closed=closed))
    _concern(book, claimed)
    return (), None


def pay_wage(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract | None]:
    """The budget of a claim that is advanced or paid becomes a wage, once."""
    claimed = book.need(ClaimState, basis.claim)
    contract = need_signed(book, basis.contract)
    need_unit(book, heard.body.legs, claimed.unit)
    if claimed.disputes:
        refuse("frozen")
    if basis.contract != claimed.contract or basis.claim is None or basis.clause is None:
        refuse("clause_mismatch")
    if claimed.waged:
        refuse("already_resolved")
    if not claimed.advanced and claimed.paid < budget(contract.clauses, claimed.amount):
        refuse("not_in_force")
    lines = wage(contract.clauses, basis.clause, claimed.amount, claimed.account)
    book.put(basis.claim, msgspec.structs.replace(claimed, waged=True))
    _concern(book, claimed)
    return lines, contract


def call_guarantee(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract | None]:
    """The client has failed: those who pledged bear what the fund has lost. The assembly has to have said so."""
    claimed = need_open(book, basis.claim)
    contract = need_signed(book, basis.contract)
    allow(holds=basis.decision is not None and heard.by_org)
    need_unit(book, heard.body.legs, claimed.unit)
    if not claimed.advanced or basis.claim is None or basis.clause is None:
        refuse("clause_mismatch")
    lines = loss(contract.clauses, basis.clause, claimed.amount, claimed.paid)
    book.put(basis.claim, msgspec.structs.replace(claimed, closed="written_off"))
    _concern(book, claimed)
    return lines, contract


def write_off(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract | None]:
    """A claim is given up, by a decision of the assembly; nothing moves."""
    claimed = need_open(book, basis.claim)
    assert basis.claim is not None
    allow(holds=basis.decision is not None)
    if heard.body.legs:
        refuse("clause_mismatch")
    book.put(basis.claim, msgspec.structs.replace(claimed, closed="written_off"))
    _concern(book, claimed)
    return (), None


def share_out_surplus(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract | None]:
    """A dividend as the clause shares it, once."""
    declared = book.need(DividendState, basis.dividend)
    assert basis.dividend is not None
    if declared.posted:
        refuse("already_resolved")
    contract = need_in_force(book, basis.contract, heard.body.on)
    if (basis.contract, basis.clause) != (declared.contract, declared.clause):
        refuse("clause_mismatch")
    need_unit(book, heard.body.legs, book.need(Account, declared.pool).unit)
    totals = dividend_totals(book, declared, contract.clauses)
    lines = patronage(contract.clauses, declared.clause, declared.surplus, declared.pool, totals)
    book.put(basis.dividend, msgspec.structs.replace(declared, posted=True))
    return lines, contract


def _concern(book: Book, claimed: ClaimState) -> None:
    book.concern(claimed.debtor, claimed.creditor, claimed.for_)


_YIELDS: dict[str, Yield] = {
    "settle": settle,
    "wage": pay_wage,
    "guarantee_call": call_guarantee,
    "writeoff": write_off,
    "reinvest": reinvest,
    "access_fee": access_fee,
    "dividend": share_out_surplus,
    "rent": rent,
    "host_fee": host_fee,
    "share_in": shares,
    "share_out": shares,
}


def carry(book: Book, heard: Heard[Post]) -> frozenset[bytes]:
    """Checks the legs against what the basis yields, and takes in what becomes of it.

    The owners whose agreement to be debited the basis holds: the parties that have signed the contract.
    """
    body = heard.body
    if body.basis is None or body.code not in _YIELDS:
        refuse("clause_mismatch")
    try:
        lines, contract = _YIELDS[body.code](book, heard, body.basis)
    except ClauseError as error:
        refuse(error.verdict)
    if contract is None:
        return frozenset()
    if legs_of(lines) != body.legs:
        refuse("clause_mismatch")
    allow(holds=heard.by_org or any(heard.is_by(book, party) for party in contract.signed))
    return frozenset(contract.signed) | {book.log_id}
