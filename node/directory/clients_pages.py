# SPDX-License-Identifier: AGPL-3.0-or-later
"""/clients: clients that organisations share among their members, and who works for them (spec 10 §2)."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.directory.present import read_record
from ledger.errors import NotFoundError
from ledger.showing.view import LedgerView
from node.api.v1 import find_record
from node.keys import FINDER, LEDGER
from node.routes import Route
from node.web.languages import choose
from node.web.log_names import log_names
from node.web.reading import reader_of as member_of
from node.web.rendering import reader_of, render
from node.web.session import session_of
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader

CLIENT_OF = "clientOf"
SHOWN = 500


async def _clients(request: web.Request) -> web.Response:
    """For members in session and for stewards; others are told where to sign in."""
    reader = reader_of(request)

    def read() -> list[dict[str, Any]] | None:
        ledger = request.app[LEDGER]
        with ledger.store.read() as reads:
            view = LedgerView(reads, reads.tree_numbered(ledger.own.tree))
            if session_of(request) is None and not member_of(request, view, int(ledger.clock())):
                return None
        found = request.app[FINDER].find_all({"kind": ["organisation"]}, reader.now, private=True)
        clients = [one for one in islice(found, SHOWN * 10) if _employers(one)][:SHOWN]
        with ledger.store.read() as reads:
            return [_shown(reads, one, reader) for one in clients]

    clients = await asyncio.to_thread(read)
    return render(
        request,
        "clients.html",
        reader,
        status=200 if clients is not None else 403,
        clients=clients,
        sign_in=f"/ledger/{show_log_id(request.app[LEDGER].log_id)}/sign-in",
    )


def _employers(record: dict[str, Any]) -> list[dict[str, str]]:
    return [one["object"] for one in record.get("relations", ()) if one["predicate"] == CLIENT_OF]


def _shown(reads: Snapshot, record: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """A client: by name, how to reach them, who works for them, and who says so."""
    contact = record.get("contact", {})
    named = {one.id: one.name for one in log_names(reads, {record["log"]}, reader)}
    return {
        "name": choose(record["name"], reader.languages),
        "about": choose(record["description"], reader.languages) if record.get("description") else None,
        "locality": record.get("address", {}).get("locality", ""),
        "contact": [text for text in (contact.get("email", ""), contact.get("phone", "")) if text],
        "by": [_name(reads, one, reader) for one in _employers(record)],
        "said_by": named.get(record["log"]),
    }


def _name(reads: Snapshot, subject: dict[str, str], reader: Reader) -> str:
    """What an organisation is called, if its record is held here."""
    try:
        row = find_record(reads, subject["log"], subject["id"])
        return choose(read_record(reads, row)[0].name, reader.languages).text
    except NotFoundError:
        return subject["log"][:8]


ROUTES = (
    Route(
        "GET",
        "/clients",
        _clients,
        "Clients that organisations share, for members in session and stewards",
        "text/html",
        statuses=(200, 403),
    ),
)
