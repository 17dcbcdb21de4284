# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles over HTTP: a first load in one download, and what a steward hands in piece by piece (spec 14 §4)."""

from __future__ import annotations

import asyncio
from functools import partial
from io import BytesIO
from typing import Any

from aiohttp import web

from ledger.carried.bundle import Chosen, choose, write_bundle
from ledger.carried.folder_tar import MEDIA_TYPE as TAR_MEDIA_TYPE
from ledger.carried.folder_tar import write_tar
from ledger.carried.intake import Importer, Intake, Outcome, intake_object
from node.api.v1 import json_answer
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.web.downloading import Download, Downloads, gathered, too_many
from protocol.bundle import BUNDLE_PATH, MEDIA_TYPE, read_header, read_items
from protocol.errors import Malformed
from protocol.identity import parse_log_id

_POSITION_DIGITS = 18


async def _take_in(request: web.Request) -> web.Response:
    """Takes in a small bundle: the command hands a large one in as many of them."""
    ledger, stream = request.app[LEDGER], BytesIO(await request.read())

    def take() -> dict[str, Any]:
        outcomes: list[Outcome] = []
        parts = read_header(stream.read)
        importer = Importer(ledger.store, ledger.writer, ledger.log_id)
        fault = Intake(parts, importer, outcomes.append).run(read_items(stream.read))
        return intake_object(outcomes, fault)

    taken = await asyncio.to_thread(take)
    ledger.writer.on_checkpoint()  # peers are told of what is now complete
    return json_answer(taken)


DOWNLOADS = web.AppKey("downloads", Downloads)


async def _bundle(request: web.Request) -> web.StreamResponse:
    since = parse_since(request.query.get("from", "0"))
    return await download(request, {parse_log_id(text) for text in request.query.getall("log", [])}, since)


def parse_since(text: str) -> int:
    """The first position that a download is to hold. Raises Malformed."""
    if not (text.isascii() and text.isdigit() and len(text) <= _POSITION_DIGITS):
        raise Malformed("from", f"not a position: {text[:40]!r}")
    return int(text)


async def download(request: web.Request, logs: set[bytes], since: int, *, tar: bool = False) -> web.StreamResponse:
    """These logs, or all, as a bundle or as a tar of the folder of tiles; to few at once."""
    store, downloads, address = request.app[LEDGER].store, request.app[DOWNLOADS], request.remote or ""

    def plan() -> list[Chosen]:
        with store.read() as reads:
            return choose(reads, logs, since)

    if request.method == "HEAD":
        return web.Response(content_type=MEDIA_TYPE)
    if not downloads.enter(address):
        return too_many()
    try:
        chosen = await asyncio.to_thread(plan)
    except BaseException:
        downloads.leave(address)
        raise
    leave = partial(downloads.leave, address)
    if tar:
        return Download(gathered(write_tar(store, chosen)), TAR_MEDIA_TYPE, "folkmoot-logs.tar", leave)
    return Download(write_bundle(store, chosen), MEDIA_TYPE, "folkmoot.bundle", leave)


ROUTES = (
    Route(
        "GET",
        BUNDLE_PATH,
        _bundle,
        "Logs in one file (spec 14)",
        MEDIA_TYPE,
        (Parameter("log", "id of a log; may be repeated; all if not given"), Parameter("from", "first position")),
        (200, 404, 429),
    ),
    Route(
        "POST",
        "/v1/bundle",
        _take_in,
        "Take in a small bundle (spec 14)",
        statuses=(200, 400, 401, 503, 507),
        steward=True,
        body="Bundle",
    ),
)
