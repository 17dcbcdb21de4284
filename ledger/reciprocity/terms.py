# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts that rest on a claim or a clause: their legs are exactly those that it yields (spec 17 §7, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity import terms_of_use
from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import is_party
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.lines import ClauseError, clause_at, legs_of
from ledger.reciprocity.outcomes import borne, given, refuse_frozen_basis
from ledger.reciprocity.state import Accession, Account, Call, ClaimState, Contract, DividendState, Payment
from ledger.reciprocity.yielded import Yielded
from ledger.reciprocity.yields import budget, loss, settlement, wage
from protocol.clauses import MutualGuarantee, RateContribution

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.clauses import Clause
    from protocol.reciprocity_bodies import Basis, Post

    Yield = Callable[[Book, Heard[Post], Basis], Yielded]


def carry(book: Book, heard: Heard[Post], accounts: dict[bytes, Account], basis: Basis) -> frozenset[bytes]:
    """Checks the legs against what the basis yields; the owners whose agreement to be debited it holds."""
    yields = _YIELDS.get(heard.body.code)
    if yields is None or (basis.contract is None and basis.claim is None):
        return frozenset()
    try:
        found = yields(book, heard, basis)
    except ClauseError as error:
        refuse(error.verdict)
    if found.lines is not None and legs_of(found.lines) != heard.body.legs:
        refuse("clause_mismatch")
    if found.unit and any(account.unit != found.unit for account in accounts.values()):
        refuse("wrong_unit")
    if found.contract is None or basis.contract is None:
        return frozenset()
    contract, day = found.contract, found.day
    parties = heard.parties(book)
    allow(holds=heard.by_org or any(is_party(book, basis.contract, contract, party, day) for party in parties))
    return frozenset(
        owner
        for owner in {accounts[account].owner for account, amount in heard.body.legs if amount < 0}
        if (found.carries is None or owner in found.carries) and _agreed(book, basis.contract, contract, owner, day)
    )


def _agreed(book: Book, contract_id: bytes, contract: Contract, owner: bytes, day: int) -> bool:
    """Whether an owner is a party on that day; one who holds the contract up for themselves has the last word."""
    accession = book.get(Accession, contract_id + owner)
    if accession is not None and accession.disputes:
        refuse("frozen")
    return is_party(book, contract_id, contract, owner, day)


def _claim_of(book: Book, basis: Basis) -> tuple[ClaimState, list[Clause]]:
    """The claim that a post is about, under the contract that it was made under, and its clauses."""
    claimed = book.need(ClaimState, basis.claim)
    if (basis.contract or b"") != claimed.contract:
        refuse("clause_mismatch")
    return claimed, book.need(Contract, basis.contract).clauses if basis.contract else []


def settle(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """The client pays on a claim: the budget first, then the contributions."""
    legs = heard.body.legs
    claimed, clauses = _claim_of(book, basis)
    refuse_frozen_basis(book, basis)
    if claimed.closed:
        refuse("already_resolved")
    payment = -sum(amount for _, amount in legs if amount < 0)
    lines = settlement(clauses, claimed.amount, claimed.account, claimed.paid, payment)
    if legs_of(lines) != [leg for leg in legs if leg[1] > 0]:
        refuse("clause_mismatch")
    if any(book.need(Account, account).unit != claimed.unit for account, _ in legs):
        refuse("wrong_unit")
    for account_id, amount in legs:
        account = book.need(Account, account_id)
        allow(holds=amount > 0 or account.type == "external" or account.owner == claimed.debtor)
    kinds = {index for index, clause in enumerate(clauses) if isinstance(clause, RateContribution)}
    contributed = sum(line.amount for line in lines if line.clause in kinds)
    book.put(heard.id, Payment(claimed.paid, claimed.last, payment, contributed))
    return Yielded(None, None)


def pay_wage(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """The budget of a claim that is advanced or paid becomes a wage, once."""
    del heard
    claimed, clauses = _claim_of(book, basis)
    if not claimed.advanced and claimed.paid < budget(clauses, claimed.amount):
        refuse("not_in_force")
    refuse_frozen_basis(book, basis)
    if claimed.waged:
        refuse("already_resolved")
    lines = wage(clauses, given(basis.clause), claimed.amount, claimed.account)
    return Yielded(lines, book.need(Contract, basis.contract), claimed.day, unit=claimed.unit)


def call_guarantee(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """The client has failed: those who pledged bear what the fund has lost. The assembly has to have said so."""
    allow(holds=basis.decision is not None)
    claimed, clauses = _claim_of(book, basis)
    refuse_frozen_basis(book, basis)
    if claimed.closed:
        refuse("already_resolved")
    index = given(basis.clause)
    clause = clause_at(clauses, index, MutualGuarantee)
    if not claimed.advanced:
        refuse("clause_mismatch")
    before = borne(book, given(basis.contract), index, len(clause.pledges))
    left = [(account, weight - one) for (account, weight), one in zip(clause.pledges, before, strict=True)]
    if any(weight for _, weight in left):
        rest = [*clauses]
        rest[index] = msgspec.structs.replace(clause, pledges=left)
        lines = loss(rest, index, claimed.amount, claimed.paid)
    else:
        lines = []
    shares = [-line.amount for line in lines if line.name == "pledge"] or [0] * len(left)
    book.put(heard.id, Call(claimed.paid, shares))
    return Yielded(lines, book.need(Contract, basis.contract), claimed.day, unit=claimed.unit)


def write_off(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """A claim is given up, by a decision of the assembly; nothing moves."""
    claimed = book.need(ClaimState, basis.claim)
    allow(holds=basis.decision is not None)
    refuse_frozen_basis(book, basis)
    if claimed.closed:
        refuse("already_resolved")
    if heard.body.legs:
        refuse("clause_mismatch")
    return Yielded(None, None)


def share_out_surplus(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """A dividend as it was declared, once."""
    declared = book.need(DividendState, basis.dividend)
    if (basis.contract, basis.clause) != (declared.contract, declared.clause):
        refuse("clause_mismatch")
    refuse_frozen_basis(book, basis)
    if declared.posted:
        refuse("already_resolved")
    if heard.body.legs != declared.legs:
        refuse("clause_mismatch")
    return Yielded(None, book.need(Contract, basis.contract), carries=())


_YIELDS: dict[str, Yield] = {
    "settle": settle,
    "wage": pay_wage,
    "guarantee_call": call_guarantee,
    "writeoff": write_off,
    "reinvest": terms_of_use.reinvest,
    "access_fee": terms_of_use.access_fee,
    "dividend": share_out_surplus,
    "rent": terms_of_use.rent,
    "host_fee": terms_of_use.host_fee,
    "share_in": terms_of_use.shares,
    "share_out": terms_of_use.shares,
}
