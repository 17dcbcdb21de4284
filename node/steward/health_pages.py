# SPDX-License-Identifier: AGPL-3.0-or-later
"""The health of the node and its backups, for a steward: a page, a form, and the same as JSON."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from ledger.errors import RefusedError
from node.api.v1 import json_answer, read_json
from node.keys import LEDGER
from node.routes import Route
from node.steward.audits import AUDITS
from node.steward.backups import BACKUPS, Kept
from node.steward.health import OK, duration_text, findings, size_text
from node.steward.steward_pages import TEXTS, signed_in
from node.web.log_names import log_names
from node.web.rendering import reader_of, render
from node.web.words import date_text
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from node.web.languages import Text
    from node.web.session import Session
    from node.web.words import Words

HEALTH_SCHEMA, BACKUPS_SCHEMA = "folkmoot.health-findings/1", "folkmoot.backups/1"
AUDITS_SCHEMA = "folkmoot.audits/1"
PASSPHRASE_MIN, PASSPHRASE_MAX = 8, 1_000
_PAGE = "/steward/health"


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, 200, "")


async def _show(request: web.Request, session: Session, status: int, fault: str) -> web.Response:
    reader = reader_of(request)
    words, backups = reader.words, request.app[BACKUPS]
    found = await asyncio.to_thread(findings, request.app, words)
    kept = await asyncio.to_thread(backups.kept)
    audits, logs = request.app[AUDITS], await asyncio.to_thread(_names, request)
    checked, interrupted = await asyncio.to_thread(audits.last)
    return render(
        request,
        "steward_health.html",
        reader,
        status=status,
        findings=found,
        fine=all(finding.state == OK for finding in found),
        folder=str(backups.folder) if backups.folder else "",
        running=backups.running,
        percent=words.number(backups.percent()),
        problem=backups.problem,
        kept=[_kept_row(one, words) for one in kept],
        fault=fault,
        override=bool(request.app[LEDGER].own.signing_refused),
        auditing=audits.running,
        audited=(audits.done, audits.total),
        checked=checked,
        checked_at=_moment(checked.ended, words) if checked else "",
        took=duration_text(checked.ended - checked.begun, words) if checked else "",
        interrupted=interrupted,
        log_names=logs,
        count=words.count,
        csrf=session.csrf,
    )


def _names(request: web.Request) -> dict[str, Text]:
    """What the logs held here are called, by "folkmoot.log/ID/EPOCH" as faults name them."""
    reader = reader_of(request)
    with request.app[LEDGER].store.read() as reads:
        trees = {str(tree.origin): show_log_id(tree.origin.log_id) for tree in reads.trees()}
        names = {one.id: one.name for one in log_names(reads, set(trees.values()), reader)}
    return {origin: names[log] for origin, log in trees.items()}


def _moment(at: int, words: Words) -> str:
    return f"{date_text(at, words)}, {time.strftime('%H:%M', time.gmtime(at))} UTC"


def _kept_row(one: Kept, words: Words) -> tuple[str, str, str, str, bool]:
    entries = words.number(one.manifest.size)
    return (
        one.name,
        _moment(one.manifest.at, words),
        size_text(one.size, words),
        entries,
        "keys.sealed" in one.manifest.files,
    )


async def _make(request: web.Request, session: Session) -> web.StreamResponse:
    """Begins a backup, with the keys if a passphrase is given twice."""
    words, texts = reader_of(request).words, request[TEXTS]
    passphrase = texts.get("passphrase", "")
    if passphrase != texts.get("again", ""):
        return await _show(request, session, 422, words("The two passphrases are not the same. Nothing was written."))
    if passphrase and not PASSPHRASE_MIN <= len(passphrase) <= PASSPHRASE_MAX:
        return await _show(request, session, 422, words("A passphrase of at least 8 characters, please."))
    try:
        request.app[BACKUPS].begin(passphrase or None, int(time.time()))
    except RefusedError as error:
        return await _show(request, session, 422, str(error))
    return web.Response(status=303, headers={"Location": f"{_PAGE}#backups"})


async def _check(request: web.Request, session: Session) -> web.StreamResponse:
    """Begins to check every entry again."""
    try:
        await asyncio.to_thread(request.app[AUDITS].begin)
    except RefusedError:
        words = reader_of(request).words
        return await _show(request, session, 422, words("Everything is being checked already."))
    return web.Response(status=303, headers={"Location": f"{_PAGE}#audit"})


async def _audit(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(_audit_object, request))


def _audit_object(request: web.Request) -> dict[str, Any]:
    audits = request.app[AUDITS]
    running = audits.running  # before the rest: what has ended in between is then complete
    checked, interrupted = audits.last()
    return {
        "schema": AUDITS_SCHEMA,
        "running": running,
        "done": audits.done,
        "total": audits.total,
        "interrupted": interrupted,
        "last": msgspec.to_builtins(checked) if checked else None,
    }


async def _begin_audit(request: web.Request) -> web.Response:
    if await read_json(request) != {}:
        raise Malformed("body", "send {}")
    await asyncio.to_thread(request.app[AUDITS].begin)
    return json_answer(await asyncio.to_thread(_audit_object, request), 201)


async def _findings(request: web.Request) -> web.Response:
    found = await asyncio.to_thread(findings, request.app, reader_of(request).words)
    return json_answer({"schema": HEALTH_SCHEMA, "findings": [one._asdict() for one in found]})


async def _backups(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(_object, request))


def _object(request: web.Request) -> dict[str, Any]:
    backups = request.app[BACKUPS]
    running = backups.running  # before the rest: what has ended in between is then complete
    last = backups.last()
    return {
        "schema": BACKUPS_SCHEMA,
        "folder": str(backups.folder) if backups.folder else "",
        "running": running,
        "percent": backups.percent(),
        "problem": backups.problem,
        "last": last._asdict() if last else None,
        "kept": [{"name": one.name, "at": one.manifest.at, "bytes": one.size} for one in backups.kept()],
    }


async def _begin(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - {"passphrase"} or not isinstance(value.get("passphrase", ""), str):
        raise Malformed("body", 'send {} or {"passphrase": to take the keys along}')
    request.app[BACKUPS].begin(value.get("passphrase") or None, int(time.time()))
    return json_answer(await asyncio.to_thread(_object, request), 201)


API_ROUTES = (
    Route(
        "GET", "/v1/health", _findings, "How the node is, in words, and what to do", statuses=(200, 401), steward=True
    ),
    Route("GET", "/v1/backups", _backups, "The backups that this node has made", statuses=(200, 401), steward=True),
    Route(
        "POST",
        "/v1/backups",
        _begin,
        "Make a backup in the configured folder",
        statuses=(201, 400, 401, 409),
        steward=True,
        body="Backup",
    ),
    Route(
        "GET", "/v1/audits", _audit, "Whether all entries are as they were signed", statuses=(200, 401), steward=True
    ),
    Route(
        "POST",
        "/v1/audits",
        _begin_audit,
        "Check every entry again",
        statuses=(201, 400, 401, 409),
        steward=True,
        body="Audit",
    ),
)
ROUTES = (
    Route("GET", _PAGE, signed_in(_page), "The health of the node, and backups", "text/html", statuses=(200, 303)),
    Route("POST", _PAGE, signed_in(_make), "Make a backup", "text/html", statuses=(303, 422)),
    Route("POST", _PAGE + "/audit", signed_in(_check), "Check every entry again", "text/html", statuses=(303, 422)),
)
