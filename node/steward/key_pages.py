# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/key: whoever has a role signs in with the key of their browser (spec 04 §9); others are shown their key."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from node.api.publishing import base_of
from node.keys import LEDGER
from node.routes import Route
from node.web.acting import acting_as
from node.web.challenges import CHALLENGES
from node.web.codes import draw_address
from node.web.forms_sent import read_form
from node.web.rendering import reader_of, render
from node.web.session import (
    COOKIE,
    ROLE_COOKIE,
    ROLE_SESSIONS,
    SESSIONS,
    is_private_way,
    set_cookie,
)
from protocol.errors import Malformed
from protocol.role_session import CHALLENGE_S, SessionAsked

if TYPE_CHECKING:
    from node.web.acting import Acting

PATH = "/steward/key"
_HEX = {"key": re.compile(r"[0-9a-f]{64}"), "challenge": re.compile(r"[0-9a-f]{64}")}
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


async def _page(request: web.Request) -> web.StreamResponse:
    return _show(request, 200, "")


def _show(request: web.Request, status: int, fault: str, key: str = "") -> web.Response:
    """The page; with `key`, one that has no role here yet."""
    give = f"{base_of(request)}/steward/roles?{urlencode({'key': key})}" if key else ""
    return render(
        request,
        "steward_key.html",
        reader_of(request),
        status=status,
        fault=fault,
        private=is_private_way(request),
        log_hex=request.app[LEDGER].log_id.hex(),
        challenge=request.app[CHALLENGES].make().hex(),
        key=key,
        give=give,
        code=draw_address(give) if give else None,
    )


async def _begin(request: web.Request) -> web.StreamResponse:
    """Opens a session for whoever has signed this node's challenge with a key that has a role."""
    words, sessions, address = reader_of(request).words, request.app[ROLE_SESSIONS], request.remote or ""
    texts = await read_form(request)
    if not is_private_way(request):
        return _show(request, 403, "")
    if not sessions.may_try(address):
        refused = _show(request, 429, words("Too many attempts. Wait a minute, then try again."))
        refused.headers["Retry-After"] = "60"
        return refused
    try:
        key, challenge = _signed(request, texts)
    except Malformed:
        sessions.failed(address)
        return _show(request, 403, words("That was not signed by this key, for this page and now. Try once more."))
    acting = await asyncio.to_thread(_acting, request, key)
    if acting is None:
        return _show(request, 403, "", key.hex())
    if not sessions.take(challenge, CHALLENGE_S):
        return _show(request, 403, words("That was not signed by this key, for this page and now. Try once more."))
    request.app[SESSIONS].end(request.cookies.get(COOKIE, ""))  # who signs with their own key lets no node sign
    response = web.Response(status=303, headers={"Location": "/steward"})
    response.del_cookie(COOKIE, path="/")
    set_cookie(request, response, sessions.begin(key=key), ROLE_COOKIE)
    return response


def _signed(request: web.Request, texts: dict[str, str]) -> tuple[bytes, bytes]:
    """The key and the challenge that it has signed. Raises Malformed."""
    if not all(form.fullmatch(texts.get(name, "")) for name, form in _HEX.items()):
        raise Malformed("form", "this is no form that was given out here")
    key, challenge = (bytes.fromhex(texts[name]) for name in _HEX)
    signature = texts.get("signature", "")
    if not request.app[CHALLENGES].is_open(challenge) or not _SIGNATURE.fullmatch(signature):
        raise Malformed("challenge", "not a challenge of this node, or too old")
    asked = SessionAsked(request.host, request.app[LEDGER].log_id, key, challenge)
    asked.check(bytes.fromhex(signature))
    return key, challenge


def _acting(request: web.Request, key: bytes) -> Acting | None:
    with request.app[LEDGER].store.read() as reads:
        return acting_as(reads, key)


ROUTES = (
    Route("GET", PATH, _page, "Sign in with a key that has a role", "text/html", statuses=(200,)),
    Route("POST", PATH, _begin, "Open a session by a key", "text/html", statuses=(303, 403, 429)),
)
