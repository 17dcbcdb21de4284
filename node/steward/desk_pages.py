# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's desk as a page and as JSON: what waits, and all that a steward can do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from node.api.v1 import json_answer
from node.forms.table import FORMS, SECTIONS
from node.keys import LEDGER
from node.reciprocity.ledger_api import today_of
from node.routes import Route
from node.steward.desk import SORTS, Desk
from node.steward.steward_pages import own_view, signed_in
from node.web.acting import ACTING, EVERY_ROLE
from node.web.rendering import reader_of, render
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from aiohttp import web

    from node.directory.listing import Reader
    from node.steward.desk import Sort, Waiting
    from node.web.acting import Acting
    from node.web.session import Session

DESK_SCHEMA = "folkmoot.desk/1"
PATIENCE_S = 1.0
"""What takes longer to find stands on the desk the next time."""


class Row(NamedTuple):
    """A line of the desk: what waits, where all of it is (empty: nowhere yet), None while it is looked for."""

    sort: Sort
    url: str
    waiting: Waiting | None


async def read_desk(request: web.Request, reader: Reader, acting: Acting | None = None) -> list[Row]:
    """All that can wait, in the order of the table; for whoever acts by a key of their own, what their role covers."""
    sorts = [sort for sort in SORTS if acting is None or (sort.kinds and acting.may(*sort.kinds))]
    private = acting is None or acting.sees_private
    ledger, today = request.app[LEDGER], today_of(request)
    base, pages = f"/ledger/{show_log_id(ledger.log_id)}", {one.canonical for one in request.app.router.resources()}

    def look(*sorts: Sort) -> dict[str, Waiting | None]:
        with ledger.store.read() as reads:
            view = own_view(reads, reader, private=acting is None)
            desk = Desk(request.app, view, reader, today, private)
            return {sort.name: sort.look(desk) for sort in sorts}

    tasks = [asyncio.create_task(asyncio.to_thread(look, sort)) for sort in sorts if sort.long]
    found = await asyncio.to_thread(look, *(sort for sort in sorts if not sort.long))
    ended, late = await asyncio.wait(tasks, timeout=PATIENCE_S)
    for task in ended:
        found |= task.result()
    for task in late:
        task.add_done_callback(lambda one: one.cancelled() or one.exception())
    return [Row(sort, _where(sort, base, pages), found.get(sort.name)) for sort in sorts]


def _where(sort: Sort, base: str, pages: set[str]) -> str:
    if sort.page:
        return base + sort.page
    return sort.url if sort.url.partition("#")[0] in pages else ""


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    reader, acting = reader_of(request), request.get(ACTING)
    rows = await read_desk(request, reader, acting)
    return render(
        request,
        "steward.html" if acting is None else "steward_tasks.html",
        reader,
        acting=acting,
        rows=[row for row in rows if row.waiting is not None and row.waiting.number],
        free=[row for row in rows if row.waiting is not None and not row.waiting.number],
        late=[row for row in rows if row.waiting is None],
        sections=[(name, [form for form in FORMS.values() if form.section == name]) for name in SECTIONS],
        sayings=[form for form in FORMS.values() if acting and form.says and acting.may(form.says)],
        csrf=session.csrf,
    )


async def _desk(request: web.Request) -> web.Response:
    rows = await read_desk(request, reader_of(request))
    return json_answer({"schema": DESK_SCHEMA, "waiting": [_object(row) for row in rows]})


def _object(row: Row) -> dict[str, Any]:
    """A line as JSON; a count of null: it is still looked for."""
    waiting = row.waiting
    first = [item._asdict() for item in waiting.first] if waiting else []
    return {"sort": row.sort.name, "count": waiting.number if waiting else None, "url": row.url, "first": first}


API_ROUTES = (
    Route("GET", "/v1/desk", _desk, "What waits for a steward's decision", statuses=(200, 401), steward=True),
)
ROUTES = (
    Route("GET", "/steward", signed_in(_page, *EVERY_ROLE), "The steward's desk", "text/html", statuses=(200, 303)),
)
