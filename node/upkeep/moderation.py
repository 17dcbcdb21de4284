# SPDX-License-Identifier: AGPL-3.0-or-later
"""/moderation: everything that an organisation decided, for all to read and to check."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ledger.directory.present import read_record
from ledger.directory.query import QueryError
from ledger.errors import NotFoundError
from ledger.held.denying import denied_records
from ledger.held.federation import moderation_log
from node.api.static_log import held_tree, origin_of
from node.api.v1 import json_answer
from node.directory.listing import record_url
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.web.languages import Text, choose
from node.web.log_names import log_names
from node.web.rendering import error_page, reader_of, render
from node.web.words import date_text
from protocol.charter import establish
from protocol.identity import parse_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from node.directory.listing import Reader
    from node.web.words import Words

SHOWN, _LIMIT_MAX = 100, 500
_DIGITS_MAX = 15
_OF_RECORDS = frozenset({"claim.same", "claim.different"})


def _tree_asked(reads: Snapshot, request: web.Request) -> Tree:
    """The log that a path names, or else the own one."""
    if "log" in request.match_info:
        return held_tree(reads, origin_of(request))
    return reads.epochs(reads.own_log())[-1]


def read_moderation(request: web.Request, limit: int = SHOWN) -> dict[str, Any]:
    """A part of the moderation log that a request asks for. Raises NotFoundError, QueryError."""
    before = _before(request)
    with request.app[LEDGER].store.read() as reads:
        tree = _tree_asked(reads, request)
        log_id, epoch = tree.origin
        rows = moderation_log(reads, tree, before, limit + 1)
    return {
        "schema": "folkmoot.moderation/1",
        "log": show_log_id(log_id),
        "epoch": epoch,
        "decisions": rows[:limit],
        "next": rows[limit - 1]["position"] if len(rows) > limit else None,
    }


def _before(request: web.Request) -> int | None:
    text = request.query.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX):
        raise QueryError(f"before: the position of an entry, not {text[:40]!r}")
    return int(text)


async def _api(request: web.Request) -> web.Response:
    text = request.query.get("limit", str(_LIMIT_MAX))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= _LIMIT_MAX):
        raise QueryError(f"limit: a number from 1 to {_LIMIT_MAX}, not {text[:40]!r}")
    return json_answer(await asyncio.to_thread(read_moderation, request, int(text)))


async def _page(request: web.Request) -> web.Response:
    reader = reader_of(request)
    ledger = request.app[LEDGER]

    def read() -> dict[str, Any]:
        told = read_moderation(request)
        log_id = parse_log_id(told["log"])
        with ledger.store.read() as reads:
            charter = establish(reads.charters(reads.epochs(log_id)[-1].tree)).charter
            names = _names(reads, told, reader)
        return {
            "log_name": choose(charter.name, (*reader.languages, *charter.languages)),
            "decisions": [_decision(row, told, names, reader.words) for row in told["decisions"]],
            "first": request.path if "before" in request.query else "",
            "next": f"{request.path}?before={told['next']}" if told["next"] else "",
        }

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    return render(request, "moderation.html", reader, **values)


def _names(reads: Snapshot, told: dict[str, Any], reader: Reader) -> dict[tuple[str, str], Text]:
    """What the records and logs are called that decisions are about: of those that are held and not denied."""
    about = {_about(row["kind"], row["body"], told["log"]) for row in told["decisions"]}
    about |= {_other(row["body"]) for row in told["decisions"] if row["kind"] in _OF_RECORDS}
    names = {
        (one.id, ""): one.name for one in log_names(reads, {log for log, record_id in about if not record_id}, reader)
    }
    denied = denied_records(reads)
    for log, record_id in about:
        if not record_id:
            continue
        for tree in reads.epochs(parse_log_id(log)):
            row = (
                None
                if tree.hidden
                else reads.records_by_id(tree.tree, [bytes.fromhex(record_id)]).get(bytes.fromhex(record_id))
            )
            if row is not None and row.rid not in denied:
                names[log, record_id] = choose(read_record(reads, row)[0].name, reader.languages)
    return names


def _other(body: dict[str, Any]) -> tuple[str, str]:
    return body["other"]["log"], body["other"]["id"]


def _decision(
    row: dict[str, Any], told: dict[str, Any], names: Mapping[tuple[str, str], Text], words: Words
) -> dict[str, Any]:
    """A decision in words, by whom, with what it is about: a record has its page, a log its row."""
    body, kind = row["body"], row["kind"]
    log, record_id = _about(kind, body, told["log"])
    entry = kind in {"erase", "role", "import.undo"}
    subject = "" if entry else f"{log[:8]}/{record_id[:8]}" if record_id else log[:8]
    return {
        "what": _what(kind, body, words),
        "date": date_text(row["at"], words),
        "subject": subject,
        "name": names.get((log, record_id)),
        "url": record_url(log, record_id) if record_id else f"/peers#{log}",
        "other": record_url(body["other"]["log"], body["other"]["id"]) if kind in _OF_RECORDS else "",
        "name_of_other": names.get(_other(body)) if kind in _OF_RECORDS else None,
        "other_name": f"{body['other']['log'][:8]}/{body['other']['id'][:8]}" if kind in _OF_RECORDS else "",
        "note": body.get("note", "") or (body.get("reason", "") if kind == "claim.decided" else ""),
        "by": row["by"],
        "key": row["author"][:8],
        "position": words.number(row["position"]),
        "proof": f"/v1/log/{told['log']}/{told['epoch']}/proofs/{row['position']}",
    }


def _about(kind: str, body: dict[str, Any], own: str) -> tuple[str, str]:
    """The log and the record that a decision is about; an empty id where it is about the log."""
    if kind in {"deny", "label", "claim.decided", *_OF_RECORDS}:
        about = body.get("subject", body)
        return about.get("log", ""), about.get("id", "")
    return (body["log"], "") if kind == "vouch" else (own, body.get("id", "") if kind == "record.close" else "")


def _what(kind: str, body: dict[str, Any], words: Words) -> str:
    match kind:
        case "label":
            said = words("Labelled “{label}”", label=body["label"])
            return said if body["set"] else words("Label “{label}” taken off", label=body["label"])
        case "deny":
            reason = words.label("denial", body["reason"])
            return words("Not shown: {reason}", reason=reason) if body["denied"] else words("Shown again")
        case "erase":
            return words("Erased the content of entry {position}", position=words.number(body["position"]))
        case "claim.same":
            return words("Merged into") if not body.get("withdrawn") else words("Merging taken back")
        case "claim.different":
            return words("Kept apart from") if not body.get("withdrawn") else words("Keeping apart taken back")
        case "claim.decided":
            return words.label("claim_outcome", body["outcome"])
        case "import.undo":
            return words("An import undone")
        case "vouch":
            return words("Vouches for this log") if body["vouched"] else words("Vouches for this log no more")
        case "role":
            role = words.label("role", body["role"])
            return words("{name} is now: {role}", name=body.get("name") or body["key"][:8], role=role)
    return words("Closed: {reason}", reason=words.label("reason", body.get("reason", "")))


ROUTES = (
    Route("GET", "/moderation", _page, "What this organisation decided", "text/html", statuses=(200, 400)),
    Route(
        "GET", "/moderation/{log}/{epoch}", _page, "What an organisation decided", "text/html", statuses=(200, 400, 404)
    ),
)
_PARAMETERS = (
    Parameter("before", "position of an entry: what was decided before it"),
    Parameter("limit", f"1 to {_LIMIT_MAX}"),
)
API_ROUTES = (
    Route(
        "GET", "/v1/moderation", _api, "What this organisation decided, by entries of its log", parameters=_PARAMETERS
    ),
    Route(
        "GET",
        "/v1/log/{log}/{epoch}/moderation",
        _api,
        "What an organisation decided, by entries of its log",
        parameters=_PARAMETERS,
        statuses=(200, 400, 404),
    ),
)
