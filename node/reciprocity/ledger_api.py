# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledgers that are held here, under /v1/ledger: the same that the pages show."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.exporting.journal import read_journal, read_member_journal
from ledger.exporting.plaintext import beancount, hledger
from ledger.exporting.tables import csv_lines, json_lines
from ledger.exporting.valueflows import document
from ledger.proofs.member_statement import make_member_statement
from ledger.showing.accounts import (
    ACCOUNT_SCHEMA,
    ACCOUNTS_SCHEMA,
    UNITS_SCHEMA,
    account_object,
    account_objects,
    unit_objects,
)
from ledger.showing.contracts import (
    CLAIMS_SCHEMA,
    CONTRACT_SCHEMA,
    CONTRACTS_SCHEMA,
    claim_objects,
    contract_object,
    contract_objects,
)
from ledger.showing.contributions import contributions_object
from ledger.showing.explaining import explain, explanation_object
from ledger.showing.flows import flows_object
from ledger.showing.footprints import footprints_object
from ledger.showing.members import MEMBERS_SCHEMA, member_objects, member_page
from ledger.showing.movements import movement_objects
from ledger.showing.owing import STATES
from node.api.v1 import SCOPE_PARAMETER, asks_for_private, json_answer
from node.keys import LEDGER
from node.reciprocity.ledgers import FLOWS, id_of, view_of
from node.reciprocity.periods import read_period
from node.routes import Parameter, Route
from node.verifier.page import verifier_page
from node.web.paging import AFTER, LIMITED, slice_object, slice_of
from protocol.amounts import month_of
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from ledger.exporting.journal import Journal
    from ledger.showing.view import LedgerView
    from node.reciprocity.periods import Period

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LEDGER = "/v1/ledger/{log}"
PERIOD_PARAMETERS = (
    Parameter("from", "the first month, such as 2026-03; a year up to `until` if not given"),
    Parameter("until", "the last month; the newest one of which there is something if not given"),
)
_YEAR = re.compile(r"[0-9]{4}")
_CLAIM = re.compile(r"([0-9a-f]{32})?")
_DAY_S = 86_400


def answering(work: Callable[[web.Request, LedgerView], Any]) -> Handler:
    """A handler that answers with what `work` makes of the ledger that the path names."""

    async def handler(request: web.Request) -> web.Response:
        private = asks_for_private(request)

        def read() -> Any:  # noqa: ANN401 - any JSON value
            with request.app[LEDGER].store.read() as reads:
                return work(request, view_of(request, reads, private=private))

        return json_answer(await asyncio.to_thread(read))

    return handler


def period_of(request: web.Request, view: LedgerView) -> tuple[Period, dict[str, Any]]:
    """The period asked for, and the flows in it. Raises Malformed."""
    flows, left = request.app[FLOWS].of(view)
    newest = max(flows.months, default=month_of(today_of(request)))
    period = read_period(request.query, newest)
    return period, flows_object(view, flows, *period, left)


def today_of(request: web.Request) -> int:
    """The day of the request, in UTC."""
    return int(request.app[LEDGER].clock()) // _DAY_S


def _contract(request: web.Request, view: LedgerView) -> dict[str, Any]:
    contract = contract_object(view, id_of(request, "contract"), today_of(request))
    return {"schema": CONTRACT_SCHEMA, "contract": contract}


def _explanation(request: web.Request, view: LedgerView) -> dict[str, Any]:
    today = today_of(request)
    state, claim = request.query.get("state", ""), request.query.get("claim", "")
    if state not in {"", *STATES}:
        raise Malformed("state", f"state is one of {', '.join(STATES)}")
    if not _CLAIM.fullmatch(claim):
        raise Malformed("claim", "claim is an id of 32 hexadecimal digits")
    explained = explain(view, id_of(request, "contract"), today, bytes.fromhex(claim))
    wanted = [item for item in explained.items if state in {"", item.state}]
    part, after = slice_of(request.query, wanted)
    return explanation_object(view, explained._replace(items=list(part)), today) | {"next": after}


def _footprints(request: web.Request, view: LedgerView) -> dict[str, Any]:
    period, _ = period_of(request, view)
    return footprints_object(view, *period)


async def serve_statement(request: web.Request) -> web.Response:
    """The member's statement as a file: what is not public stands in it for whoever may see that."""
    private = asks_for_private(request)

    def read() -> bytes:
        with request.app[LEDGER].store.read() as reads:
            return _statement(request, view_of(request, reads, private=private))

    name = f"{request.match_info['log'][:8]}-{request.match_info['member'][:8]}.member-statement"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = await asyncio.to_thread(read)
    return web.Response(body=body, content_type="application/octet-stream", headers=headers)


def _statement(request: web.Request, view: LedgerView) -> bytes:
    member = id_of(request, "member")
    return make_member_statement(view.reads, view.tree, member, private=view.private or view.reader == member).data


async def serve_page(request: web.Request) -> web.Response:
    """The statement in a page that checks itself, to be kept and opened anywhere."""
    private = asks_for_private(request)

    def read() -> str:
        with request.app[LEDGER].store.read() as reads:
            view = view_of(request, reads, private=private)
            return verifier_page(_statement(request, view), view.charter.languages)

    name = f"{request.match_info['log'][:8]}-{request.match_info['member'][:8]}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=await asyncio.to_thread(read), content_type="text/html", headers=headers)


async def serve_csv(request: web.Request) -> web.Response:
    """What concerns a member as a table, of one year or of all."""
    year = request.query.get("year", "")
    if year and not _YEAR.fullmatch(year):
        raise Malformed("year", f"{year[:40]!r} is not a year: write it like 2026")

    def read() -> str:
        with request.app[LEDGER].store.read() as reads:
            view, member = view_of(request, reads, private=False), id_of(request, "member")
            journal = read_member_journal(reads, view.tree, member)
            return "".join(f"{line}\r\n" for line in csv_lines(journal, member, int(year) if year else None))

    name = f"{request.match_info['log'][:8]}-{request.match_info['member'][:8]}{'-' if year else ''}{year}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = await asyncio.to_thread(read)
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


EXPORTS: dict[str, tuple[str, Callable[[Journal], Iterable[str]]]] = {
    "beancount": ("text/plain", beancount),
    "hledger": ("text/plain", hledger),
    "csv": ("text/csv", csv_lines),
    "jsonl": ("application/x-ndjson", json_lines),
    "valueflows": (
        "application/ld+json",
        lambda journal: [json.dumps(document(journal), ensure_ascii=False, indent=1)],
    ),
}


async def serve_export(request: web.Request) -> web.Response:
    """The whole ledger for another program. Profiles and notes are in none."""
    form = request.match_info["format"]
    if form not in EXPORTS:
        raise NotFoundError(f"no format {form[:40]!r}; there are {', '.join(EXPORTS)}")
    media_type, lines = EXPORTS[form]

    def read() -> str:
        with request.app[LEDGER].store.read() as reads:
            view = view_of(request, reads, private=False)
            return "".join(f"{line}\n" for line in lines(read_journal(reads, view.tree)))

    name = f"{request.match_info['log'][:8]}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = await asyncio.to_thread(read)
    return web.Response(text=text, content_type=media_type, charset="utf-8", headers=headers)


def _route(path: str, about: str, work: Callable[[web.Request, LedgerView], Any], *parameters: Parameter) -> Route:
    return Route(
        "GET", _LEDGER + path, answering(work), about, parameters=(*parameters, SCOPE_PARAMETER), statuses=_STATUSES
    )


_STATUSES = (200, 401, 404)
_PART = (LIMITED, AFTER)
ROUTES = (
    _route("/units", "The units of a ledger", lambda _, view: {"schema": UNITS_SCHEMA, "units": unit_objects(view)}),
    _route(
        "/members",
        "The members of a ledger, with those who have left",
        lambda request, view: slice_object(request.query, MEMBERS_SCHEMA, "members", member_objects(view, left=True)),
        *_PART,
    ),
    _route(
        "/members/{member}",
        "A member with their accounts",
        lambda request, view: member_page(view, id_of(request, "member")),
    ),
    _route(
        "/members/{member}/contributions",
        "What a member gave and received, by month and stream; thanks",
        lambda request, view: contributions_object(view, id_of(request, "member"), *period_of(request, view)[0]),
        *PERIOD_PARAMETERS,
    ),
    Route(
        "GET",
        _LEDGER + "/members/{member}/statement",
        serve_statement,
        "Everything about a member with its proof, as a file (spec 20)",
        "application/octet-stream",
        parameters=(SCOPE_PARAMETER,),
        statuses=_STATUSES,
    ),
    Route(
        "GET",
        _LEDGER + "/members/{member}/page",
        serve_page,
        "The same in a page that checks itself, in any browser, offline",
        "text/html",
        parameters=(SCOPE_PARAMETER,),
        statuses=_STATUSES,
    ),
    Route(
        "GET",
        _LEDGER + "/members/{member}/csv",
        serve_csv,
        "What concerns a member as a table",
        "text/csv",
        parameters=(Parameter("year", "such as 2026; all years if not given"),),
        statuses=(200, 404),
    ),
    Route(
        "GET",
        _LEDGER + "/export/{format}",
        serve_export,
        "The ledger for other programs: beancount, hledger, csv, jsonl or valueflows",
        "text/plain",
        statuses=(200, 404),
    ),
    _route(
        "/accounts",
        "The accounts of a ledger with their balances",
        lambda request, view: slice_object(request.query, ACCOUNTS_SCHEMA, "accounts", account_objects(view)),
        *_PART,
    ),
    _route(
        "/accounts/{account}",
        "An account and the newest movements on it",
        lambda request, view: {
            "schema": ACCOUNT_SCHEMA,
            "account": account_object(view, id_of(request, "account")),
            "movements": movement_objects(view, id_of(request, "account")),
        },
    ),
    _route(
        "/contracts",
        "The contracts of a ledger",
        lambda request, view: slice_object(
            request.query, CONTRACTS_SCHEMA, "contracts", contract_objects(view, today_of(request))
        ),
        *_PART,
    ),
    _route("/contracts/{contract}", "A contract: its parties, who has signed, its clauses", _contract),
    _route(
        "/contracts/{contract}/explanation",
        "What a contract yields, each line with its rule",
        _explanation,
        Parameter("claim", "only what follows from this claim, by id"),
        Parameter("state", f"only what is {', '.join(STATES)}"),
        *_PART,
    ),
    _route(
        "/claims",
        "What is owed, and what was",
        lambda request, view: slice_object(
            request.query, CLAIMS_SCHEMA, "claims", claim_objects(view, today_of(request))
        ),
        *_PART,
    ),
    _route(
        "/flows", "Who gave to whom, in groups", lambda request, view: period_of(request, view)[1], *PERIOD_PARAMETERS
    ),
    _route("/footprints", "Energy, emissions and goods under each contract", _footprints, *PERIOD_PARAMETERS),
)
