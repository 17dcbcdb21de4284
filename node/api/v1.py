# SPDX-License-Identifier: AGPL-3.0-or-later
"""The HTTP API under /v1: search, records, logs, proofs, peers, and writing for stewards."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from ledger.directory.present import RECORD_SCHEMA, history_objects, record_object
from ledger.errors import NotFoundError
from ledger.held.denying import denied_records
from ledger.held.witness import witness_verifier
from ledger.jsonform import refuse_repeated
from ledger.proofs.proving import entry_object, fork_proof, log_object, prove_entry, trust_file
from node.api.static_log import held_tree, origin_of
from node.keys import FINDER, HUB, LEDGER, TOKEN
from node.routes import Parameter, Route
from node.steward.operating import add_peer, remove_peer
from node.web.policy import FOR_EVERYBODY
from node.web.session import session_of
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot

SCOPE_PARAMETER = Parameter("scope", "private: what is not public instead, for whoever has the steward's token")
SEARCH_PARAMETERS = (
    Parameter("q", "words; each is the beginning of a word, accents and case do not count"),
    Parameter("kind", "organisation, place, resource, service, offer, need, person; several with commas"),
    Parameter("category", "scheme:code; several with commas"),
    Parameter("status", "active, planned, paused, closed; without it all but closed"),
    Parameter("bbox", "west,south,east,north in degrees"),
    Parameter("near", "a town, such as Lille or Gent, BE"),
    Parameter("lat", "with lon: the middle of a circle, in degrees"),
    Parameter("lon", "with lat"),
    Parameter("radius", "around near or lat and lon, such as 5km; 10km if not given"),
    Parameter("licence", "SPDX expression of the record's licence"),
    Parameter("country", "two letters"),
    Parameter("checked_within", "somebody looked within this time, such as 90d or 1y"),
    Parameter("open", "now: whose opening hours say so, in the time of where they are"),
    Parameter("direction", "offer or want: of offers and needs"),
    Parameter("terms", "give, lend, rent, sell, time, mutual; several with commas: on one of these"),
    Parameter("over", "include: also offers and needs whose time is over"),
    Parameter("set", "short name of the data set that it was imported from; several with commas"),
    Parameter("log", "id of the log that says it, 52 characters; several with commas"),
    Parameter("archived", "include: also what nobody has put or checked for two years; only: nothing else"),
    Parameter("limit", "1 to 100; 20 if not given"),
    Parameter("cursor", "`next` of the page before"),
)


def json_answer(value: object, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")


async def _records(request: web.Request) -> web.Response:
    private = asks_for_private(request)
    parameters = {name: request.query.getall(name) for name in request.query if name != "scope"}
    find = partial(request.app[FINDER].find, parameters, int(time.time()), private=private)
    return _open_answer(await asyncio.to_thread(find), private=private)


def _open_answer(value: object, *, private: bool) -> web.Response:
    """A JSON answer that scripts of any page may read, if everybody may."""
    answer = json_answer(value)
    if not private:
        answer.headers.update(FOR_EVERYBODY)
    return answer


def asks_for_private(request: web.Request) -> bool:
    """Whether a request is for what is not public, and by somebody who may see it.

    Raises Malformed for another scope, HTTPUnauthorized without the steward's token or a steward's session.
    """
    scope = request.query.get("scope", "public")
    if scope not in {"public", "private"} or len(request.query.getall("scope", [])) > 1:
        raise Malformed("scope", "scope is public or private, and stands once")
    if scope == "private" and not is_steward(request) and not (request.method == "GET" and session_of(request)):
        raise web.HTTPUnauthorized(reason="What is not public is shown to whoever has the steward's token")
    return scope == "private"


async def _record(request: web.Request) -> web.Response:
    private = asks_for_private(request)

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            row = find_record(reads, request.match_info["log"], request.match_info["id"], private=private)
            history = history_objects(reads, row)
            return {"schema": RECORD_SCHEMA, "record": record_object(reads, row), "history": history}

    return _open_answer(await asyncio.to_thread(read), private=private)


def find_record(reads: Snapshot, log: str, record_id: str, *, private: bool = False) -> Any:  # noqa: ANN401 - a RecordRow
    """The row of a record named by a path: of its public state, or of the other. Raises NotFoundError."""
    try:
        log_id, wanted = parse_log_id(log), bytes.fromhex(record_id)
    except (Malformed, ValueError):
        raise NotFoundError(f"no record {record_id[:40]!r} in log {log[:60]!r}") from None
    for tree in reads.trees():
        if tree.origin.log_id == log_id and not tree.hidden:
            row = reads.records_by_id(tree.tree, [wanted], private=private).get(wanted)
            if row is not None and row.rid not in denied_records(reads):
                return row
    raise NotFoundError(f"no record {record_id[:40]} in log {log[:8]}")


async def _logs(request: web.Request) -> web.Response:
    ledger = request.app[LEDGER]

    def read() -> list[dict[str, Any]]:
        with ledger.store.read() as reads:
            return [
                log_object(reads, tree, int(ledger.clock()), ledger.log_id) for tree in reads.trees() if not tree.hidden
            ]

    key = str(witness_verifier(ledger))
    return json_answer({"schema": "folkmoot.logs/1", "logs": await asyncio.to_thread(read), "witness_key": key})


async def _entry(request: web.Request) -> web.Response:
    private = asks_for_private(request)

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            tree = held_tree(reads, origin_of(request))
            return entry_object(reads, tree, _position(request), private=private)

    return json_answer(await asyncio.to_thread(read))


async def _proof(request: web.Request) -> web.Response:
    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            tree = held_tree(reads, origin_of(request))
            return prove_entry(reads, tree, _position(request))

    proof = await asyncio.to_thread(read)
    name = f"{request.match_info['log'][:8]}-{_position(request)}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=proof, content_type="text/plain", charset="utf-8", headers=headers)


async def _fork_proof(request: web.Request) -> web.Response:
    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            return fork_proof(reads, origin_of(request))

    proof = await asyncio.to_thread(read)
    headers = {"Content-Disposition": f'attachment; filename="{request.match_info["log"][:8]}.fork-proof"'}
    return web.Response(body=proof, content_type="application/octet-stream", headers=headers)


def _position(request: web.Request) -> int:
    text = request.match_info["position"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFoundError(f"no position {text[:40]!r}")
    return int(text)


async def _trust(request: web.Request) -> web.Response:
    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            return trust_file(reads)

    return web.Response(body=await asyncio.to_thread(read), content_type="text/plain", charset="utf-8")


async def _peers(request: web.Request) -> web.Response:
    hub = request.app[HUB]
    peers = [
        {
            "name": peer.name,
            "log": peer.log,
            "address": peer.address,
            "direction": "out" if peer.outbound else "in",
            "since": int(peer.since),
            "received_entries": peer.received_entries,
        }
        for peer in hub.peers()
    ]
    return json_answer({"schema": "folkmoot.peers/1", "peers": peers, "problems": hub.problems})


def is_steward(request: web.Request) -> bool:
    """Whether a request carries the steward's token."""
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(errors="surrogateescape"), f"Bearer {request.app[TOKEN]}".encode())


async def read_json(request: web.Request) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON body of a request. Raises Malformed."""
    if request.content_type != "application/json":
        raise Malformed("content_type", "send application/json")
    try:
        value = msgspec.json.decode(await request.read())
        json.loads(await request.read(), object_pairs_hook=refuse_repeated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("json", f"not JSON: {error}") from None
    return value


async def _add_peer(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) != {"url"} or not isinstance(value["url"], str):
        raise Malformed("body", 'send {"url": "https://..."}')
    url = await add_peer(request.app, value["url"])
    return json_answer({"schema": "folkmoot.peer/1", "url": url}, 201)


async def _remove_peer(request: web.Request) -> web.Response:
    name = request.query.get("name", "").rstrip("/")
    await remove_peer(request.app, name)
    return json_answer({"schema": "folkmoot.peer/1", "state": "removed", "url": name})


async def _override(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) != {"reason"}:
        raise Malformed("body", 'send {"reason": "why you are certain"}')
    position = await asyncio.to_thread(request.app[LEDGER].override, value["reason"])
    return json_answer({"schema": "folkmoot.override/1", "position": position}, 201)


_LOG = "/v1/log/{log}/{epoch}"
ROUTES = (
    Route(
        "GET",
        "/v1/records",
        _records,
        "Search the directory",
        parameters=(*SEARCH_PARAMETERS, SCOPE_PARAMETER),
        statuses=(200, 401),
    ),
    Route(
        "GET",
        "/v1/records/{log}/{id}",
        _record,
        "One record with its history",
        parameters=(SCOPE_PARAMETER,),
        statuses=(200, 401, 404),
    ),
    Route("GET", "/v1/log", _logs, "The logs held here"),
    Route(
        "GET",
        _LOG + "/entries/{position}",
        _entry,
        "One entry with its payload",
        parameters=(SCOPE_PARAMETER,),
        statuses=(200, 401, 404),
    ),
    Route("GET", _LOG + "/proofs/{position}", _proof, "A proof file (spec 08)", "text/plain", statuses=(200, 404)),
    Route(
        "GET",
        _LOG + "/fork-proof",
        _fork_proof,
        "The proof that this log has forked (spec 12)",
        "application/octet-stream",
        statuses=(200, 404),
    ),
    Route("GET", "/v1/trust", _trust, "A trust file for the logs held here (spec 08)", "text/plain"),
    Route("GET", "/v1/peers", _peers, "Open connections and what went wrong"),
    Route("POST", "/v1/peers", _add_peer, "Connect to a peer", statuses=(201, 400, 401), steward=True, body="Peer"),
    Route(
        "DELETE",
        "/v1/peers",
        _remove_peer,
        "Forget a peer, which need not answer any more before this log is signed",
        parameters=(Parameter("name", "its URL, or the id of its log"),),
        statuses=(200, 401, 404),
        steward=True,
    ),
    Route(
        "POST",
        "/v1/override",
        _override,
        "Sign without an answer of those who watch",
        statuses=(201, 400, 401, 409),
        steward=True,
        body="Override",
    ),
)
