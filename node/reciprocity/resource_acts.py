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
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotFoundError, RefusedError
from ledger.own.log import submission
from ledger.own.submitting import check_signed_payload, try_ledger
from ledger.own.trial import wait_until_folded
from ledger.reciprocity.calendar import Span, alternatives, local_time
from ledger.showing.resources import taken
from node.directory.listing import record_url
from node.forms.checking import Checked, check, write
from node.forms.field import Unfit
from node.forms.form import Form
from node.keys import LEDGER
from node.reciprocity.booked import zone_of
from node.reciprocity.calendar_view import span_text
from node.reciprocity.ledger_pages import ledger_values
from node.reciprocity.ledgers import id_of, view_of
from node.reciprocity.resource_meant import ACTS, Act, Asking, Meant, NotFreeError
from node.reciprocity.resource_pages import PATH, resource_values
from node.routes import Route
from node.web.forms_sent import read_form
from node.web.rendering import error_page, reader_of, render
from node.web.session import Session, is_from_form, member_session_of, session_of
from protocol.carried import read_carried
from protocol.errors import Malformed

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader
    from node.web.words import Words

_NONCE = re.compile(r"[0-9a-f]{32}")
_KINDS = frozenset({"commit", "commit.cancel", "event", "ack"})
_AROUND_S = 20 * 86_400


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
        asking = Asking(view, id_of(request, "resource"), texts, zone_of(request), reader, int(ledger.clock()), nonce)
        try:
            meant = act.make(asking)
        except Unfit as fault:
            return _page(request, asking, {fault.field: reader.words(fault.said, **fault.values)}, [])
        except NotFreeError as error:
            said = reader.words("It is taken at that time.")
            return _page(request, asking, {"begin": said}, _free(asking, error.wanted, error.provider))
        checked = _check(ledger, view, act, meant, nonce, reader.words)
        if not checked.complete and len(meant.drafts) > 1:
            # What is signed here comes first: what rests on it is then signed where the key is.
            first = reader.words("First what it is for. Then say thanks: that is signed where your key is.")
            meant = meant._replace(drafts=meant.drafts[:1], sentence=first)
            checked = _check(ledger, view, act, meant, nonce, reader.words)
        if checked.faults:
            faults = {fault.field: reader.words(fault.said, **fault.values) for fault in checked.faults}
            return _page(request, asking, faults, [])
        if texts.get("step") != "sign" or not checked.complete or checked.seen != texts.get("seen"):
            return _confirm(request, act, asking, meant, checked, nonce)
    write(ledger, checked)
    return _back(request)


def _check(ledger: Ledger, view: LedgerView, act: Act, meant: Meant, nonce: str, words: Words) -> Checked:
    form = Form("", "", act.title, "", (), lambda _: [*meant.drafts], act.blame)
    return check(ledger, view, form, {}, nonce, words)


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
        texts={field: asking.texts[field] for field in act.fields if field in asking.texts},
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
