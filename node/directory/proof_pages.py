# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/record/.../proof`: how whoever doubts what a record says can check it, by file, link, code or paper."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ledger.directory.present import history_objects, read_record, state_at
from ledger.errors import NotFoundError
from ledger.proofs.proving import prove_entry, trust_file
from node.api.publishing import base_of
from node.api.v1 import find_record
from node.directory.profile_steps import compared, step_of
from node.directory.record_pages import record_authors
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.verifier.page import verifier_page
from node.web.codes import draw_code, link_to_check, make_codes
from node.web.languages import choose
from node.web.log_names import log_names
from node.web.rendering import error_page, reader_of, render
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow, Tree
    from node.directory.listing import Reader
    from node.directory.profile_steps import Step
    from node.web.codes import Drawn

VERIFY = "/verify"


class Said(NamedTuple):
    """A statement about a record: its place, its JSON (ledger.directory.present), the position of the put before it."""

    row: RecordRow
    tree: Tree
    said: dict[str, Any]
    earlier: int | None
    first: bool


def _step(reads: Snapshot, request: web.Request) -> Said:
    """The statement that a request is about: the latest one of a record, or that at `entry`. Raises NotFoundError."""
    row = find_record(reads, request.match_info["log"], request.match_info["id"])
    wanted = request.query.get("entry", "")
    history = history_objects(reads, row)
    for number, said in enumerate(history, 1):
        if not wanted or str(said["position"]) == wanted:
            puts = [one["position"] for one in history[number:] if one["kind"] == "record.put"]
            tree = reads.tree_numbered(row.tree)
            return Said(row, tree, said, next(iter(puts), None), number == len(history))
    raise NotFoundError(f"no entry {wanted[:40]!r} in the history of this record")


def _changed(reads: Snapshot, step: Said, reader: Reader) -> Step:
    """The step with what it changed."""
    log = show_log_id(step.tree.origin.log_id)
    record = {"log": log, "id": step.row.id.hex()}
    made = step_of(step.said, record, record_authors(reads, step.row, reader), reader.words, first=step.first)
    after = state_at(reads, step.row.tree, step.said["position"])
    if after is None:
        return made
    before = state_at(reads, step.row.tree, step.earlier) if step.earlier is not None else None
    return compared(made, before, after, reader)


def _proof(reads: Snapshot, step: Said) -> bytes:
    """The proof file; empty as long as what was said is not under a signed checkpoint."""
    try:
        return prove_entry(reads, step.tree, step.said["position"])
    except NotFoundError:
        return b""


async def _page(request: web.Request) -> web.Response:
    reader = reader_of(request)

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            step = _step(reads, request)
            proof, log = _proof(reads, step), show_log_id(step.tree.origin.log_id)
            record = f"/record/{log}/{step.row.id.hex()}"
            position = step.said["position"]
            return {
                "name": choose(read_record(reads, step.row)[0].name, reader.languages),
                "record_url": record,
                "log_name": next(iter(log_names(reads, {log}, reader))),
                "step": _changed(reads, step, reader),
                "signed": bool(proof),
                "file": f"/v1/log/{log}/{step.tree.origin.epoch}/proofs/{position}",
                "file_name": f"{log[:8]}-{position}.tlog-proof",
                "whole_page": f"{record}/proof.html?entry={position}",
                "verify": base_of(request) + VERIFY,
                **_short(proof, base_of(request)),
            }

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    return render(request, "record_proof.html", reader, **values)


def _short(proof: bytes, base: str) -> dict[str, Any]:
    """The proof as codes, and as a link within this node; without them where it is too long for any."""
    none: dict[str, Any] = {"codes": [], "check": VERIFY}
    if not proof:
        return none
    try:
        codes: list[Drawn] = [draw_code(code) for code in make_codes(proof, base + VERIFY)]
        return {"codes": codes, "check": link_to_check(proof, VERIFY)}
    except Malformed:
        return none


async def _whole(request: web.Request) -> web.Response:
    def read() -> tuple[str, str]:
        with request.app[LEDGER].store.read() as reads:
            step = _step(reads, request)
            proof = _proof(reads, step)
            if not proof:
                raise NotFoundError("this entry is not under a signed checkpoint yet: ask again in a moment")
            log = show_log_id(step.tree.origin.log_id)
            languages = reader_of(request).languages
            page = verifier_page(proof, languages, trust_file(reads, step.tree))
            return f"{log[:8]}-{step.said['position']}.html", page

    try:
        name, page = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    response = web.Response(text=page, content_type="text/html", headers=headers)
    response.enable_compression()
    return response


_ENTRY = Parameter("entry", "position of one statement of its history; the latest one if not given")
ROUTES = (
    Route(
        "GET",
        "/record/{log}/{id}/proof",
        _page,
        "How to check what a record says: file, link, QR codes",
        "text/html",
        (_ENTRY,),
        (200, 404),
    ),
    Route(
        "GET",
        "/record/{log}/{id}/proof.html",
        _whole,
        "The proof of a record as a page that checks it in any browser, without this node",
        "text/html",
        (_ENTRY,),
        (200, 404),
    ),
)
