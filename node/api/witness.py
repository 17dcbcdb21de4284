# SPDX-License-Identifier: AGPL-3.0-or-later
"""The witness over HTTP (spec 11 §3), and the choice of the own log's witnesses under /v1/witnesses."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.held.witness import witness_verifier
from ledger.own.choosing import witnesses_object
from node.api.v1 import json_answer, read_json
from node.keys import HUB, LEDGER
from node.peering.witnessing import answer_witness_request
from node.routes import Parameter, Route
from node.steward.operating import add_witness, remove_witness
from node.web.problem import problem
from protocol.errors import Malformed
from protocol.witness import SIZE_MEDIA_TYPE, parse_request

_REFUSALS = {
    400: "the old size is larger than the checkpoint",
    403: "no signature by a key that is trusted for this log, or one that does not hold",
    404: "this node is no witness of that log",
    503: "this node cannot cosign at the moment",
    422: "the proof does not lead from what was cosigned last to this checkpoint",
}
_DIGEST = re.compile(r"[0-9a-f]{64}")


async def _add_checkpoint(request: web.Request) -> web.Response:
    asked = parse_request(await request.read())
    hub = request.app[HUB]
    answer = await answer_witness_request(hub.runtime, hub.witness, asked.old, asked.proof, bytes(asked.note))
    if answer.code == 200:
        return web.Response(body=answer.lines, content_type="text/plain", charset="utf-8")
    if answer.code == 409:
        return web.Response(status=409, body=f"{answer.old}\n".encode(), content_type=SIZE_MEDIA_TYPE)
    return problem(answer.code, "Not cosigned", _REFUSALS[answer.code])


async def _last_cosigned(request: web.Request) -> web.Response:
    digest = request.match_info["origin"]
    if not _DIGEST.fullmatch(digest):
        raise NotFoundError("an origin is named by the 64 hexadecimal digits of its SHA-256")

    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            return request.app[HUB].witness.last(reads, bytes.fromhex(digest))

    note = await asyncio.to_thread(read)
    headers = {"Cache-Control": "no-cache"}
    return web.Response(body=note, content_type="text/plain", charset="utf-8", headers=headers)


async def _witnesses(request: web.Request) -> web.Response:
    ledger, troubles = request.app[LEDGER], request.app[HUB].witnessing.troubles

    def read() -> dict[str, Any]:
        with ledger.store.read() as reads:
            return witnesses_object(reads, ledger.own.tree)

    value = await asyncio.to_thread(read)
    for witness in value["witnesses"]:
        trouble = troubles.get(witness["key"])
        witness["problem"] = trouble.text if trouble else ""
    return json_answer(value | {"own_key": str(witness_verifier(ledger))})


async def _add_witness(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - {"key", "url"} or not isinstance(value.get("key"), str):
        raise Malformed("body", 'send {"key": verifier key} and perhaps "url"')
    url = value.get("url", "")
    if not isinstance(url, str):
        raise Malformed("body", "url is a text")
    key, url = await add_witness(request.app, value["key"], url)
    return json_answer({"schema": "folkmoot.witness/1", "state": "added", "key": key, "url": url}, 201)


async def _remove_witness(request: web.Request) -> web.Response:
    key = request.query.get("key", "")
    await remove_witness(request.app, key)
    return json_answer({"schema": "folkmoot.witness/1", "state": "removed", "key": key})


ROUTES = (
    Route(
        "POST",
        "/witness/add-checkpoint",
        _add_checkpoint,
        "Cosign a checkpoint of a log that this node follows (spec 11, C2SP tlog-witness)",
        "text/plain",
        statuses=(200, 400, 403, 404, 409, 422, 503),
        body="WitnessRequest",
    ),
    Route(
        "GET",
        "/witness/{origin}/checkpoint",
        _last_cosigned,
        "The last checkpoint cosigned of an origin, named by its SHA-256",
        "text/plain",
        statuses=(200, 404),
    ),
    Route("GET", "/v1/witnesses", _witnesses, "The witnesses of this node's log"),
    Route(
        "POST",
        "/v1/witnesses",
        _add_witness,
        "Choose a witness",
        statuses=(201, 400, 401, 409),
        steward=True,
        body="Witness",
    ),
    Route(
        "DELETE",
        "/v1/witnesses",
        _remove_witness,
        "Give up a witness",
        parameters=(Parameter("key", "its verifier key"),),
        statuses=(200, 401, 404),
        steward=True,
    ),
)
