# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deciding on a proposal by a key of one's own: all of it is shown, signed in the browser, and entered as one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import NotOpenError
from ledger.proposals.deciding import DECIDING, ChangedError, carried_out, seen_of, waiting
from ledger.proposals.present import is_for_stewards
from node.keys import LEDGER
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed
from node.web.acting import ACTING
from node.web.languages import choose
from node.web.rendering import reader_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.proposals.deciding import Verdict, Waiting
    from ledger.sqlite.store import Snapshot
    from node.web.session import Session


async def decide_by_key(
    request: web.Request,
    session: Session,
    proposal_id: bytes,
    texts: dict[str, str],
    verdict_on: Callable[[Waiting], Verdict],
) -> web.StreamResponse:
    """The page that shows what would be signed, or, once it was signed and is still the same, the way on.

    Raises NotFoundError if somebody else has decided, ChangedError if it is not what was looked at, NotOpenError for
    what stewards alone are shown, RefusedError, Malformed.
    """
    reader, ledger, acting = reader_of(request), request.app[LEDGER], request[ACTING]
    words = reader.words

    def make(reads: Snapshot) -> Plan:
        found = waiting(reads, ledger.own.tree, proposal_id)
        if is_for_stewards(found) and not acting.sees_private:
            raise NotOpenError("it holds what is shown to stewards alone: a steward decides on it")
        verdict = verdict_on(found)
        if texts.get("step") != "sign" and verdict.seen not in {None, seen_of(found)}:
            raise ChangedError("it has changed since you looked: look once more at what would be different")
        claims, statements = carried_out(found, verdict, ledger.log_id)
        record_id = found.claim.body.subject.id
        shown: Any = found.result or found.present
        names = {record_id: choose(shown["name"], reader.languages).text} if shown else {}
        before = {record_id: found.present} if found.present else {}
        notes = [] if claims else [words("What was proposed is not entered: only the decision is.")]
        return Plan(statements, before, names, notes, claims)

    def decide() -> tuple[Plan, int | None]:
        with DECIDING:
            return confirmed(request, texts, make)

    plan, position = await asyncio.to_thread(decide)
    page = f"/proposals/{proposal_id.hex()}"
    if position is None:
        return confirmation(request, session, Asked(words("Proposals"), request.path, page), plan, texts)
    await asyncio.wrap_future(ledger.writer.run(lambda change: change.drop_proposal(proposal_id)))
    return web.Response(status=303, headers={"Location": page})
