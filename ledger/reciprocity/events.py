# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened: the nineteen actions and their effects, acknowledgements, corrections (spec 17 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.bookings import release
from ledger.reciprocity.contracts import is_party
from ledger.reciprocity.hearing import allow, allow_active, need_known
from ledger.reciprocity.state import Commitment, Contract, EventState, Member, Resource, Unit
from ledger.reciprocity.totals import add_footprint, add_total
from protocol.amounts import AMOUNT_MAX, month_of

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Ack, Correct, Event


class Effect(NamedTuple):
    """What an action does to the accounting and on-hand quantity, of `resource` and of `to`: -1, 0 or 1.

    What is taken is the provider's, what is added the receiver's.
    """

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

ACCEPTED = frozenset({"confirmed", "used"})
"""Words by which a receiver stands by an event: then it counts."""


def happen(book: Book, heard: Heard[Event]) -> None:
    """An event is its provider's word."""
    body = heard.body
    _check_named(book, body)
    allow_active(book, body.receiver)
    allow(holds=heard.is_by(book, body.provider))
    if body.contract is not None:
        contract = book.need(Contract, body.contract)
        sides = (body.provider, body.receiver)
        allow(holds=any(is_party(book, body.contract, contract, side, body.on) for side in sides))
    for quantity in (body.quantity, body.effort):
        if quantity is not None and quantity.amount <= 0:
            refuse("bad_amount")
    if any(quantity.amount == 0 for quantity in body.footprint):
        refuse("bad_amount")
    if body.effort is not None and book.need(Unit, body.effort.unit.encode()).sort != "time":
        refuse("wrong_unit")
    if body.fulfils is not None:
        _fulfil(book, body.fulfils)
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
        fulfils=body.fulfils or b"",
        stream=body.stream,
        gift=body.expects == "none",
        footprint=[(quantity.amount, quantity.unit) for quantity in body.footprint],
        class_=receiver.class_ if receiver else "",
    )
    _take_effect(book, event, 1)
    book.put(heard.id, event)
    book.concern(body.provider, body.receiver)


def _check_named(book: Book, body: Event) -> None:
    """What an event names must be there, and the commitment that it fulfils be one to this."""
    need_known(book, body.provider, body.receiver)
    quantities = [quantity for quantity in (body.quantity, body.effort, *body.footprint) if quantity is not None]
    for quantity in quantities:
        book.need(Unit, quantity.unit.encode())
    if body.contract is not None:
        book.need(Contract, body.contract)
    if body.fulfils is not None:
        made = book.need(Commitment, body.fulfils)
        promised = (made.provider, made.receiver, made.action, made.resource)
        if promised != (body.provider, body.receiver, body.action, body.resource or b""):
            refuse("unknown_ref")


def _fulfil(book: Book, commit_id: bytes) -> None:
    commitment = book.need(Commitment, commit_id)
    if commitment.disputes:
        refuse("frozen")
    if commitment.state != "active":
        refuse("already_resolved")
    release(book, commit_id, commitment)
    book.put(commit_id, msgspec.structs.replace(commitment, state="fulfilled"))


def _take_effect(book: Book, event: EventState, sign: int) -> None:
    """Adds what an event does, or with sign -1 takes it back."""
    if event.quantity is not None:
        amount, unit = sign * event.quantity[0], event.quantity[1]
        effect = EFFECTS[event.action]
        holder = event.provider if min(effect.accounting, effect.on_hand) < 0 else event.receiver
        _move(book, (event.resource, holder, unit), amount * effect.accounting, amount * effect.on_hand)
        _move(book, (event.to, event.receiver, unit), amount * effect.to_accounting, amount * effect.to_on_hand)
    for amount, unit in event.footprint:
        add_footprint(book, event.contract, month_of(event.on), unit, sign * amount)


def _move(book: Book, which: tuple[bytes, bytes, str], accounting: int, on_hand: int) -> None:
    resource, holder, unit = which
    if resource and (accounting or on_hand):
        key = resource + holder + unit.encode()
        before = book.get(Resource, key) or Resource()
        after = Resource(before.accounting + accounting, before.on_hand + on_hand)
        if max(abs(after.accounting), abs(after.on_hand)) > AMOUNT_MAX:
            refuse("bad_amount")
        book.put(key, after)


def _count_hours(book: Book, event: EventState, sign: int) -> None:
    """Work for the organisation counts for dividends, as soon as the organisation stands by it."""
    if event.effort is not None and not event.gift and event.receiver == book.log_id:
        amount, unit = event.effort
        add_total(book, event.provider, month_of(event.on), "hours", unit, sign * amount)


def acknowledge(book: Book, heard: Heard[Ack]) -> None:
    """The receiver's answer; each word once."""
    body = heard.body
    event = book.need(EventState, body.event)
    allow(holds=heard.is_by(book, event.receiver))
    if event.disputes:
        refuse("frozen")
    if event.corrected or body.says in event.says:
        refuse("already_resolved")
    if body.says in ACCEPTED and ACCEPTED.isdisjoint(event.says):
        _count_hours(book, event, 1)
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
    if not ACCEPTED.isdisjoint(event.says):
        _count_hours(book, event, -1)
    book.put(body.event, msgspec.structs.replace(event, corrected=True))
    book.concern(event.provider, event.receiver)
