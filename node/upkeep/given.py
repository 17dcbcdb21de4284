# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links that were given out together: on the screen with the text of a mail, on paper with codes; taken back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.directory.checks import own_record, show_code, standing
from ledger.directory.present import read_record
from ledger.errors import NotFoundError
from node.api.publishing import base_of
from node.keys import LEDGER
from node.routes import Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import in_words
from node.upkeep.telling import field_text
from node.web.codes import draw_address
from node.web.languages import choose
from node.web.rendering import reader_of, render
from node.web.words import date_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import CheckRow
    from node.directory.listing import Reader
    from node.web.session import Session


async def _given(request: web.Request, session: Session) -> web.StreamResponse:
    reader, ledger = reader_of(request), request.app[LEDGER]

    def read() -> dict[str, Any]:
        with ledger.store.read() as reads:
            rows = _batch(reads, request.match_info["batch"])
            return list_values(reads, rows, base_of(request), int(ledger.clock()), reader)

    values = await asyncio.to_thread(read)
    return render(request, "upkeep_given.html", reader, action=request.path, csrf=session.csrf, **values)


def _batch(reads: Snapshot, name: str) -> list[CheckRow]:
    try:
        rows = reads.check_batch(bytes.fromhex(name))
    except ValueError:
        rows = []
    if not rows:
        raise NotFoundError(f"no links {name[:40]!r} were given out")
    return rows


def list_values(reads: Snapshot, rows: Sequence[CheckRow], base: str, now: int, reader: Reader) -> dict[str, Any]:
    """What a list of links shows, on the screen and on paper, in the order of towns and streets."""
    found: list[dict[str, Any]] = []
    for link in rows:
        try:
            record = read_record(reads, own_record(reads, link.id))[0]
        except NotFoundError:  # erased since
            continue
        address = record.address
        contact = record.contact
        url = f"{base}/check/{show_code(link.code)}"
        state = standing(link, now)
        found.append(
            {
                "name": choose(record.name, reader.languages),
                "locality": address.locality if address else "",
                "address": field_text("address", record.body().get("address"), reader.words),
                "hours": record.hours,
                "phone": contact.phone if contact and contact.visibility == "public" else "",
                "url": url,
                "code": show_code(link.code),
                "drawn": draw_address(url),
                "state": "" if state == "open" else reader.words.label("check_link", state),
                "answer": reader.words.label("finding", link.finding) if link.finding else "",
                "note": link.note,
                "plain_code": link.code,
            }
        )
    found.sort(key=lambda one: (not one["locality"], one["locality"].casefold(), one["address"].casefold()))
    first = rows[0]
    return {
        "links": found,
        "given_to": first.given_to,
        "until": date_text(first.until, reader.words),
        "made": date_text(first.made_at, reader.words),
        "count": reader.words.count("{number} record", "{number} records", len(found)),
        "short": f"{base}/check",
        "all_revoked": all(link.revoked for link in rows),
    }


async def _revoke(request: web.Request, _: Session) -> web.StreamResponse:
    """Takes back one link of a batch, or all of them."""
    ledger, code = request.app[LEDGER], request[TEXTS].get("code", "")

    def work() -> None:
        with ledger.store.read() as reads:
            rows = _batch(reads, request.match_info["batch"])
        codes = [row.code for row in rows if code in {"", row.code}]
        ledger.writer.run(lambda change: change.revoke_check_links(codes)).result()

    await asyncio.to_thread(work)
    return web.Response(status=303, headers={"Location": request.path})


ROUTES = (
    Route(
        "GET",
        "/steward/checks/given/{batch}",
        signed_in(in_words(_given)),
        "Links to give out, on the screen and on paper",
        "text/html",
        statuses=(200, 303, 404),
    ),
    Route(
        "POST",
        "/steward/checks/given/{batch}",
        signed_in(in_words(_revoke)),
        "Take links back",
        "text/html",
        statuses=(303, 404),
    ),
)
