# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole at a glance: who gave what to whom, as a page with pictures and an equal table, and as JSON."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from ledger.errors import NotFoundError
from ledger.showing.view import LedgerView, held_ledger, own_tree
from ledger.showing.whole import KINDS, PERIODS, newest_month, shown_trees, span, whole_object
from node.api.v1 import json_answer
from node.keys import LEDGER
from node.reciprocity.ledger_api import today_of
from node.reciprocity.ledgers import WHOLE
from node.reciprocity.whole_pictures import Row, rows_of, whole_pictures
from node.routes import Parameter, Route
from node.web.rendering import error_page, reader_of, render
from protocol.amounts import month_of, parse_month, show_month
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from ledger.sqlite.store import Snapshot
    from node.web.words import Words

ROWS_SHOWN, PICTURES_MAX = 60, 4
OWN, ALL = "own", "all"


class Asked(NamedTuple):
    """What somebody asks for: `log` is own, all or the id of a log; `month` lies in the period, None is the newest."""

    log: str
    period: str
    month: int | None
    kinds: tuple[str, ...]

    def link(self, **changed: str) -> str:
        """The address of this page with something else chosen."""
        chosen = {
            "log": self.log if self.log != OWN else "",
            "period": self.period if self.period != "year" else "",
            "until": "" if self.month is None else show_month(self.month),
            "sort": self.kinds[0] if len(self.kinds) == 1 else "",
        } | changed
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"/flows?{query}" if query else "/flows"


def read_asked(query: Mapping[str, str]) -> Asked:
    """What a query asks for. Raises Malformed."""
    period, sort = query.get("period") or "year", query.get("sort", "")
    if period not in PERIODS:
        raise Malformed("period", f"period: {', '.join(PERIODS)}; not {period[:40]!r}")
    if sort and sort not in KINDS:
        raise Malformed("sort", f"sort: {', '.join(KINDS)}; not {sort[:40]!r}")
    until = query.get("until", "")
    return Asked(query.get("log") or OWN, period, parse_month(until) if until else None, (sort,) if sort else KINDS)


def read_whole(request: web.Request, asked: Asked, languages: tuple[str, ...] = ()) -> dict[str, Any]:
    """The flows that somebody asks for; takes some milliseconds. Raises Malformed, NotFoundError."""
    with request.app[LEDGER].store.read() as reads:
        views = _views(reads, asked.log, languages)
        with request.app[WHOLE].told(views) as told:
            month = asked.month if asked.month is not None else newest_month(told, month_of(today_of(request)))
            first, last = span(asked.period, month, told)
            return whole_object(told, first, last, asked.kinds) | {"period": asked.period}


def _views(reads: Snapshot, log: str, languages: tuple[str, ...]) -> list[LedgerView]:
    if log == ALL:
        trees = shown_trees(reads)
    else:
        trees = [own_tree(reads) if log == OWN else held_ledger(reads, parse_log_id(log))]
    return [LedgerView(reads, tree, languages=languages) for tree in trees]


async def _whole(request: web.Request) -> web.Response:
    return json_answer(await asyncio.to_thread(read_whole, request, read_asked(request.query)))


async def _page(request: web.Request) -> web.Response:
    reader = reader_of(request)
    words = reader.words

    def read() -> tuple[dict[str, Any], int]:
        with request.app[LEDGER].store.read() as reads:
            held = len(shown_trees(reads))
        return read_whole(request, asked, reader.languages), held

    try:
        asked = read_asked(request.query)
        whole, held = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    except Malformed as error:
        return error_page(request, 400, words("This cannot be shown"), error.text)
    rows = rows_of(whole, words)
    pictures = whole_pictures(whole, words)
    return render(
        request,
        "flows.html",
        reader,
        asked=asked,
        held=held,
        period=_period_text(whole, asked.period, words),
        steps=_steps(asked, whole),
        choices=_choices(asked, held, words),
        pictures=pictures[:PICTURES_MAX],
        more_pictures=max(0, len(pictures) - PICTURES_MAX),
        part=_part(request, rows, asked),
        count=words.count("{number} line", "{number} lines", len(rows)),
        lag=whole["lag"],
        data="/v1" + asked.link(),
    )


def _choices(asked: Asked, held: int, words: Words) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """What can be chosen: (of what, [(name, address, whether it is)])."""
    month = {} if asked.month is None else {"until": show_month(asked.month)}
    periods = [
        (
            words.label("period", period),
            asked.link(period="" if period == "year" else period, **month),
            period == asked.period,
        )
        for period in PERIODS
    ]
    sort = asked.kinds[0] if len(asked.kinds) == 1 else ""
    sorts = [(words("Everything"), asked.link(sort=""), not sort)]
    sorts += [(words.label("flow", kind), asked.link(sort=kind), sort == kind) for kind in KINDS]
    found = [(words("Period"), periods), (words("What flows"), sorts)]
    if held > 1:
        logs = [
            (words("This organisation's log"), asked.link(log=""), asked.log == OWN),
            (words("All logs held here"), asked.link(log=ALL), asked.log == ALL),
        ]
        found.append((words("Told by"), logs))
    return found


def _steps(asked: Asked, whole: dict[str, Any]) -> tuple[str, str]:
    """The addresses of the period before and the one after."""
    if asked.period == "all":
        return "", ""
    first, last = parse_month(whole["from"]), parse_month(whole["until"])
    return asked.link(until=show_month(first - 1)), asked.link(until=show_month(last + 1))


def _period_text(whole: dict[str, Any], period: str, words: Words) -> str:
    first, last = parse_month(whole["from"]), parse_month(whole["until"])
    if period == "year":
        return str(first // 12)
    if first == last:
        return words.month(first)
    return words("{first} to {last}", first=words.month(first), last=words.month(last))


class Part(NamedTuple):
    """A page of the table, and the addresses of the ones before and after it (empty: there is none)."""

    rows: list[Row]
    before: str
    after: str


def _part(request: web.Request, rows: list[Row], asked: Asked) -> Part:
    text = request.query.get("page", "1")
    page = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    begin = ROWS_SHOWN * (page - 1)
    after = asked.link(page=str(page + 1)) + "#table" if begin + ROWS_SHOWN < len(rows) else ""
    before = asked.link(page="" if page == 2 else str(page - 1)) + "#table" if page > 1 else ""
    return Part(rows[begin : begin + ROWS_SHOWN], before, after)


_PARAMETERS = (
    Parameter("log", "own, all that are held here, or the id of one; own if not given"),
    Parameter("period", f"{', '.join(PERIODS)}; a calendar year if not given"),
    Parameter("until", "a month in the period, such as 2026-03; the newest of which there is something if not given"),
    Parameter("sort", f"one of {', '.join(KINDS)}; all if not given"),
)
API_ROUTES = (
    Route(
        "GET",
        "/v1/flows",
        _whole,
        "Who gave what to whom: organisations, persons by class, over a period",
        parameters=_PARAMETERS,
        statuses=(200, 404),
    ),
)
ROUTES = (
    Route("GET", "/flows", _page, "The whole at a glance", "text/html", parameters=_PARAMETERS, statuses=(200, 404)),
)
