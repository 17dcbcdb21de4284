# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened: the nineteen actions and their effects, acknowledgements, corrections (spec 17 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.bookings import release
from ledger.reciprocity.hearing import allow, need_party
from ledger.reciprocity.state import Commitment, Contract, EventState, Footprint, Member, Resource, Totals, Unit
from protocol.amounts import month_of

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Ack, Correct, Event, Quantity


class Effect(NamedTuple):
    """What an action does to the accounting and on-hand quantity, of `resource` and of `to`: -1, 0 or 1."""

    accounting: int = 0
    on_hand: int = 0
    to_accounting: int = 0
    to_on_hand: int = 0


EFFECTS = {
    "produce": Effect(1, 1),
    "raise": Effect(1, 1),
    "consume": Effect(-1, -1),
    "lower": Effect(-1, -1),
    "use": Effect(),
    "work": Effect(),
    "cite": Effect(),
    "deliverService": Effect(),
    "pickup": Effect(0, -1),
    "accept": Effect(0, -1),
    "combine": Effect(0, -1),
    "dropoff": Effect(0, 1),
    "modify": Effect(0, 1),
    "separate": Effect(0, 1),
    "transfer": Effect(-1, -1, 1, 1),
    "move": Effect(-1, -1, 1, 1),
    "transferAllRights": Effect(-1, 0, 1, 0),
    "transferCustody": Effect(0, -1, 0, 1),
    "copy": Effect(0, 0, 1, 1),
}
"""The table of spec 17 §6."""

NO_CONTRACT = bytes(16)


def happen(book: Book, heard: Heard[Event]) -> None:
    """An event is its provider's word."""
    body = heard.body
    need_party(book, body.receiver)
    allow(holds=heard.is_by(book, body.provider))
    _need_quantity(book, body.quantity)
    effort = _need_quantity(book, body.effort)
    if effort is not None and effort.sort != "time":
        refuse("wrong_unit")
    for quantity in body.footprint:
        book.need(Unit, quantity.unit.encode())
    if body.contract is not None:
        book.need(Contract, body.contract)
    if body.fulfils is not None:
        _fulfil(book, body.fulfils, body)
    receiver = book.get(Member, body.receiver)
    event = EventState(
        action=body.action,
        provider=body.provider,
        receiver=body.receiver,
        on=body.on,
        resource=body.resource or b"",
        to=body.to or b"",
        quantity=(body.quantity.amount, body.quantity.unit) if body.quantity else None,
        effort=(body.effort.amount, body.effort.unit) if body.effort else None,
        contract=body.contract or b"",
        stream=body.stream,
        gift=body.expects == "none",
        footprint=[(quantity.amount, quantity.unit) for quantity in body.footprint],
        class_=receiver.class_ if receiver else "",
    )
    _take_effect(book, event, 1)
    book.put(heard.id, event)
    book.concern(body.provider, body.receiver)


def _need_quantity(book: Book, quantity: Quantity | None) -> Unit | None:
    if quantity is None:
        return None
    unit = book.need(Unit, quantity.unit.encode())
    if quantity.amount <= 0:
        refuse("bad_amount")
    return unit


def _fulfil(book: Book, commit_id: bytes, body: Event) -> None:
    commitment = book.need(Commitment, commit_id)
    if (commitment.provider, commitment.receiver, commitment.action) != (body.provider, body.receiver, body.action):
        refuse("unknown_ref")
    if commitment.disputes:
        refuse("frozen")
    if commitment.state != "active":
        refuse("already_resolved")
    release(book, commit_id, commitment)
    book.put(commit_id, msgspec.structs.replace(commitment, state="fulfilled"))


def _take_effect(book: Book, event: EventState, sign: int) -> None:
    """Adds what an event does, or with sign -1 takes it back."""
    if event.quantity is not None:
        amount, unit = event.quantity
        effect = EFFECTS[event.action]
        _move(book, event.resource, unit, sign * amount * effect.accounting, sign * amount * effect.on_hand)
        _move(book, event.to, unit, sign * amount * effect.to_accounting, sign * amount * effect.to_on_hand)
    month = month_of(event.on)
    if event.effort is not None and not event.gift:
        amount, unit = event.effort
        add_total(book, event.provider, month, "hours", unit, sign * amount)
    if event.footprint:
        key = (event.contract or NO_CONTRACT) + month.to_bytes(4, "big")
        amounts = dict((book.get(Footprint, key) or Footprint()).amounts)
        for amount, unit in event.footprint:
            amounts[unit] = amounts.get(unit, 0) + sign * amount
        book.put(key, Footprint(amounts))


def _move(book: Book, resource: bytes, unit: str, accounting: int, on_hand: int) -> None:
    if resource and (accounting or on_hand):
        key = resource + unit.encode()
        before = book.get(Resource, key) or Resource()
        book.put(key, Resource(before.accounting + accounting, before.on_hand + on_hand))


def add_total(book: Book, party: bytes, month: int, base: str, unit: str, amount: int) -> None:
    """Adds to what a member did in a month; the organisation has no totals."""
    if party == book.log_id or not amount:
        return
    key = party + month.to_bytes(4, "big")
    totals = book.get(Totals, key) or Totals()
    amounts = dict(getattr(totals, base))
    amounts[unit] = amounts.get(unit, 0) + amount
    book.put(key, msgspec.structs.replace(totals, **{base: amounts}))


def acknowledge(book: Book, heard: Heard[Ack]) -> None:
    """The receiver's answer; each word once."""
    body = heard.body
    event = book.need(EventState, body.event)
    allow(holds=heard.is_by(book, event.receiver))
    if event.corrected or body.says in event.says:
        refuse("already_resolved")
    book.put(body.event, msgspec.structs.replace(event, says=[*event.says, body.says]))
    book.concern(event.provider, event.receiver)


def correct(book: Book, heard: Heard[Correct]) -> None:
    """An event is taken back, as long as nothing rests on it."""
    body = heard.body
    event = book.need(EventState, body.event)
    allow(holds=heard.is_by(book, event.provider) or (heard.by_org and heard.is_by(book, event.receiver)))
    if event.disputes:
        refuse("frozen")
    if event.corrected or event.used:
        refuse("already_resolved")
    _take_effect(book, event, -1)
    book.put(body.event, msgspec.structs.replace(event, corrected=True))
    book.concern(event.provider, event.receiver)
