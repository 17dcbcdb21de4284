# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/write: whoever may put records writes what they filled in at /propose, without proposing it first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import RefusedError
from ledger.importing.plan import Statement
from node.contribute.propose import read_written, subject_of
from node.directory.listing import record_url
from node.keys import LEDGER
from node.routes import Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words, nonce_of, statement_id
from node.web.languages import choose
from node.web.rendering import reader_of
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.proposal import without_private
from protocol.statement import SCOPE_CIRCLE

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from node.web.session import Session


async def _write(request: web.Request, session: Session) -> web.StreamResponse:
    """A record that was filled in: shown as it would be signed, or once it was, written."""
    texts, reader, ledger = request[TEXTS], reader_of(request), request.app[LEDGER]
    nonce = nonce_of(texts)
    if texts.get("proposal"):
        raise Malformed("form", "what was proposed is decided on its own page")

    def make(_: Snapshot) -> Plan:
        subject = subject_of(request, texts, nonce)
        read = read_written(request, subject, texts, reader)
        if read.faults:
            raise RefusedError(reader.words(next(iter(read.faults.values()))))
        record: dict[str, Any] = read.record
        public = without_private(record)
        made = [Statement("record.put", {"record": public}, statement_id(nonce))]
        if public != record:
            made.append(Statement("record.put", {"record": record}, statement_id(nonce, "circle"), SCOPE_CIRCLE))
        name = choose(record["name"], reader.languages).text
        return Plan(made, {subject.id: subject.present or {}}, {subject.id: name})

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    record_id = next(iter(plan.names))
    if position is not None:
        return web.Response(status=303, headers={"Location": record_url(show_log_id(ledger.log_id), record_id.hex())})
    changed = bool(texts.get("record"))
    back = f"/propose?record={record_id.hex()}" if changed else "/propose"
    title = reader.words("Change this entry") if changed else reader.words("Add something")
    return confirmation(request, session, Asked(title, request.path, back), plan, texts)


ROUTES = (
    Route(
        "POST",
        "/steward/write",
        signed_in(in_words(_write), "record.put"),
        "Write a record that was filled in",
        "text/html",
        statuses=(200, 303, 400, 403, 409),
    ),
)
