# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records in the formats of other programs: the hits of a search as a file, one record, and where to find which."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from ledger.directory.around import contracts_of, pointing_objects
from ledger.directory.claims import claim_objects
from ledger.directory.labels import all_labels, label_languages
from ledger.directory.present import record_object
from ledger.directory.query import QueryError
from ledger.publishing.changes import LIMIT_DEFAULT, LIMIT_MAX, changes_object, parse_limit
from ledger.publishing.formats import FORMATS
from ledger.publishing.labelled import labelled
from ledger.publishing.linked import linked
from ledger.publishing.murmurations import profile
from ledger.publishing.pictures import with_addresses
from node.api.v1 import SEARCH_PARAMETERS, find_record
from node.directory.profile_around import CLAIMS
from node.keys import CONFIG, FINDER, LEDGER
from node.routes import Parameter, Route
from node.translations import own_names
from node.web.downloading import Download, Downloads, gathered, too_many
from node.web.policy import FOR_EVERYBODY
from node.web.rendering import reader_of
from node.web.words import LABELS, words_in
from protocol.identity import parse_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

EXPORTS = web.AppKey("exports", Downloads)
EXPORTS_PER_ADDRESS_MAX = 2
_DAY_S = 86_400
LINKED_TYPE = "application/ld+json"

_ALL = {"limit": "1 to 100; all if not given", "cursor": "`next` of a page of /v1/records"}
_PARAMETERS = tuple(
    Parameter(parameter.name, _ALL.get(parameter.name, parameter.about)) for parameter in SEARCH_PARAMETERS
)

_WITH_LABELS = frozenset(("csv", "ods", "geojson"))
_OF_LABELS = frozenset(("labels", "lang"))
_LABEL_PARAMETERS = (
    Parameter("labels", "a language: what codes mean, beside them; none if empty; that of a browser if not given"),
    Parameter("lang", "a language of the pages, as for labels"),
)


def base_of(request: web.Request) -> str:
    """The address of this node as others know it: the configured one, else that under which it was asked."""
    return request.app[CONFIG].public_url.rstrip("/") or f"{request.scheme}://{request.host}"


def _export(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    form = FORMATS[name]

    async def handler(request: web.Request) -> web.StreamResponse:
        own_parameters = _OF_LABELS if name in _WITH_LABELS else frozenset[str]()
        parameters = {key: request.query.getall(key) for key in request.query if key not in own_parameters}
        exports, address, base = request.app[EXPORTS], request.remote or "", base_of(request)
        language = _labels_in(request) if name in _WITH_LABELS else ""
        words = _label_words(language)
        own = show_log_id(request.app[LEDGER].log_id)

        def begin() -> Iterator[bytes]:
            found = request.app[FINDER].find_all(parameters, int(time.time()))
            records: Iterator[Mapping[str, Any]] = (with_addresses(record, base, own) for record in found)
            if language:
                records = (labelled(record, language, words) for record in records)
            return gathered(form.pieces(records, base))

        pieces = await asyncio.to_thread(begin)
        if request.method == "HEAD":
            return web.Response(content_type=form.media_type, headers=FOR_EVERYBODY)
        if not exports.enter(address):
            return too_many()
        download = Download(pieces, form.media_type, f"folkmoot.{name}", partial(exports.leave, address))
        download.headers.update(FOR_EVERYBODY)
        if name in _WITH_LABELS:
            download.headers["Vary"] = "Accept-Language, Cookie"
        if form.media_type.startswith("text/"):
            download.charset = "utf-8"
        return download

    return handler


def _labels_in(request: web.Request) -> str:
    """The language in which labels of codes are asked for, by name or by a browser; empty where nobody asks.

    Raises QueryError for a language without labels.
    """
    asked = request.query.get("labels")
    if asked:
        if asked not in {*label_languages(), *own_names()}:
            known = ", ".join(sorted({*label_languages(), *own_names()}))
            raise QueryError(f"labels: no labels in {asked[:20]!r}; there are {known}")
        return asked
    if asked is None and ({"lang", "Accept-Language", "Cookie"} & {*request.query, *request.headers}):
        return reader_of(request).words.language
    return ""


def _label_words(language: str) -> dict[str, dict[str, str]]:
    """The labels of kinds and statuses, in English where the pages do not speak the language."""
    words = words_in(language if language in own_names() else "en")
    return {group: {code: words.label(group, code) for code in LABELS[group]} for group in ("kind", "status")}


async def _one(
    request: web.Request, make: Callable[[Mapping[str, Any], str], dict[str, Any]], media_type: str
) -> web.Response:
    def read() -> Mapping[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            row = find_record(reads, request.match_info["log"], request.match_info["id"])
            own = show_log_id(request.app[LEDGER].log_id)
            return with_addresses(record_object(reads, row), base_of(request), own)

    made = make(await asyncio.to_thread(read), base_of(request))
    return web.Response(body=msgspec.json.encode(made), content_type=media_type, headers=FOR_EVERYBODY)


async def _profile(request: web.Request) -> web.Response:
    return await _one(request, profile, "application/json")


async def _linked(request: web.Request) -> web.Response:
    return await _one(request, linked, LINKED_TYPE)


async def _around(request: web.Request) -> web.Response:
    ledger = request.app[LEDGER]
    languages = reader_of(request).languages

    def read() -> dict[str, Any]:
        with ledger.store.read() as reads:
            row = find_record(reads, request.match_info["log"], request.match_info["id"])
            record = record_object(reads, row)
            log_id = parse_log_id(record["log"])
            contracts = contracts_of(reads, record, languages, int(ledger.clock()) // _DAY_S)
            return {
                "schema": "folkmoot.around/1",
                "claims": claim_objects(reads, log_id, row.id, CLAIMS),
                "relations": [
                    {"predicate": predicate, "record": other}
                    for predicate, other in pointing_objects(reads, log_id, row.id)
                ],
                "contracts": [{"log": log, "contract": contract} for log, contract in contracts],
            }

    body = msgspec.json.encode(await asyncio.to_thread(read))
    return web.Response(body=body, content_type="application/json", headers=FOR_EVERYBODY)


async def _changes(request: web.Request) -> web.Response:
    unknown = sorted(set(request.query) - {"since", "limit"})
    if unknown:
        raise QueryError(f"no parameter {', '.join(unknown)[:100]}; there are since and limit")
    since, limit = request.query.get("since", ""), parse_limit(request.query.get("limit", str(LIMIT_DEFAULT)))

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            return changes_object(reads, since, limit)

    told = await asyncio.to_thread(read)
    return web.Response(body=msgspec.json.encode(told), content_type="application/json", headers=FOR_EVERYBODY)


async def _labels(request: web.Request) -> web.Response:
    reader = reader_of(request)
    told = await asyncio.to_thread(all_labels, reader.words.language)
    body = msgspec.json.encode({"schema": "folkmoot.labels/1", "language": reader.words.language, **told})
    response = web.Response(body=body, content_type="application/json", headers=FOR_EVERYBODY)
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.enable_compression()
    return response


ROUTES = (
    Route(
        "GET",
        "/v1/labels",
        _labels,
        "What codes mean: categories, structures, memberships, countries",
        parameters=(Parameter("lang", "a language of the pages; else that of the asker"),),
    ),
    Route(
        "GET",
        "/v1/changes",
        _changes,
        "What has changed since a cursor, deletions too: for whoever keeps a copy of the directory",
        parameters=(
            Parameter("since", "`next` of the answer before; everything that is there now if not given"),
            Parameter("limit", f"1 to {LIMIT_MAX}; {LIMIT_DEFAULT} if not given"),
        ),
    ),
    *(
        Route(
            "GET",
            f"/v1/records.{name}",
            _export(name),
            f"All hits of a search as {form.about}",
            form.media_type,
            (*_PARAMETERS, *_LABEL_PARAMETERS) if name in _WITH_LABELS else _PARAMETERS,
            (200, 429),
        )
        for name, form in FORMATS.items()
    ),
    Route(
        "GET",
        "/v1/records/{log}/{id}/murmurations",
        _profile,
        "A record as a Murmurations profile: its address is what an index is given",
        statuses=(200, 404),
    ),
    Route(
        "GET",
        "/v1/records/{log}/{id}/around",
        _around,
        "What others say of a record, what points at it, its contracts",
        statuses=(200, 404),
    ),
    Route(
        "GET",
        "/v1/records/{log}/{id}/jsonld",
        _linked,
        "A record as JSON-LD of schema.org",
        LINKED_TYPE,
        statuses=(200, 404),
    ),
)
