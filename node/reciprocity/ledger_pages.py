# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of a ledger: the organisation's flows and balances, its members and accounts."""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Member
from ledger.showing.accounts import account_object, account_objects, unit_objects
from ledger.showing.assembly import dispute_objects, note_objects, proposal_objects
from ledger.showing.contracts import claim_objects, contract_objects
from ledger.showing.contributions import contributions_object
from ledger.showing.events import Wanted, commitment_objects
from ledger.showing.footprints import footprints_object
from ledger.showing.members import member_objects, member_page
from ledger.showing.movements import movement_objects
from node.keys import LEDGER
from node.reciprocity.booked import member_bookings, timed, zone_of
from node.reciprocity.ledger_api import period_of, today_of
from node.reciprocity.ledger_pictures import contribution_pictures, flow_pictures
from node.reciprocity.ledgers import id_of, view_of
from node.routes import Route
from node.web.languages import choose
from node.web.paging import part_of
from node.web.rendering import error_page, reader_of, render
from node.web.session import session_of
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
    Work = Callable[[web.Request, LedgerView, Reader], dict[str, Any]]

ROWS_SHOWN = 20
"""Of a list on the overview; the whole list has a page of its own."""
NEXT_SHOWN = 8
STANDING = frozenset({"offered", "waiting", "in force"})
"""States of contracts that have not ended."""


def page(template: str, work: Work) -> Handler:
    """A handler that renders what `work` reads of the ledger that the path names."""

    async def handler(request: web.Request) -> web.Response:
        return await show(request, template, work)

    return handler


async def show(request: web.Request, template: str, work: Work, status: int = 200) -> web.Response:
    """A page with what `work` reads of the ledger that the path names."""
    reader, private = reader_of(request), session_of(request) is not None

    def read() -> dict[str, Any]:
        with request.app[LEDGER].store.read() as reads:
            view = view_of(request, reads, private=private, languages=reader.languages)
            return ledger_values(view, reader) | work(request, view, reader)

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    except Malformed as error:
        return error_page(request, 400, reader.words("This cannot be shown"), error.text)
    return render(request, template, reader, status=status, **values)


def ledger_routes(pages: Iterable[tuple[str, str, Work, str]]) -> tuple[Route, ...]:
    """Routes of pages of a ledger: (path below the ledger, template, what it shows, what it is)."""
    return tuple(
        Route("GET", f"/ledger/{{log}}{path}", page(template, work), about, "text/html", statuses=(200, 404))
        for path, template, work, about in pages
    )


def ledger_values(view: LedgerView, reader: Reader) -> dict[str, Any]:
    """What every page of a ledger shows: whose it is, where its parts are, what is not counted yet.

    `manages`: whoever looks is a steward of it. `reading`: the member of it who looks.
    """
    charter = view.charter
    left = view.tree.size - view.tree.derived
    return {
        "whose": choose(charter.name, (*reader.languages, *charter.languages)),
        "base": f"/ledger/{show_log_id(view.log_id)}",
        "data": f"/v1/ledger/{show_log_id(view.log_id)}",
        "proofs": f"/v1/log/{show_log_id(view.log_id)}/{view.tree.origin.epoch}/proofs",
        "entries": f"/v1/log/{show_log_id(view.log_id)}/{view.tree.origin.epoch}/entries",
        "uncounted": _lag(left, reader),
        "manages": view.private,
        "reading": view.party_object(view.reader) if view.reader else None,
    }


def _lag(entries: int, reader: Reader) -> str:
    if not entries:
        return ""
    return reader.words.count(
        "{number} entry is stored and not counted here yet.",
        "{number} entries are stored and not counted here yet.",
        entries,
    )


async def _own(request: web.Request) -> web.Response:
    url = f"/ledger/{show_log_id(request.app[LEDGER].log_id)}"
    return web.Response(status=303, headers={"Location": url})


def _overview(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    words, today = reader.words, today_of(request)
    period, flows = period_of(request, view)
    members = sum(one.status != "left" for _, one in view.book.scan(Member))
    accounts = account_objects(view, owner=view.log_id)
    return {
        "period": period,
        "flows_lag": _lag(flows["lag"], reader),
        "pictures": flow_pictures(flows["flows"], view, words),
        "footprints": footprints_object(view, *period)["footprints"],
        "units": unit_objects(view),
        "members": words.count("{number} member", "{number} members", members),
        "accounts": accounts[:ROWS_SHOWN],
        "more_accounts": len(accounts) > ROWS_SHOWN,
        "contracts": [one for one in contract_objects(view, today) if one["state"] in STANDING][:ROWS_SHOWN],
        "claims": claim_objects(view, today, unpaid=True)[:ROWS_SHOWN],
        "proposals": [one for one in proposal_objects(view, today) if one["state"] != "decided"][:ROWS_SHOWN],
        "disputes": dispute_objects(view)[:ROWS_SHOWN],
        "bookings": timed(view, commitment_objects(view, Wanted(since=today), NEXT_SHOWN), zone_of(request), words),
    }


def _members(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    members = member_objects(view, left=True)
    count = reader.words.count("{number} member", "{number} members", sum(one["status"] != "left" for one in members))
    return {"part": part_of(request.query, members, itemgetter("name"), itemgetter("id")), "count": count}


def _accounts(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    accounts = account_objects(view)
    return {
        "part": part_of(
            request.query, accounts, itemgetter("name"), itemgetter("id"), lambda one: one["owner"]["name"]
        ),
        "count": reader.words.count("{number} account", "{number} accounts", len(accounts)),
    }


def _account(request: web.Request, view: LedgerView, _: Reader) -> dict[str, Any]:
    account_id = id_of(request, "account")
    return {
        "account": account_object(view, account_id),
        "movements": movement_objects(view, account_id),
        "notes": note_objects(view, account_id),
    }


def _member(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    member_id, today = id_of(request, "member"), today_of(request)
    shown = member_page(view, member_id)
    period, _ = period_of(request, view)
    told = contributions_object(view, member_id, *period)
    session = session_of(request)
    return {
        "csrf": session.csrf if session else "",
        "member": shown["member"],
        "own": view.tree.tree == request.app[LEDGER].own.tree,
        "accounts": shown["accounts"],
        "contracts": contract_objects(view, today, member_id),
        "claims": claim_objects(view, today, party=member_id, unpaid=True),
        "period": period,
        "pictures": contribution_pictures(told, period, view, reader.words),
        "told": told,
        "notes": note_objects(view, member_id),
        "bookings": member_bookings(request, view, member_id, reader.words),
        "deeds": told["events"][::-1],
        "years": [f"{year:04}" for year in told["years"]],
    }


_PAGES = (
    ("", "ledger.html", _overview, "The ledger of an organisation"),
    ("/members", "ledger_members.html", _members, "The members of an organisation"),
    ("/accounts", "ledger_accounts.html", _accounts, "The accounts of a ledger"),
    ("/account/{account}", "ledger_account.html", _account, "An account and what moved on it"),
    ("/member/{member}", "ledger_member.html", _member, "A member: contributions, balances, thanks"),
)
ROUTES = (
    Route("GET", "/ledger", _own, "The ledger of this node's organisation", "text/html", statuses=(303,)),
    *ledger_routes(_PAGES),
)
