# SPDX-License-Identifier: AGPL-3.0-or-later
"""/proposals: what waits and what was decided, for everybody; a steward decides on the page of each."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from aiohttp import web

from ledger.directory.present import read_record
from ledger.errors import LedgerError, NotFoundError, NotOpenError, RefusedError
from ledger.proposals.deciding import ChangedError, Verdict, claim_entered, decide, decision_on, seen_of, waiting
from ledger.proposals.present import decided_list, is_for_stewards, is_personal, waiting_list
from ledger.proposals.voting import DAYS, carry_out, outcome_of
from ledger.reciprocity.state import ProposalState
from ledger.showing.view import LedgerView, own_tree
from node.contribute.deciding_by_key import decide_by_key
from node.contribute.preview import move_picture
from node.contribute.proposals_api import proposal_id_of
from node.contribute.propose import Subject, read_written
from node.contribute.rows import decided_row, names_of, waiting_row, what_of
from node.directory.difference import difference
from node.directory.listing import record_url
from node.keys import FINDER, LEDGER
from node.reciprocity.asking_assembly import put_to_vote
from node.routes import Parameter, Route
from node.steward.steward_pages import TEXTS, signed_in
from node.web.acting import ACTING, look_who_acts, refused_page
from node.web.rendering import error_page, reader_of, render
from node.web.session import session_of
from node.web.words import date_text, message
from protocol.directory import ClaimCorrect
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.proposal import without_private
from protocol.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.proposals.deciding import Decided, Waiting
    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader
    from node.web.session import Session

_KEY = re.compile(r"[0-9a-f]{64}")
_REASON_MAX = 1_000
_DAYS = re.compile(r"[0-9]{1,2}")
_CHANGED = message("It has changed since this page was opened. Look once more at what would be different, then decide.")
_ACTS = frozenset({"accepted", "refused", "done", "nothing_to_do", "closed", "vote", "count"})


async def _list(request: web.Request) -> web.StreamResponse:
    reader, author = reader_of(request), request.query.get("author", "")
    ledger, (_, private, _) = request.app[LEDGER], await _standing(request)

    def read() -> dict[str, Any]:
        request.app[FINDER].wait_for_own_writes()  # a decision of a moment ago stands in the list
        with ledger.store.read() as reads:
            names = names_of(reads, ledger.own.tree, ledger.key.public, reader)
            waits, decided = waiting_list(reads, ledger.own.tree), decided_list(reads, ledger.own.tree)
            if author:
                waits = [one for one in waits if one.claim.statement.author.hex() == author]
                decided = [one for one in decided if one.body.author.hex() == author]
            return {
                "waiting": [waiting_row(one, names, reader, private=private) for one in waits],
                "decided": [decided_row(reads, one, names, reader) for one in decided],
            }

    if author and not _KEY.fullmatch(author):
        raise Malformed("author", "an author is named by their public key, 64 hexadecimal digits")
    values = await asyncio.to_thread(read)
    return render(request, "proposals.html", reader, author=author, **values)


class Standing(NamedTuple):
    """Who looks at proposals: in which session, whether they see what is for stewards, whether they may decide."""

    session: Session | None
    private: bool
    decides: bool


async def _standing(request: web.Request) -> Standing:
    session = session_of(request)
    if session is not None:
        return Standing(session, private=True, decides=True)
    found = await look_who_acts(request)
    if found is None:
        return Standing(None, private=False, decides=False)
    session, acting = found
    return Standing(session, acting.sees_private, acting.may("claim.decided"))


async def _one(request: web.Request) -> web.StreamResponse:
    return await _show(request, 200, "")


async def _show(request: web.Request, status: int, fault: str) -> web.StreamResponse:
    reader, ledger = reader_of(request), request.app[LEDGER]
    session, private, decides = await _standing(request)

    def read() -> dict[str, Any]:
        request.app[FINDER].wait_for_own_writes()
        with ledger.store.read() as reads:
            proposal_id = proposal_id_of(request)
            names = names_of(reads, ledger.own.tree, ledger.key.public, reader)
            decided = decision_on(reads, ledger.own.tree, proposal_id)
            if decided is not None:
                row = decided_row(reads, decided, names, reader)
                return {"decided": row, "one": None, **_refused_values(reads, decided, reader)}
            found = waiting(reads, ledger.own.tree, proposal_id)
            shown = waiting_row(found, names, reader, private=private)
            return {"decided": None, "one": shown, **_waiting_values(reads, found, reader, private=private)}

    try:
        values = await asyncio.to_thread(read)
    except NotFoundError:
        return error_page(request, 404, "", "")
    return render(
        request,
        "proposal.html",
        reader,
        status=status,
        fault=fault,
        sent=request.query.get("sent", "") == "yes",
        csrf=session.csrf if session and decides and not values.get("for_stewards") else "",
        signed_in=session is not None,
        by_key=ACTING in request,
        address=str(request.url.origin().with_path(request.path)),
        id=request.match_info["claim"],
        days=DAYS,
        **values,
    )


def _refused_values(reads: Snapshot, decided: Decided, reader: Reader) -> dict[str, Any]:
    """What was proposed and refused, or reported, where that was entered; what was accepted stands in the history."""
    claim = claim_entered(reads, int(reads.fact("own") or 0), decided.body.claim)
    if claim is None:
        return {"changes": [], "note": "", "kept": decided.body.outcome != "refused"}
    if not isinstance(claim.body, ClaimCorrect) or decided.body.outcome != "refused":
        return {"changes": [], "note": claim.body.note, "kept": True}
    subject = claim.body.subject
    tree = int(reads.fact("own") or 0)
    row = reads.records_by_id(tree, [subject.id]).get(subject.id)
    before = read_record(reads, row)[0] if row else None
    return {"changes": difference(before, claim.body.record, reader), "note": claim.body.note, "kept": True}


def _waiting_values(reads: Snapshot, found: Waiting, reader: Reader, *, private: bool) -> dict[str, Any]:
    """What the page of a proposal that waits shows."""
    words, claim = reader.words, found.claim
    subject = claim.body.subject
    personal = is_personal(found) and not private
    hidden = found.result is not None and without_private(found.result) != found.result
    result = found.result if private or found.result is None else without_private(found.result)
    after = _record(result)
    values: dict[str, Any] = {
        "what": what_of(found, words),
        "is_report": found.result is None,
        "own": subject.log == reads.own_log(),
        "changes": difference(_record(found.present), after, reader) if after and not personal else [],
        "move": move_picture(_record(found.present), after) if not personal else None,
        "of_person": is_personal(found),
        "personal": personal,
        "hidden": hidden,
        "note": "" if personal else claim.body.note,
        "record": record_url(show_log_id(subject.log), subject.id.hex()) if found.present else "",
        "vote": None,
        "seen": seen_of(found),
        "for_stewards": is_for_stewards(found) and not private,
    }
    if found.row.ballot:
        view = LedgerView(reads, own_tree(reads), languages=reader.languages)
        today = reader.now // 86_400
        asked = view.book.get(ProposalState, found.row.ballot)
        if asked is not None:
            values["vote"] = {
                "outcome": outcome_of(view, found.row.ballot, today),
                "closes": date_text(asked.closes * 86_400, words),
                "url": f"/ledger/{show_log_id(view.log_id)}/proposal/{found.row.ballot.hex()}",
            }
    return values


def _record(value: dict[str, Any] | None) -> Record | None:
    return None if value is None else msgspec.convert(value, Record, builtin_types=(bytes,))


async def _decide(request: web.Request, session: Session) -> web.StreamResponse:
    """Somebody who may decides, or a steward puts it to the vote."""
    texts, words, ledger = request[TEXTS], reader_of(request).words, request.app[LEDGER]
    proposal_id, act, reason = proposal_id_of(request), texts.get("act", ""), texts.get("reason", "").strip()
    if act not in _ACTS:
        raise Malformed("form", "this is no form that was given out here")
    if len(reason) > _REASON_MAX:
        return await _show(request, 422, words("That is too long."))
    hold_back = bool(texts.get("hold_back")) and act in {"refused", "nothing_to_do", "done"}
    seen = texts.get("seen", "") if act in {"accepted", "closed"} else None
    if (acting := request.get(ACTING)) is not None:
        if act in {"vote", "count"}:  # the assembly is asked by the organisation's own key
            return refused_page(request, acting, ())
        return await _by_key(request, session, lambda _: Verdict(act, reason, hold_back, seen=seen))
    days = int(texts.get("days", "")) if _DAYS.fullmatch(texts.get("days", "")) else DAYS

    def work() -> None:
        if act == "vote":
            put_to_vote(ledger, proposal_id, days)
        elif act == "count":
            carry_out(ledger, proposal_id, words("The assembly did not vote for it."))
        else:
            decide(ledger, proposal_id, Verdict(act, reason, hold_back, seen=seen))

    return await _done(request, work)


async def _done(request: web.Request, work: Any) -> web.StreamResponse:  # noqa: ANN401 - a function
    words = reader_of(request).words
    try:
        await asyncio.to_thread(work)
    except NotFoundError:
        pass  # somebody has just decided: the page says what
    except ChangedError:
        return await _show(request, 422, words(_CHANGED))
    except (RefusedError, Malformed) as error:
        return await _show(request, 422, words("It was not written: {why}", why=str(error)))
    except LedgerError as error:
        return await _show(request, 503, words("It was not written: {why}", why=str(error)))
    return web.Response(status=303, headers={"Location": f"/proposals/{request.match_info['claim']}"})


async def _by_key(
    request: web.Request, session: Session, verdict_on: Callable[[Waiting], Verdict]
) -> web.StreamResponse:
    words, proposal_id = reader_of(request).words, proposal_id_of(request)
    try:
        return await decide_by_key(request, session, proposal_id, request[TEXTS], verdict_on)
    except NotFoundError:  # somebody has just decided: the page says what
        return web.Response(status=303, headers={"Location": f"/proposals/{request.match_info['claim']}"})
    except ChangedError:
        return await _show(request, 422, words(_CHANGED))
    except NotOpenError as error:
        return await _show(request, 403, words("It was not written: {why}", why=str(error)))
    except (RefusedError, Malformed) as error:
        return await _show(request, 422, words("It was not written: {why}", why=str(error)))


async def _accept(request: web.Request, session: Session) -> web.StreamResponse:
    """Accepts what somebody who may decide has written instead of what was proposed."""
    texts, reader, ledger = request[TEXTS], reader_of(request), request.app[LEDGER]
    proposal_id = proposal_id_of(request)

    def written(found: Waiting) -> Verdict:
        subject = Subject(found.claim.body.subject.id, found.present, found.result)
        read = read_written(request, subject, texts | {"proposal": proposal_id.hex()}, reader)
        if read.faults:
            raise RefusedError(reader.words(next(iter(read.faults.values()))))
        return Verdict("accepted", record=read.record, seen=texts.get("seen", ""))

    if ACTING in request:
        return await _by_key(request, session, written)

    def work() -> None:
        with ledger.store.read() as reads:
            found = waiting(reads, ledger.own.tree, proposal_id)
        decide(ledger, proposal_id, written(found))

    return await _done(request, work)


ROUTES = (
    Route(
        "GET",
        "/proposals",
        _list,
        "What waits for a decision, and what was decided",
        "text/html",
        (Parameter("author", "only what was proposed with this public key"),),
    ),
    Route("GET", "/proposals/{claim}", _one, "One proposal", "text/html", statuses=(200, 404)),
    Route(
        "POST",
        "/proposals/{claim}",
        signed_in(_decide, "claim.decided"),
        "Decide on it",
        "text/html",
        statuses=(303, 403, 404, 422),
    ),
    Route(
        "POST",
        "/proposals/{claim}/accept",
        signed_in(_accept, "claim.decided"),
        "Accept it with changes",
        "text/html",
        statuses=(303, 403, 404, 422),
    ),
)
