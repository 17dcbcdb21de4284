# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows from use under a contract: fees for access, rents, host fees, dividends (spec 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.reciprocity.contracts import is_in_force
from ledger.reciprocity.events import ACCEPTED
from ledger.reciprocity.hearing import DAY_S
from ledger.reciprocity.lines import ClauseError, braced, clause_at, legs_of, yielding
from ledger.reciprocity.patronage import patronage
from ledger.reciprocity.shared import dividend_totals
from ledger.reciprocity.state import Account, Commitment, DividendState, EventState, PostMark, Unit, Used
from ledger.reciprocity.terms_of_use import INCOME_CODES
from ledger.reciprocity.yields_use import (
    access_fee,
    booked_units,
    host_fee,
    lease_due,
    lease_period,
    worked_units,
)
from ledger.showing.owing import COMING, OWED, POSTED, Item
from ledger.showing.terms import Wording, wording
from protocol.amounts import first_day
from protocol.clauses import Access, HostFee, Lease, Patronage
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.showing.owing import Terms

_USES = frozenset({"use", "deliverService", "pickup"})


def access_items(terms: Terms) -> Iterator[Item]:
    """Fees for the bookings and uses of what the contract gives access to."""
    for index, clause in enumerate(terms.clauses):
        if not isinstance(clause, Access):
            continue
        for key, booking in terms.view.book.scan(Commitment):
            if booking.begin is None or booking.end is None or booking.state == "cancelled":
                continue
            day = booking.begin // DAY_S
            if booking.resource == clause.resource and _between_parties(terms, booking, day):
                units = booked_units(clause.per, booking.begin, booking.end)
                yield _fee(terms, index, key, booking, units, day, done=booking.charged)
        for key, event in terms.view.book.scan(EventState):
            if event.resource != clause.resource or event.gift or event.corrected or event.fulfils:
                continue
            used = _used_units(terms, clause, event)
            if used is None or event.action not in _USES or not _between_parties(terms, event, event.on):
                continue
            yield _fee(terms, index, key, event, used, event.on, done=event.used)


def _between_parties(terms: Terms, subject: Commitment | EventState, day: int) -> bool:
    """Whether both sides are parties on that day, and the contract is the one that was named, if one was."""
    sides = (subject.provider, subject.receiver)
    return subject.contract in {b"", terms.id} and all(terms.is_party(side, day) for side in sides)


def _used_units(terms: Terms, clause: Access, event: EventState) -> int | None:
    if clause.per == "use":
        return 1
    unit = terms.view.book.get(Unit, event.effort[1].encode()) if event.effort else None
    return worked_units(clause.per, event.effort[0], unit.scale) if unit and event.effort else None


def _fee(
    terms: Terms, index: int, key: bytes, subject: Commitment | EventState, units: int, day: int, *, done: bool
) -> Item:
    clause = terms.clauses[index]
    assert isinstance(clause, Access)
    payer = _account_of(terms, subject.receiver, clause.unit)
    about = "commit" if isinstance(subject, Commitment) else "event"
    basis = terms.basis(index, **{about: key})
    name = wording("use by {receiver}", receiver=terms.view.name(subject.receiver))
    try:
        lines = access_fee(terms.clauses, index, subject.class_, units, payer, (terms.id, key))
    except ClauseError as error:
        return Item(name, COMING, (), clause.unit, key, on=day, why=Wording("{why}", {"why": str(error)}))
    if not any(line.amount for line in lines):
        return Item(name, POSTED, lines, clause.unit, key, on=day, why=wording("there is nothing to pay"))
    agreed = subject.by_receiver if isinstance(subject, Commitment) else not ACCEPTED.isdisjoint(subject.says)
    if done or (payer and agreed):
        return Item(name, POSTED if done else OWED, lines, clause.unit, key, "access_fee", basis, day)
    receiver = terms.view.name(subject.receiver)
    why = wording("{receiver} has no account in {unit}", receiver=receiver, unit=clause.unit)
    if payer:
        why = wording("{receiver} has neither booked it themselves nor confirmed it", receiver=receiver)
    return Item(name, COMING, lines, clause.unit, key, on=day, why=why)


def _account_of(terms: Terms, owner: bytes, unit: str) -> bytes:
    """The account from which somebody pays fees: of type member, of several the first by id; empty if there is none."""
    for key, account in terms.view.book.scan(Account):
        if (account.owner, account.unit, account.type, account.state) == (owner, unit, "member", "open"):
            return key
    return b""


def rent_items(terms: Terms) -> Iterator[Item]:
    """The rents that have become due, and the next one."""
    begin = terms.contract.from_
    for index, clause in enumerate(terms.clauses):
        if not isinstance(clause, Lease) or not clause.rent:
            continue
        unit = terms.view.unit_of(clause.from_)
        for period in range(clause.years * (12 if clause.every == "month" else 1)):
            due = lease_due(terms.clauses, index, begin, period)
            lines = lease_period(terms.clauses, index, period, (terms.id,))
            key = b"rent" + terms.id + bytes([index]) + period.to_bytes(8, "big")
            paid = _has_served(terms, key)
            state = POSTED if paid else OWED if due <= terms.today else COMING
            basis = terms.basis(index, period=period)
            yield Item(
                wording("rent, period {period}", period=str(period)), state, lines, unit, terms.id, "rent", basis, due
            )
            if state == COMING:
                break


def _has_served(terms: Terms, key: bytes) -> bool:
    used = terms.view.book.get(Used, key)
    return used is not None and bool(used.by)


def host_items(terms: Terms) -> Iterator[Item]:
    """The host's part of what a fund has taken in."""
    view = terms.view
    for index, clause in enumerate(terms.clauses):
        if not isinstance(clause, HostFee):
            continue
        unit = view.unit_of(clause.fund)
        for position in view.reads.chain(view.tree.tree, clause.fund):
            found = view.found(position)
            if found is None or not isinstance(found.body, Post) or found.body.code not in INCOME_CODES:
                continue
            income = dict(found.body.legs).get(clause.fund, 0)
            one = found.statement.id
            corrected = (view.book.get(PostMark, one) or PostMark()).corrected
            if income <= 0 or corrected or not is_in_force(terms.contract, found.body.on):
                continue
            lines = host_fee(terms.clauses, index, income, (terms.id, one))
            done = _has_served(terms, b"host" + terms.id + bytes([index]) + one)
            empty = not any(line.amount for line in lines)
            state = POSTED if done or empty else OWED
            basis = terms.basis(index, post=one)
            yield Item(wording("host fee"), state, lines, unit, one, "host_fee", basis, found.body.on)


def dividend_items(terms: Terms) -> Iterator[Item]:
    """Surpluses that the assembly has decided to share out, by what members had given when it was declared."""
    book = terms.view.book
    for key, declared in book.scan(DividendState):
        if declared.contract != terms.id:
            continue
        unit = terms.view.unit_of(declared.pool)
        clause = clause_at(terms.clauses, declared.clause, Patronage)
        totals = dividend_totals(book, clause, unit, range(declared.from_, declared.until))
        lines = patronage(terms.clauses, declared.clause, declared.surplus, declared.pool, totals, (terms.id, key))
        why = None
        if legs_of(lines) != declared.legs:
            make = yielding(declared.clause, clause, (terms.id, key))
            lines = [make.line("patronage", account, amount, braced(amount)) for account, amount in declared.legs]
            why = wording("as it was reckoned when it was declared; members have given more since")
        basis = terms.basis(declared.clause, dividend=key)
        state = POSTED if declared.posted else OWED
        yield Item(wording("dividend"), state, lines, unit, key, "dividend", basis, first_day(declared.until), why)
