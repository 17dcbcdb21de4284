# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the map asks for: clusters of hits, towns to name, and a picture for where no scripts run."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from ledger.directory.clusters import ZOOM_MAX
from ledger.directory.present import read_record
from ledger.directory.query import QueryError, parse_query
from ledger.places import gazetteer
from ledger.places.geography import Box, parse_box
from ledger.places.towns import towns_in
from node.api.v1 import SEARCH_PARAMETERS
from node.directory.map_picture import DARK, LIGHT, draw, view_for
from node.keys import FINDER, LEDGER
from node.routes import Parameter, Route
from node.web.rendering import reader_of

if TYPE_CHECKING:
    from ledger.directory.clusters import Cell, Clusters, Place
    from ledger.sqlite.store import Snapshot

CLUSTERS_SCHEMA, TOWNS_SCHEMA = "folkmoot.clusters/1", "folkmoot.towns/1"
NAMED_MAX = 100
PICTURE_PLACES_MAX = 60
_TOWNS_KEPT_S = 86_400
_PAGED = frozenset({"limit", "cursor"})
_PARAMETERS = tuple(parameter for parameter in SEARCH_PARAMETERS if parameter.name not in _PAGED)


def _asked(request: web.Request, *others: str) -> dict[str, list[str]]:
    """The search that a request makes, without the parameters that are not about it."""
    return {name: request.query.getall(name) for name in request.query if name not in others}


def _zoom(request: web.Request) -> int:
    text = request.query.get("zoom", "4")
    if not text.isascii() or not text.isdigit() or len(text) > 2 or int(text) > ZOOM_MAX:
        raise QueryError(f"zoom: a number from 0 to {ZOOM_MAX}, not {text[:40]!r}")
    return int(text)


async def _clusters(request: web.Request) -> web.Response:
    zoom, parameters = _zoom(request), _asked(request, "zoom")
    if _PAGED & parameters.keys():
        raise QueryError("limit, cursor: a map shows all hits at once")

    def read() -> bytes:
        found = request.app[FINDER].clusters(parameters, int(time.time()), zoom)
        names: dict[int, dict[str, str]] = {}
        if found.total <= NAMED_MAX:
            with request.app[LEDGER].store.read() as reads:
                names = _names(reads, found)
        return msgspec.json.encode(_told(found, names))

    response = web.Response(body=await asyncio.to_thread(read), content_type="application/json")
    response.enable_compression()
    return response


def _names(reads: Snapshot, found: Clusters) -> dict[int, dict[str, str]]:
    """The names of the places where one record is alone, by row id."""
    rows = reads.records([place.rid for place in found.places if place.hits == 1])
    return {rid: read_record(reads, row)[0].name for rid, row in rows.items()}


def _told(found: Clusters, names: dict[int, dict[str, str]]) -> dict[str, Any]:
    """Clusters as JSON: positions in degrees, boxes as west, south, east, north."""
    return {
        "schema": CLUSTERS_SCHEMA,
        "total": found.total,
        "unplaced": found.unplaced,
        "bbox": _box(*found.bounds) if found.bounds else None,
        "places": [_place(place, names.get(place.rid)) for place in found.places],
        "cells": [_cell(cell) for cell in found.cells],
    }


def _place(place: Place, name: dict[str, str] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"lat": place.lat / 1e7, "lon": place.lon / 1e7, "count": place.hits, "kind": place.kind}
    return told | {"name": name} if name is not None and place.hits == 1 else told


def _cell(cell: Cell) -> dict[str, Any]:
    box = _box(cell.south, cell.west, cell.north, cell.east)
    return {"lat": cell.lat / 1e7, "lon": cell.lon / 1e7, "count": cell.hits, "bbox": box}


def _box(south: int, west: int, north: int, east: int) -> list[float]:
    return [west / 1e7, south / 1e7, east / 1e7, north / 1e7]


async def _towns(request: web.Request) -> web.Response:
    if set(request.query) - {"bbox"} and set(request.query) - {"name"}:
        raise QueryError("towns are asked for by bbox=west,south,east,north alone, or by name=TOWN alone")
    towns: list[gazetteer.Place]
    if "name" in request.query:
        towns = await asyncio.to_thread(gazetteer.candidates, request.query["name"])
    else:
        try:
            box = parse_box(request.query.get("bbox", "-180,-85,180,85"))
        except ValueError as error:
            raise QueryError(str(error)) from None
        towns = await asyncio.to_thread(towns_in, box)
    told = [{"name": town.name, "lat": town.lat / 1e7, "lon": town.lon / 1e7} for town in towns]
    body = msgspec.json.encode({"schema": TOWNS_SCHEMA, "attribution": "GeoNames", "towns": told})
    headers = {"Cache-Control": f"public, max-age={_TOWNS_KEPT_S}"}
    return web.Response(body=body, content_type="application/json", headers=headers)


async def _picture(request: web.Request) -> web.Response:
    parameters = {name: value for name, value in _asked(request, "theme", "lang").items() if name not in _PAGED}
    theme = DARK if request.query.get("theme") == "dark" else LIGHT
    reader = reader_of(request)

    def read() -> str:
        finder, now = request.app[FINDER], int(time.time())
        box = parse_query(parameters, now).box
        rough = finder.clusters(parameters, now, 0, PICTURE_PLACES_MAX)
        view = view_for(rough, box)
        found = rough if rough.places else finder.clusters(parameters, now, view.zoom, PICTURE_PLACES_MAX)
        south, west, north, east = (round(edge * 1e7) for edge in view.box)
        title = reader.words.count("Map of {number} entry", "Map of {number} entries", found.total)
        return draw(found, view, towns_in(Box(south, west, north, east)), title, reader.words, theme)

    response = web.Response(text=await asyncio.to_thread(read), content_type="image/svg+xml")
    response.headers["Vary"] = "Accept-Language"
    response.enable_compression()
    return response


ROUTES = (
    Route(
        "GET",
        "/v1/clusters",
        _clusters,
        "The hits of a search for a map: up to 2,000 as places, more as cells of a grid",
        parameters=(*_PARAMETERS, Parameter("zoom", f"0 to {ZOOM_MAX}, as web maps have it; 4 if not given")),
    ),
    Route(
        "GET",
        "/v1/towns",
        _towns,
        "The towns that a map of a box names, or those that a name can mean, the likeliest first (GeoNames)",
        parameters=(
            Parameter("bbox", "west,south,east,north in degrees"),
            Parameter("name", "instead: of a town, such as Lille or Gent, BE"),
        ),
    ),
    Route(
        "GET",
        "/map.svg",
        _picture,
        "A map of the hits of a search as a picture",
        "image/svg+xml",
        parameters=(*_PARAMETERS, Parameter("theme", "dark; light if not given")),
    ),
)
