# SPDX-License-Identifier: AGPL-3.0-or-later
"""The import assistant's pages: a file, its columns, what would happen, the import; and taking one back.

Every step is an address of its own, works without scripts, and can be left and opened again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import LedgerError
from ledger.importing.listing import import_objects, keep_mapping, kept_mapping, kept_sets
from ledger.importing.mapping import from_toml, to_toml
from ledger.importing.problem import MappingError
from ledger.importing.write import find_import, plan_undo_of
from node.directory.asked import Asked
from node.directory.maps import map_of
from node.directory.tiles import ground_of
from node.importing.api import progress_object
from node.importing.deciding import CHOICES, again, check, start
from node.importing.fetching import FETCHER, fetch_file
from node.importing.jobs import JOBS
from node.importing.mapping_form import GROUPS, KINDS, SEPARATORS, read_mapping, uses_of
from node.importing.reasons import reason_text
from node.importing.receiving import take_form
from node.importing.showing import check_values, done_values
from node.importing.telling import DELIMITERS, ENCODINGS, TEXT_FORMATS, found_facts, told
from node.importing.uploads import UPLOAD_BYTES_MAX, WORKING
from node.keys import CONFIG, LEDGER
from node.routes import Route
from node.steward.steward_pages import TO_SIGN_IN
from node.web.acting import look_who_acts, refused_page
from node.web.forms_sent import read_form
from node.web.rendering import error_page, reader_of, render
from node.web.session import is_from_form, session_of
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ledger.importing.mapping import Mapping
    from node.importing.jobs import Jobs
    from node.importing.uploads import Upload
    from node.web.session import Session

    Handler = Callable[[web.Request, Session, dict[str, str]], Awaitable[web.StreamResponse]]

START = "/steward/import"
_FIELDS_MAX = 4_000
_WAIT_S = 0.8
"""How long a page waits for work that is nearly done, before it shows how far it is."""


def for_stewards(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Lets a handler be asked only in a steward's session, and by a form only if it was given out in it."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        session = session_of(request)
        if session is None:
            return await _turned_away(request)
        texts: dict[str, str] = {}
        if request.method == "POST":
            texts = await read_form(request, _FIELDS_MAX)
            if not is_from_form(session, texts.get("csrf", "")):
                return _too_old(request)
        return await handler(request, session, texts)

    return guarded


def _too_old(request: web.Request) -> web.Response:
    return error_page(request, 403, reader_of(request).words("This form is too old: open it again"), "")


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


async def _index(request: web.Request, session: Session, _: dict[str, str]) -> web.StreamResponse:
    return await _show_index(request, session, "")


async def _show_index(request: web.Request, session: Session, fault: str) -> web.Response:
    jobs, ledger = request.app[JOBS], request.app[LEDGER]

    def read() -> tuple[list[Upload], list[dict[str, object]], list[str]]:
        with ledger.store.read() as reads:
            return jobs.uploads.all(), import_objects(reads)[::-1], kept_sets(reads)

    uploads, imports, sets = await asyncio.to_thread(read)
    return render(
        request,
        "steward_import.html",
        reader_of(request),
        status=422 if fault else 200,
        fault=reason_text(fault, reader_of(request).words),
        uploads=uploads,
        imports=imports,
        sets=sets,
        mebibytes=UPLOAD_BYTES_MAX >> 20,
        count=reader_of(request).words.count,
        csrf=session.csrf,
    )


async def _turned_away(request: web.Request) -> web.StreamResponse:
    found = await look_who_acts(request)
    return refused_page(request, found[1], ()) if found else _to(TO_SIGN_IN)


async def _upload(request: web.Request) -> web.StreamResponse:
    """Takes a file in; who may not is told before anything of it is kept."""
    session = session_of(request)
    if session is None:
        return await _turned_away(request)
    jobs, words = request.app[JOBS], reader_of(request).words
    try:
        fields, name, receiving = await take_form(request, jobs.uploads, lambda given: is_from_form(session, given))
    except (Malformed, LedgerError) as error:
        return await _show_index(request, session, error.text if isinstance(error, Malformed) else str(error))
    if receiving is None or not receiving.size:
        if receiving is not None:
            receiving.give_up()
        return await _show_index(request, session, words("Choose a file first; the one that came is empty."))
    upload = await asyncio.to_thread(jobs.uploads.begin, receiving, name, edition_of=fields.get("edition_of", ""))
    jobs.start(upload)
    return _to(f"{START}/{upload.id}")


async def _fetch(request: web.Request, session: Session, texts: dict[str, str]) -> web.StreamResponse:
    """Takes in a file that is somewhere on the web."""
    jobs = request.app[JOBS]
    try:
        name, receiving = await fetch_file(request.app[FETCHER], jobs.uploads, texts.get("url", ""))
    except LedgerError as error:
        return await _show_index(request, session, str(error))
    upload = await asyncio.to_thread(jobs.uploads.begin, receiving, name, edition_of=texts.get("edition_of", ""))
    jobs.start(upload)
    return _to(f"{START}/{upload.id}")


async def _step(request: web.Request, session: Session, _: dict[str, str]) -> web.StreamResponse:
    """The page of an upload: what it shows depends on how far that has got."""
    jobs = request.app[JOBS]
    upload = jobs.uploads.get(request.match_info["id"])
    if upload.phase in WORKING:
        await asyncio.to_thread(jobs.wait, upload.id, _WAIT_S)
        upload = jobs.uploads.get(upload.id)
    if upload.phase in {"unreadable", "mapping"}:
        return await _show_mapping(request, session, upload, upload.fault)
    if upload.phase == "checked":
        values = await asyncio.to_thread(check_values, jobs, upload, reader_of(request))
        values["map"] = map_of(Asked({}), reader_of(request).words, ground_of(request.app[CONFIG]))
        return render(
            request,
            "steward_import_check.html",
            reader_of(request),
            upload=upload,
            count=reader_of(request).words.count,
            csrf=session.csrf,
            **values,
        )
    return render(
        request,
        "steward_import_run.html",
        reader_of(request),
        upload=upload,
        working=upload.phase in WORKING,
        progress=jobs.progress(upload.id),
        reason_text=reason_text,
        **await asyncio.to_thread(done_values, jobs, upload),
        count=reader_of(request).words.count,
        csrf=session.csrf,
    )


async def _show_mapping(request: web.Request, session: Session, upload: Upload, fault: str) -> web.Response:
    reader, found, store = reader_of(request), upload.found, request.app[LEDGER].store

    def read() -> list[str]:
        with store.read() as reads:
            return kept_sets(reads)

    mapping = from_toml(upload.mapping)
    return render(
        request,
        "steward_import_columns.html",
        reader,
        status=422 if fault else 200,
        upload=upload,
        fault=fault,
        facts=found_facts(found, reader.words) if found else [],
        encodings=[(code, told(ENCODINGS, code, reader.words)) for code in ENCODINGS],
        delimiters=[(code, told(DELIMITERS, code, reader.words)) for code in DELIMITERS],
        is_text=found is None or found.format in TEXT_FORMATS,
        is_delimited=found is None or bool(found.delimiter),
        mapping=mapping,
        uses=uses_of(found, mapping) if found else [],
        groups=GROUPS,
        kinds=KINDS,
        separators=SEPARATORS,
        sets=await asyncio.to_thread(read),
        text_fault=fault,
        reason_text=reason_text,
        count=reader_of(request).words.count,
        csrf=session.csrf,
    )


async def _act(request: web.Request, session: Session, texts: dict[str, str]) -> web.StreamResponse:
    """What somebody decided about an upload."""
    jobs = request.app[JOBS]
    upload = jobs.uploads.get(request.match_info["id"])
    step = texts.get("step", "")
    if step == "drop":
        await asyncio.to_thread(jobs.uploads.drop, upload.id)
        return _to(START)
    if upload.phase in WORKING:
        return _to(f"{START}/{upload.id}")
    if step == "read":
        how = {"encoding": _one_of(texts, "encoding", ENCODINGS), "delimiter": _one_of(texts, "delimiter", DELIMITERS)}
        jobs.start(jobs.uploads.change(upload.id, phase="reading", **how))
    elif step in {"load", "text"} and upload.found is not None and upload.phase == "mapping":
        return await _load(request, session, upload, texts)
    elif step in {"check", "keep"} and upload.found is not None and upload.phase == "mapping":
        return await _check(request, session, upload, texts)
    elif step == "edit" and upload.phase in {"checked", "stopped"} and upload.found is not None:
        jobs.uploads.change(upload.id, phase="mapping", fault="")
    elif step == "import" and upload.phase == "checked":
        _import(jobs, upload, texts)
    elif step == "again" and upload.phase == "stopped":
        again(jobs, upload)
    return _to(f"{START}/{upload.id}")


def _import(jobs: Jobs, upload: Upload, texts: dict[str, str]) -> None:
    """Carries out what was decided on the page that shows what would happen."""
    pairs = {name.removeprefix("pair"): text for name, text in texts.items() if name.startswith("pair")}
    start(
        jobs,
        upload,
        seen=texts.get("seen", ""),
        close_many=texts.get("close_many") == "yes",
        likely=texts["likely"] if texts.get("likely") in CHOICES else CHOICES[0],
        single={row: text for row, text in pairs.items() if row.isdigit() and text in CHOICES},
    )


def _one_of(texts: dict[str, str], name: str, there: dict[str, str]) -> str:
    return texts[name] if texts.get(name) in there else ""


async def _check(request: web.Request, session: Session, upload: Upload, texts: dict[str, str]) -> web.StreamResponse:
    jobs, ledger = request.app[JOBS], request.app[LEDGER]
    assert upload.found is not None, "it was read"
    before = from_toml(upload.mapping)
    try:
        mapping = read_mapping(upload.found, texts, before)
    except MappingError as fault:
        return await _show_mapping(request, session, upload, str(fault))
    if gaps := mapping.gaps():
        told = "; ".join(reason_text(gap, reader_of(request).words) for gap in gaps)
        return await _show_mapping(request, session, upload, told)
    close = texts.get("close") == "yes"
    if texts.get("step") == "keep":
        jobs.uploads.change(upload.id, mapping=to_toml(mapping), close=close, lost=(), fault="")
        await asyncio.wrap_future(ledger.writer.run(lambda change: keep_mapping(change, mapping)))
    else:
        check(jobs, upload, to_toml(mapping), close=close)
    return _to(f"{START}/{upload.id}")


async def _load(request: web.Request, session: Session, upload: Upload, texts: dict[str, str]) -> web.StreamResponse:
    """Takes another mapping: one that was kept, or one as text."""
    jobs, ledger = request.app[JOBS], request.app[LEDGER]

    def read() -> Mapping | None:
        with ledger.store.read() as reads:
            return kept_mapping(reads, texts.get("kept", ""))

    try:
        mapping = from_toml(texts.get("toml", "")) if texts.get("step") == "text" else await asyncio.to_thread(read)
    except MappingError as fault:
        return await _show_mapping(request, session, upload, str(fault))
    if mapping is not None and upload.found is not None:
        there = {name for name, _ in upload.found.columns}
        lost = tuple(column for column in mapping.columns() if column not in there)
        jobs.uploads.change(upload.id, mapping=to_toml(mapping), lost=lost, fault="")
    return _to(f"{START}/{upload.id}")


async def _progress(request: web.Request, _: Session, __: dict[str, str]) -> web.StreamResponse:
    jobs = request.app[JOBS]
    return web.json_response(progress_object(jobs, jobs.uploads.get(request.match_info["id"])))


async def _undo_page(request: web.Request, session: Session, _: dict[str, str]) -> web.StreamResponse:
    """What taking an import back would do; with the form of this page, it is done."""
    jobs, ledger = request.app[JOBS], request.app[LEDGER]

    def read() -> dict[str, Any]:
        with ledger.store.read() as reads:
            row = find_import(reads, ledger.own.tree, request.match_info["key"])
            undoing = plan_undo_of(reads, row)
            told = next(one for one in import_objects(reads) if one["id"] == row.id.hex())
        closed = sum(statement.kind == "record.close" for statement in undoing.statements)
        return {
            "told": told,
            "closed": closed,
            "put": len(undoing.statements) - closed,
            "left": len(undoing.changed_since),
        }

    values = await asyncio.to_thread(read)
    if request.method == "POST":
        told = values["told"]
        upload = await asyncio.to_thread(jobs.uploads.begin_undo, told["id"], told.get("file") or told["set"])
        jobs.start(upload)
        return _to(f"{START}/{upload.id}")
    return render(
        request,
        "steward_import_undo.html",
        reader_of(request),
        count=reader_of(request).words.count,
        csrf=session.csrf,
        **values,
    )


ROUTES = (
    Route("GET", START, for_stewards(_index), "The import assistant", "text/html", statuses=(200, 303)),
    Route("POST", START, _upload, "Send a file", "text/html", statuses=(303, 400, 422), streams=True),
    Route(
        "POST",
        START + "/address",
        for_stewards(_fetch),
        "Fetch a file from the web",
        "text/html",
        statuses=(303, 400, 422),
        streams=True,
    ),
    Route("GET", START + "/{id}", for_stewards(_step), "A file on its way in", "text/html", statuses=(200, 303, 404)),
    Route("POST", START + "/{id}", for_stewards(_act), "Decide about it", "text/html", statuses=(303, 404, 422)),
    Route("GET", START + "/{id}/progress", for_stewards(_progress), "How far it is", statuses=(200, 303, 404)),
    Route("GET", START + "/undo/{key}", for_stewards(_undo_page), "Take it back?", "text/html", statuses=(200, 303)),
    Route("POST", START + "/undo/{key}", for_stewards(_undo_page), "Take it back", "text/html", statuses=(303, 404)),
)
