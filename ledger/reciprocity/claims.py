# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is owed: claims, advances on them, dividends to be shared out (spec 17 §3, 18 §1, §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import need_in_force
from ledger.reciprocity.decisions import use_decision
from ledger.reciprocity.hearing import allow, need_party
from ledger.reciprocity.state import Account, ClaimState, Contract, DividendState, Unit
from ledger.reciprocity.yields import budget
from protocol.clauses import GuaranteedPayment, Patronage

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Advance, Claim, Dividend


def claim(book: Book, heard: Heard[Claim]) -> None:
    """The creditor says what it is owed; with a contract, under its terms."""
    body = heard.body
    need_party(book, body.debtor)
    need_party(book, body.creditor)
    beneficiary = body.for_ or body.creditor
    need_party(book, beneficiary)
    book.need(Unit, body.unit.encode())
    account = book.need(Account, body.account)
    allow(holds=heard.is_by(book, body.creditor) and body.debtor != body.creditor)
    if body.amount <= 0:
        refuse("bad_amount")
    if account.unit != body.unit:
        refuse("wrong_unit")
    if account.owner not in {body.creditor, beneficiary}:
        refuse("not_authorised")
    if body.contract is not None:
        contract = book.need(Contract, body.contract)
        allow(holds=bool({body.creditor, beneficiary} & {*contract.parties, *contract.signed}))
    state = ClaimState(
        debtor=body.debtor,
        creditor=body.creditor,
        amount=body.amount,
        unit=body.unit,
        account=body.account,
        for_=beneficiary,
        contract=body.contract or b"",
        ended=body.ended,
        due=body.due,
    )
    book.put(heard.id, state)
    book.concern(body.debtor, body.creditor, beneficiary)


def advance(book: Book, heard: Heard[Advance]) -> None:
    """The fund of a guaranteed payment takes over a claim up to its budget, before the client pays."""
    body = heard.body
    claimed = need_open(book, body.claim)
    allow(holds=heard.by_org)
    contract = need_in_force(book, claimed.contract, body.on)
    clauses = contract.clauses
    guarantee = next((clause for clause in clauses if isinstance(clause, GuaranteedPayment)), None)
    if guarantee is None:
        refuse("clause_mismatch")
    if claimed.advanced:
        refuse("already_resolved")
    if guarantee.cap is not None and budget(clauses, claimed.amount) > guarantee.cap:
        refuse("ceiling")
    book.put(body.claim, msgspec.structs.replace(claimed, advanced=True))
    book.concern(claimed.debtor, claimed.creditor, claimed.for_)


def need_open(book: Book, claim_id: bytes | None) -> ClaimState:
    """A claim that is neither paid nor given up nor in dispute."""
    claimed = book.need(ClaimState, claim_id)
    if claimed.disputes:
        refuse("frozen")
    if claimed.closed:
        refuse("already_resolved")
    return claimed


def declare_dividend(book: Book, heard: Heard[Dividend]) -> None:
    """A surplus that the assembly has decided to share out."""
    body = heard.body
    pool = book.need(Account, body.pool)
    contract = book.need(Contract, body.contract)
    allow(holds=heard.by_org)
    use_decision(book, heard, body.decision)
    clauses = contract.clauses
    if body.clause >= len(clauses) or not isinstance(clauses[body.clause], Patronage):
        refuse("clause_mismatch")
    if body.surplus <= 0 or body.from_ >= body.until:
        refuse("bad_amount")
    if pool.owner != book.log_id or pool.type == "reserve":
        refuse("not_authorised")
    state = DividendState(body.contract, body.clause, body.from_, body.until, body.surplus, body.pool)
    book.put(heard.id, state)
    book.concern(body.pool)
