# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members sign in with what their key signed, to be shown what is said of them and is not public (spec 17 §12)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Member
from node.keys import LEDGER
from node.reciprocity.ledger_pages import show
from node.reciprocity.ledgers import view_of
from node.routes import Route
from node.web.forms_sent import read_form
from node.web.rendering import error_page, reader_of
from node.web.session import (
    MEMBER_COOKIE,
    MEMBERS,
    is_from_form,
    is_private_way,
    is_secure,
    member_session_of,
    set_cookie,
)
from protocol.errors import Malformed
from protocol.reader import WINDOW_S, Asking, Shown, read_header

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader

_SIGN_IN = "/ledger/{log}/sign-in"
_ID = re.compile(r"[0-9a-f]{32}")


async def _sign_in_page(request: web.Request) -> web.Response:
    return await _page(request, 200, "")


async def _page(request: web.Request, status: int, fault: str) -> web.Response:
    member = request.query.get("member", "")
    session = member_session_of(request)

    def work(request: web.Request, view: LedgerView, _: Reader) -> dict[str, Any]:
        _own(request, view)
        base = f"{'https' if is_secure(request) else 'http'}://{request.host}/ledger/{request.match_info['log']}"
        return {
            "private": is_private_way(request),
            "address": f"{base}/member/{member if _ID.fullmatch(member) else 'ID'}",
            "fault": fault,
            "csrf": session.csrf if session else "",
        }

    return await show(request, "ledger_sign_in.html", work, status)


def _own(request: web.Request, view: LedgerView) -> None:
    """Raises NotFoundError for the ledger of another node: that one shows it."""
    if view.tree.tree != request.app[LEDGER].own.tree:
        raise NotFoundError("that is not the ledger of this node")


async def _begin(request: web.Request) -> web.Response:
    """Opens a session for whoever has signed, with a member's key in force, that they come in here now."""
    words, members, address = reader_of(request).words, request.app[MEMBERS], request.remote or ""
    text = (await read_form(request)).get("code", "")
    if not is_private_way(request):
        return await _page(request, 403, "")
    try:
        shown = read_header(" ".join(text.split()))
        key = await asyncio.to_thread(_key, request, shown)
    except Malformed:
        key = b""
    except NotFoundError:
        return error_page(request, 404, "", "")
    if not key or not members.take(shown.signature, 2 * WINDOW_S):
        if not members.may_try(address):
            refused = await _page(request, 429, words("Too many attempts. Wait a minute, then try again."))
            refused.headers["Retry-After"] = "60"
            return refused
        members.failed(address)
        said = words("That does not do: it is for another page, too old, or was used. Make a new one.")
        return await _page(request, 403, said)
    base = request.path.removesuffix("/sign-in")
    response = web.Response(status=303, headers={"Location": f"{base}/member/{shown.member.hex()}"})
    set_cookie(request, response, members.begin(shown.member, key), MEMBER_COOKIE)
    return response


def _key(request: web.Request, shown: Shown) -> bytes:
    """The key in force that has signed it; empty if none has."""
    ledger = request.app[LEDGER]
    with ledger.store.read() as reads:
        view = view_of(request, reads, private=False)
        _own(request, view)
        member = view.book.get(Member, shown.member)
        asking = Asking(request.host, view.log_id, shown.member, request.path, shown.at)
        return member.key if member and shown.holds(asking, member.key, int(ledger.clock())) else b""


async def _end(request: web.Request) -> web.Response:
    session = member_session_of(request)
    if session is not None:
        if not is_from_form(session, (await read_form(request)).get("csrf", "")):
            return error_page(request, 403, reader_of(request).words("This form is too old: open it again"), "")
        request.app[MEMBERS].end(request.cookies.get(MEMBER_COOKIE, ""))
    response = web.Response(status=303, headers={"Location": request.path.removesuffix("/sign-out")})
    response.del_cookie(MEMBER_COOKIE, path="/")
    return response


ROUTES = (
    Route("GET", _SIGN_IN, _sign_in_page, "Sign in as a member", "text/html", statuses=(200, 404)),
    Route("POST", _SIGN_IN, _begin, "Open a member's session", "text/html", statuses=(303, 403, 404, 429)),
    Route("POST", "/ledger/{log}/sign-out", _end, "End a member's session", "text/html", statuses=(303, 403)),
)
