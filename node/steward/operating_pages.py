# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's page of peers, witnesses and logs; and the page that says where each command is on the pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import LedgerError, NotFoundError
from ledger.held.scopes import LOG_ACTIONS, REGION_ACTIONS, find_log
from ledger.held.witness import witness_verifier
from ledger.own.choosing import witnesses_object
from node.config import settings_in_words
from node.federation.api import read_federation
from node.keys import CONFIG, HUB, LEDGER
from node.routes import Route
from node.steward.commands import COMMANDS
from node.steward.operating import add_peer, add_witness, decide_here, remove_peer, remove_witness
from node.steward.steward_pages import TEXTS, signed_in
from node.web.languages import choose
from node.web.rendering import reader_of, render
from node.web.words import message
from protocol.errors import Malformed

if TYPE_CHECKING:
    from node.web.session import Session

_PAGE = "/steward/federation"
CHOICES = (
    ("follow", message("Follow: hold all of it, and take in whom it vouches for")),
    ("mirror", message("Mirror: hold all of it for others to fetch")),
    ("admit", message("Let it in")),
    ("unfollow", message("Take back: follow, mirror or let in")),
    ("subscribe", message("Take over what it decides to show or not")),
    ("unsubscribe", message("Take over its decisions no longer")),
    ("deny", message("Take in and show nothing of it")),
    ("allow", message("Allow it, whatever others decide")),
)
"""What can be decided about a log."""


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, 200, "")


async def _show(request: web.Request, session: Session, status: int, fault: str) -> web.Response:
    reader, app = reader_of(request), request.app

    def read() -> dict[str, Any]:
        held = read_federation(request)
        with app[LEDGER].store.read() as reads:
            return {
                "held": held,
                "witnesses": witnesses_object(reads, app[LEDGER].own.tree),
                "peers": reads.peers(),
            }

    told = await asyncio.to_thread(read)
    held = told["held"]
    logs = [
        (row["log"], choose(row["name"], reader.languages), reader.words.label("log_mode", mode))
        for rows, waits in ((held["waiting"], True), (held["logs"], False))
        for row in rows
        if not row.get("own")
        for mode in ("waiting" if waits else row["mode"],)
    ]
    return render(
        request,
        "steward_federation.html",
        reader,
        status=status,
        fault=fault,
        logs=logs,
        choices=CHOICES,
        regions=held["regions"],
        peers=told["peers"],
        open=[(peer.name, peer.log) for peer in app[HUB].peers()],
        witnesses=told["witnesses"]["witnesses"],
        by_charter=told["witnesses"]["by"] == "charter",
        own_key=str(witness_verifier(app[LEDGER])),
        csrf=session.csrf,
    )


async def _decide(request: web.Request, session: Session) -> web.StreamResponse:
    """Carries out what a form of the page says; shown again with what does not do, if it does not."""
    texts = request[TEXTS]
    try:
        await _carry_out(request.app, texts.get("action", ""), texts.get("about", "").strip(), texts)
    except Malformed as error:
        return await _show(request, session, 422, error.text)
    except LedgerError as error:
        return await _show(request, session, 422, str(error))
    return web.Response(status=303, headers={"Location": _PAGE})


async def _carry_out(app: web.Application, action: str, about: str, texts: dict[str, str]) -> None:
    match action:
        case "peer-add":
            await add_peer(app, about)
        case "peer-remove":
            await remove_peer(app, about)
        case "witness-add":
            await add_witness(app, about, texts.get("url", "").strip())
        case "witness-remove":
            await remove_witness(app, about)
        case _ if action in LOG_ACTIONS:
            with app[LEDGER].store.read() as reads:
                log_id = find_log(reads, about)
            await decide_here(app, action, log_id)
        case _ if action in REGION_ACTIONS:
            await decide_here(app, action, about)
        case _:
            raise NotFoundError("there is nothing of that name to decide")


async def _commands(request: web.Request, _: Session) -> web.StreamResponse:
    there = {one.canonical for one in request.app.router.resources()}
    rows = [
        (row.command, [(url, text) for url, text in row.pages if _is_there(url, there)], row.why) for row in COMMANDS
    ]
    settings = settings_in_words(request.app[CONFIG])
    return render(request, "steward_commands.html", reader_of(request), rows=rows, settings=settings)


def _is_there(url: str, there: set[str]) -> bool:
    path = url.partition("#")[0]
    return path in there or path.startswith("/steward/do/")


ROUTES = (
    Route("GET", _PAGE, signed_in(_page), "Peers, witnesses, whose logs are held", "text/html", statuses=(200, 303)),
    Route("POST", _PAGE, signed_in(_decide), "Decide about them", "text/html", statuses=(303, 422)),
    Route("GET", "/steward/commands", signed_in(_commands), "Where each command is", "text/html", statuses=(200, 303)),
)
