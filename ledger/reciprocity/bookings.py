# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commitments and bookings: what was promised, and when a resource is taken (spec 17 §6)."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.contracts import need_in_force
from ledger.reciprocity.hearing import allow, need_party
from ledger.reciprocity.state import Bookings, Commitment, Contract, Member, Unit
from protocol.amounts import month_of
from protocol.clauses import Access

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Commit, CommitCancel

BOOKING_S_MAX = 400 * 86_400
_DAY_S = 86_400


def promise(book: Book, heard: Heard[Commit]) -> None:
    """A promise is its provider's; whoever has access by contract may book for themselves."""
    body = heard.body
    need_party(book, body.provider)
    need_party(book, body.receiver)
    if body.contract is not None:
        book.need(Contract, body.contract)
    allow(holds=heard.is_by(book, body.provider) or _may_book(book, heard))
    if body.quantity is not None:
        book.need(Unit, body.quantity.unit.encode())
        if body.quantity.amount <= 0:
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
        class_=receiver.class_ if receiver else "",
    )
    if (body.begin is None) != (body.end is None):
        refuse("malformed")
    if body.begin is not None and body.end is not None:
        if not body.begin < body.end <= body.begin + BOOKING_S_MAX:
            refuse("malformed")
        if body.resource is not None:
            _reserve(book, heard.id, commitment)
    book.put(heard.id, commitment)
    book.concern(body.provider, body.receiver)


def _may_book(book: Book, heard: Heard[Commit]) -> bool:
    body = heard.body
    if body.contract is None or body.begin is None or not heard.is_by(book, body.receiver):
        return False
    contract = need_in_force(book, body.contract, body.begin // _DAY_S)
    member = book.get(Member, body.receiver)
    if body.provider not in contract.parties or body.receiver not in contract.signed or member is None:
        return False
    return any(
        isinstance(clause, Access)
        and clause.resource == body.resource
        and dict[str, object](clause.by_class.items()).get(member.class_, "deny") != "deny"
        for clause in contract.clauses
    )


def _months(commitment: Commitment) -> range:
    assert commitment.begin is not None
    assert commitment.end is not None
    return range(month_of(commitment.begin // _DAY_S), month_of((commitment.end - 1) // _DAY_S) + 1)


def _reserve(book: Book, commit_id: bytes, commitment: Commitment) -> None:
    """Enters a booking in each month that it touches, unless another one overlaps it."""
    assert commitment.begin is not None
    assert commitment.end is not None
    for month in _months(commitment):
        key = commitment.resource + month.to_bytes(4, "big")
        times = list((book.get(Bookings, key) or Bookings()).times)
        place = bisect_left(times, (commitment.begin, 0, b""))
        before, after = times[place - 1 : place], times[place : place + 1]
        if (before and before[0][1] > commitment.begin) or (after and after[0][0] < commitment.end):
            refuse("conflict")
        insort(times, (commitment.begin, commitment.end, commit_id))
        book.put(key, Bookings(times))


def release(book: Book, commit_id: bytes, commitment: Commitment) -> None:
    """Takes a booking out of the calendar of its resource."""
    if commitment.begin is None or not commitment.resource:
        return
    for month in _months(commitment):
        key = commitment.resource + month.to_bytes(4, "big")
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
