# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/checks: what nobody has seen for a year, by town; links given out to whoever looks; what they answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlencode

from aiohttp import web

from ledger.directory.checks import DAYS, STALE_S, give_out, own_record, stale_records
from ledger.directory.present import read_record
from ledger.directory.query import ARCHIVED_S
from ledger.errors import NotFoundError
from ledger.places import gazetteer
from ledger.places.geography import distance_m
from node.directory.listing import record_url
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import in_words
from node.upkeep.page_number import page_of
from node.web.acting import ACTING
from node.web.languages import choose
from node.web.rendering import reader_of, render
from node.web.words import date_text
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.record import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.directory.checks import Stale
    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader
    from node.web.session import Session

ROWS_SHOWN = 40
"""As many as a form can pick one by one."""
BATCHES_SHOWN, ANSWERS_SHOWN = 50, 50
RADIUS_M = 15_000
_NEAR_MAX = 100
_PICK = "pick-"


class Sought(NamedTuple):
    """What of the list is shown."""

    near: str = ""
    kind: str = ""
    age: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """What an address or a form says; what makes no sense in it counts for nothing."""
        kind = query.get("kind", "")
        return cls(
            query.get("near", "").strip()[:_NEAR_MAX],
            kind if kind in KINDS else "",
            "archived" if query.get("age") == "archived" else "",
            page_of(query),
        )

    def query(self, page: int = 0) -> str:
        """As a query string, of another page if one is named."""
        number = page or self.page
        values = {"near": self.near, "kind": self.kind, "age": self.age, "page": str(number) if number > 1 else ""}
        return urlencode({name: value for name, value in values.items() if value})


async def _list(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, Sought.read(request.query), "")


async def _show(request: web.Request, session: Session, sought: Sought, fault: str) -> web.StreamResponse:
    reader, ledger = reader_of(request), request.app[LEDGER]

    def read() -> dict[str, Any]:
        with ledger.store.read() as reads:
            return {
                **_stale_values(reads, sought, int(ledger.clock()), reader),
                "answers": answer_rows(reads, reader),
                "batches": [_batch_row(row, reader) for row in reads.check_batches(BATCHES_SHOWN)],
            }

    values = await asyncio.to_thread(read)
    return render(
        request,
        "upkeep_checks.html",
        reader,
        status=422 if fault else 200,
        sought=sought,
        fault=fault,
        days=DAYS,
        may_give=ACTING not in request,  # what is answered through a link is signed by this node
        csrf=session.csrf,
        **values,
    )


def _stale_values(reads: Snapshot, sought: Sought, now: int, reader: Reader) -> dict[str, Any]:
    words = reader.words
    found, unknown = chosen(reads, sought, now)
    begin = (sought.page - 1) * ROWS_SHOWN
    return {
        "rows": [_row(reads, one, now, reader) for one in found[begin : begin + ROWS_SHOWN]],
        "total": words.count("{number} record", "{number} records", len(found)),
        "unknown": words("No town “{name}” is known here. Try its name in another language.", name=sought.near)
        if unknown
        else "",
        "before": "?" + sought.query(sought.page - 1) if sought.page > 1 else "",
        "after": "?" + sought.query(sought.page + 1) if begin + ROWS_SHOWN < len(found) else "",
    }


def chosen(reads: Snapshot, sought: Sought, now: int) -> tuple[list[Stale], bool]:
    """The records that were not seen for a year (two, if the archived are sought); whether the town is unknown."""
    found = stale_records(reads, now - (ARCHIVED_S if sought.age else STALE_S))
    if sought.kind:
        found = [one for one in found if one.row.kind == sought.kind]
    if not sought.near:
        return found, False
    place = gazetteer.find(sought.near)
    if place is None:
        return [], True
    return [one for one in found if _is_near(one, place, sought.near)], False


def _is_near(one: Stale, place: gazetteer.Place, named: str) -> bool:
    if one.row.lat is None or one.row.lon is None:
        return one.locality.casefold() in {named.casefold(), place.name.casefold()}
    return distance_m(one.row.lat, one.row.lon, place.lat, place.lon) <= RADIUS_M


def _row(reads: Snapshot, one: Stale, now: int, reader: Reader) -> dict[str, Any]:
    record = read_record(reads, one.row)[0]
    return {
        "id": one.row.id.hex(),
        "name": choose(record.name, reader.languages),
        "kind": reader.words.label("kind", one.row.kind),
        "locality": one.locality,
        "street": record.address.street if record.address else "",
        "seen": date_text(one.seen_at, reader.words),
        "checked": one.row.checked_at is not None,
        "archived": one.seen_at < now - ARCHIVED_S,
        "url": record_url(show_log_id(reads.own_log()), one.row.id.hex()),
    }


def answer_rows(reads: Snapshot, reader: Reader) -> list[dict[str, Any]]:
    """What people said has changed or closed, which a steward has to do something about."""
    log, rows = show_log_id(reads.own_log()), []
    tree = reads.epochs(reads.own_log())[-1]
    for link in reads.check_answers(ANSWERS_SHOWN)[1]:
        try:
            row = own_record(reads, link.id)
        except NotFoundError:
            continue
        rows.append(
            {
                "id": link.id.hex(),
                "name": choose(read_record(reads, row)[0].name, reader.languages),
                "finding": link.finding,
                "note": link.note,
                "by": link.given_to,
                "url": record_url(log, link.id.hex()),
                "position": reader.words.number(link.position or 0),
                "proof": f"/v1/log/{log}/{tree.origin.epoch}/proofs/{link.position}",
                "closed": row.status == "closed",
            }
        )
    return rows


def _batch_row(row: tuple[bytes, str, int, int, int, int, int], reader: Reader) -> dict[str, Any]:
    batch, given_to, made_at, until, links, answered, revoked = row
    words = reader.words
    return {
        "url": f"/steward/checks/given/{batch.hex()}",
        "given_to": given_to,
        "made": date_text(made_at, words),
        "until": date_text(until, words),
        "answered": words("{answered} of {links} answered", answered=words.number(answered), links=words.number(links)),
        "revoked": revoked == links,
    }


async def _give(request: web.Request, session: Session) -> web.StreamResponse:
    """Makes links for what was ticked, else for the page that was shown."""
    texts, ledger, words = request[TEXTS], request.app[LEDGER], reader_of(request).words
    sought, to, days = Sought.read(texts), texts.get("to", "").strip(), texts.get("days", str(DAYS))
    picked = [name.removeprefix(_PICK) for name in texts if name.startswith(_PICK)]
    if not to:
        return await _show(request, session, sought, words("Say whom the links are given to."))
    if not (days.isascii() and days.isdecimal() and len(days) < 4):
        return await _show(request, session, sought, words("Write a number of days."))

    def work() -> bytes | None:
        now = int(ledger.clock())
        with ledger.store.read() as reads:
            begin = (sought.page - 1) * ROWS_SHOWN
            shown = chosen(reads, sought, now)[0][begin : begin + ROWS_SHOWN]
            ids = record_ids(picked) if picked else [one.row.id for one in shown]
            if not ids:
                return None
            return give_out(lambda put: ledger.writer.run(put).result(), reads, ids, to, int(days), now)[0]

    batch = await asyncio.to_thread(work)
    if batch is None:
        return await _show(request, session, sought, words("There is no record here to give a link for."))
    return web.Response(status=303, headers={"Location": f"/steward/checks/given/{batch.hex()}"})


def record_ids(texts: list[str]) -> list[bytes]:
    """Ids of records from a form. Raises Malformed."""
    try:
        ids = [bytes.fromhex(text) for text in texts]
    except ValueError:
        ids = [b""]
    if any(len(one) != 16 for one in ids):
        raise Malformed("form", "this is no form that was given out here")
    return ids


async def _handled(request: web.Request, _: Session) -> web.StreamResponse:
    """What was answered about a record waits no more."""
    (record_id,) = record_ids([request[TEXTS].get("id", "")])
    ledger = request.app[LEDGER]
    done = ledger.writer.run(lambda change: change.handle_check_links(record_id))
    await asyncio.wrap_future(done)
    return web.Response(status=303, headers={"Location": "/steward/checks#answers"})


ROUTES = (
    Route(
        "GET", "/steward/checks", signed_in(_list, "claim.checked"),
        "What nobody has seen for a year, by town", "text/html",
        parameters=(
            Parameter("near", "a town"), Parameter("kind", "its"), Parameter("age", "archived"),
            Parameter("page", "from 1"),
        ),
        statuses=(200, 303),
    ),
    Route(
        "POST", "/steward/checks", signed_in(in_words(_give)), "Give out links", "text/html", statuses=(303, 400, 422)
    ),
    Route(
        "POST", "/steward/checks/handled", signed_in(in_words(_handled), "claim.checked"),
        "An answer waits no more", "text/html",
        statuses=(303, 400),
    ),
)  # fmt: skip
