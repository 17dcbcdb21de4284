# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of what is decided and promised: assembly, proposals, disagreements, bookings, neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.reciprocity.state import Member, ProposalState
from ledger.showing.assembly import dispute_objects, proposal_object, proposal_objects
from ledger.showing.events import stock_objects
from ledger.showing.transfers import neighbour_objects, transfer_objects
from node.reciprocity.booked import bookings_page
from node.reciprocity.ledger_api import today_of
from node.reciprocity.ledger_pages import ledger_routes
from node.reciprocity.ledgers import id_of
from node.reciprocity.spelling import rate_shown

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader
    from node.web.words import Words

TRANSFERS_SHOWN, PROPOSALS_SHOWN, STOCK_SHOWN = 100, 100, 500
_WHOLE = 100


def _assembly(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    proposals = proposal_objects(view, today_of(request))
    return {
        "rules": rules_text(view, reader.words),
        "open": [one for one in proposals if one["state"] != "decided"],
        "decided": [one for one in proposals if one["state"] == "decided"][:PROPOSALS_SHOWN],
        "disputes": dispute_objects(view, closed=True)[::-1],
    }


def rules_text(view: LedgerView, words: Words) -> str:
    """The rules of the assembly in force, in words."""
    rules = view.book.rules
    return words(
        "Decided is what more than {majority} of those who vote are for, if at least {quorum} of the members vote.",
        quorum=rate_shown(rules.quorum, words),
        majority=rate_shown(rules.majority, words),
    )


def _proposal(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    proposal_id = id_of(request, "proposal")
    shown = proposal_object(view, proposal_id, today_of(request))
    voted = {one["member"]["id"] for one in shown["ballots"]}
    cast = sum(choice["votes"] for choice in shown["choices"])
    rules = view.book.rules
    quorum_met = cast * rules.quorum[1] >= rules.quorum[0] * shown["members"] and cast > 0
    title = view.book.need(ProposalState, proposal_id).title
    return {
        "proposal": shown,
        "title": title,
        "position": view.said(proposal_id).position,
        "decided_at": view.said(bytes.fromhex(shown["decision"])).position if shown["decision"] else None,
        "bars": [choice["votes"] * _WHOLE // max(1, shown["members"]) for choice in shown["choices"]],
        "through": _through(view, voted) if shown["state"] != "decided" else [],
        "cast": reader.words.number(cast),
        "quorum_met": quorum_met,
        "rules": rules_text(view, reader.words),
    }


def _through(view: LedgerView, voted: set[str]) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Who has not voted themselves and votes through whom."""
    return [
        (view.party_object(key), view.party_object(member.delegate))
        for key, member in view.book.scan(Member)
        if member.votes and member.status == "active" and member.delegate and key.hex() not in voted
    ]


def _bookings(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    return bookings_page(request, view, reader) | {"stock": stock_objects(view)[:STOCK_SHOWN]}


def _neighbours(_: web.Request, view: LedgerView, __: Reader) -> dict[str, Any]:
    return {
        "neighbours": neighbour_objects(view),
        "transfers": transfer_objects(view)[::-1][:TRANSFERS_SHOWN],
    }


ROUTES = ledger_routes(
    (
        ("/assembly", "ledger_assembly.html", _assembly, "What the assembly is asked and decides; disagreements"),
        ("/proposal/{proposal}", "ledger_proposal.html", _proposal, "A proposal: votes, turnout, outcome"),
        ("/bookings", "ledger_bookings.html", _bookings, "What is booked and promised"),
        ("/neighbours", "ledger_neighbours.html", _neighbours, "Payments between organisations"),
    )
)
