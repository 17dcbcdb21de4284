# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is owed: claims, advances on them, dividends to be shared out (spec 17 §8, 18 §1, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import is_party, need_in_force
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow, allow_active, need_known
from ledger.reciprocity.lines import ClauseError, clause_at, legs_of
from ledger.reciprocity.patronage import patronage
from ledger.reciprocity.shared import MONTHS_MAX, dividend_totals
from ledger.reciprocity.state import Account, ClaimState, Contract, DividendState, Unit
from ledger.reciprocity.yields import can_advance, guaranteed
from protocol.amounts import first_day
from protocol.clauses import Patronage
from protocol.reciprocity_bodies import LEGS_MAX

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Advance, Claim, Dividend


def claim(book: Book, heard: Heard[Claim]) -> None:
    """The creditor says what it is owed; with a contract, under its terms."""
    body = heard.body
    beneficiary = body.for_ or body.creditor
    need_known(book, body.debtor, body.creditor, beneficiary)
    book.need(Unit, body.unit.encode())
    account = book.need(Account, body.account)
    contract = None if body.contract is None else book.need(Contract, body.contract)
    day = heard.day if body.ended is None else body.ended
    allow(holds=heard.is_by(book, body.creditor) and body.debtor != body.creditor)
    allow_active(book, body.debtor, beneficiary)
    allow(holds=account.owner in {body.creditor, beneficiary})
    if contract is not None and body.contract is not None:
        sides = (body.creditor, beneficiary)
        allow(holds=any(is_party(book, body.contract, contract, side, day) for side in sides))
    if body.amount <= 0:
        refuse("bad_amount")
    if account.unit != body.unit:
        refuse("wrong_unit")
    if contract is not None:
        need_in_force(contract, day)
    state = ClaimState(
        debtor=body.debtor,
        creditor=body.creditor,
        amount=body.amount,
        unit=body.unit,
        account=body.account,
        for_=beneficiary,
        contract=body.contract or b"",
        day=day,
        due=body.due,
    )
    book.put(heard.id, state)
    book.concern(body.debtor, body.creditor, beneficiary)


def advance(book: Book, heard: Heard[Advance]) -> None:
    """The fund of a guaranteed payment takes over a claim up to its budget, before the client pays."""
    body = heard.body
    claimed = book.need(ClaimState, body.claim)
    contract = book.get(Contract, claimed.contract)
    found = guaranteed(contract.clauses) if contract is not None else None
    allow(holds=heard.by_org)
    if found is not None:
        allow(holds=heard.is_by_owner(book, book.need(Account, found[1].fund)))
    refuse_frozen(book, claimed)
    if claimed.closed or claimed.advanced:
        refuse("already_resolved")
    if contract is None or found is None:
        refuse("clause_mismatch")
    if not can_advance(contract.clauses, claimed.amount):
        refuse("ceiling")
    book.put(body.claim, msgspec.structs.replace(claimed, advanced=True))
    concern_claim(book, claimed)


def refuse_frozen(book: Book, claimed: ClaimState) -> None:
    """Nothing happens to a claim that is in dispute, or whose contract is."""
    contract = book.get(Contract, claimed.contract) if claimed.contract else None
    if claimed.disputes or (contract is not None and contract.disputes):
        refuse("frozen")


def concern_claim(book: Book, claimed: ClaimState) -> None:
    """What happens to a claim concerns its parties."""
    book.concern(claimed.debtor, claimed.creditor, claimed.for_)


def declare_dividend(book: Book, heard: Heard[Dividend]) -> None:
    """A surplus that the assembly has decided to share out, as the clause does over what members gave until now."""
    body = heard.body
    contract = book.need(Contract, body.contract)
    pool = book.need(Account, body.pool)
    need_decision(book, body.decision)
    allow(holds=heard.by_org)
    use_decision(book, heard, body.decision)
    allow(holds=pool.owner == book.log_id and pool.type in {"pool", "fund"})
    if body.surplus <= 0 or not body.from_ < body.until <= body.from_ + MONTHS_MAX:
        refuse("bad_amount")
    need_in_force(contract, first_day(body.until) - 1)
    try:
        clause = clause_at(contract.clauses, body.clause, Patronage)
        totals = dividend_totals(book, clause, pool.unit, range(body.from_, body.until))
        lines = patronage(contract.clauses, body.clause, body.surplus, body.pool, totals)
    except ClauseError as error:
        refuse(error.verdict)
    legs = legs_of(lines)
    if len(legs) > LEGS_MAX:
        refuse("clause_mismatch")
    state = DividendState(body.contract, body.clause, body.from_, body.until, body.surplus, body.pool, legs)
    book.put(heard.id, state)
    book.concern(body.pool)
