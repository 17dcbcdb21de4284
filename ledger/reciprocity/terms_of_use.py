# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts that rest on clauses of use: reinvestment, access, rent, host fees, shares (spec 17 §7, 18 §3, §4, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.reciprocity import yields_use
from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import is_in_force, is_party
from ledger.reciprocity.events import ACCEPTED
from ledger.reciprocity.hearing import DAY_S
from ledger.reciprocity.lines import clause_at
from ledger.reciprocity.outcomes import given, refuse_frozen_basis
from ledger.reciprocity.state import Account, ClaimState, Commitment, Contract, EventState, PostMark, Unit
from ledger.reciprocity.yielded import Yielded
from ledger.reciprocity.yields_use import Given, ShareAccounts, booked_units, lease_due, worked_units
from protocol.clauses import Access, HostFee, Reinvest, Share
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Basis

INCOME_CODES = frozenset({"opening", "transfer", "contribution", "settle", "exchange"})
"""Posts that bring a fund income of which a host takes its part."""
_SIDES = 4


def _need_in_force(book: Book, basis: Basis, day: int) -> Contract:
    """The contract of a basis, in force on the day that counts; nothing that the post rests on is in dispute."""
    contract = book.need(Contract, basis.contract)
    if not is_in_force(contract, day):
        refuse("not_in_force")
    refuse_frozen_basis(book, basis)
    return contract


def reinvest(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """A part of a claim's amount goes back to the commons, less what was given in kind; once for a claim.

    The amount is the creditor's word, so the contract speaks for the creditor's own accounts alone.
    """
    del heard
    claimed = book.need(ClaimState, basis.claim)
    contract, index = book.need(Contract, basis.contract), given(basis.clause)
    if claimed.contract != basis.contract:
        refuse("clause_mismatch")
    refuse_frozen_basis(book, basis)
    if claimed.reinvested:
        refuse("already_resolved")
    clause = clause_at(contract.clauses, index, Reinvest)
    unit, scale = "", 0
    if clause.in_kind is not None:
        unit = clause.in_kind.unit
        scale = book.need(Unit, unit.encode()).scale
    in_kind = [Given(event, _in_kind(book, event, basis, contract, unit)) for event in basis.events or ()]
    lines = yields_use.reinvestment(contract.clauses, index, claimed.amount, in_kind, scale)
    return Yielded(lines, contract, claimed.day, (claimed.creditor,), claimed.unit)


def _in_kind(book: Book, event_id: bytes, basis: Basis, contract: Contract, unit: str) -> int:
    """How much of a unit an event gave under a contract; it serves once."""
    event = book.need(EventState, event_id)
    if event.corrected or event.used:
        refuse("already_resolved")
    amounts = [amount for amount, named in filter(None, (event.effort, event.quantity)) if named == unit]
    if (
        event.contract != basis.contract
        or event.gift
        or ACCEPTED.isdisjoint(event.says)
        or not is_party(book, event.contract, contract, event.provider, event.on)
        or not amounts
    ):
        refuse("clause_mismatch")
    return amounts[0]


def access_fee(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """What a booking or a use costs by the class of whoever has it; once. They have agreed by booking or confirming."""
    subject = book.need(Commitment, basis.commit) if basis.commit else book.need(EventState, basis.event)
    if subject.contract not in {b"", basis.contract}:
        refuse("clause_mismatch")
    if isinstance(subject, Commitment):
        if subject.begin is None or subject.end is None or subject.state == "cancelled":
            refuse("clause_mismatch")
        day, agreed, served = subject.begin // DAY_S, subject.by_receiver, subject.charged
    else:
        day, agreed, served = subject.on, not ACCEPTED.isdisjoint(subject.says), subject.used or subject.corrected
    contract, index = _need_in_force(book, basis, day), given(basis.clause)
    if served:
        refuse("already_resolved")
    clause = clause_at(contract.clauses, index, Access)
    sides = (subject.provider, subject.receiver)
    if (
        clause.resource != subject.resource
        or (isinstance(subject, EventState) and subject.gift)
        or not all(is_party(book, given(basis.contract), contract, side, day) for side in sides)
    ):
        refuse("clause_mismatch")
    payers = [account for account, amount in heard.body.legs if amount < 0]
    if len(payers) != 1 or book.need(Account, payers[0]).owner != subject.receiver:
        refuse("clause_mismatch")
    units = _units(book, clause, subject)
    lines = yields_use.access_fee(contract.clauses, index, subject.class_, units, payers[0])
    return Yielded(lines, contract, day, (subject.receiver,) if agreed else (), clause.unit)


def _units(book: Book, clause: Access, subject: Commitment | EventState) -> int:
    if isinstance(subject, Commitment):
        return booked_units(clause.per, given(subject.begin), given(subject.end))
    if clause.per == "use":
        return 1
    if subject.effort is None:
        refuse("clause_mismatch")
    amount, unit = subject.effort
    return worked_units(clause.per, amount, book.need(Unit, unit.encode()).scale)


def rent(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """The rent of a period, once, and not before it is due."""
    contract, index, period = book.need(Contract, basis.contract), given(basis.clause), given(basis.period)
    due = lease_due(contract.clauses, index, contract.from_, period)
    if due > heard.day:
        refuse("not_in_force")
    _need_in_force(book, basis, due)
    return Yielded(yields_use.lease_period(contract.clauses, index, period), contract, due)


def host_fee(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """The host's part of an income, once."""
    del heard
    income = book.made(Post, basis.post)
    contract, index = _need_in_force(book, basis, income.on), given(basis.clause)
    clause = clause_at(contract.clauses, index, HostFee)
    amount = dict(income.legs).get(clause.fund, 0)
    corrected = (book.get(PostMark, given(basis.post)) or PostMark()).corrected
    if income.code not in INCOME_CODES or amount <= 0 or corrected:
        refuse("clause_mismatch")
    return Yielded(yields_use.host_fee(contract.clauses, index, amount), contract, income.on)


def shares(book: Book, heard: Heard[Post], basis: Basis) -> Yielded:
    """Shares and their price change hands. How many is the other side's word: the contract speaks for the issuer."""
    body = heard.body
    contract, index = _need_in_force(book, basis, body.on), given(basis.clause)
    clause = clause_at(contract.clauses, index, Share)
    sides: dict[tuple[bool, bool], tuple[bytes, int]] = {}
    for account_id, amount in body.legs:
        unit = book.need(Account, account_id).unit
        if unit not in {clause.shares, clause.unit}:
            refuse("wrong_unit")
        sides[unit == clause.shares, amount > 0] = (account_id, amount)
    if len(sides) != len(body.legs) or len(sides) != _SIDES:
        refuse("clause_mismatch")
    count = sides[True, True][1]
    given_up, taken, paid, got = (
        sides[side][0] for side in ((True, False), (True, True), (False, False), (False, True))
    )
    if body.code == "share_in":
        accounts = ShareAccounts(issue=given_up, holding=taken, payer=paid, till=got)
        lines = yields_use.share_in(contract.clauses, index, count, accounts)
    else:
        accounts = ShareAccounts(issue=taken, holding=given_up, payer=got, till=paid)
        lines = yields_use.share_out(contract.clauses, index, count, accounts)
    _check_sides(book, basis, contract, body.on, accounts)
    return Yielded(lines, contract, body.on, (book.log_id,))


def _check_sides(book: Book, basis: Basis, contract: Contract, day: int, accounts: ShareAccounts) -> None:
    """The issue and the till are the organisation's, the holding and the payer one other party's."""
    owners = [book.need(Account, account).owner for account in accounts]
    issuer, holder, payer, till = owners
    if (issuer, till) != (book.log_id, book.log_id) or holder != payer or holder == book.log_id:
        refuse("clause_mismatch")
    if not is_party(book, given(basis.contract), contract, holder, day):
        refuse("clause_mismatch")
