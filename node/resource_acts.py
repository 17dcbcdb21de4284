# SPDX-License-Identifier: AGPL-3.0-or-later
"""Booking a resource from its page, cancelling, recording the use, thanks: by a member in session or a steward.

What would be signed is shown first. Whose key is kept here signs here; others take the statement along as text, sign it
where their key is (spec 17 §11), and bring it back to the same page.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ledger.calendar import Span, alternatives, local_time, moment_of
from ledger.errors import NotFoundError, RefusedError
from ledger.own import submission
from ledger.reciprocity.state import Commitment, EventState, Member, Unit
from ledger.showing.resources import fee_of, taken, ways_to_book
from ledger.spoken import Draft
from ledger.submitting import check_signed_payload, try_ledger
from ledger.trial import wait_until_folded
from node.calendar_view import span_text
from node.forms.checking import Checked, check, write
from node.forms.field import Unfit
from node.forms.form import Form
from node.forms_sent import read_form
from node.keys import LEDGER
from node.ledger_pages import ledger_values
from node.ledgers import id_of, view_of
from node.listing import record_url
from node.rendering import error_page, reader_of, render
from node.resource_pages import PATH, is_mine, resource_values, unanswered, zone_of
from node.routes import Route
from node.session import Session, is_from_form, member_session_of, session_of
from node.words import message
from protocol.carried import read_carried
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from ledger.ledger import Ledger
    from ledger.showing.view import LedgerView
    from node.listing import Reader
    from protocol.encoding import Value

_NONCE, _ID = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{32}")
_LOCAL = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::00)?", re.ASCII)
_KINDS = frozenset({"commit", "commit.cancel", "event", "ack"})
_DAY_S, _AROUND_S = 86_400, 20 * 86_400


class Asking(NamedTuple):
    """Who wants what of which resource: `texts` are the fields of the form, `zone` that of the resource."""

    view: LedgerView
    resource: bytes
    texts: dict[str, str]
    zone: ZoneInfo
    reader: Reader
    now: int


class Meant(NamedTuple):
    """What would be said, in a sentence and as a statement; `fee` is what it costs in words, or empty."""

    draft: Draft
    sentence: str
    fee: str = ""
    wanted: Span | None = None


class _NotFreeError(Exception):
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
        raise _NotFreeError(wanted, provider)
    parties = (receiver,) if ways else (provider,)  # without a contract it is lent by the provider's word
    fee, member = "", view.book.get(Member, receiver)
    if ways and member is not None:
        clause = ways[0].terms.clause
        amount = fee_of(clause, member.class_, wanted) or 0
        said = f"{words.amount(view.show(amount, clause.unit))}\N{NO-BREAK SPACE}{clause.unit}"
        fee = words("It costs {amount} under the contract.", amount=said) if amount else words("It is free of charge.")
    when = span_text(wanted, asking.zone, words)
    return Meant(Draft("commit", body, parties), words("{when}, for {name}", when=when, name=view.name(receiver)), fee)


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
    return Meant(Draft("commit.cancel", {"commit": commit_id}, (party,)), _when(asking, commitment))


def _use(asking: Asking) -> Meant:
    """It was used as booked: its provider says so, and the booking is over."""
    commit_id, commitment = _commitment(asking)
    if not asking.view.private and commitment.provider != asking.view.reader:
        raise NotFoundError("only whoever has lent it says that it was used")
    assert commitment.begin is not None
    assert commitment.end is not None
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
    return Meant(Draft("event", body, (commitment.provider,)), _when(asking, commitment))


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
    """Whoever received says thanks."""
    text = asking.texts.get("event", "")
    event_id = bytes.fromhex(text) if _ID.fullmatch(text) else b""
    event = asking.view.book.get(EventState, event_id)
    if event is None or event.resource != asking.resource:
        raise NotFoundError("there is no such use of this resource")
    if not (asking.view.private or event.receiver == asking.view.reader):
        raise NotFoundError("only whoever received says thanks")
    name = asking.view.name(event.provider)
    said = asking.reader.words("Thanks to {name}", name=name)
    return Meant(Draft("ack", {"event": event_id, "says": "thanks"}, (event.receiver,)), said)


def _helped(asking: Asking) -> Meant:
    """Thanks for the newest of what was given to a member of an offer, and not answered yet."""
    event_id = unanswered(asking.view, asking.resource)
    if event_id is None:
        raise Unfit("", message("Nothing has been recorded of it for you yet: whoever gave says so first."))
    name = asking.view.name(asking.view.book.need(EventState, event_id).provider)
    draft = Draft("ack", {"event": event_id, "says": "thanks"}, (asking.view.reader,))
    return Meant(draft, asking.reader.words("Thanks to {name}", name=name))


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
    "thank": Act(message("Say thanks"), _thank, ("event",)),
}


async def _act(request: web.Request) -> web.StreamResponse:
    act = ACTS.get(request.match_info["act"])
    reader, texts = reader_of(request), await read_form(request)
    if act is None:
        return error_page(request, 404, "", "")
    private = _session(request, texts)
    if private is None:
        return error_page(request, 403, reader.words("This form is too old: open it again"), "")
    step = texts.get("step", "check")
    try:
        if step == "carried":
            await asyncio.to_thread(_enter_carried, request, texts.get("carried", ""))
            return _back(request)
        return await asyncio.to_thread(_step, request, act, reader, texts, private)
    except NotFoundError:
        return error_page(request, 404, "", "")
    except (Malformed, RefusedError) as error:
        return error_page(request, 422, reader.words("It was not written"), str(error))


def _session(request: web.Request, texts: dict[str, str]) -> bool | None:
    """Whether it is a steward who acts, or a member; None if the form was not given out to them."""
    for session, steward in ((session_of(request), True), (member_session_of(request), False)):
        if isinstance(session, Session) and is_from_form(session, texts.get("csrf", "")):
            return steward
    return None


def _back(request: web.Request) -> web.Response:
    where, _, act = request.path.rpartition("/")
    if act == "helped":  # from the page of the offer
        return web.Response(status=303, headers={"Location": _offer_of(request) + "#thanks"})
    return web.Response(status=303, headers={"Location": f"{where}#next"})


def _offer_of(request: web.Request) -> str:
    return record_url(request.match_info["log"], request.match_info["resource"])


def _step(
    request: web.Request,
    act: Act,
    reader: Reader,
    texts: dict[str, str],
    private: bool,  # noqa: FBT001 - of this file
) -> web.Response:
    ledger = request.app[LEDGER]
    nonce = texts.get("nonce", "") if _NONCE.fullmatch(texts.get("nonce", "")) else secrets.token_hex(16)
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        view = view_of(request, reads, private=private, languages=reader.languages)
        if view.tree.tree != ledger.own.tree or not (private or view.reader):
            return error_page(request, 403, reader.words("This form is too old: open it again"), "")
        view.reader = b"" if private else view.reader
        asking = Asking(view, id_of(request, "resource"), texts, zone_of(request), reader, int(ledger.clock()))
        try:
            meant = act.make(asking)
        except Unfit as fault:
            return _page(request, asking, {fault.field: reader.words(fault.said, **fault.values)}, [])
        except _NotFreeError as error:
            said = reader.words("It is taken at that time. Free for as long:")
            return _page(request, asking, {"begin": said}, _free(asking, error.wanted, error.provider))
        checked = _check(ledger, view, act, meant, nonce)
        if checked.faults:
            faults = {fault.field: reader.words(fault.said, **fault.values) for fault in checked.faults}
            return _page(request, asking, faults, [])
        if texts.get("step") != "sign" or not checked.complete or checked.seen != texts.get("seen"):
            return _confirm(request, act, asking, meant, checked, nonce)
    write(ledger, checked)
    return _back(request)


def _check(ledger: Ledger, view: LedgerView, act: Act, meant: Meant, nonce: str) -> Checked:
    form = Form("", "", act.title, "", (), lambda _: [meant.draft], act.blame)
    return check(ledger, view, form, {}, nonce)


def _free(asking: Asking, wanted: Span, provider: bytes) -> list[tuple[str, str, str]]:
    """Other times that are free for as long: in words, and as the form takes them."""
    around = taken(asking.view, asking.resource, wanted.begin - _AROUND_S, wanted.end + _AROUND_S)
    times = [one.span for one in around if one.commitment.provider == provider]
    return [
        (
            span_text(span, asking.zone, asking.reader.words),
            f"{local_time(span.begin, asking.zone):%Y-%m-%dT%H:%M}",
            f"{local_time(span.end, asking.zone):%Y-%m-%dT%H:%M}",
        )
        for span in alternatives(wanted, times, asking.zone, asking.now)
    ]


def _page(
    request: web.Request, asking: Asking, faults: dict[str, str], free: list[tuple[str, str, str]]
) -> web.Response:
    """The page of the resource again, with what does not do, and what would."""
    values = ledger_values(asking.view, asking.reader) | resource_values(request, asking.view, asking.reader)
    named = {"begin", "end", "receiver"}
    values |= {
        "faults": {name: text for name, text in faults.items() if name in named},
        "fault": " ".join(text for name, text in faults.items() if name not in named),
        "free": free,
        "texts": asking.texts,
    }
    return render(request, "ledger_resource.html", asking.reader, status=422, **values)


def _confirm(
    request: web.Request, act: Act, asking: Asking, meant: Meant, checked: Checked, nonce: str
) -> web.Response:
    values: dict[str, Any] = ledger_values(asking.view, asking.reader)
    name = asking.view.resource_name(asking.resource) or asking.resource.hex()[:8]
    return render(
        request,
        "ledger_resource_confirm.html",
        asking.reader,
        act=request.match_info["act"],
        action=request.path,
        back=_offer_of(request) if request.match_info["act"] == "helped" else request.path.rpartition("/")[0],
        title=act.title,
        name=name,
        meant=meant,
        zone=asking.zone.key,
        checked=checked,
        texts={field: asking.texts.get(field, "") for field in act.fields},
        nonce=nonce,
        csrf=asking.texts["csrf"],
        **values,
    )


def _enter_carried(request: web.Request, text: str) -> None:
    """Enters what was signed elsewhere. Raises Malformed, RefusedError."""
    ledger = request.app[LEDGER]
    carried = read_carried(text)
    if carried.said.kind not in _KINDS:
        raise RefusedError("this page takes bookings, cancellations, what was used, and thanks")
    payload = carried.payload(os.urandom(32))
    check_signed_payload(ledger, payload, carried.scope)
    group = [submission(payload, carried.scope)]
    try_ledger(ledger, group)
    ledger.writer.append(group).result()
    wait_until_folded(ledger.store, ledger.own.tree)


ROUTES = (
    Route(
        "POST",
        f"/ledger/{{log}}{PATH}/{{act}}",
        _act,
        "Book, cancel, record the use, say thanks: what would be signed, then signed",
        "text/html",
        statuses=(200, 303, 403, 404, 422),
    ),
)
