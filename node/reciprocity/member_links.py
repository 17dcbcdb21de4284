# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links that a steward gives to members whose key the node keeps: who follows one is signed in, once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotFoundError, RefusedError
from ledger.own.member_links import GOOD_S, give_link, use_link, whose_link
from ledger.showing.view import LedgerView, own_tree
from node.api.publishing import base_of
from node.api.v1 import json_answer, read_json
from node.keys import LEDGER
from node.reciprocity.ledger_pages import ledger_values
from node.reciprocity.ledgers import id_of, view_of
from node.routes import Route
from node.web.codes import draw_address
from node.web.forms_sent import read_form
from node.web.rendering import error_page, reader_of, render
from node.web.session import MEMBER_COOKIE, MEMBERS, is_from_form, is_private_way, session_of, set_cookie
from node.web.words import date_text
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.own.member_links import Given

SCHEMA = "folkmoot.member-link/1"
_COME_IN = "/ledger/{log}/come-in/{code}"


def _address(request: web.Request, given: Given) -> str:
    log = show_log_id(request.app[LEDGER].log_id)
    return f"{base_of(request)}/ledger/{log}/come-in/{given.code}"


async def _give(request: web.Request) -> web.StreamResponse:
    """A steward asks for a link: it is shown once, on the page that this answers with."""
    reader, session = reader_of(request), session_of(request)
    texts = await read_form(request)
    if session is None or not is_from_form(session, texts.get("csrf", "")):
        return error_page(request, 403, reader.words("This form is too old: open it again"), "")

    def work() -> dict[str, Any]:
        ledger, member = request.app[LEDGER], id_of(request, "member")
        with ledger.store.read() as reads:
            view = view_of(request, reads, private=True, languages=reader.languages)
            if view.tree.tree != ledger.own.tree:
                raise NotFoundError("that is not the ledger of this node")
            given = give_link(ledger, view, member)
            url = _address(request, given)
            return {
                "url": url,
                "drawn": draw_address(url),
                "until": date_text(given.until, reader.words),
                "member": view.party_object(member),
                **ledger_values(view, reader),
            }

    try:
        values = await asyncio.to_thread(work)
    except NotFoundError:
        return error_page(request, 404, "", "")
    except RefusedError as error:
        return error_page(request, 422, reader.words("No link was made"), str(error))
    return render(request, "ledger_member_link.html", reader, **values)


async def _given(request: web.Request) -> web.Response:
    value = await read_json(request)
    text = value.get("member") if isinstance(value, dict) and set(value) == {"member"} else None
    if not isinstance(text, str) or len(text) != 32 or set(text) - set("0123456789abcdef"):
        raise Malformed("body", 'send {"member": id}, an id of 32 hexadecimal digits')
    ledger = request.app[LEDGER]

    def work() -> dict[str, Any]:
        with ledger.store.read() as reads:
            given = give_link(ledger, LedgerView(reads, own_tree(reads), private=True), bytes.fromhex(text))
        return {"schema": SCHEMA, "member": text, "url": _address(request, given), "until": given.until}

    return json_answer(await asyncio.to_thread(work), 201)


async def _come_in(request: web.Request) -> web.StreamResponse:
    """Whom the link lets in, and a button: who only looks at an address, as programs of mail do, uses nothing up."""
    return await _answer(request, use=False)


async def _begin(request: web.Request) -> web.StreamResponse:
    return await _answer(request, use=True)


async def _answer(request: web.Request, *, use: bool) -> web.StreamResponse:
    reader, ledger, code = reader_of(request), request.app[LEDGER], request.match_info["code"]
    private = is_private_way(request)

    def work() -> tuple[bytes, bytes, dict[str, Any]]:
        with ledger.store.read() as reads:
            view = view_of(request, reads, private=False, languages=reader.languages)
            if view.tree.tree != ledger.own.tree:
                raise NotFoundError("that is not the ledger of this node")
            if use and private:
                return (*use_link(ledger, view, code), {})
            view.reader = whose_link(ledger, view, code)
            name = view.party_object(view.reader)["name"]
            return b"", b"", {**ledger_values(view, reader), "name": name, "private": private, "days": GOOD_S // 86_400}

    try:
        member, key, values = await asyncio.to_thread(work)
    except NotFoundError:
        told = reader.words("It was used, is too old, or there is a newer one. Ask a steward for another.")
        return error_page(request, 404, reader.words("This link is not good any more"), told)
    if not member:
        return render(request, "ledger_come_in.html", reader, status=403 if use else 200, **values)
    where = request.path.partition("/come-in/")[0]
    response = web.Response(status=303, headers={"Location": f"{where}/member/{member.hex()}"})
    set_cookie(request, response, request.app[MEMBERS].begin(member, key), MEMBER_COOKIE)
    return response


ROUTES = (
    Route(
        "POST",
        "/ledger/{log}/member/{member}/link",
        _give,
        "Make a link by which a member signs in once",
        "text/html",
        statuses=(200, 403, 404, 422),
    ),
    Route("GET", _COME_IN, _come_in, "Sign in as a member by a link", "text/html", statuses=(200, 404)),
    Route("POST", _COME_IN, _begin, "Open a member's session by a link", "text/html", statuses=(303, 403, 404)),
)
API_ROUTES = (
    Route(
        "POST",
        "/v1/member-links",
        _given,
        "Make a link by which a member whose key is kept here signs in once",
        statuses=(201, 400, 401, 404, 409),
        steward=True,
        body="MemberLink",
    ),
)
