# SPDX-License-Identifier: AGPL-3.0-or-later
"""Imports over HTTP, for programs: what the pages do, as JSON. An answer waits a while for the work to be done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.errors import RefusedError
from ledger.importing.listing import SCHEMA, import_objects, kept_sets
from ledger.importing.mapping import Mapping, from_toml, to_toml
from ledger.importing.problem import MappingError
from ledger.importing.write import find_import, plan_undo_of
from node.api.v1 import json_answer, read_json
from node.importing.deciding import CHOICES, check, start
from node.importing.jobs import JOBS
from node.importing.receiving import take_body
from node.importing.telling import DELIMITERS, ENCODINGS
from node.importing.uploads import WORKING
from node.keys import LEDGER
from node.routes import Parameter, Route
from protocol.errors import Malformed

if TYPE_CHECKING:
    from aiohttp import web

    from node.importing.jobs import Jobs
    from node.importing.uploads import Upload

UPLOAD_SCHEMA = "folkmoot.upload/1"
_WAIT_S = 20.0


def progress_object(jobs: Jobs, upload: Upload) -> dict[str, Any]:
    """How far an upload is."""
    done, total = jobs.progress(upload.id)
    return {"phase": upload.phase, "version": upload.version, "done": done, "total": total}


def upload_object(jobs: Jobs, upload: Upload) -> dict[str, Any]:
    """What is known of an upload, as JSON."""
    shown = {name: getattr(upload, name) for name in ("id", "name", "size", "fault", "encoding", "delimiter", "close")}
    return {
        "schema": UPLOAD_SCHEMA,
        **shown,
        **progress_object(jobs, upload),
        "found": msgspec.to_builtins(upload.found) if upload.found else None,
        "mapping": msgspec.to_builtins(from_toml(upload.mapping)) if upload.mapping else {},
        "lost": upload.lost,
        "seen": upload.seen,
        "changed": upload.changed,
        "counts": upload.counts,
        "import": upload.key,
    }


async def _told(jobs: Jobs, upload: Upload, status: int = 200) -> web.Response:
    """The upload, after a while if it is being worked on."""
    await asyncio.to_thread(jobs.wait, upload.id, _WAIT_S)
    return json_answer(upload_object(jobs, jobs.uploads.get(upload.id)), status)


async def _imports(request: web.Request) -> web.Response:
    jobs = request.app[JOBS]

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            found, sets = import_objects(reads), kept_sets(reads)
        uploads = [{"id": one.id, "name": one.name} | progress_object(jobs, one) for one in jobs.uploads.all()]
        return {"schema": SCHEMA, "imports": found, "uploads": uploads, "mappings": sets}

    return json_answer(await asyncio.to_thread(read))


async def _upload(request: web.Request) -> web.Response:
    jobs, name = request.app[JOBS], request.query.get("name", "file")
    receiving = await take_body(request, jobs.uploads)
    edition_of = request.query.get("edition_of", "")
    upload = await asyncio.to_thread(jobs.uploads.begin, receiving, name, edition_of=edition_of)
    jobs.start(upload)
    return await _told(jobs, upload, 201)


async def _one(request: web.Request) -> web.Response:
    jobs = request.app[JOBS]
    return json_answer(upload_object(jobs, jobs.uploads.get(request.match_info["id"])))


async def _change(request: web.Request) -> web.Response:
    """Reads the file another way, or works out what another mapping would do."""
    jobs = request.app[JOBS]
    value, upload = await read_json(request), jobs.uploads.get(request.match_info["id"])
    if not isinstance(value, dict) or not value or set(value) - {"encoding", "delimiter", "mapping", "close"}:
        raise Malformed("body", 'send {"mapping"?: object, "close"?: true or false} or {"encoding"?, "delimiter"?}')
    if upload.phase in WORKING:
        raise RefusedError("the node is working on it: wait until that is done")
    if "encoding" in value or "delimiter" in value:
        return await _told(jobs, _read_again(jobs, upload, value))
    if upload.found is None:
        raise RefusedError("the file could not be read: say its encoding and delimiter, or send another one")
    close = value.get("close", upload.close)
    if not isinstance(close, bool):
        raise Malformed("close", "true or false")
    try:
        before = msgspec.to_builtins(from_toml(upload.mapping))
        mapping = msgspec.convert(value.get("mapping", before), Mapping)
    except (msgspec.ValidationError, MappingError) as error:
        raise Malformed("mapping", str(error)) from None
    if gaps := mapping.gaps():
        raise Malformed("mapping", "; ".join(gaps))
    return await _told(jobs, check(jobs, upload, to_toml(mapping), close=close))


def _read_again(jobs: Jobs, upload: Upload, value: dict[str, Any]) -> Upload:
    if set(value) - {"encoding", "delimiter"}:
        raise Malformed("body", "a mapping is for the columns that reading finds: read the file first")
    encoding, delimiter = value.get("encoding", ""), value.get("delimiter", "")
    if encoding not in ("", *ENCODINGS) or delimiter not in ("", *DELIMITERS):
        raise Malformed("body", f"an encoding is one of {', '.join(ENCODINGS)}; a delimiter is , ; | or a tab")
    changed = jobs.uploads.change(upload.id, phase="reading", encoding=encoding, delimiter=delimiter)
    jobs.start(changed)
    return changed


async def _report(request: web.Request) -> web.Response:
    jobs = request.app[JOBS]
    upload = jobs.uploads.get(request.match_info["id"])
    return json_answer(await asyncio.to_thread(jobs.uploads.kept, upload, "report"))


async def _start(request: web.Request) -> web.Response:
    """Carries out what was shown."""
    jobs = request.app[JOBS]
    value, upload = await read_json(request), jobs.uploads.get(request.match_info["id"])
    if not isinstance(value, dict) or set(value) - {"seen", "close_many", "likely", "single"}:
        raise Malformed("body", 'send {"seen": as it was told, "close_many"?, "likely"?, "single"?}')
    likely, single = value.get("likely", CHOICES[0]), value.get("single", {})
    if likely not in CHOICES or not isinstance(single, dict):
        raise Malformed("likely", f"one of {', '.join(CHOICES)}; single is an object of them by row")
    if any(not row.isdigit() or choice not in CHOICES for row, choice in single.items()):
        raise Malformed("single", f"the number of a row, and one of {', '.join(CHOICES)}")
    if upload.phase != "checked" or value.get("seen") != upload.seen:
        raise RefusedError("that is not what would happen now: look at what is told of it, and send its `seen`")
    many = value.get("close_many") is True
    return await _told(jobs, start(jobs, upload, seen=upload.seen, close_many=many, likely=likely, single=single))


async def _drop(request: web.Request) -> web.Response:
    jobs, upload_id = request.app[JOBS], request.match_info["id"]
    await asyncio.to_thread(jobs.uploads.drop, upload_id)
    return json_answer({"schema": UPLOAD_SCHEMA, "id": upload_id, "phase": "dropped"})


async def _undo(request: web.Request) -> web.Response:
    jobs, ledger, value = request.app[JOBS], request.app[LEDGER], await read_json(request)
    if not isinstance(value, dict) or set(value) != {"import"} or not isinstance(value["import"], str):
        raise Malformed("body", 'send {"import": its id, or the beginning of it}')

    def begin() -> Upload:
        with ledger.store.read() as reads:
            row = find_import(reads, ledger.own.tree, value["import"])
            plan_undo_of(reads, row)
        return jobs.uploads.begin_undo(row.id.hex(), row.source)

    upload = await asyncio.to_thread(begin)
    jobs.start(upload)
    return await _told(jobs, upload, 201)


_ONE = "/v1/imports/{id}"
ROUTES = (
    Route(
        "GET", "/v1/imports", _imports, "The imports so far, and files on their way", statuses=(200, 401), steward=True
    ),
    Route(
        "POST",
        "/v1/imports",
        _upload,
        "Send a file to be imported; nothing is written yet",
        parameters=(
            Parameter("name", "of the file"),
            Parameter("edition_of", "the data set of which it is a newer edition: its mapping is used again"),
        ),
        statuses=(201, 400, 401, 409, 507),
        steward=True,
        body="File",
        streams=True,
    ),
    Route(
        "GET", _ONE, _one, "A file, how it was read, its mapping, how far it is", statuses=(200, 401, 404), steward=True
    ),
    Route(
        "PUT",
        _ONE,
        _change,
        "Read it another way, or work out what a mapping would do",
        statuses=(200, 400, 401, 404, 409),
        steward=True,
        body="ImportChange",
    ),
    Route("DELETE", _ONE, _drop, "Forget a file", statuses=(200, 401, 404, 409), steward=True),
    Route("GET", _ONE + "/report", _report, "What becomes of each row", statuses=(200, 401, 404), steward=True),
    Route(
        "POST",
        _ONE + "/start",
        _start,
        "Import what was worked out",
        statuses=(200, 400, 401, 404, 409),
        steward=True,
        body="ImportStart",
    ),
    Route(
        "POST",
        "/v1/imports/undo",
        _undo,
        "Take an import back",
        statuses=(201, 400, 401, 404, 409),
        steward=True,
        body="ImportUndo",
    ),
)
