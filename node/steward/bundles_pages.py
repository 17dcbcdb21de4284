# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs in a file, for a steward: taken along, and brought in with what became of each; as `folkmoot bundle` does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ledger.carried.bundle import choose
from ledger.errors import LedgerError
from node.api.bundles import download, parse_since
from node.importing.reasons import reason_text
from node.importing.receiving import take_form
from node.keys import LEDGER
from node.routes import Route
from node.steward.carrying import BUNDLE_BYTES_MAX, CARRYING
from node.steward.steward_pages import TEXTS, TO_SIGN_IN, signed_in
from node.web.log_names import log_names
from node.web.rendering import reader_of, render
from node.web.session import is_from_form, session_of
from node.web.words import message
from protocol.bundle import MEDIA_TYPE
from protocol.errors import Malformed
from protocol.identity import parse_log_id, show_log_id

if TYPE_CHECKING:
    from node.directory.listing import Reader
    from node.steward.carrying import Carried
    from node.web.languages import Text
    from node.web.session import Session

PAGE = "/steward/bundles"
SINCE_MAX = 10**15
_WAIT_S = 0.8
_ROWS_SHOWN = 300
_CUT_OFF = message("Not all of it is in the file: it was cut off. Copy it again; it goes on from what was taken.")
_DAMAGED = message("The file is damaged here. Copy it again from where it came from.")
_FALSE = message(
    "This is not what the organisation signed: it was changed on its way. Get the file from somebody else."
)
_REASONS = {
    **dict.fromkeys(("truncated", "missing"), _CUT_OFF),
    **dict.fromkeys(("damaged", "malformed", "record_size", "order", "trailing", "header"), _DAMAGED),
    "tag": message("This is no bundle of logs: choose the file that was written as one."),
    "version": message("The bundle was written by a newer program: update this node first."),
    "gap": message("Its entries begin later than what is held here. Bring one that begins earlier."),
    "unwanted": message("This node does not take it. Let the log in first, under “Peers, witnesses, logs”."),
    "fork": message("The organisation has signed two histories that contradict each other: ask it which one counts."),
}


class LogRow(NamedTuple):
    """What became of one log: `name` is None where nothing of it is held; `why` is how the program says it."""

    id: str
    name: Text | None
    epoch: int
    state: str
    taken: int
    held: int
    said: str
    why: str


def reason_words(reason: str) -> str:
    """The message for a reason of spec 14 §3; all those that are not named there are of signatures and hashes."""
    return _REASONS.get(reason, _FALSE)


async def _index(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show_index(request, session, 200, "")


async def _show_index(request: web.Request, session: Session, status: int, fault: str) -> web.Response:
    reader, ledger = reader_of(request), request.app[LEDGER]

    def read() -> tuple[list[Carried], list[tuple[str, Text, int]]]:
        with ledger.store.read() as reads:
            sizes = {show_log_id(one.part.log): one.part.to for one in choose(reads)}
            names = log_names(reads, sizes, reader)
        own = show_log_id(ledger.log_id)
        newest = {one.id: one for one in names}.values()
        ordered = sorted(newest, key=lambda one: (one.id != own, one.name.text.casefold()))
        return request.app[CARRYING].files.all(), [(one.id, one.name, sizes[one.id]) for one in ordered]

    files, logs = await asyncio.to_thread(read)
    return render(
        request,
        "steward_bundles.html",
        reader,
        status=status,
        fault=fault,
        files=files,
        logs=logs,
        own=show_log_id(ledger.log_id),
        since_max=SINCE_MAX,
        mebibytes=BUNDLE_BYTES_MAX >> 20,
        count=reader.words.count,
        csrf=session.csrf,
    )


async def _download(request: web.Request, _: Session) -> web.StreamResponse:
    """The file that the form asks for: all logs, or one, from a size on; as a bundle, or a folder for a web server."""
    query = request.query
    logs = {parse_log_id(query["log"])} if query.get("log") else set()
    tar = query.get("as") == "tar"
    return await download(request, logs, 0 if tar else parse_since(query.get("from") or "0"), tar=tar)


async def _upload(request: web.Request) -> web.StreamResponse:
    """Takes a file in; who may not is told before anything of it is kept."""
    session = session_of(request)
    if session is None:
        return web.Response(status=303, headers={"Location": TO_SIGN_IN})
    carrying, words = request.app[CARRYING], reader_of(request).words
    try:
        _, name, receiving = await take_form(request, carrying.files, lambda given: is_from_form(session, given))
        if receiving is None or not receiving.size:
            if receiving is not None:
                receiving.give_up()
            return await _show_index(request, session, 422, words("Choose a file first; the one that came is empty."))
        one = await asyncio.to_thread(carrying.take, receiving, name)
    except Malformed as error:
        said = words(reason_words(error.reason)) if error.reason in _REASONS else reason_text(error.text, words)
        return await _show_index(request, session, 422, said)
    except LedgerError as error:
        return await _show_index(request, session, 422, reason_text(str(error), words))
    return web.Response(status=303, headers={"Location": f"{PAGE}/{one.id}"})


async def _one(request: web.Request, session: Session) -> web.StreamResponse:
    """A bundle: how far it is, or what became of it."""
    carrying, reader = request.app[CARRYING], reader_of(request)
    one = carrying.files.get(request.match_info["id"])
    if one.phase == "taking":
        await asyncio.to_thread(carrying.wait, one.id, _WAIT_S)
        one = carrying.files.get(one.id)
    rows = await asyncio.to_thread(_rows, request, one, reader)
    done, total = carrying.progress(one)
    return render(
        request,
        "steward_bundle.html",
        reader,
        one=one,
        rows=rows[:_ROWS_SHOWN],
        more=max(0, len(rows) - _ROWS_SHOWN),
        tally=[sum(row.state == state for row in rows) for state in ("taken", "held", "refused")],
        entries=sum(row.taken for row in rows),
        broken=reader.words(reason_words(one.broken["reason"])) if one.broken else "",
        fault=reason_text(one.fault, reader.words),
        done=done,
        total=total,
        count=reader.words.count,
        csrf=session.csrf,
    )


def _rows(request: web.Request, one: Carried, reader: Reader) -> list[LogRow]:
    """What became of each log, those first of which something was refused."""
    with request.app[LEDGER].store.read() as reads:
        names = {named.id: named.name for named in log_names(reads, {row["log"] for row in one.logs}, reader)}
    rows = [
        LogRow(
            row["log"],
            names.get(row["log"]),
            row["epoch"],
            row["state"],
            row["taken"],
            row["held"],
            reader.words(reason_words(row["reason"])) if row["reason"] else "",
            row["why"],
        )
        for row in one.logs
    ]
    return sorted(rows, key=lambda row: ("refused", "taken", "held").index(row.state))


async def _act(request: web.Request, _: Session) -> web.StreamResponse:
    """Tries one again that has stopped, or drops it."""
    carrying = request.app[CARRYING]
    one = carrying.files.get(request.match_info["id"])
    if request[TEXTS].get("step") == "drop":
        await asyncio.to_thread(carrying.files.drop, one.id)
        return web.Response(status=303, headers={"Location": PAGE})
    if one.phase == "stopped":
        carrying.again(one)
    return web.Response(status=303, headers={"Location": f"{PAGE}/{one.id}"})


async def _progress(request: web.Request, _: Session) -> web.StreamResponse:
    carrying = request.app[CARRYING]
    one = carrying.files.get(request.match_info["id"])
    done, total = carrying.progress(one)
    told: dict[str, Any] = {"phase": one.phase, "version": one.version, "done": done, "total": total}
    return web.json_response(told)


ROUTES = (
    Route("GET", PAGE, signed_in(_index), "Logs in a file", "text/html", statuses=(200, 303)),
    Route("POST", PAGE, _upload, "Bring logs in", "text/html", statuses=(303, 422), streams=True),
    Route("GET", PAGE + "/file", signed_in(_download), "Take logs along", MEDIA_TYPE, statuses=(200, 303, 404, 429)),
    Route("GET", PAGE + "/{id}", signed_in(_one), "What becomes of a bundle", "text/html", statuses=(200, 303, 404)),
    Route("POST", PAGE + "/{id}", signed_in(_act), "Try it again, or drop it", "text/html", statuses=(303, 404)),
    Route("GET", PAGE + "/{id}/progress", signed_in(_progress), "How far it is", statuses=(200, 303, 404)),
)
