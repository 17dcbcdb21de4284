# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a steward can take away of an import: the report as a table, the mapping, the map as a picture."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.directory.clusters import Cell, Clusters, Place
from ledger.importing.report import report_csv
from ledger.places.geography import Box
from ledger.places.towns import towns_in
from node.api.v1 import json_answer
from node.directory.map_picture import DARK, LIGHT, draw, view_for
from node.importing.jobs import JOBS
from node.importing.pages import START, for_stewards
from node.routes import Route
from node.web.rendering import reader_of

if TYPE_CHECKING:
    from node.directory.outlines import View
    from node.importing.uploads import Upload
    from node.web.session import Session

_PLACES_MAX = 60
_CELL_PIXELS = 40


def _upload(request: web.Request) -> Upload:
    return request.app[JOBS].uploads.get(request.match_info["id"])


def _attachment(text: str, media_type: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text, content_type=media_type, headers=headers)


async def _report(request: web.Request, _: Session, __: dict[str, str]) -> web.StreamResponse:
    uploads, upload = request.app[JOBS].uploads, _upload(request)
    text = await asyncio.to_thread(lambda: report_csv(uploads.kept(upload, "report")))
    return _attachment("\ufeff" + text, "text/csv", "import-report.csv")


async def _mapping(request: web.Request, _: Session, __: dict[str, str]) -> web.StreamResponse:
    return _attachment(_upload(request).mapping, "application/toml", "mapping.toml")


async def _map(request: web.Request, _: Session, __: dict[str, str]) -> web.StreamResponse:
    uploads, upload, words = request.app[JOBS].uploads, _upload(request), reader_of(request).words
    theme = DARK if request.query.get("theme") == "dark" else LIGHT

    def picture() -> str:
        points = [(lat, lon) for lat, lon in uploads.kept(upload, "preview")["points"]]
        found, view = _gathered(points)
        box = Box(*(round(edge * 1e7) for edge in view.box))
        return draw(found, view, towns_in(box), words("Map of the records in this file"), words, theme)

    return web.Response(text=await asyncio.to_thread(picture), content_type="image/svg+xml")


async def _points(request: web.Request, _: Session, __: dict[str, str]) -> web.StreamResponse:
    uploads, upload = request.app[JOBS].uploads, _upload(request)
    points = await asyncio.to_thread(lambda: uploads.kept(upload, "preview")["points"])
    response = json_answer([[lat / 1e7, lon / 1e7] for lat, lon in points])
    response.enable_compression()
    return response


def _gathered(points: list[tuple[int, int]]) -> tuple[Clusters, View]:
    """The points as a map shows them: each place, or where there are many, those near each other as one."""
    places = Counter(points)
    edges = [min(p[0] for p in places), min(p[1] for p in places), max(p[0] for p in places), max(p[1] for p in places)]
    bounds = (edges[0], edges[1], edges[2], edges[3])
    each = [Place(lat, lon, hits, "", 0) for (lat, lon), hits in places.items()]
    found = Clusters(len(points), 0, bounds, each, [])
    view = view_for(found, None)
    if len(each) <= _PLACES_MAX:
        return found, view
    groups: dict[tuple[int, int], list[Place]] = {}
    for place in each:
        x, y = view.place(place.lat / 1e7, place.lon / 1e7)
        groups.setdefault((int(x // _CELL_PIXELS), int(y // _CELL_PIXELS)), []).append(place)
    return found._replace(places=[], cells=[_cell(group) for group in groups.values()]), view


def _cell(group: list[Place]) -> Cell:
    hits = sum(place.hits for place in group)
    lat = sum(place.lat * place.hits for place in group) // hits
    lon = sum(place.lon * place.hits for place in group) // hits
    lats, lons = [place.lat for place in group], [place.lon for place in group]
    return Cell(lat, lon, hits, min(lats), min(lons), max(lats), max(lons))


_ONE = START + "/{id}"
ROUTES = (
    Route(
        "GET", _ONE + "/report.csv", for_stewards(_report), "The report on each row", "text/csv", statuses=(200, 404)
    ),
    Route(
        "GET", _ONE + "/mapping.toml", for_stewards(_mapping), "The mapping", "application/toml", statuses=(200, 404)
    ),
    Route("GET", _ONE + "/points", for_stewards(_points), "Where they are, in degrees", statuses=(200, 404)),
    Route("GET", _ONE + "/map.svg", for_stewards(_map), "Where the records are", "image/svg+xml", statuses=(200, 404)),
)
