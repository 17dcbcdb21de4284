# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commitments and bookings: what was promised, and when a resource is taken (spec 17 §6)."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import is_party, need_in_force
from ledger.reciprocity.hearing import DAY_S, allow, allow_active, need_known
from ledger.reciprocity.state import Bookings, Commitment, Contract, Member, Unit
from protocol.amounts import month_of
from protocol.clauses import Access

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Commit, CommitCancel

MONTH_BOOKINGS_MAX = 2_048


def promise(book: Book, heard: Heard[Commit]) -> None:
    """A promise is its provider's; whoever has access by contract may book for themselves."""
    body = heard.body
    need_known(book, body.provider, body.receiver)
    contract = None if body.contract is None else book.need(Contract, body.contract)
    if body.quantity is not None:
        book.need(Unit, body.quantity.unit.encode())
    allow_active(book, body.provider, body.receiver)
    if not heard.is_by(book, body.provider):
        _need_access(book, heard, contract)
    if body.quantity is not None and body.quantity.amount <= 0:
        refuse("bad_amount")
    receiver = book.get(Member, body.receiver)
    commitment = Commitment(
        action=body.action,
        provider=body.provider,
        receiver=body.receiver,
        resource=body.resource or b"",
        quantity=(body.quantity.amount, body.quantity.unit) if body.quantity else None,
        begin=body.begin,
        end=body.end,
        due=body.due,
        contract=body.contract or b"",
        by_receiver=heard.is_by(book, body.receiver),
        class_=receiver.class_ if receiver else "",
    )
    _reserve(book, heard.id, commitment)
    book.put(heard.id, commitment)
    book.concern(body.provider, body.receiver)


def _need_access(book: Book, heard: Heard[Commit], contract: Contract | None) -> None:
    """The receiver may book what a contract gives them access to."""
    body = heard.body
    allow(holds=heard.is_by(book, body.receiver))
    if contract is None or body.contract is None or body.begin is None:
        refuse("not_authorised")
    day = body.begin // DAY_S
    need_in_force(contract, day)
    member = book.get(Member, body.receiver)
    sides = (body.provider, body.receiver)
    allow(holds=member is not None and all(is_party(book, body.contract, contract, side, day) for side in sides))
    assert member is not None
    allow(
        holds=any(
            isinstance(clause, Access)
            and clause.resource == body.resource
            and dict[str, object](clause.by_class.items()).get(member.class_, "deny") != "deny"
            for clause in contract.clauses
        )
    )


def _calendars(commitment: Commitment) -> list[bytes]:
    """Where a booking stands: the calendars of all months that it touches."""
    if commitment.begin is None or commitment.end is None or not commitment.resource:
        return []
    months = range(month_of(commitment.begin // DAY_S), month_of((commitment.end - 1) // DAY_S) + 1)
    return [commitment.provider + commitment.resource + month.to_bytes(4, "big") for month in months]


def _reserve(book: Book, commit_id: bytes, commitment: Commitment) -> None:
    """Enters a booking in each month that it touches, unless another one overlaps it."""
    calendars = {key: list((book.get(Bookings, key) or Bookings()).times) for key in _calendars(commitment)}
    if not calendars:
        return
    assert commitment.begin is not None
    assert commitment.end is not None
    for times in calendars.values():
        place = bisect_left(times, (commitment.begin, 0, b""))
        before, after = times[place - 1 : place], times[place : place + 1]
        if (before and before[0][1] > commitment.begin) or (after and after[0][0] < commitment.end):
            refuse("conflict")
    for key, times in calendars.items():
        if len(times) >= MONTH_BOOKINGS_MAX:
            refuse("ceiling")
        insort(times, (commitment.begin, commitment.end, commit_id))
        book.put(key, Bookings(times))


def release(book: Book, commit_id: bytes, commitment: Commitment) -> None:
    """Takes a booking out of its calendars."""
    for key in _calendars(commitment):
        times = (book.get(Bookings, key) or Bookings()).times
        book.put(key, Bookings([time for time in times if time[2] != commit_id]))


def cancel(book: Book, heard: Heard[CommitCancel]) -> None:
    """Either side may cancel what is still to come."""
    body = heard.body
    commitment = book.need(Commitment, body.commit)
    allow(holds=heard.is_by(book, commitment.provider) or heard.is_by(book, commitment.receiver))
    if commitment.disputes:
        refuse("frozen")
    if commitment.state != "active":
        refuse("already_resolved")
    release(book, body.commit, commitment)
    book.put(body.commit, msgspec.structs.replace(commitment, state="cancelled"))
    book.concern(commitment.provider, commitment.receiver)
