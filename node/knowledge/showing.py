# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a page of what is known is made, and what it tells of everything that somebody said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.territory.keys import NEED, PROBLEM, SET, TERM
from ledger.territory.knowledge import Knowledge
from node.directory.listing import Link, record_url
from node.keys import LEDGER
from node.web.languages import Text, choose, in_order
from node.web.rendering import error_page, reader_of, render
from node.web.words import date_text
from protocol.identity import show_log_id
from protocol.knowledge import NeedPut, ProblemPut, TermPut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ledger.territory.knowledge import Known
    from node.directory.listing import Reader
    from protocol.record import Subject

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Work = Callable[[web.Request, Knowledge, Reader], dict[str, Any]]

_PATHS = {TERM: "term", PROBLEM: "problem", NEED: "need", SET: "principles"}


class Said(NamedTuple):
    """Who said something and when, and where that is proved. `own`: this node's organisation did."""

    by: str
    date: str
    position: str
    proof: str
    own: bool


class Card(NamedTuple):
    """Something that is known, as it is shown in a list."""

    title: Text
    url: str
    subject: str
    place: str
    said: Said
    known: Known


def page(template: str, work: Work) -> Handler:
    """A handler that renders what `work` reads of what is known."""

    async def handler(request: web.Request) -> web.Response:
        return await show(request, template, work)

    return handler


async def show(request: web.Request, template: str, work: Work, status: int = 200) -> web.Response:
    """A page with what `work` reads of what is known."""
    reader = reader_of(request)

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            return work(request, Knowledge(reads), reader)

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    return render(request, template, reader, status=status, **values)


def address(sort: str, name: tuple[bytes, bytes]) -> str:
    """The address of a page about one thing."""
    return f"/knowledge/{_PATHS[sort]}/{show_log_id(name[0])}/{name[1].hex()}"


def said(knowledge: Knowledge, known: Known, reader: Reader) -> Said:
    """Who said something, and when."""
    tree = knowledge.reads.tree_numbered(known.row.tree)
    return Said(
        knowledge.organisation(known.log_id),
        date_text(known.row.at, reader.words),
        reader.words.number(known.row.position),
        f"/v1/log/{show_log_id(known.log_id)}/{tree.origin.epoch}/proofs/{known.row.position}",
        known.log_id == knowledge.reads.own_log(),
    )


def card(knowledge: Knowledge, known: Known, reader: Reader) -> Card:
    """Something that is known, for a list."""
    body = known.body
    place = body.place if isinstance(body, TermPut | ProblemPut | NeedPut) else None
    return Card(
        choose(known.title, reader.languages),
        address(known.row.sort, known.name),
        f"{show_log_id(known.log_id)}/{known.id.hex()}",
        place.name if place else "",
        said(knowledge, known, reader),
        known,
    )


def texts(said_in: Mapping[str, str] | None, reader: Reader) -> list[Text]:
    """A text in all its languages, the reader's first."""
    return in_order(said_in or {}, reader.languages)


def record_link(knowledge: Knowledge, subject: Subject, reader: Reader) -> Link:
    """A record by its name; what is not here by the beginning of its id, and without an address."""
    log, row = show_log_id(subject.log), knowledge.record(subject)
    if row is None:
        return Link(subject.id.hex()[:8], "")
    return Link(choose(knowledge.called(subject), reader.languages).text, record_url(log, subject.id.hex()))
