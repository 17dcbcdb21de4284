# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is meant by a form of the page of a resource: a booking, its end, a use, thanks, each as a statement."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError
from ledger.own.spoken import Draft
from ledger.reciprocity.calendar import Span, local_time, moment_of
from ledger.reciprocity.state import Commitment, EventState, Member, Unit
from ledger.showing.resources import fee_of, taken, terms_of, ways_to_book
from node.forms.field import Unfit
from node.reciprocity.calendar_view import span_text
from node.reciprocity.resource_pages import is_mine, may_record, may_thank, unanswered
from node.web.words import message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader
    from protocol.encoding import Value

_ID = re.compile(r"[0-9a-f]{32}")
_LOCAL = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::00)?", re.ASCII)
_DAY_S = 86_400


class Asking(NamedTuple):
    """Who wants what of which resource: `texts` are the fields of the form, `zone` that of the resource.

    The ids of what would be said follow from `nonce`.
    """

    view: LedgerView
    resource: bytes
    texts: dict[str, str]
    zone: ZoneInfo
    reader: Reader
    now: int
    nonce: str


class Meant(NamedTuple):
    """What would be said, in a sentence and as statements; `fee` is what it costs in words, or empty."""

    drafts: tuple[Draft, ...]
    sentence: str
    fee: str = ""
    wanted: Span | None = None


class NotFreeError(Exception):
    """The time is taken: the span that was wanted, and of whom."""

    def __init__(self, wanted: Span, provider: bytes) -> None:
        super().__init__()
        self.wanted, self.provider = wanted, provider


def _book(asking: Asking) -> Meant:
    view, words = asking.view, asking.reader.words
    wanted = Span(_moment("begin", asking), _moment("end", asking))
    if wanted.end <= wanted.begin:
        raise Unfit("end", message("It ends before it begins."))
    if wanted.end <= asking.now:
        raise Unfit("begin", message("That is over already."))
    receiver = _receiver(asking)
    ways = ways_to_book(view, asking.resource, receiver, wanted.begin // _DAY_S)
    if not ways and not view.private:
        raise Unfit("", message("No contract that you have signed gives you access to this on that day."))
    provider = ways[0].provider if ways else view.log_id
    body: dict[str, Value] = {"action": "use", "provider": provider, "receiver": receiver, "resource": asking.resource}
    body |= {"begin": wanted.begin, "end": wanted.end}
    body |= {"contract": ways[0].terms.contract_id} if ways else {}
    times = taken(view, asking.resource, wanted.begin, wanted.end)
    if any(one.commitment.provider == provider for one in times):
        raise NotFreeError(wanted, provider)
    parties = (receiver,) if ways else (provider,)  # without a contract it is lent by the provider's word
    fee, member = "", view.book.get(Member, receiver)
    if ways and member is not None:
        clause = ways[0].terms.clause
        amount = fee_of(clause, member.class_, wanted) or 0
        said = f"{words.amount(view.show(amount, clause.unit))}\N{NO-BREAK SPACE}{clause.unit}"
        fee = words("It costs {amount} under the contract.", amount=said) if amount else words("It is free of charge.")
    elif receiver != view.log_id and terms_of(view, asking.resource, wanted.begin // _DAY_S):
        name = view.name(receiver)
        fee = words("No contract gives {name} access to it on that day: it is lent by your word.", name=name)
    when = span_text(wanted, asking.zone, words)
    return Meant(
        (Draft("commit", body, parties),), words("{when}, for {name}", when=when, name=view.name(receiver)), fee
    )


def _receiver(asking: Asking) -> bytes:
    if not asking.view.private:
        return asking.view.reader
    text = asking.texts.get("receiver", "")
    receiver = bytes.fromhex(text) if _ID.fullmatch(text) else b""
    if text == "org":
        receiver = asking.view.log_id
    if receiver != asking.view.log_id and asking.view.book.get(Member, receiver) is None:
        raise Unfit("receiver", message("This is needed."))
    return receiver


def _moment(name: str, asking: Asking) -> int:
    """What somebody wrote as the clock there shows it. Raises Unfit."""
    text = asking.texts.get(name, "").strip()
    if not text:
        raise Unfit(name, message("This is needed."))
    found = _LOCAL.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        local = datetime(*map(int, found.groups()))  # type: ignore[arg-type] # noqa: DTZ001 - of its zone below
    except ValueError:
        raise Unfit(name, message("Write a day and a time like 2026-03-02 10:00.")) from None
    try:
        return moment_of(local, asking.zone)
    except (ValueError, OverflowError):
        raise Unfit(name, message("The clocks are put forward then: that time does not come.")) from None


def _commitment(asking: Asking) -> tuple[bytes, Commitment]:
    """The booking of this resource that a form names. Raises NotFoundError."""
    text = asking.texts.get("booking", "")
    commit_id = bytes.fromhex(text) if _ID.fullmatch(text) else b""
    commitment = asking.view.book.get(Commitment, commit_id)
    if commitment is None or commitment.resource != asking.resource:
        raise NotFoundError("there is no such booking of this resource")
    if not (asking.view.private or is_mine(asking.view, commitment)):
        raise NotFoundError("that is somebody else's booking")
    return commit_id, commitment


def _when(asking: Asking, commitment: Commitment) -> str:
    if commitment.begin is None or commitment.end is None:
        return ""
    return span_text(Span(commitment.begin, commitment.end), asking.zone, asking.reader.words)


def _cancel(asking: Asking) -> Meant:
    commit_id, commitment = _commitment(asking)
    view = asking.view
    party = view.reader or commitment.provider
    if view.private and commitment.provider != view.log_id:
        party = commitment.receiver
    return Meant((Draft("commit.cancel", {"commit": commit_id}, (party,)),), _when(asking, commitment))


def _use(asking: Asking) -> Meant:
    """It was used as booked: its provider says so, and the booking is over."""
    commit_id, commitment = _commitment(asking)
    if not may_record(asking.view, commitment):
        raise NotFoundError("only whoever has lent it says that it was used")
    return Meant((_used(asking, commit_id, commitment),), _when(asking, commitment))


def _used(asking: Asking, commit_id: bytes, commitment: Commitment) -> Draft:
    if commitment.end is None or commitment.end > asking.now:
        raise Unfit("", message("This booking is not over yet."))
    assert commitment.begin is not None
    day = local_time(commitment.begin, asking.zone).date().toordinal() - _EPOCH_ORDINAL
    body: dict[str, Value] = {
        "action": commitment.action,
        "provider": commitment.provider,
        "receiver": commitment.receiver,
        "on": day,
        "resource": asking.resource,
        "fulfils": commit_id,
        "stream": "livelihood",
        "expects": "reciprocity" if commitment.contract else "none",
    }
    body |= {"contract": commitment.contract} if commitment.contract else {}
    body |= _effort(asking.view, commitment.end - commitment.begin)
    return Draft("event", body, (commitment.provider,), id=sha256(asking.nonce.encode()).digest()[:16])


_EPOCH_ORDINAL = 719_163
"""The ordinal of 1970-01-01."""


def _effort(view: LedgerView, seconds: int) -> dict[str, Value]:
    """How long it was, in the first unit of time that has the decimals for it."""
    for key, unit in view.book.scan(Unit):
        amount, left = divmod(seconds * 10**unit.scale, 3_600)
        if unit.sort == "time" and not left:
            return {"effort": {"amount": amount, "unit": key.decode()}}
    return {}


def _thank(asking: Asking) -> Meant:
    """Whoever received says thanks: for what has been recorded, or for a booking that is over, which records it."""
    if "booking" in asking.texts and "event" not in asking.texts:
        commit_id, commitment = _commitment(asking)
        if not may_thank(asking.view, commitment):
            raise NotFoundError("only whoever received says thanks, and whoever lent it says first that it was used")
        used = _used(asking, commit_id, commitment)
        return _thanks(asking, used.id, commitment.provider, commitment.receiver, used)
    text = asking.texts.get("event", "")
    event_id = bytes.fromhex(text) if _ID.fullmatch(text) else b""
    event = asking.view.book.get(EventState, event_id)
    if event is None or event.resource != asking.resource:
        raise NotFoundError("there is no such use of this resource")
    if not (asking.view.private or event.receiver == asking.view.reader):
        raise NotFoundError("only whoever received says thanks")
    return _thanks(asking, event_id, event.provider, event.receiver)


def _thanks(asking: Asking, event_id: bytes, provider: bytes, receiver: bytes, *before: Draft) -> Meant:
    said = asking.reader.words("Thanks to {name}", name=asking.view.name(provider))
    return Meant((*before, Draft("ack", {"event": event_id, "says": "thanks"}, (receiver,))), said)


def _helped(asking: Asking) -> Meant:
    """Thanks for the newest of what was given to a member of an offer, and not answered yet."""
    event_id = unanswered(asking.view, asking.resource)
    if event_id is None:
        raise Unfit("", message("Nothing has been recorded of it for you yet: whoever gave says so first."))
    return _thanks(asking, event_id, asking.view.book.need(EventState, event_id).provider, asking.view.reader)


class Act(NamedTuple):
    """Something that is done from the page; `fields` are carried from step to step."""

    title: str
    make: Callable[[Asking], Meant]
    fields: tuple[str, ...]
    blame: Mapping[str, str] = {}


ACTS = {
    "book": Act(message("Book it"), _book, ("begin", "end", "receiver"), {"conflict": "begin"}),
    "cancel": Act(message("Cancel the booking"), _cancel, ("booking",)),
    "use": Act(message("It was used as booked"), _use, ("booking",)),
    "helped": Act(message("Say thanks"), _helped, ()),
    "thank": Act(message("Say thanks"), _thank, ("event", "booking")),
}
