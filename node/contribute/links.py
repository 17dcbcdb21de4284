# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/links: a steward makes links by which somebody proposes under a name, and takes them back."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.errors import RefusedError
from ledger.proposals.inbox import LINK_DAYS, LINK_PROPOSALS, invite
from node.contribute.proposals_api import drop_link
from node.keys import LEDGER
from node.routes import Route
from node.steward.steward_pages import TEXTS, signed_in
from node.web.rendering import reader_of, render
from node.web.words import date_text
from protocol.errors import Malformed

if TYPE_CHECKING:
    from ledger.values import InvitationRow
    from node.web.session import Session

_NUMBER = re.compile(r"[0-9]{1,4}")
_TOKEN = re.compile(r"[0-9a-f]{64}")


async def _list(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, "", "")


async def _show(request: web.Request, session: Session, made: str, fault: str) -> web.StreamResponse:
    reader, ledger = reader_of(request), request.app[LEDGER]

    def read() -> list[InvitationRow]:
        with ledger.store.read() as reads:
            return reads.invitations()

    words, now = reader.words, int(ledger.clock())
    links = [
        {
            "id": row.token.hex(),
            "name": row.name,
            "until": date_text(row.until, words),
            "room": words.number(row.room),
            "over": row.until <= now or row.room <= 0,
        }
        for row in await asyncio.to_thread(read)
    ]
    return render(
        request,
        "steward_links.html",
        reader,
        status=422 if fault else 200,
        links=links,
        made=made,
        fault=fault,
        csrf=session.csrf,
        days=LINK_DAYS,
        proposals=LINK_PROPOSALS,
    )


async def _change(request: web.Request, session: Session) -> web.StreamResponse:
    texts, words, ledger = request[TEXTS], reader_of(request).words, request.app[LEDGER]
    if (drop := texts.get("drop", "")) and _TOKEN.fullmatch(drop):
        await asyncio.to_thread(drop_link, ledger, bytes.fromhex(drop))
        return web.Response(status=303, headers={"Location": "/steward/links"})
    numbers = [texts.get(name, "").strip() for name in ("days", "proposals")]
    if not all(_NUMBER.fullmatch(one) for one in numbers):
        return await _show(request, session, "", words("Write a whole number."))
    try:
        token = await asyncio.to_thread(invite, ledger, texts.get("name", ""), *map(int, numbers))
    except (Malformed, RefusedError) as error:
        return await _show(request, session, "", words("It cannot be written so: {why}", why=str(error)))
    made = str(request.url.origin().with_path("/propose").with_query(link=token))
    return await _show(request, session, made, "")


ROUTES = (
    Route("GET", "/steward/links", signed_in(_list), "Links for proposing", "text/html", statuses=(200, 303)),
    Route(
        "POST",
        "/steward/links",
        signed_in(_change),
        "Make a link, or take one back",
        "text/html",
        statuses=(200, 303, 403, 422),
    ),
)
