# SPDX-License-Identifier: AGPL-3.0-or-later
"""/v1/proposals: what anybody proposes, for programs and for pages that sign in the browser; decisions by stewards."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.jsonform import from_json
from ledger.proposals.deciding import OUTCOMES, Verdict, decide
from ledger.proposals.inbox import LINK_DAYS, LINK_PROPOSALS, Sent, invite, take
from ledger.proposals.present import proposal_object, proposals_object
from ledger.proposals.voting import DAYS, carry_out
from node.api.v1 import is_steward, json_answer, read_json
from node.contribute.openness import may_propose, origin_of
from node.keys import FINDER, LEDGER
from node.reciprocity.asking_assembly import put_to_vote
from node.routes import Parameter, Route
from protocol.errors import Malformed

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.ledger import Ledger
    from ledger.values import InvitationRow

_ID = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_SENT: dict[str, type] = {"statement": str, "signature": str, "link": str}
_DECISION: dict[str, type] = {"outcome": str, "reason": str, "hold_back": bool, "record": dict, "days": int}
_LINK: dict[str, type] = {"name": str, "days": int, "proposals": int}
LINKS_SCHEMA = "folkmoot.proposal-links/1"


def proposal_id_of(request: web.Request) -> bytes:
    """The id that a path names. Raises NotFoundError."""
    text = request.match_info["claim"]
    if not _ID.fullmatch(text):
        raise NotFoundError(f"no proposal {text[:40]!r}")
    return bytes.fromhex(text)


async def _fields(request: web.Request, known: dict[str, type], required: str) -> dict[str, Any]:
    """The fields of a JSON object, of their types. Raises Malformed."""
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - set(known) or required not in value:
        raise Malformed("body", f"an object with {required}; there are {', '.join(known)}")
    for name, one in value.items():
        if type(one) is not known[name]:
            raise Malformed("body", f"{name}: not of the type that is meant")
    return value


async def _list(request: web.Request) -> web.Response:
    author = request.query.get("author", "")
    if author and not _KEY.fullmatch(author):
        raise Malformed("author", "an author is named by their public key, 64 hexadecimal digits")
    ledger, private = request.app[LEDGER], is_steward(request)

    def read() -> dict[str, Any]:
        request.app[FINDER].wait_for_own_writes()
        with ledger.store.read() as reads:
            return proposals_object(reads, ledger.own.tree, author, private=private)

    return json_answer(await asyncio.to_thread(read))


async def _one(request: web.Request) -> web.Response:
    ledger, proposal_id, private = request.app[LEDGER], proposal_id_of(request), is_steward(request)

    def read() -> dict[str, Any]:
        with ledger.store.read() as reads:
            return proposal_object(reads, ledger.own.tree, proposal_id, private=private)

    return json_answer(await asyncio.to_thread(read))


async def _send(request: web.Request) -> web.Response:
    value = await _fields(request, _SENT, "statement")
    for name in ("statement", "signature"):
        if not _HEX.fullmatch(value.get(name, "")):
            raise Malformed("body", f"{name}: bytes are written in hexadecimal")
    link = value.get("link", "")
    may_propose(request, link)
    statement, signature = bytes.fromhex(value["statement"]), bytes.fromhex(value.get("signature", ""))
    sent = Sent(statement, signature, link, origin_of(request))
    proposal_id = await asyncio.to_thread(take, request.app[LEDGER], sent)
    return json_answer({"schema": "folkmoot.proposed/1", "id": proposal_id.hex()}, 201)


async def _decide(request: web.Request) -> web.Response:
    value, proposal_id = await _fields(request, _DECISION, "outcome"), proposal_id_of(request)
    ledger, outcome = request.app[LEDGER], value["outcome"]
    if outcome not in {"vote", "count", *(word for words in OUTCOMES.values() for word in words)}:
        raise Malformed("body", f"outcome: {', '.join([*OUTCOMES['claim.correct'], *OUTCOMES['claim.report']])}, vote")
    record = from_json(value["record"]) if "record" in value else None

    def work() -> dict[str, Any]:
        if outcome == "vote":
            ballot = put_to_vote(ledger, proposal_id, value.get("days", DAYS))
            return {"ballot": ballot.hex()}
        if outcome == "count":
            position = carry_out(ledger, proposal_id, value.get("reason", "the assembly did not vote for it"))
        else:
            verdict = Verdict(outcome, value.get("reason", ""), value.get("hold_back", False), record)
            position = decide(ledger, proposal_id, verdict)
        return {"position": position}

    return json_answer({"schema": "folkmoot.decided/1", **await asyncio.to_thread(work)}, 201)


async def _links(request: web.Request) -> web.Response:
    def read() -> list[dict[str, Any]]:
        with request.app[LEDGER].store.read() as reads:
            return [link_object(row) for row in reads.invitations()]

    return json_answer({"schema": LINKS_SCHEMA, "links": await asyncio.to_thread(read)})


def link_object(row: InvitationRow) -> dict[str, Any]:
    """A link as JSON: what it is called here, not its token."""
    return {"id": row.token.hex(), "name": row.name, "at": row.at, "until": row.until, "proposals": row.room}


async def _add_link(request: web.Request) -> web.Response:
    value = await _fields(request, _LINK, "name")
    days, room = value.get("days", LINK_DAYS), value.get("proposals", LINK_PROPOSALS)
    token = await asyncio.to_thread(invite, request.app[LEDGER], value["name"], days, room)
    return json_answer({"schema": "folkmoot.proposal-link/1", "path": f"/propose?link={token}"}, 201)


async def _drop_link(request: web.Request) -> web.Response:
    text = request.match_info["link"]
    if not _KEY.fullmatch(text):
        raise NotFoundError("there is no such link")
    await asyncio.to_thread(drop_link, request.app[LEDGER], bytes.fromhex(text))
    return json_answer({"schema": "folkmoot.proposal-link/1", "id": text})


def drop_link(ledger: Ledger, token: bytes) -> None:
    """Takes a link back."""
    ledger.writer.run(lambda change: change.drop_invitation(token)).result()


ROUTES = (
    Route(
        "GET",
        "/v1/proposals",
        _list,
        "What waits for a decision, and what was decided (spec 21)",
        parameters=(Parameter("author", "only what somebody proposed: their public key"),),
    ),
    Route("GET", "/v1/proposals/{claim}", _one, "One proposal", statuses=(200, 404)),
    Route(
        "POST",
        "/v1/proposals",
        _send,
        "Propose a record or a change, or report one (spec 21 §3)",
        statuses=(201, 400, 403, 409, 429, 507),
        body="Proposal",
    ),
    Route(
        "POST",
        "/v1/proposals/{claim}/decision",
        _decide,
        "Decide on a proposal, or put it to the vote",
        statuses=(201, 400, 401, 404, 409, 503, 507),
        steward=True,
        body="Verdict",
    ),
    Route("GET", "/v1/proposal-links", _links, "Links for proposing", statuses=(200, 401), steward=True),
    Route(
        "POST",
        "/v1/proposal-links",
        _add_link,
        "Make a link by which somebody proposes under a name",
        statuses=(201, 400, 401, 409),
        steward=True,
        body="Link",
    ),
    Route(
        "DELETE",
        "/v1/proposal-links/{link}",
        _drop_link,
        "Take a link back",
        statuses=(200, 401, 404),
        steward=True,
    ),
)
