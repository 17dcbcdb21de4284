# SPDX-License-Identifier: AGPL-3.0-or-later
"""The web pages of a node: the directory and the logs. Plain HTML that works without scripts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ledger.directory.query import QueryError, join_values, parse_query
from ledger.held.forks import why_not_signing
from ledger.held.receipts import last_erasures
from ledger.held.witness import witness_verifier
from ledger.proofs.proving import log_object
from ledger.text import fold
from node.api.publishing import base_of
from node.directory.asked import Asked
from node.directory.listing import Result, category_text, facets, filters, result, wider
from node.directory.maps import map_of
from node.directory.sharing import sharing
from node.directory.tiles import ground_of
from node.keys import CONFIG, FINDER, HUB, LEDGER
from node.routes import Route
from node.web.assets import serve_asset
from node.web.languages import Text, choose
from node.web.log_names import log_names
from node.web.policy import content_policy
from node.web.rendering import error_page, reader_of, remembering, render, wants_html
from node.web.words import date_text
from protocol.record import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.directory.query import Circle
    from node.directory.listing import Reader
    from node.web.words import Words

__all__ = ["ROUTES", "error_page", "wants_html"]

ERASURES_SHOWN = 20
RADII_KM = (1, 2, 5, 10, 25, 50, 100)
RADIUS_CHOSEN = "10km"
CATEGORIES_OFFERED = 60
_CARRIED = (
    "status",
    "bbox",
    "lat",
    "lon",
    "licence",
    "country",
    "direction",
    "terms",
    "over",
    "set",
    "log",
    "archived",
    "limit",
)


class Option(NamedTuple):
    """A choice of the form."""

    value: str
    text: str
    chosen: bool


class Found(NamedTuple):
    """A page of results: `heading` and `lag` in words, `next` and `first` as addresses or empty."""

    heading: str
    lag: str
    results: list[Result]
    next: str
    first: str


async def _directory(request: web.Request) -> web.Response:
    asked = Asked.read(request.query.items())
    if sorted(asked.values.items()) != sorted(request.query.items()):
        return remembering(request, web.Response(status=303, headers={"Location": asked.url()}))
    reader = reader_of(request)
    try:
        found, circle, names = await asyncio.to_thread(_find, request, asked, reader)
    except QueryError as error:
        return render(
            request, "directory.html", reader, status=400, problem=str(error), map=None, **_form(asked, reader.words)
        )
    words = reader.words
    page, ground = _page(found, names, asked, circle, reader), ground_of(request.app[CONFIG])
    shown = filters(asked, circle, words, names)

    def count(view: Asked) -> int:
        return request.app[FINDER].count(view.parameters(), reader.now)

    response = render(
        request,
        "directory.html",
        reader,
        problem="",
        page=page,
        map=map_of(asked, words, ground) if found["total"] else None,
        share=sharing(asked, base_of(request), _title(asked, words), words) if found["total"] else None,
        facets=facets(found["facets"], asked, words, names),
        filters=shown,
        wider=[] if found["total"] else await asyncio.to_thread(wider, asked, shown, circle, words, count),
        ground_from=ground.origin,
        **_form(asked, words, found["facets"]["category"]),
    )
    response.enable_compression()  # nothing secret is on this page
    return response


async def _embed(request: web.Request) -> web.Response:
    """The same view for inside another site, in the language of the address (`lang`); links open pages of their own."""
    asked = Asked.read((name, value) for name, value in request.query.items() if name != "lang")
    reader = reader_of(request)
    found, circle, names = await asyncio.to_thread(_find, request, asked, reader)
    ground = ground_of(request.app[CONFIG])
    response = render(
        request,
        "embed.html",
        reader,
        title=_title(asked, reader.words),
        page=_page(found, names, asked, circle, reader),
        map=map_of(asked, reader.words, ground, "_blank") if found["total"] else None,
        whole=asked.first_page().url(),
    )
    response.headers["Content-Security-Policy"] = content_policy(framed=True, images=ground.origin)
    response.enable_compression()
    return response


def _page(found: dict[str, Any], names: dict[str, Text], asked: Asked, circle: Circle | None, reader: Reader) -> Found:
    return Found(
        heading=reader.words.count("{number} entry", "{number} entries", found["total"]),
        lag=_lag(found["lag"], reader.words),
        results=[result(record, names[record["log"]], asked, circle, reader) for record in found["records"]],
        next=asked.at(found["next"]).url() if found["next"] else "",
        first=asked.first_page().url() if asked.get("cursor") else "",
    )


def _find(request: web.Request, asked: Asked, reader: Reader) -> tuple[dict[str, Any], Circle | None, dict[str, Text]]:
    """The page of results (ledger.directory.present), the circle asked for, and the names of the logs with results."""
    parameters = asked.parameters()
    found = request.app[FINDER].find(parameters, reader.now)
    wanted = {*(record["log"] for record in found["records"]), *found["facets"]["log"], *asked.chosen("log")}
    with request.app[LEDGER].store.read() as reads:
        names = {name.id: name.name for name in log_names(reads, wanted, reader)}
    return found, parse_query(parameters, reader.now).circle, names


def _lag(entries: int, words: Words) -> str:
    if not entries:
        return ""
    return words.count(
        "{number} entry is still being taken in and cannot be found yet.",
        "{number} entries are still being taken in and cannot be found yet.",
        entries,
    )


def _form(asked: Asked, words: Words, categories: Mapping[str, int] | None = None) -> dict[str, Any]:
    """What the search form shows and carries along; `categories` with how many records there are of each."""
    radius = asked.get("radius") or RADIUS_CHOSEN
    radii = [(f"{km}km", words.distance(km * 1000)) for km in RADII_KM]
    ages = [("", words("at any time")), ("90d", words("in the last 3 months")), ("1y", words("in the last year"))]
    kinds = [(kind, words.label("kind", kind)) for kind in KINDS]
    several = ", ".join(words.label("kind", kind) for kind in asked.chosen("kind"))
    chosen = ", ".join(category_text(category, words) for category in asked.chosen("category"))
    return {
        "title": _title(asked, words),
        "asked": asked,
        "plain": not set(asked.values) - {"limit"},
        "kinds": _options(kinds, asked.get("kind"), several),
        "categories": _options(_categories(categories or {}, words), asked.get("category"), chosen),
        "radii": _options(radii, radius, radius),
        "ages": _options(ages, asked.get("checked_within"), asked.get("checked_within")),
        "carried": [(name, asked.get(name)) for name in _CARRIED if asked.get(name)],
    }


def _categories(counts: Mapping[str, int], words: Words) -> list[tuple[str, str]]:
    """The most frequent categories, by their labels, with how many there are of each."""
    most = list(counts.items())[:CATEGORIES_OFFERED]
    named = [(fold(category_text(code, words)), category_text(code, words), code, count) for code, count in most]
    return [
        (join_values([code]), words("{category} ({number})", category=text, number=words.number(count)))
        for _, text, code, count in sorted(named)
    ]


def _title(asked: Asked, words: Words) -> str:
    sought = ", ".join(filter(None, (asked.get("q"), asked.get("near"))))
    return words("Search: {words}", words=sought) if sought else words("Directory")


def _options(choices: Sequence[tuple[str, str]], chosen: str, text: str) -> list[Option]:
    """The choices of a field, with the one in force among them even if it is not one that the form offers."""
    options = [Option(value, label, value == chosen) for value, label in choices]
    known = not chosen or any(option.chosen for option in options)
    return options if known else [*options, Option(chosen, text, chosen=True)]


async def _logs(request: web.Request) -> web.Response:
    reader = reader_of(request)
    words = reader.words
    ledger = request.app[LEDGER]

    def read() -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
        with ledger.store.read() as reads:
            now = int(ledger.clock())
            held = [log_object(reads, tree, now, ledger.log_id) for tree in reads.trees() if not tree.hidden]
            refused = why_not_signing(reads, ledger.own.tree) or ledger.own.signing_refused
            return held, refused, last_erasures(reads, reads.tree_numbered(ledger.own.tree), ERASURES_SHOWN)

    held, refused, erased = await asyncio.to_thread(read)
    logs = [log_row(log, reader) for log in held]
    peers = [
        {"name": peer.name, "log": peer.log, "outbound": peer.outbound, "received": words.number(peer.received_entries)}
        for peer in request.app[HUB].peers()
    ]
    count = words.count("{number} log is held here", "{number} logs are held here", len(logs))
    return render(
        request,
        "logs.html",
        reader,
        words_count=count,
        logs=logs,
        erasures=[erasure_row(one, erased, words) for one in erased["erased"]],
        peers=peers,
        witness_key=str(witness_verifier(ledger)),
        refused=refused,
    )


def log_row(log: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """A log object (ledger.proofs.proving) as a row of the table."""
    words = reader.words
    held = words("Completely")
    if not log["complete"]:
        held = words("{held} of {size}", held=words.number(log["size"]), size=words.number(log["head_size"]))
    return {
        "id": log["log"],
        "epoch": log["epoch"],
        "name": choose(log["name"], reader.languages),
        "kind": words.label("organisation", log["kind"]),
        "own": log["own"],
        "entries": words.number(log["size"]),
        "held": held,
        "state": "" if log["state"] == "ok" else words.label("log_state", log["state"]),
        "fork_proof": f"/v1/log/{log['log']}/{log['epoch']}/fork-proof" if log["fork_proof"] else "",
        "signed": words.number(log["checkpoint_size"]),
        "written": _written(log, words),
        "checkpoint": f"/log/{log['log']}/{log['epoch']}/checkpoint" if log["checkpoint"] else "",
    }


def erasure_row(erasure: dict[str, Any], log: dict[str, Any], words: Words) -> dict[str, Any]:
    """An erased entry (ledger.held.receipts) of a log as a row of the table."""
    position = erasure["position"]
    return {
        "position": words.number(position),
        "url": f"/v1/log/{log['log']}/{log['epoch']}/entries/{position}",
        "at": date_text(erasure["at"], words) if erasure["at"] else "",
        "confirmed": [one["name"] or one["log"][:8] for one in erasure["confirmed"]],
        "unconfirmed": [one["name"] or one["log"][:8] for one in erasure["unconfirmed"]],
    }


def _written(log: dict[str, Any], words: Words) -> str:
    """How much of a log a quorum of its witnesses has cosigned (spec 11 §4)."""
    if log["written"] == "published":
        return words("Published")
    if log["published_size"]:
        return words("Published to {number}", number=words.number(log["published_size"]))
    return words("Saved")


ROUTES = (
    Route("GET", "/", _directory, "The directory", "text/html"),
    Route("GET", "/embed", _embed, "A view of the directory for inside another site", "text/html"),
    Route("GET", "/logs", _logs, "Logs and peers", "text/html", statuses=(200,)),
    Route("GET", "/static/{name}", serve_asset, "Style sheet and emblem", "text/css", statuses=(200, 304, 404)),
)
