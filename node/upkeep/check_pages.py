# SPDX-License-Identifier: AGPL-3.0-or-later
"""/check: somebody who was given a link, on paper or by mail, says whether a record is right. No account is needed.

Codes are too long to be guessed, however often somebody tries.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.directory.checks import FINDINGS, NOTE_MAX, answer, own_record, read_code, show_code, standing
from ledger.directory.present import record_object
from ledger.errors import NotFoundError
from node.directory.listing import cut, record_url
from node.keys import LEDGER
from node.routes import Route
from node.upkeep.telling import field_text
from node.web.forms_sent import read_form
from node.web.languages import choose
from node.web.rendering import error_page, reader_of, render
from node.web.words import date_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.values import CheckRow
    from node.directory.listing import Reader

_DESCRIPTION = 400


async def _ask(request: web.Request) -> web.StreamResponse:
    """Where a code is typed in."""
    typed = request.query.get("code", "")
    code = read_code(typed)
    if code:
        return web.Response(status=303, headers={"Location": f"/check/{show_code(code)}"})
    fault = typed.strip() != ""
    return render(
        request, "upkeep_code.html", reader_of(request), status=422 if fault else 200, typed=typed[:40], fault=fault
    )


async def _check(request: web.Request) -> web.StreamResponse:
    reader = reader_of(request)
    found = await _found(request, reader)
    if isinstance(found, web.StreamResponse):
        return found
    done = request.query.get("done", "")
    return render(
        request, "upkeep_check.html", reader, done=done if done in FINDINGS else "", fault="", said="", **found
    )


async def _found(request: web.Request, reader: Reader) -> dict[str, Any] | web.StreamResponse:
    """What the page of a link shows; or why it shows nothing."""
    ledger = request.app[LEDGER]
    code = read_code(request.match_info["code"])

    def read() -> dict[str, Any] | None:
        with ledger.store.read() as reads:
            link = reads.check_link(code) if code else None
            if link is None:
                return None
            record = record_object(reads, own_record(reads, link.id))
        return _values(record, link, int(ledger.clock()), reader)

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        values = None
    return error_page(request, 404, "", "") if values is None else values


def _values(record: Mapping[str, Any], link: CheckRow, now: int, reader: Reader) -> dict[str, Any]:
    words = reader.words
    told = [(field, field_text(field, record.get(field), words)) for field in ("address", "hours", "url")]
    contact = record.get("contact", {})
    told.append(("contact", "\n".join(filter(None, (contact.get("phone", ""), contact.get("email", ""))))))
    description = choose(record["description"], reader.languages) if record.get("description") else None
    seen = record["entry"]["seen_at"]
    return {
        "name": choose(record["name"], reader.languages),
        "kind": words.label("kind", record["kind"]),
        "closed": record["status"] == "closed",
        "told": [(field, text) for field, text in told if text],
        "description": cut(description.text, _DESCRIPTION) if description else "",
        "url": record_url(record["log"], record["id"]),
        "seen": date_text(seen, words),
        "given_to": link.given_to,
        "standing": standing(link, now),
        "before": link.finding,
        "action": f"/check/{show_code(link.code)}",
        "change": f"/propose?record={record['id']}",
        "note_max": NOTE_MAX,
    }


async def _send(request: web.Request) -> web.StreamResponse:
    """An answer: entered at once, because whoever stands before a door has no time for a second page."""
    reader = reader_of(request)
    found = await _found(request, reader)
    if isinstance(found, web.StreamResponse):
        return found
    texts = await read_form(request)
    finding, said = texts.get("finding", ""), texts.get("note", "")
    code = read_code(request.match_info["code"])
    fault = ""
    if found["standing"] != "open":
        fault = reader.words("This link is not good any more. Ask whoever gave it to you for another one.")
    elif finding not in FINDINGS or len(said.strip()) > NOTE_MAX:
        fault = reader.words("Choose one of the three answers, and write no more than the field takes.")
    if fault:
        return render(
            request, "upkeep_check.html", reader, status=422, done="", fault=fault, said=said[:NOTE_MAX], **found
        )
    await asyncio.to_thread(answer, request.app[LEDGER], code, finding, said)
    return web.Response(status=303, headers={"Location": f"/check/{show_code(code)}?done={finding}"})


ROUTES = (
    Route("GET", "/check", _ask, "Where a code from paper is typed in", "text/html", statuses=(200, 303, 422)),
    Route("GET", "/check/{code}", _check, "Is this record right?", "text/html", statuses=(200, 404)),
    Route("POST", "/check/{code}", _send, "Say whether it is", "text/html", statuses=(303, 404, 422)),
)
