# SPDX-License-Identifier: AGPL-3.0-or-later
"""/propose/report: what is the matter with an entry, told by anybody."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.duplicates.merging import present_body
from node.api.v1 import find_record
from node.contribute.preview import preview_of
from node.contribute.propose import TEXTS, finish, opened
from node.directory.listing import record_url
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.web.languages import Text, choose
from node.web.rendering import reader_of, render
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from aiohttp import web

    from node.directory.listing import Reader

TYPES = ("not_there", "wrong", "duplicate", "against_charter")
_NONCE = re.compile(r"[0-9a-f]{32}")
_NOTE_MAX = 2_000


class _About(NamedTuple):
    """The record that a report is about."""

    log: bytes
    id: bytes
    record: dict[str, Any]
    name: Text


def _about(request: web.Request, texts: dict[str, str], reader: Reader) -> _About:
    """The record that is named. Raises NotFoundError."""
    with request.app[LEDGER].store.read() as reads:
        row = find_record(reads, texts.get("log", ""), texts.get("id", ""))
        record = present_body(reads, row)
    return _About(parse_log_id(texts["log"]), row.id, record, choose(record["name"], reader.languages))


async def _form(request: web.Request) -> web.StreamResponse:
    texts = {name: request.query.get(name, "")[:100] for name in ("log", "id", "link")}
    return await _show(request, texts | {"nonce": secrets.token_hex(16)}, "")


async def _show(request: web.Request, texts: dict[str, str], fault: str) -> web.StreamResponse:
    reader = reader_of(request)
    about = await asyncio.to_thread(_about, request, texts, reader)
    own = about.log == request.app[LEDGER].log_id
    return render(
        request,
        "propose_report.html",
        reader,
        status=422 if fault else 200,
        texts=texts,
        fault=fault,
        name=about.name,
        url=record_url(texts["log"], texts["id"]),
        change=f"/propose?record={texts['id']}",
        own=own,
        types=[(one, reader.words.label("report", one)) for one in TYPES],
    )


async def _send(request: web.Request) -> web.StreamResponse:
    texts, reader = request[TEXTS], reader_of(request)
    words = reader.words
    if not _NONCE.fullmatch(texts.get("nonce", "")):
        raise Malformed("form", "this is no form that was given out here")
    about = await asyncio.to_thread(_about, request, texts, reader)
    note = texts.get("note", "").strip()
    if texts.get("step") == "edit":
        return await _show(request, texts, "")
    if texts.get("type") not in TYPES:
        return await _show(request, texts, words("Choose one of these."))
    if len(note) > _NOTE_MAX:
        return await _show(request, texts, words("That is too long."))
    body: dict[str, Any] = {"subject": {"log": about.log, "id": about.id}, "type": texts["type"]}
    body |= {"note": note} if note else {}
    shown = preview_of(request, "claim.report", body, about.record, reader)
    return await finish(request, shown, texts, "report")


ROUTES = (
    Route(
        "GET",
        "/propose/report",
        opened(_form),
        "Report an entry",
        "text/html",
        (Parameter("log", "the log of the record"), Parameter("id", "its id")),
        (200, 403, 404),
    ),
    Route("POST", "/propose/report", opened(_send), "Send a report", "text/html", statuses=(200, 303, 403, 404, 422)),
)
