# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/places: records without a place, or in a doubtful one; put where they are on a map, or by coordinates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlencode

from aiohttp import web

from ledger.directory.present import read_record, record_object
from ledger.duplicates.merging import present_body
from ledger.errors import NotFoundError
from ledger.importing.plan import Statement
from ledger.importing.points import Degrees, parse_point
from ledger.places.placing import REASONS, TOWN_PRECISION_M, doubt_object, placed, towns_of
from node.api.v1 import json_answer
from node.directory.duplicates_api import asked_number
from node.directory.listing import record_url
from node.directory.tiles import ground_of
from node.keys import CONFIG, LEDGER
from node.routes import Parameter, Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words, new_nonce, nonce_of, statement_id
from node.upkeep.ground import ground_values
from node.upkeep.page_number import page_of
from node.upkeep.place_queue import PLACES, still_so
from node.upkeep.telling import field_text, point_text
from node.web.languages import choose
from node.web.rendering import reader_of, render
from node.web.words import message
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.record import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.places.geography import Box
    from ledger.places.placing import Doubt
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Reader
    from node.web.session import Session

ROWS_SHOWN, _LIMIT_MAX = 20, 100
_PRECISIONS = (
    (10, message("at the door")),
    (100, message("to about 100 metres")),
    (1_000, message("to about a kilometre")),
    (TOWN_PRECISION_M, message("somewhere in the town")),
)
"""How exactly somebody can say where something is, in metres, and the words for it."""


class Wanted(NamedTuple):
    """What of the queue is shown."""

    reason: str = ""
    kind: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """What an address or a form says; what makes no sense in it counts for nothing."""
        reason, kind = query.get("reason", ""), query.get("kind", "")
        return cls(reason if reason in REASONS else "", kind if kind in KINDS else "", page_of(query))

    def query(self, page: int = 0) -> str:
        """As a query string, of another page if one is named."""
        number = page or self.page
        values = {"reason": self.reason, "kind": self.kind, "page": str(number) if number > 1 else ""}
        return urlencode({name: value for name, value in values.items() if value})


async def _list(request: web.Request, session: Session) -> web.StreamResponse:
    del session
    reader, wanted = reader_of(request), Wanted.read(request.query)
    values = await asyncio.to_thread(_read_list, request, wanted, reader)
    placed_name = request.query.get("placed", "")[:200]
    return render(request, "upkeep_places.html", reader, wanted=wanted, placed=placed_name, reasons=REASONS, **values)


def _read_list(request: web.Request, wanted: Wanted, reader: Reader) -> dict[str, Any]:
    store, words = request.app[LEDGER].store, reader.words
    doubts, territory, looking = request.app[PLACES].doubts(store)
    chosen, begin = _chosen(doubts, wanted), (wanted.page - 1) * ROWS_SHOWN
    part = chosen[begin : begin + ROWS_SHOWN]
    with store.read() as reads:
        rows = reads.records([doubt.rid for doubt in part])
        shown = [_row(reads, rows[one.rid], one, wanted, reader) for one in still_so(rows, part)]
    return {
        "rows": shown,
        "total": words.count("{number} record", "{number} records", len(chosen)),
        "everything": len(doubts),
        "counts": {reason: sum(reason in one.reasons for one in doubts) for reason in REASONS},
        "before": "?" + wanted.query(wanted.page - 1) if wanted.page > 1 else "",
        "after": "?" + wanted.query(wanted.page + 1) if begin + ROWS_SHOWN < len(chosen) else "",
        "territory": _box_text(territory),
        "looking": looking,
    }


def _chosen(doubts: list[Doubt], wanted: Wanted) -> list[Doubt]:
    return [
        one
        for one in doubts
        if (not wanted.reason or wanted.reason in one.reasons) and (not wanted.kind or wanted.kind == one.kind)
    ]


def _row(reads: Snapshot, row: RecordRow, doubt: Doubt, wanted: Wanted, reader: Reader) -> dict[str, Any]:
    record = read_record(reads, row)[0]
    query = f"?{wanted.query()}" if wanted.query() else ""
    return {
        "name": choose(record.name, reader.languages),
        "kind": reader.words.label("kind", row.kind),
        "locality": record.address.locality if record.address else "",
        "reasons": [reader.words.label("doubt", reason) for reason in doubt.reasons],
        "url": f"/steward/places/{row.id.hex()}{query}",
    }


def _box_text(box: Box | None) -> str:
    if box is None:
        return ""
    south, west, north, east = (edge / 1e7 for edge in box)
    return f"{south:.2f}, {west:.2f} / {north:.2f}, {east:.2f}"


async def _place(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, {}, "")


async def _show(request: web.Request, session: Session, texts: Mapping[str, str], fault: str) -> web.StreamResponse:
    """The form for one record, with what was typed into it and what does not do in that."""
    reader = reader_of(request)
    values = await asyncio.to_thread(_read_place, request, reader)
    ground = ground_of(request.app[CONFIG])
    points = values.pop("points")
    return render(
        request,
        "upkeep_place.html",
        reader,
        status=422 if fault else 200,
        wanted=Wanted.read(texts or request.query),
        fault=fault,
        precisions=[(metres, reader.words(text)) for metres, text in _PRECISIONS],
        nonce=new_nonce(),
        csrf=session.csrf,
        action=request.path,
        ground_from=ground.origin,
        **(values | {name: texts[name][:60] for name in ("lat", "lon", "precision") if name in texts}),
        **ground_values(ground, reader.words, points, movable=True),
    )


def _read_place(request: web.Request, reader: Reader) -> dict[str, Any]:
    ledger, words = request.app[LEDGER], reader.words
    doubts, territory, _ = request.app[PLACES].doubts(ledger.store)
    with ledger.store.read() as reads:
        row = own_row(reads, request.match_info["id"])
        record = read_record(reads, row)[0]
        shown = record_object(reads, row)
    reasons = next((one.reasons for one in doubts if one.rid == row.rid), ())
    point, towns = shown.get("point"), towns_of(record)
    middle = _middle(towns[0] if towns else None, territory)
    where = (point["lat"], point["lon"]) if point else middle
    return {
        "name": choose(record.name, reader.languages),
        "kind": words.label("kind", row.kind),
        "address": field_text("address", shown.get("address"), words),
        "website": shown.get("url", ""),
        "url": record_url(show_log_id(ledger.log_id), row.id.hex()),
        "reasons": [words.label("doubt", reason) for reason in reasons],
        "present": point_text(point, words) if point else "",
        "towns": [f"{town.name}, {town.country}" for town in towns[:1]],
        "points": [("+", *where)] if where else [],
        "lat": f"{point['lat']:.6f}" if point else "",
        "lon": f"{point['lon']:.6f}" if point else "",
        "precision": "10",
        "unset": point is None,
    }


def _middle(town: Any, territory: Box | None) -> tuple[float, float] | None:  # noqa: ANN401 - a Place of the gazetteer
    """Where to begin looking: in the town of the address, else in the middle of the territory."""
    if town is not None:
        return town.lat / 1e7, town.lon / 1e7
    if territory is not None:
        return (territory.south + territory.north) / 2e7, (territory.west + territory.east) / 2e7
    return None


def own_row(reads: Snapshot, record_id: str) -> RecordRow:
    """An open public record of the own log. Raises NotFoundError."""
    try:
        wanted = bytes.fromhex(record_id)
    except ValueError:
        wanted = b""
    for tree in reversed(reads.epochs(reads.own_log())):
        row = reads.records_by_id(tree.tree, [wanted]).get(wanted)
        if row is not None and row.status != "closed":
            return row
    raise NotFoundError(f"no open record {record_id[:40]!r} of this organisation")


async def _send(request: web.Request, session: Session) -> web.StreamResponse:
    """A point that was set: shown as it would be signed, or once that was confirmed, written."""
    texts, reader = request[TEXTS], reader_of(request)
    words, wanted = reader.words, Wanted.read(texts)
    nonce = nonce_of(texts)
    if texts.get("use") != "town" and isinstance(parse_point(texts.get("lat", ""), texts.get("lon", "")), str):
        return await _show(request, session, texts, words(_fault(texts)))

    def make(reads: Snapshot) -> Plan:
        row = own_row(reads, request.match_info["id"])
        before = present_body(reads, row)
        record = read_record(reads, row)[0]
        after = _placed(before, towns_of(record), texts)
        statement = Statement("record.put", {"record": after}, statement_id(nonce))
        return Plan([statement], {row.id: before}, {row.id: choose(record.name, reader.languages).text})

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    if position is not None:
        name = next(iter(plan.names.values()))
        query = "&".join(filter(None, (wanted.query(), urlencode({"placed": name[:200]}))))
        return web.Response(status=303, headers={"Location": f"/steward/places?{query}"})
    title = words("Put it on the map")
    return confirmation(request, session, Asked(title, request.path, f"{request.path}?{wanted.query()}"), plan, texts)


def _fault(texts: Mapping[str, str]) -> str:
    if not texts.get("lat", "").strip() and not texts.get("lon", "").strip():
        return message("Say where it is: move the point on the map, or write latitude and longitude.")
    return message("These are no degrees of latitude and longitude, such as 50.63391 and 3.05512.")


def _placed(before: dict[str, Any], towns: list[Any], texts: Mapping[str, str]) -> dict[str, Any]:
    if texts.get("use") == "town":
        if not towns:
            raise Malformed("form", "the town of its address is not known here")
        return placed(before, towns[0].lat, towns[0].lon, TOWN_PRECISION_M, "town")
    point = parse_point(texts.get("lat", ""), texts.get("lon", ""))
    precision = texts.get("precision", "")
    if not isinstance(point, Degrees) or precision not in {str(metres) for metres, _ in _PRECISIONS}:
        raise Malformed("form", "this is no form that was given out here")
    return placed(before, point.latitude, point.longitude, int(precision), "hand")


async def _api(request: web.Request) -> web.Response:
    begin, limit = asked_number(request, "after", 0, 10**6), asked_number(request, "limit", ROWS_SHOWN, _LIMIT_MAX)
    wanted = Wanted.read(request.query)

    def read() -> dict[str, Any]:
        store = request.app[LEDGER].store
        doubts, territory, looking = request.app[PLACES].doubts(store)
        chosen = _chosen(doubts, wanted)
        part = chosen[begin : begin + limit]
        with store.read() as reads:
            rows = reads.records([doubt.rid for doubt in part])
            shown = [doubt_object(reads, rows[one.rid], one.reasons) for one in still_so(rows, part)]
        box = [edge / 1e7 for edge in territory] if territory else None
        told = {"schema": "folkmoot.places/1", "total": len(chosen), "territory": box, "looking": looking}
        return told | {"records": shown}

    return json_answer(await asyncio.to_thread(read))


ROUTES = (
    Route(
        "GET", "/steward/places", signed_in(_list, "record.put"),
        "Records whose place is missing or in doubt", "text/html",
        parameters=(Parameter("reason", ", ".join(REASONS)), Parameter("kind", "its"), Parameter("page", "from 1")),
        statuses=(200, 303),
    ),
    Route(
        "GET", "/steward/places/{id}", signed_in(in_words(_place), "record.put"), "Where a record is", "text/html",
        statuses=(200, 303, 404),
    ),
    Route(
        "POST", "/steward/places/{id}", signed_in(in_words(_send), "record.put"),
        "Put a record on the map", "text/html",
        statuses=(200, 303, 404, 422),
    ),
)  # fmt: skip
API_ROUTES = (
    Route(
        "GET",
        "/v1/places",
        _api,
        "Records of this log whose place is missing or in doubt; they are put by /v1/entries",
        parameters=(
            Parameter("reason", "none, sea, outside, far or coarse"),
            Parameter("kind", "of this kind"),
            Parameter("after", "how many to leave out"),
            Parameter("limit", f"0 to {_LIMIT_MAX}; {ROWS_SHOWN} if not given"),
        ),
        statuses=(200, 400, 401),
        steward=True,
    ),
)
