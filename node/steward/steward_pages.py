# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's pages: signing in and out, the forms, what would be signed, what was written."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from ledger.errors import NotFoundError, RefusedError
from ledger.importing.plan import Statement
from ledger.own.trial import wait_until_folded
from ledger.reciprocity.contract_templates import NAMES, template_text
from ledger.reciprocity.template import read_template
from ledger.showing.view import LedgerView, own_tree
from node.forms.checking import check, write
from node.forms.field import Unfit
from node.forms.form import fill
from node.forms.options import options_of
from node.forms.rehearsing import try_template
from node.forms.table import FORMS
from node.keys import LEDGER
from node.reciprocity.ledger_pages import ledger_values
from node.routes import Route
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words
from node.web.acting import ACTING, EVERY_ROLE, ended_page, look_who_acts, refused_page
from node.web.forms_sent import read_form
from node.web.rendering import error_page, reader_of, render
from node.web.session import (
    COOKIE,
    ROLE_COOKIE,
    ROLE_SESSIONS,
    SESSIONS,
    is_from_form,
    is_private_way,
    is_token,
    role_session_of,
    session_of,
    set_cookie,
)
from node.web.words import message
from protocol.amounts import show_day
from protocol.errors import Malformed
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from ledger.showing.view import Found
    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader
    from node.forms.checking import Checked
    from node.forms.field import Field
    from node.forms.form import Form
    from node.forms.options import Options
    from node.web.session import Session

    Handler = Callable[[web.Request, Session], Awaitable[web.StreamResponse]]

_NONCE = re.compile(r"[0-9a-f]{32}")
_BACK = re.compile(r"/steward/[A-Za-z0-9/]+\?[A-Za-z0-9=&%._+-]{1,300}")
_RESERVED = frozenset({"csrf", "step", "nonce", "seen"})
TO_SIGN_IN = "/steward/sign-in"
TEXTS: web.RequestKey[dict[str, str]] = web.RequestKey("texts", dict)
"""Where a request has what its form has sent."""


class Control(NamedTuple):
    """A field as it is shown: with what there is to choose from, what stands in it, and what does not do."""

    field: Field
    options: Options
    value: str
    fault: str


def signed_in(handler: Handler, *kinds: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Lets a handler be asked only in a session; what is sent has to come from a form that was given out in it.

    `kinds`: it is for those, too, who act by a key of their own, if their role covers statements of all these kinds.
    """

    async def guarded(request: web.Request) -> web.StreamResponse:
        session = session_of(request)
        if session is None:
            if role_session_of(request) is None:
                return web.Response(status=303, headers={"Location": _way_in(request)})
            found = await look_who_acts(request)
            if found is None:
                return ended_page(request)
            session, acting = found
            if not (kinds and acting.may(*kinds)):
                return refused_page(request, acting, kinds)
        if request.method == "POST":
            texts = await read_form(request)
            if not is_from_form(session, texts.get("csrf", "")):
                words = reader_of(request).words
                return error_page(request, 403, words("This form is too old: open it again"), "")
            request[TEXTS] = texts
        return await handler(request, session)

    return guarded


def _way_in(request: web.Request) -> str:
    """Where one signs in, to come back to a link with something in it."""
    back = request.method == "GET" and request.query_string and _BACK.fullmatch(request.path_qs)
    return f"{TO_SIGN_IN}?{urlencode({'to': request.path_qs})}" if back else TO_SIGN_IN


async def _sign_in_page(request: web.Request) -> web.StreamResponse:
    if session_of(request) is not None:
        return web.Response(status=303, headers={"Location": "/steward"})
    return _sign_in(request, 200, "")


def _sign_in(request: web.Request, status: int, fault: str) -> web.Response:
    reader = reader_of(request)
    return render(
        request,
        "steward_sign_in.html",
        reader,
        status=status,
        fault=fault,
        private=is_private_way(request),
        to=request.query.get("to", ""),
    )


async def _begin(request: web.Request) -> web.StreamResponse:
    """Opens a session for whoever names the token, over a way on which nobody reads along."""
    words, sessions, address = reader_of(request).words, request.app[SESSIONS], request.remote or ""
    texts = await read_form(request)
    if not is_private_way(request):
        return _sign_in(request, 403, "")
    if not is_token(request, texts.get("token", "")):  # first, or who tries wrong ones would lock out who has it
        if not sessions.may_try(address):
            refused = _sign_in(request, 429, words("Too many attempts. Wait a minute, then try again."))
            refused.headers["Retry-After"] = "60"
            return refused
        sessions.failed(address)
        return _sign_in(request, 403, words("That is not the token. It is a new one after each start of the node."))
    to = texts.get("to", "")
    response = web.Response(status=303, headers={"Location": to if _BACK.fullmatch(to) else "/steward"})
    if ROLE_COOKIE in request.cookies:  # one browser acts in one name
        request.app[ROLE_SESSIONS].end(request.cookies[ROLE_COOKIE])
        response.del_cookie(ROLE_COOKIE, path="/")
    set_cookie(request, response, sessions.begin())
    return response


async def _end(request: web.Request, _: Session) -> web.StreamResponse:
    request.app[SESSIONS].end(request.cookies.get(COOKIE, ""))
    request.app[ROLE_SESSIONS].end(request.cookies.get(ROLE_COOKIE, ""))
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie(COOKIE, path="/")
    response.del_cookie(ROLE_COOKIE, path="/")
    return response


def own_view(reads: Snapshot, reader: Reader, *, private: bool = True) -> LedgerView:
    """The own ledger as a steward sees it, or everybody if not `private`."""
    return LedgerView(reads, own_tree(reads), private=private, languages=reader.languages)


async def _form(request: web.Request, session: Session) -> web.StreamResponse:
    """An empty form, with what its address says filled in, or a template of a contract to begin with."""
    form, acting = _form_named(request), request.get(ACTING)
    if acting is not None and not (form.says and acting.may(form.says)):
        return refused_page(request, acting, (form.says,) if form.says else ())
    texts = {field.name: request.query.get(field.name, field.default) for field in form.fields}
    if start := request.query.get("start", ""):
        texts["text"] = template_text(start)
    return await _show_form(request, session, form, texts, [])


def _form_named(request: web.Request) -> Form:
    form = FORMS.get(request.match_info["form"])
    if form is None:
        raise NotFoundError("there is no such form")
    return form


async def _show_form(
    request: web.Request, session: Session, form: Form, texts: dict[str, str], faults: Iterable[Unfit]
) -> web.Response:
    reader = reader_of(request)
    words = reader.words
    told = {fault.field: words(fault.said, **fault.values) for fault in faults}
    today = show_day(int(request.app[LEDGER].clock()) // 86_400)

    def read() -> tuple[list[Control], dict[str, Any]]:
        with request.app[LEDGER].store.read() as reads:
            view = own_view(reads, reader, private=ACTING not in request)
            controls = [
                Control(
                    field,
                    options_of(field, view, words),
                    today if texts.get(field.name) == "today" else texts.get(field.name, ""),
                    told.get(field.name, ""),
                )
                for field in form.fields
            ]
            return controls, ledger_values(view, reader)

    controls, values = await asyncio.to_thread(read)
    named = {field.name for field in form.fields}
    return render(
        request,
        "steward_form.html",
        reader,
        status=422 if told else 200,
        form=form,
        controls=controls,
        faults=[text for name, text in told.items() if name not in named],
        nonce=texts.get("nonce") or secrets.token_hex(16),
        starts=_starts(reader) if form.name == "contract-offer" else [],
        csrf=session.csrf,
        **values,
    )


def _starts(reader: Reader) -> list[tuple[str, str]]:
    """The templates of contracts to begin with, by what they are called."""
    titles = [(name, read_template(template_text(name)).tables["title"]) for name in NAMES]
    return [(name, title.get(reader.words.language, title["en"])) for name, title in titles]


async def _send(request: web.Request, session: Session) -> web.StreamResponse:
    """A form that comes back: shown again, checked, or, once it was confirmed, signed and written."""
    form, texts, acting = _form_named(request), request[TEXTS], request.get(ACTING)
    if acting is not None and not (form.says and acting.may(form.says)):
        return refused_page(request, acting, (form.says,) if form.says else ())
    step = texts.get("step", "check")
    if step == "edit":
        return await _show_form(request, session, form, texts, [])
    nonce = texts.get("nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise Malformed("form", "this is no form that was given out here")
    reader = reader_of(request)
    told = {name: text for name, text in texts.items() if name not in _RESERVED}
    if step == "try":
        try:
            trial = await asyncio.to_thread(try_template, texts.get("text", ""), reader.words)
        except Unfit as fault:
            return await _show_form(request, session, form, texts, [fault])
        return render(
            request, "steward_try.html", reader, form=form, trial=trial, texts=told, nonce=nonce, csrf=session.csrf
        )
    if acting is not None:
        faults = await asyncio.to_thread(_faults, request, reader, form, texts)
        return await (_show_form(request, session, form, texts, faults) if faults else _by_key(request, session, form))
    outcome = await asyncio.to_thread(_work, request, reader, form, texts)
    if isinstance(outcome, int):
        return web.Response(status=303, headers={"Location": f"/steward/done/{outcome}?form={form.name}"})
    checked, values = outcome
    if checked.faults:
        return await _show_form(request, session, form, texts, checked.faults)
    return render(
        request,
        "steward_confirm.html",
        reader,
        form=form,
        checked=checked,
        changed=step == "sign",
        texts=told,
        nonce=nonce,
        csrf=session.csrf,
        **values,
    )


def _faults(request: web.Request, reader: Reader, form: Form, texts: dict[str, str]) -> list[Unfit]:
    """What does not do in a form of somebody who acts by a key of their own."""
    ledger = request.app[LEDGER]
    with ledger.store.read() as reads:
        view = own_view(reads, reader, private=False)
        return fill(form, view, int(ledger.clock()) // 86_400, texts, texts["nonce"]).faults


async def _by_key(request: web.Request, session: Session, form: Form) -> web.StreamResponse:
    """A form of somebody who acts by a key of their own: shown as it would be signed, or once it was, written."""
    texts, reader, ledger = request[TEXTS], reader_of(request), request.app[LEDGER]

    def make(reads: Snapshot) -> Plan:
        view = own_view(reads, reader, private=False)
        drafts = fill(form, view, int(ledger.clock()) // 86_400, texts, texts["nonce"]).drafts
        return Plan([Statement(one.kind, one.body, one.id, one.scope) for one in drafts], {}, {})

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    if position is not None:
        return web.Response(status=303, headers={"Location": "/moderation"})
    return confirmation(request, session, Asked(reader.words(form.title), request.path, request.path), plan, texts)


def _work(
    request: web.Request, reader: Reader, form: Form, texts: dict[str, str]
) -> int | tuple[Checked, dict[str, Any]]:
    """The position at which it stands, or what was checked and is to be shown."""
    ledger = request.app[LEDGER]
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        view = own_view(reads, reader)
        checked = check(ledger, view, form, texts, texts["nonce"], reader.words)
        if checked.drafts and (said := view.book.said(checked.spoken[0].carried.said.id)) is not None:
            return said.position  # it was sent twice
        values = ledger_values(view, reader)
    if checked.faults or texts.get("step") != "sign" or form.by_assembly or not checked.complete:
        return checked, values
    if checked.seen != texts.get("seen"):
        return checked, values
    try:
        return write(ledger, checked)
    except RefusedError as error:
        fault = Unfit("", message("It was not written: {why}"), why=str(error))
        return checked._replace(faults=[fault]), values


async def _done(request: web.Request, _: Session) -> web.StreamResponse:
    reader, text = reader_of(request), request.match_info["position"]
    form = FORMS.get(request.query.get("form", ""))
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise NotFoundError(f"no position {text[:40]!r}")

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            view = own_view(reads, reader)
            found = view.found(int(text))
            verdict = reads.verdicts(view.tree.tree, int(text), int(text) + 1).get(int(text), "")
            waits = view.tree.derived <= int(text)
            values = ledger_values(view, reader)
            places = _places(found, values["base"], reader) if found else []
            if form is not None and form.section == "knowledge":
                places = [("/knowledge", reader.words("To what is known")), *places]
            return {"found": found, "verdict": verdict, "waits": waits, "places": places, **values}

    values = await asyncio.to_thread(read)
    position = reader.words.number(int(text))
    return render(request, "steward_done.html", reader, form=form, position=position, **values)


_PLACES = (
    ("member", "member", message("To the member")),
    ("contract", "contract", message("To the contract")),
    ("account", "account", message("To the account")),
    ("proposal", "proposal", message("To the proposal")),
)
_MADE = {
    "member.join": ("member", message("To the member")),
    "account.open": ("account", message("To the account")),
    "contract.offer": ("contract", message("To the contract")),
    "proposal": ("proposal", message("To the proposal")),
}


def _places(found: Found, base: str, reader: Reader) -> list[tuple[str, str]]:
    """Where to look at what was written: (address, what it is called)."""
    if found.statement.kind in _MADE:
        path, said = _MADE[found.statement.kind]
        return [(f"{base}/{path}/{found.statement.id.hex()}", reader.words(said))]
    places = []
    for field, path, said in _PLACES:
        one = getattr(found.body, field, None)
        if isinstance(one, bytes):
            places.append((f"{base}/{path}/{one.hex()}", reader.words(said)))
    if isinstance(found.body, Post):
        places += [(f"{base}/account/{one.hex()}", reader.words("To the account")) for one, _ in found.body.legs[:4]]
    return places


ROUTES = (
    Route("GET", TO_SIGN_IN, _sign_in_page, "Sign in as steward", "text/html", statuses=(200,)),
    Route("POST", TO_SIGN_IN, _begin, "Open a steward's session", "text/html", statuses=(303, 403, 429)),
    Route("POST", "/steward/sign-out", signed_in(_end, *EVERY_ROLE), "End a session", "text/html", statuses=(303,)),
    Route("GET", "/steward/do/{form}", signed_in(_form, *EVERY_ROLE), "A form", "text/html", statuses=(200, 303, 404)),
    Route(
        "POST",
        "/steward/do/{form}",
        signed_in(in_words(_send), *EVERY_ROLE),
        "Check, confirm, sign",
        "text/html",
        statuses=(200, 303, 422),
    ),
    Route("GET", "/steward/done/{position}", signed_in(_done), "What was written", "text/html", statuses=(200, 303)),
)
