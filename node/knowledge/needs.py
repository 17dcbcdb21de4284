# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of needs: what people need, the most wanted first; one with its votes, and a member's own vote."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotFoundError, RefusedError
from ledger.own.member_keys import kept_member_key
from ledger.reciprocity.state import Ballot, Member, ProposalState
from ledger.showing.view import LedgerView, own_tree
from ledger.territory.keys import NEED, PROBLEM
from ledger.territory.knowledge import Knowledge
from ledger.territory.needs import AGAINST, BACK, FOR, body_of, needs, votes_on
from ledger.text import fold
from node.directory.listing import record_url
from node.keys import FINDER, LEDGER
from node.knowledge.glossary import lines
from node.knowledge.showing import address, card, page, show, texts
from node.knowledge.voting import enter, to_sign, vote
from node.reciprocity.ledger_api import today_of
from node.routes import Route
from node.web.forms_sent import read_form
from node.web.languages import choose
from node.web.rendering import error_page, reader_of
from node.web.session import is_from_form, member_session_of
from protocol.amounts import show_day
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.territory.knowledge import Known
    from ledger.territory.needs import Votes, WantedNeed
    from node.directory.listing import Reader
    from node.web.session import Session

SHOWN_MAX, DIRECTORY_MAX = 500, 50
CHOICES = (FOR, AGAINST, BACK)


def _needs(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    found = needs(knowledge, today_of(request))
    return {
        "needs": [_item(knowledge, one.known, one.votes, reader) for one in found[:SHOWN_MAX]],
        "directory": _in_directory(request, found, reader),
    }


def _in_directory(request: web.Request, found: list[WantedNeed], reader: Reader) -> list[dict[str, Any]]:
    """Needs that stand in the directory, where anybody can propose them, and were not taken up under their name."""
    taken = {fold(title) for one in found for title in body_of(one.known).title.values()}
    asked = {"kind": ["need"], "direction": ["want"], "limit": [str(DIRECTORY_MAX)]}
    records = request.app[FINDER].find(asked, reader.now)["records"]
    return [
        {
            "name": choose(one["name"], reader.languages),
            "url": record_url(one["log"], one["id"]),
            "take_up": {
                "title": lines(one["name"]),
                "description": lines(one.get("description", {})),
                "place": one.get("address", {}).get("locality", ""),
                "heard": reader.words("in the directory"),
            },
        }
        for one in records
        if taken.isdisjoint(map(fold, one["name"].values()))
    ]


def _item(knowledge: Knowledge, known: Known, votes: Votes | None, reader: Reader) -> dict[str, Any]:
    body = body_of(known)
    return {
        "card": card(knowledge, known, reader),
        "state": body.state,
        "description": choose(body.description, reader.languages) if body.description else None,
        "heard": body.heard or "",
        "votes": votes,
        "bar": votes.supporting * 100 // max(1, votes.members) if votes else 0,
        "supporting": reader.words.count("{number} vote for it", "{number} votes for it", votes.supporting)
        if votes
        else "",
        "against": reader.words.count("{number} against", "{number} against", votes.against) if votes else "",
        "may_vote": reader.words.count("{number} member may vote", "{number} members may vote", votes.members)
        if votes
        else "",
        "closes": show_day(votes.closes) if votes else "",
    }


def _need(request: web.Request, knowledge: Knowledge, reader: Reader) -> dict[str, Any]:
    known = knowledge.need(NEED, request.match_info["log"], request.match_info["id"])
    body, votes = body_of(known), votes_on(knowledge, known, today_of(request))
    problem = knowledge.find(PROBLEM, body.problem.log, body.problem.id) if body.problem else None
    proposal = f"/ledger/{show_log_id(known.log_id)}/proposal/{votes.proposal.hex()}" if votes else ""
    return {
        **_item(knowledge, known, votes, reader),
        "descriptions": texts(body.description, reader),
        "answers": texts(body.answer, reader),
        "licence": body.licence,
        "proposal": proposal,
        "problem": card(knowledge, problem, reader) if problem else None,
        "voter": _voter(request, knowledge, known, votes),
        "sign_in": f"/ledger/{show_log_id(known.log_id)}/sign-in",
        "fault": "",
        "edit": {
            "id": known.id.hex(),
            "licence": body.licence,
            "title": lines(body.title),
            "description": lines(body.description or {}),
            "place": body.place.name if body.place else "",
            "heard": body.heard or "",
            "state": body.state,
            "answer": lines(body.answer or {}),
            "problem": address(PROBLEM, (body.problem.log, body.problem.id)) if body.problem else "",
        },
    }


def _voter(request: web.Request, knowledge: Knowledge, known: Known, votes: Votes | None) -> dict[str, Any] | None:
    """The member who is signed in, if the vote is open to them: how they have voted, and whether their key is here."""
    session = member_session_of(request)
    own = knowledge.reads.own_log() == known.log_id
    if session is None or votes is None or not votes.is_open or not own:
        return None
    view = LedgerView(knowledge.reads, own_tree(knowledge.reads), private=True)
    member = view.book.get(Member, session.member)
    if member is None or not member.votes or member.status != "active":
        return None
    ballot = view.book.get(Ballot, votes.proposal + session.member)
    choices = view.book.need(ProposalState, votes.proposal).choices
    ledger = request.app[LEDGER]
    kept = kept_member_key(ledger.directory, member.key) is not None
    open_choices = [number for number in CHOICES if number < len(choices)]
    return {
        "name": view.name(session.member),
        "choices": [(number, choices[number]) for number in open_choices],
        "voted": ballot.choice if ballot else None,
        "to_sign": []
        if kept
        else [
            (choices[number], to_sign(ledger, view, session.member, votes.proposal, number)) for number in open_choices
        ],
        "csrf": session.csrf,
    }


async def _vote(request: web.Request) -> web.StreamResponse:
    """A member's vote, signed with their key where this node keeps it."""
    session, reader = member_session_of(request), reader_of(request)
    log, thing = request.match_info["log"], request.match_info["id"]
    if session is None:
        return web.Response(status=303, headers={"Location": f"/ledger/{log}/sign-in"})
    form = await read_form(request)
    if not is_from_form(session, form.get("csrf", "")):
        return error_page(request, 403, reader.words("This form is too old: open it again"), "")
    try:
        await asyncio.to_thread(_write, request, session, (log, thing), form)
    except NotFoundError:
        return error_page(request, 404, "", "")
    except RefusedError as error:
        fault = str(error)
        return await show(
            request,
            "knowledge_need.html",
            lambda request, knowledge, reader: _need(request, knowledge, reader) | {"fault": fault},
            status=422,
        )
    return web.Response(status=303, headers={"Location": f"/knowledge/need/{log}/{thing}#votes"})


def _write(request: web.Request, session: Session, named: tuple[str, str], form: dict[str, str]) -> None:
    """Raises NotFoundError, RefusedError."""
    ledger, choice, signed = request.app[LEDGER], form.get("choice", ""), form.get("signed", "")
    with ledger.store.read() as reads:
        known = Knowledge(reads).need(NEED, *named)
        proposal = body_of(known).proposal
    if proposal is None or known.log_id != ledger.log_id:
        raise NotFoundError("no vote is open here")
    if signed.strip():
        enter(ledger, session.member, proposal, signed)
    elif choice in {str(one) for one in CHOICES}:
        vote(ledger, session.member, proposal, int(choice))
    else:
        raise NotFoundError("there is no such choice")


ROUTES = (
    Route(
        "GET",
        "/knowledge/needs",
        page("knowledge_needs.html", _needs),
        "What people need",
        "text/html",
        statuses=(200,),
    ),
    Route(
        "GET",
        "/knowledge/need/{log}/{id}",
        page("knowledge_need.html", _need),
        "A need, and the votes on it",
        "text/html",
        statuses=(200, 404),
    ),
    Route(
        "POST",
        "/knowledge/need/{log}/{id}/vote",
        _vote,
        "A member votes on a need",
        "text/html",
        statuses=(303, 403, 404, 422),
    ),
)
