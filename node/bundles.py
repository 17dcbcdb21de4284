# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles over HTTP: a first load in one download, and what a steward hands in piece by piece (spec 14 §4)."""

from __future__ import annotations

import asyncio
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.bundle import Chosen, choose, write_bundle
from ledger.intake import Importer, Intake, Outcome, intake_object
from node.api import json_answer
from node.guard import ANSWER_S, Paced
from node.keys import LEDGER
from node.problem import problem
from node.routes import Parameter, Route
from protocol.bundle import BUNDLE_PATH, MEDIA_TYPE, read_header, read_items
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiohttp.abc import AbstractStreamWriter

DOWNLOADS_MAX, DOWNLOADS_PER_ADDRESS_MAX = 4, 1
RETRY_S = 30
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


class Downloads:
    """Who is downloading: few at once, and nobody twice."""

    def __init__(self) -> None:
        self._addresses: list[str] = []

    def enter(self, address: str) -> bool:
        """Whether there is room; then `leave` must follow."""
        if len(self._addresses) >= DOWNLOADS_MAX or self._addresses.count(address) >= DOWNLOADS_PER_ADDRESS_MAX:
            return False
        self._addresses.append(address)
        return True

    def leave(self, address: str) -> None:
        """A download has ended."""
        self._addresses.remove(address)


DOWNLOADS = web.AppKey("downloads", Downloads)


class _Bundle(Paced):
    """A bundle as it is read from the store, a record at a time, for whoever takes it fast enough."""

    def __init__(self, records: Iterator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(headers={"Content-Disposition": 'attachment; filename="folkmoot.bundle"'})
        self.content_type = MEDIA_TYPE
        self._records, self._leave = records, leave
        self._left = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Begins the answer."""
        try:
            return await super().prepare(request)
        except BaseException:
            self._end()
            raise

    async def write_eof(self, data: bytes = b"") -> None:
        """Sends it all, the first time it is called. Each record must be taken in time."""
        if self._left:
            return
        try:
            while True:
                async with asyncio.timeout(ANSWER_S):
                    record = await asyncio.to_thread(next, self._records, b"")
                    if not record:
                        break
                    await self.write(record)
            await super().write_eof(data)
        finally:
            self._end()

    def _end(self) -> None:
        if not self._left:
            self._left = True
            self._leave()


async def _bundle(request: web.Request) -> web.StreamResponse:
    since = request.query.get("from", "0")
    if not (since.isascii() and since.isdigit() and len(since) <= _POSITION_DIGITS):
        raise Malformed("from", f"not a position: {since[:40]!r}")
    logs = {parse_log_id(text) for text in request.query.getall("log", [])}
    store, downloads, address = request.app[LEDGER].store, request.app[DOWNLOADS], request.remote or ""

    def plan() -> list[Chosen]:
        with store.read() as reads:
            return choose(reads, logs, int(since))

    if request.method == "HEAD":
        return web.Response(content_type=MEDIA_TYPE)
    if not downloads.enter(address):
        refused = problem(429, "Too many downloads", "others are being served, or you are already: try again soon")
        refused.headers["Retry-After"] = str(RETRY_S)
        return refused
    try:
        chosen = await asyncio.to_thread(plan)
    except BaseException:
        downloads.leave(address)
        raise
    return _Bundle(write_bundle(store, chosen), partial(downloads.leave, address))


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
