# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a record: what is gathered for it from the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from aiohttp import web
from yarl import URL

from ledger.directory.present import history_objects, read_record, record_object, record_states
from ledger.errors import NotFoundError
from ledger.places.opening import read_week
from ledger.places.towns import towns_in
from ledger.publishing.linked import linked
from ledger.publishing.pictures import with_addresses
from node.api.publishing import base_of
from node.api.v1 import find_record
from node.directory.around import around
from node.directory.image_files import IMAGES, images_url, may_change
from node.directory.listing import checked, record_url
from node.directory.offers_pages import on_record
from node.directory.profile import Names, profile
from node.directory.profile_steps import COMPARED_MAX
from node.directory.spot import draw_spot
from node.directory.week import week_table
from node.keys import LEDGER
from node.reciprocity.resource_pages import calendar_url
from node.routes import Route
from node.web.codes import draw_address
from node.web.languages import choose
from node.web.log_names import log_names
from node.web.rendering import data_block, error_page, reader_of, render, straight
from protocol.charter import establish
from protocol.identity import parse_log_id, show_log_id

_DAY_S = 86_400

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Checked, Reader
    from node.directory.profile_around import Around, Claim
    from node.directory.week import Table


async def _record(request: web.Request) -> web.Response:
    reader = reader_of(request)

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            row = find_record(reads, request.match_info["log"], request.match_info["id"])
            record = record_object(reads, row)
            states = record_states(reads, row, COMPARED_MAX + 1)
            week = _week(record, reader)
            names = Names(
                record_authors(reads, row, reader),
                _related(reads, record),
                states,
                week is not None,
                request.app[IMAGES].sizes(image["url"] for image in record.get("images", ())),
                next(iter(establish(reads.charters(row.tree)).charter.endpoints), ""),
            )
            own = show_log_id(request.app[LEDGER].log_id)
            shown, beside = (
                profile(record, history_objects(reads, row), names, reader),
                around(reads, record, row, reader),
            )
            last, by = _last_look(record.get("checked_at"), beside, reader)
            address = f"{base_of(request)}{record_url(record['log'], record['id'])}"
            return {
                "profile": shown._replace(checked=last, checked_by=by),
                "log_name": next(iter(log_names(reads, {record["log"]}, reader))),
                "fork_proof": _fork_url(reads, row.tree),
                "data_url": f"/v1/records/{record['log']}/{record['id']}",
                "around": beside,
                "week": week,
                "hours": record.get("hours", ""),
                "spot": draw_spot(record["point"], towns_in) if "point" in record else None,
                "address": address,
                "letter": f"mailto:?{urlencode({'subject': _title(record, reader), 'body': address}, quote_via=quote)}",
                "code": draw_address(address),
                "linked": data_block(linked(with_addresses(record, base_of(request), own), base_of(request))),
                "to_pictures": images_url(row.id) if may_change(request, row, record["log"] == own) else "",
                "exchange": on_record(request, reads, row, record, reader),
                "calendar_url": calendar_url(reads, row),
                "home": _home(names.endpoint, row.id) if record["log"] != own else None,
            }

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    return render(request, "record.html", reader, **values)


def _last_look(at: int | None, around: Around, reader: Reader) -> tuple[Checked, Claim | None]:
    """When somebody last looked and found a record right, here or in another log, and who, if they said it in a log."""
    looked = around.looked
    if looked is None or looked.looked < (at or 0) - _DAY_S:
        return checked(at, reader), None
    return checked(max(looked.looked, at or 0), reader), looked


def _home(endpoint: str, record_id: bytes) -> tuple[str, str] | None:
    """Where a change of a record of another log is proposed: (address, host) at its own node, if it has an address."""
    try:
        host = URL(endpoint).host
    except ValueError:
        host = None
    return (f"{endpoint.rstrip('/')}/propose?record={record_id.hex()}", host) if host else None


def _week(record: Mapping[str, Any], reader: Reader) -> Table | None:
    """The opening hours as a table, where they can be read and it is known what time it is there."""
    if not record.get("hours"):
        return None
    point = record.get("point")
    lat, lon = (round(point["lat"] * 1e7), round(point["lon"] * 1e7)) if point else (None, None)
    week = read_week(record["hours"], lat, lon, record.get("address", {}).get("country", ""), reader.now)
    return week_table(week, reader.words) if week else None


def _title(record: Mapping[str, Any], reader: Reader) -> str:
    return straight(choose(record["name"], reader.languages).text)


def _fork_url(reads: Snapshot, tree: int) -> str:
    """Where the proof is that the log of a record has forked; empty if it has not, or has been healed since."""
    fork = reads.fork(tree)
    log_id, epoch = reads.tree_numbered(tree).origin
    return f"/v1/log/{show_log_id(log_id)}/{epoch}/fork-proof" if fork and fork.healed is None else ""


def record_authors(reads: Snapshot, row: RecordRow, reader: Reader) -> dict[str, str]:
    """The keys that write in the organisation's name, and what they are called."""
    charter = establish(reads.charters(row.tree)).charter
    own = dict.fromkeys(charter.keys, choose(charter.name, (*reader.languages, *charter.languages)).text)
    return {key.hex(): name for key, name in (own | reads.called(row.tree)).items()}


def _related(reads: Snapshot, record: dict[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    """The names of the records that a record is related to, of those that are held here."""
    objects = [(relation["object"]["log"], relation["object"]["id"]) for relation in record.get("relations", ())]
    trees = {tree.origin.log_id: tree.tree for tree in reads.trees() if not tree.hidden} if objects else {}
    names = {}
    for log, record_id in objects:
        tree, wanted = trees.get(parse_log_id(log)), bytes.fromhex(record_id)
        row = reads.records_by_id(tree, [wanted]).get(wanted) if tree is not None else None
        if row is not None:
            names[log, record_id] = read_record(reads, row)[0].name
    return names


ROUTES = (Route("GET", "/record/{log}/{id}", _record, "A record", "text/html", statuses=(200, 404)),)
