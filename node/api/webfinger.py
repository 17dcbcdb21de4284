# SPDX-License-Identifier: AGPL-3.0-or-later
"""WebFinger (RFC 7033): from the address of this node, of a log or of a record to what there is about it."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web
from yarl import URL

from ledger.errors import NotFoundError
from ledger.publishing.formats import FORMATS
from node.api.publishing import LINKED_TYPE, base_of
from node.api.v1 import find_record
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.web.policy import FOR_EVERYBODY
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Sequence

MEDIA_TYPE = "application/jrd+json"
_RECORD = re.compile(r"/record/([a-z2-7]{52})/([0-9a-f]{32})")
_ACCOUNT = re.compile(r"acct:([^@/?#\s]{1,200})@([^@/?#\s]{1,255})")
_PAGE_RELATION = "http://webfinger.net/rel/profile-page"
_RESOURCE_CHARACTERS_MAX = 2_000


async def _webfinger(request: web.Request) -> web.Response:
    resources = request.query.getall("resource", [])
    if len(resources) != 1 or not 0 < len(resources[0]) <= _RESOURCE_CHARACTERS_MAX:
        raise Malformed("resource", "say about what: one resource, an address of this node or acct:LOG@HOST")
    resource, base = resources[0], base_of(request)
    record = _RECORD.fullmatch(_path_here(resource, base, request.host) or "")
    if record is not None:
        links = await asyncio.to_thread(_record_links, request, record[1], record[2], base)
    elif _is_node(request, resource, base):
        links = _node_links(base)
    else:
        raise NotFoundError("nothing is known here under that address")
    wanted = request.query.getall("rel", [])
    body = {
        "subject": resource,
        "links": [link for link in links if not wanted or link["rel"] in wanted],
    }
    return web.Response(body=msgspec.json.encode(body), content_type=MEDIA_TYPE, headers=FOR_EVERYBODY)


def _path_here(resource: str, base: str, host: str) -> str | None:
    """The path of an address of this node, or None for an address elsewhere."""
    try:
        url = URL(resource)
        there = (
            url.host is not None and url.scheme in {"http", "https"} and url.authority in {URL(base).authority, host}
        )
    except ValueError:
        return None
    return url.path if there else None


def _is_node(request: web.Request, resource: str, base: str) -> bool:
    """Whether a resource is this node's organisation: its address, or its log at this host."""
    if _path_here(resource, base, request.host) in {"", "/"}:
        return True
    account = _ACCOUNT.fullmatch(resource)
    hosts = {URL(base).host, URL(base).authority, request.host}
    return account is not None and account[1] == show_log_id(request.app[LEDGER].log_id) and account[2] in hosts


def _record_links(request: web.Request, log: str, record_id: str, base: str) -> Sequence[dict[str, Any]]:
    with request.app[LEDGER].store.read() as reads:
        find_record(reads, log, record_id)
    data = f"{base}/v1/records/{log}/{record_id}"
    return (
        _link(_PAGE_RELATION, "text/html", f"{base}/record/{log}/{record_id}"),
        _link("self", "application/json", data),
        _link("alternate", LINKED_TYPE, f"{data}/jsonld"),
        _link("describedby", "application/json", f"{data}/murmurations"),
    )


def _node_links(base: str) -> Sequence[dict[str, Any]]:
    exports = (_link("alternate", form.media_type, f"{base}/v1/records.{name}") for name, form in FORMATS.items())
    return (
        _link(_PAGE_RELATION, "text/html", f"{base}/"),
        _link("self", "application/json", f"{base}/v1/records"),
        *exports,
        _link("alternate", "application/json", f"{base}/v1/changes"),
        _link("service-desc", "application/openapi+json", f"{base}/openapi.json"),
    )


def _link(relation: str, media_type: str, address: str) -> dict[str, Any]:
    return {"rel": relation, "type": media_type, "href": address}


ROUTES = (
    Route(
        "GET",
        "/.well-known/webfinger",
        _webfinger,
        "What there is about this node, its log or a record (RFC 7033)",
        MEDIA_TYPE,
        (
            Parameter("resource", "an address of this node or of a record's page on it, or acct:LOG@HOST"),
            Parameter("rel", "only links of this relation; may be repeated"),
        ),
        (200, 404),
    ),
)
