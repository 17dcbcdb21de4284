# SPDX-License-Identifier: AGPL-3.0-or-later
"""The federation as this node sees it: what it holds and why, and the operator's decisions, over the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ledger.held.federation import federation_object
from ledger.held.net import net_object
from ledger.held.scopes import LOG_ACTIONS, REGION_ACTIONS
from node.api.v1 import json_answer, read_json
from node.keys import CONFIG, LEDGER
from node.routes import Route
from node.steward.operating import decide_here
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from aiohttp import web


def read_federation(request: web.Request) -> dict[str, Any]:
    """What this node holds and why (ledger.held.federation); takes some milliseconds."""
    ledger, policy = request.app[LEDGER], request.app[CONFIG].policy
    with ledger.store.read() as reads:
        return federation_object(reads, policy, int(ledger.clock()))


def read_net(request: web.Request) -> dict[str, Any]:
    """Who witnesses whom, how fresh each log is (ledger.held.net); takes some milliseconds."""
    with request.app[LEDGER].store.read() as reads:
        return net_object(reads, int(request.app[LEDGER].clock()))


async def _federation(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(read_federation, request))


async def _net(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(read_net, request))


async def _decide(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Malformed("body", 'send {"action": ..., "log": ...} or {"action": ..., "region": ...}')
    action = value.get("action", "")
    subject: bytes | str
    if action in LOG_ACTIONS and set(value) == {"action", "log"}:
        subject = parse_log_id(value["log"])
    elif action in REGION_ACTIONS and set(value) == {"action", "region"}:
        subject = value["region"]
    else:
        raise Malformed("body", f"action: {', '.join(LOG_ACTIONS)} with a log, or {', '.join(REGION_ACTIONS)}")
    await decide_here(request.app, action, subject)
    return json_answer({"schema": "folkmoot.decision/1", **value}, 201)


ROUTES = (
    Route("GET", "/v1/federation/net", _net, "Who witnesses whom, how fresh each log is, forks, who vouches for whom"),
    Route("GET", "/v1/federation", _federation, "Logs with why they are held, who waits, what is denied"),
    Route(
        "POST",
        "/v1/scopes",
        _decide,
        "Follow, mirror, admit, deny or subscribe to a log; follow a region",
        statuses=(201, 400, 401, 409),
        steward=True,
        body="Decision",
    ),
)
