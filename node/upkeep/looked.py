# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/looked: whoever may say so says that a record is still right, or closed for good.

What has changed is written into the record itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.directory.checks import NOTE_MAX
from ledger.directory.present import read_record, record_object
from ledger.duplicates.merging import present_body
from ledger.importing.plan import Statement
from node.directory.listing import record_url
from node.keys import LEDGER
from node.routes import Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words, new_nonce, nonce_of, statement_id
from node.upkeep.places import own_row
from node.upkeep.telling import field_text
from node.web.languages import choose
from node.web.rendering import reader_of, render
from node.web.words import date_text
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader
    from node.web.session import Session

_FINDINGS = ("right", "closed")
_KINDS = ("claim.checked", "record.close")
_PATH = "/steward/looked/{id}"


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, {}, "")


async def _show(request: web.Request, session: Session, texts: Mapping[str, str], fault: str) -> web.Response:
    reader = reader_of(request)
    values = await asyncio.to_thread(_read, request, reader)
    return render(
        request,
        "upkeep_looked.html",
        reader,
        status=422 if fault else 200,
        fault=fault,
        chosen=texts.get("finding", ""),
        note=texts.get("note", "")[:NOTE_MAX],
        note_max=NOTE_MAX,
        findings=_FINDINGS,
        action=request.path,
        nonce=new_nonce(),
        csrf=session.csrf,
        **values,
    )


def _read(request: web.Request, reader: Reader) -> dict[str, Any]:
    words, ledger = reader.words, request.app[LEDGER]
    with ledger.store.read() as reads:
        row = own_row(reads, request.match_info["id"])
        record = record_object(reads, row)
    told = [(field, field_text(field, record.get(field), words)) for field in ("address", "hours", "url")]
    return {
        "name": choose(record["name"], reader.languages),
        "kind": words.label("kind", record["kind"]),
        "id": row.id.hex(),
        "url": record_url(show_log_id(ledger.log_id), row.id.hex()),
        "told": [(field, text) for field, text in told if text],
        "seen": date_text(record["entry"]["seen_at"], words),
    }


async def _send(request: web.Request, session: Session) -> web.StreamResponse:
    """What was found: shown as it would be signed, or once that was confirmed, written."""
    texts, reader = request[TEXTS], reader_of(request)
    words, ledger, nonce = reader.words, request.app[LEDGER], nonce_of(texts)
    finding, note = texts.get("finding", ""), texts.get("note", "").strip()
    if finding not in _FINDINGS or len(note) > NOTE_MAX:
        fault = words("Say what you found, and write no more than the field takes.")
        return await _show(request, session, texts, fault)

    def make(reads: Snapshot) -> Plan:
        row = own_row(reads, request.match_info["id"])
        name = choose(read_record(reads, row)[0].name, reader.languages).text
        subject: dict[str, Any] = {"log": ledger.log_id, "id": row.id}
        said: dict[str, Any] = {"subject": subject, "finding": finding} | ({"note": note} if note else {})
        made = [Statement("claim.checked", said, statement_id(nonce))]
        if finding == "closed":
            body: dict[str, Any] = {"id": row.id, "reason": "closed"}
            made.append(Statement("record.close", body, statement_id(nonce, "close")))
        return Plan(made, {row.id: present_body(reads, row)}, {row.id: name})

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    if position is not None:
        record_id = next(iter(plan.names))
        run = ledger.writer.run(lambda change: change.handle_check_links(record_id))
        await asyncio.wrap_future(run)
        return web.Response(status=303, headers={"Location": record_url(show_log_id(ledger.log_id), record_id.hex())})
    title = words("Somebody has looked")
    return confirmation(request, session, Asked(title, request.path, request.path), plan, texts)


ROUTES = (
    Route("GET", _PATH, signed_in(in_words(_page), *_KINDS), "Is it still so?", "text/html", statuses=(200, 303, 404)),
    Route(
        "POST", _PATH, signed_in(in_words(_send), *_KINDS), "Say what was found", "text/html", statuses=(200, 303, 422)
    ),
)
