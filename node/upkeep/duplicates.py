# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/duplicates: records that may be one thing, side by side; merged, kept apart, or a decision taken back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from ledger.directory.present import read_record, record_object
from ledger.duplicates.deciding import pair_of
from ledger.duplicates.merging import FIELDS, merged_record, plan_different, plan_same, plan_undo, present_body
from ledger.duplicates.queue import decisions
from ledger.errors import NotFoundError, RefusedError
from node.api.v1 import find_record
from node.directory.duplicates_api import QUEUE
from node.directory.tiles import ground_of
from node.keys import CONFIG, LEDGER
from node.routes import Parameter, Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words, new_nonce, nonce_of, statement_id
from node.upkeep.duplicates_list import Filter, decided_part, log_names, waiting_part
from node.upkeep.ground import ground_values
from node.upkeep.pairs import LETTERS, apart, better_kept, rows, side, why
from node.web.languages import choose
from node.web.rendering import reader_of, render
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.duplicates.deciding import Key
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Reader
    from node.web.session import Session

DECIDED = ("claim.same", "claim.different", "record.put", "record.close")
"""What is said there: a role has to cover it."""
_PATH = "/steward/duplicates/{log}/{id}/{other_log}/{other_id}"


async def _list(request: web.Request, session: Session) -> web.StreamResponse:
    reader, asked = reader_of(request), Filter.read(request.query)
    store, queue = request.app[LEDGER].store, request.app[QUEUE]

    def read() -> dict[str, Any]:
        if asked.verdict == "decided":
            with store.read() as reads:
                return {"part": decided_part(reads, asked, reader), "looking": False}
        pairs, looking = queue.find(store)
        with store.read() as reads:
            return {"part": waiting_part(reads, pairs, asked, reader), "looking": looking}

    values = await asyncio.to_thread(read)
    done = request.query.get("done", "")
    return render(
        request,
        "upkeep_duplicates.html",
        reader,
        asked=asked,
        done=done if done in {"same", "different", "undone"} else "",
        nonce=new_nonce(),
        csrf=session.csrf,
        **values,
    )


async def _pair(request: web.Request, session: Session) -> web.StreamResponse:
    reader, asked = reader_of(request), Filter.read(request.query)
    values = await asyncio.to_thread(_read_pair, request, reader)
    ground = ground_of(request.app[CONFIG])
    points = values.pop("points")
    return render(
        request,
        "upkeep_pair.html",
        reader,
        asked=asked,
        nonce=new_nonce(),
        csrf=session.csrf,
        action=request.path,
        ground_from=ground.origin,
        **values,
        **ground_values(ground, reader.words, points),
    )


def _read_pair(request: web.Request, reader: Reader) -> dict[str, Any]:
    store = request.app[LEDGER].store
    words = reader.words
    pairs = request.app[QUEUE].pairs(store)
    with store.read() as reads:
        two = _two(reads, request)
        records = [record_object(reads, row) for row in two]
        keys = [_key(reads, row) for row in two]
        own, names = show_log_id(reads.own_log()), log_names(reads, {record["log"] for record in records}, reader)
        said = decisions(reads).on(*keys)
    rids = {row.rid for row in two}
    found = next((pair for pair in pairs if {pair.one, pair.other} == rids), None)
    kept = better_kept(records, own)
    metres = apart(records)
    points = [
        (letter, record["point"]["lat"], record["point"]["lon"])
        for letter, record in zip(LETTERS, records, strict=True)
        if "point" in record
    ]
    return {
        "sides": [
            side(record, letter, names.get(record["log"], ""), reader, own=record["log"] == own)
            for letter, record in zip(LETTERS, records, strict=True)
        ],
        "rows": rows(records, kept, words),
        "why": why(found.comparison, words) if found else None,
        "kept": LETTERS[kept],
        "decided": said,
        "apart": words.distance(metres) if metres is not None else "",
        "points": points,
        "other_licence": records[0]["licence"] != records[1]["licence"],
        "closed": any(record["status"] == "closed" for record in records),
    }


def _two(reads: Snapshot, request: web.Request) -> list[RecordRow]:
    """The two records that an address names. Raises NotFoundError."""
    named = request.match_info
    found = [
        find_record(reads, named["log"], named["id"]),
        find_record(reads, named["other_log"], named["other_id"]),
    ]
    if found[0].rid == found[1].rid:
        raise NotFoundError("this is one record, named twice")
    return found


def _key(reads: Snapshot, row: RecordRow) -> Key:
    return reads.tree_numbered(row.tree).origin.log_id, row.id


async def _decide(request: web.Request, session: Session) -> web.StreamResponse:
    """A pair comes back with what a steward decides: shown, or once it was confirmed, written."""
    texts, words = request[TEXTS], reader_of(request).words
    asked = Filter.read(texts)
    what = texts.get("what", "same")
    if what not in {"same", "different"}:
        raise Malformed("form", "what is decided is same or different")

    def make(reads: Snapshot) -> Plan:
        return _plan(reads, request, texts, what)

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    if position is not None:
        return _to_list(asked, what, position)
    title = words("Likely duplicates")
    back = f"{request.path}?{asked.query()}"
    return confirmation(request, session, Asked(title, request.path, back), plan, texts)


def _plan(reads: Snapshot, request: web.Request, texts: dict[str, str], what: str) -> Plan:
    reader = reader_of(request)
    two = _two(reads, request)
    keys = [_key(reads, row) for row in two]
    names = {row.id: _name(reads, row, reader) for row in two}
    claim = statement_id(nonce_of(texts))
    if what == "different":
        return Plan(plan_different(keys[0], keys[1], claim), {}, names)
    keep = texts.get("keep", "")
    if keep not in LETTERS:
        raise Malformed("form", "say which of the two is to be kept")
    number = LETTERS.index(keep)
    kept, other = two[number], two[1 - number]
    if kept.status == "closed":
        raise RefusedError("the record that was chosen is closed: keep the other one")
    before, changed = present_body(reads, kept), None
    if keys[number][0] == reads.own_log():
        chosen = {field: texts.get(f"take-{field}", "") for field in FIELDS}
        take = [field for field, letter in chosen.items() if letter == LETTERS[1 - number]]
        leave = [field for field, letter in chosen.items() if letter == keep]
        merged = merged_record(before, present_body(reads, other), take, leave)
        changed = merged if merged != before else None
    statements = plan_same(keys[number], keys[1 - number], reads.own_log(), changed, claim)
    return Plan(statements, {kept.id: before}, names)


def _name(reads: Snapshot, row: RecordRow, reader: Reader) -> str:
    return choose(read_record(reads, row)[0].name, reader.languages).text


async def _undo(request: web.Request, session: Session) -> web.StreamResponse:
    """Takes a decision back."""
    texts, reader = request[TEXTS], reader_of(request)
    words = reader.words
    nonce = nonce_of(texts)

    def make(reads: Snapshot) -> Plan:
        two = _two(reads, request)
        keys = [_key(reads, row) for row in two]
        decision = decisions(reads).own.get(pair_of(keys[0], keys[1]))
        if decision is None or not decision.kind:
            raise NotFoundError("nothing is decided here on these two records")
        undoing = plan_undo(reads, decision, statement_id(nonce, "undo"))
        names = {row.id: _name(reads, row, reader) for row in two}
        before = {row.id: present_body(reads, row) for row in two}
        left = [words("{name} was changed since and is left as it is.", name=names[i]) for i in undoing.changed_since]
        return Plan(undoing.statements, before, names, left)

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    asked = Filter("decided")
    if position is not None:
        return _to_list(asked, "undone", position)
    title = words("Take a decision back")
    back = f"/steward/duplicates?{asked.query()}"
    return confirmation(request, session, Asked(title, request.path, back), plan, texts)


def _to_list(asked: Filter, what: str, position: int) -> web.Response:
    query = "&".join(filter(None, (asked.query(), urlencode({"done": what, "position": position}))))
    return web.Response(status=303, headers={"Location": f"/steward/duplicates?{query}"})


ROUTES = (
    Route(
        "GET",
        "/steward/duplicates",
        signed_in(_list, *DECIDED),
        "Records that may be one thing, and what was decided",
        "text/html",
        parameters=(
            Parameter("verdict", "duplicate, perhaps, or decided"),
            Parameter("kind", "of records of this kind"),
            Parameter("near", "a town, with radius"),
            Parameter("page", "from 1"),
        ),
        statuses=(200, 303, 400),
    ),
    Route("GET", _PATH, signed_in(_pair, *DECIDED), "Two records side by side", "text/html", statuses=(200, 303, 404)),
    Route(
        "POST",
        _PATH,
        signed_in(in_words(_decide), *DECIDED),
        "Merge, or keep apart",
        "text/html",
        statuses=(200, 303, 404, 409),
    ),
    Route(
        "POST",
        f"{_PATH}/undo",
        signed_in(in_words(_undo), *DECIDED),
        "Take a decision back",
        "text/html",
        statuses=(200, 303, 404),
    ),
)
