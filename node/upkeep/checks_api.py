# SPDX-License-Identifier: AGPL-3.0-or-later
"""/v1/checks: links given out to whoever checks records, for programs of a steward."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ledger.directory.checks import DAYS, give_out, show_code
from node.api.publishing import base_of
from node.api.v1 import json_answer, read_json
from node.keys import LEDGER
from node.routes import Route
from node.upkeep.checks import BATCHES_SHOWN, record_ids
from protocol.errors import Malformed

if TYPE_CHECKING:
    from aiohttp import web

SCHEMA = "folkmoot.checks/1"


async def _given(request: web.Request) -> web.Response:
    def read() -> list[dict[str, Any]]:
        with request.app[LEDGER].store.read() as reads:
            return [
                {
                    "batch": batch.hex(),
                    "given_to": given_to,
                    "made_at": made_at,
                    "until": until,
                    "links": links,
                    "answered": answered,
                    "revoked": revoked,
                }
                for batch, given_to, made_at, until, links, answered, revoked in reads.check_batches(BATCHES_SHOWN)
            ]

    return json_answer({"schema": SCHEMA, "given": await asyncio.to_thread(read)})


async def _give(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - {"records", "given_to", "days"}:
        raise Malformed("body", 'send {"records": [ids], "given_to": text, "days"?: number}')
    records, given_to, days = value.get("records"), value.get("given_to"), value.get("days", DAYS)
    if not isinstance(records, list) or not all(isinstance(one, str) for one in records):
        raise Malformed("body", "records are ids of records")
    if not isinstance(given_to, str) or type(days) is not int:
        raise Malformed("body", 'send {"records": [ids], "given_to": text, "days"?: number}')
    ledger, base = request.app[LEDGER], base_of(request)

    def work() -> dict[str, Any]:
        with ledger.store.read() as reads:
            ids = record_ids(records)
            now = int(ledger.clock())
            batch, rows = give_out(lambda put: ledger.writer.run(put).result(), reads, ids, given_to, days, now)
        links = [
            {"id": row.id.hex(), "code": show_code(row.code), "url": f"{base}/check/{show_code(row.code)}"}
            for row in rows
        ]
        return {"schema": SCHEMA, "batch": batch.hex(), "links": links}

    return json_answer(await asyncio.to_thread(work), 201)


ROUTES = (
    Route("GET", "/v1/checks", _given, "Links that were given out", statuses=(200, 401), steward=True),
    Route(
        "POST",
        "/v1/checks",
        _give,
        "Give out links by which records are checked (spec 10 §6)",
        statuses=(201, 400, 401, 404),
        steward=True,
        body="Checks",
    ),
)
