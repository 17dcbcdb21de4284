# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts that rest on clauses of use: reinvestment, access, rent, host fees, shares (spec 17 §7, 18 §3, §4, §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity import yields_use
from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import need_in_force, need_signed
from ledger.reciprocity.disputes import recall_post
from ledger.reciprocity.lines import clause_at
from ledger.reciprocity.movements import need_unit
from ledger.reciprocity.state import Account, ClaimState, Commitment, EventState, Unit, Used
from ledger.reciprocity.yields_use import Given, ShareAccounts, booked_units, worked_units
from protocol.clauses import Access, HostFee, Reinvest, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from ledger.reciprocity.lines import Line
    from ledger.reciprocity.state import Contract
    from protocol.reciprocity_bodies import Basis, Post

_DAY_S = 86_400
INCOME_CODES = frozenset({"opening", "transfer", "contribution", "settle", "exchange"})
"""Posts that bring a fund income of which a host takes its part."""


def _index(basis: Basis) -> int:
    if basis.clause is None:
        refuse("clause_mismatch")
    return basis.clause


def reinvest(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract]:
    """A part of a claim's amount goes back to the commons, less what was given in kind; once for a claim."""
    claimed = book.need(ClaimState, basis.claim)
    contract = need_signed(book, basis.contract)
    need_unit(book, heard.body.legs, claimed.unit)
    if basis.claim is None or claimed.contract != basis.contract:
        refuse("clause_mismatch")
    if claimed.disputes:
        refuse("frozen")
    if claimed.reinvested:
        refuse("already_resolved")
    clause = clause_at(contract.clauses, _index(basis), Reinvest)
    given, scale = [], 0
    if clause.in_kind is not None:
        scale = book.need(Unit, clause.in_kind.unit.encode()).scale
    for event_id in basis.events or []:
        unit = clause.in_kind.unit if clause.in_kind else ""
        given.append(Given(event_id, _use_up(book, event_id, basis.contract, contract, unit)))
    lines = yields_use.reinvestment(contract.clauses, _index(basis), claimed.amount, given, scale)
    book.put(basis.claim, msgspec.structs.replace(claimed, reinvested=True))
    book.concern(claimed.debtor, claimed.creditor, claimed.for_)
    return lines, contract


def _use_up(book: Book, event_id: bytes, contract_id: bytes | None, contract: Contract, unit: str) -> int:
    """How much of a unit an event gave under a contract; it serves once."""
    event = book.need(EventState, event_id)
    if event.disputes:
        refuse("frozen")
    if event.corrected or event.used:
        refuse("already_resolved")
    acknowledged = not {"confirmed", "used"}.isdisjoint(event.says)
    amounts = [amount for amount, named in filter(None, (event.effort, event.quantity)) if named == unit]
    if (
        event.contract != contract_id
        or event.gift
        or not acknowledged
        or event.provider not in contract.signed
        or not amounts
    ):
        refuse("clause_mismatch")
    book.put(event_id, msgspec.structs.replace(event, used=True))
    book.concern(event.provider, event.receiver)
    return amounts[0]


def access_fee(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract]:
    """What a booking or a use costs by the class of whoever has it; once."""
    subject = _access_subject(book, basis)
    if subject.disputes:
        refuse("frozen")
    if isinstance(subject, Commitment):
        assert basis.commit is not None
        if subject.begin is None or subject.end is None or subject.state == "cancelled":
            refuse("clause_mismatch")
        if subject.charged:
            refuse("already_resolved")
        day = subject.begin // _DAY_S
        book.put(basis.commit, msgspec.structs.replace(subject, charged=True))
    else:
        assert basis.event is not None
        if subject.gift:
            refuse("clause_mismatch")
        if subject.used or subject.corrected:
            refuse("already_resolved")
        day = subject.on
        book.put(basis.event, msgspec.structs.replace(subject, used=True))
    contract = need_in_force(book, basis.contract, day)
    clause = clause_at(contract.clauses, _index(basis), Access)
    if clause.resource != subject.resource or subject.receiver not in contract.signed:
        refuse("clause_mismatch")
    need_unit(book, heard.body.legs, clause.unit)
    payers = [account for account, amount in heard.body.legs if amount < 0]
    if len(payers) != 1 or book.need(Account, payers[0]).owner != subject.receiver:
        refuse("clause_mismatch")
    units = _units(book, clause, subject)
    book.concern(subject.provider, subject.receiver)
    return yields_use.access_fee(contract.clauses, _index(basis), subject.class_, units, payers[0]), contract


def _access_subject(book: Book, basis: Basis) -> Commitment | EventState:
    if (basis.commit is None) == (basis.event is None):
        refuse("clause_mismatch")
    return book.need(Commitment, basis.commit) if basis.commit else book.need(EventState, basis.event)


def _units(book: Book, clause: Access, subject: Commitment | EventState) -> int:
    if isinstance(subject, Commitment):
        assert subject.begin is not None
        assert subject.end is not None
        return booked_units(clause.per, subject.begin, subject.end)
    if clause.per == "use":
        return 1
    if subject.effort is None:
        refuse("clause_mismatch")
    amount, unit = subject.effort
    return worked_units(clause.per, amount, book.need(Unit, unit.encode()).scale)


def _serve_once(book: Book, heard: Heard[Post], key: bytes) -> None:
    if book.get(Used, key) is not None:
        refuse("already_resolved")
    book.put(key, Used(heard.id))


def rent(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract]:
    """The rent of a period, once."""
    contract = need_in_force(book, basis.contract, heard.body.on)
    assert basis.contract is not None
    if basis.period is None:
        refuse("clause_mismatch")
    lines = yields_use.lease_period(contract.clauses, _index(basis), basis.period)
    _serve_once(book, heard, b"rent" + basis.contract + bytes([_index(basis)]) + basis.period.to_bytes(8, "big"))
    return lines, contract


def host_fee(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract]:
    """The host's part of an income, once."""
    contract = need_in_force(book, basis.contract, heard.body.on)
    income = recall_post(book, basis.post)
    assert basis.contract is not None
    assert basis.post is not None
    clause = clause_at(contract.clauses, _index(basis), HostFee)
    amount = dict(income.legs).get(clause.fund, 0)
    if income.code not in INCOME_CODES or amount <= 0:
        refuse("clause_mismatch")
    _serve_once(book, heard, b"host" + basis.contract + bytes([_index(basis)]) + basis.post)
    return yields_use.host_fee(contract.clauses, _index(basis), amount), contract


def shares(book: Book, heard: Heard[Post], basis: Basis) -> tuple[Sequence[Line], Contract]:
    """Shares and their price change hands."""
    body = heard.body
    contract = need_in_force(book, basis.contract, body.on)
    clause = clause_at(contract.clauses, _index(basis), Share)
    sides: dict[tuple[bool, bool], tuple[bytes, int]] = {}
    for account_id, amount in body.legs:
        unit = book.need(Account, account_id).unit
        if unit not in {clause.shares, clause.unit}:
            refuse("wrong_unit")
        sides[unit == clause.shares, amount > 0] = (account_id, amount)
    if len(sides) != len(body.legs) or len(sides) != 4:
        refuse("clause_mismatch")
    count = sides[True, True][1]
    given, taken = (sides[True, False][0], sides[True, True][0])
    paid, got = (sides[False, False][0], sides[False, True][0])
    if body.code == "share_in":
        _check_issuer(book, given, got)
        accounts = ShareAccounts(issue=given, holding=taken, payer=paid, till=got)
        return yields_use.share_in(contract.clauses, _index(basis), count, accounts), contract
    _check_issuer(book, taken, paid)
    accounts = ShareAccounts(issue=taken, holding=given, payer=got, till=paid)
    return yields_use.share_out(contract.clauses, _index(basis), count, accounts), contract


def _check_issuer(book: Book, *accounts: bytes) -> None:
    if any(book.need(Account, account).owner != book.log_id for account in accounts):
        refuse("clause_mismatch")
