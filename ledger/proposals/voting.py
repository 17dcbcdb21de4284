# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals that the assembly decides on: asked, counted, and carried out (spec 21 §2, spec 17 §8)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError, RefusedError
from ledger.own.submitting import try_ledger
from ledger.own.trial import wait_until_folded
from ledger.proposals.deciding import DECIDING, Verdict, Waiting, decision_body, plan, waiting
from ledger.proposals.present import is_personal
from ledger.reciprocity.assembly import count
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.state import DecisionState, ProposalState
from ledger.showing.assembly import decision_of
from ledger.showing.view import LedgerView, own_tree

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from protocol.encoding import Value

DAYS, DAYS_MAX = 7, 90
_DAY_S = 86_400
_ACCEPT, _REFUSE = 0, 1


class Question(NamedTuple):
    """What the assembly is asked: titles by language, the two choices (yes first), and for how many days."""

    title: dict[str, str]
    choices: tuple[str, str]
    days: int = DAYS


def ask(ledger: Ledger, proposal_id: bytes, question: Question) -> bytes:
    """Puts a proposal to the vote; the id of what the assembly is asked. Raises NotFoundError, RefusedError."""
    if not 1 <= question.days <= DAYS_MAX:
        raise RefusedError(f"a vote is open for 1 to {DAYS_MAX} days")
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        found = waiting(reads, ledger.own.tree, proposal_id)
        view = LedgerView(reads, own_tree(reads))
        if not view.book.voters():
            raise RefusedError("nobody has a vote here yet: the assembly has no members")
    if is_personal(found):
        raise RefusedError("what is proposed about a person is for stewards: a vote would show it to everybody")
    if found.row.ballot:
        raise RefusedError("this has been put to the vote already")
    body = decision_body(found, Verdict(_yes(found)))
    asked: dict[str, Value] = {
        "title": dict(question.title),
        "choices": [*question.choices],
        "closes": int(ledger.clock()) // _DAY_S + question.days,
        "acts": [["claim.decided", act_digest(body)]],
    }
    ballot = os.urandom(16)
    group = [ledger.state("proposal", asked, ballot)]
    try_ledger(ledger, group)
    ledger.writer.append(group).result()
    ledger.writer.run(lambda change: change.ask_about(proposal_id, ballot)).result()
    return ballot


def _yes(found: Waiting) -> str:
    """What is done if the assembly says yes."""
    if found.result is None:
        raise RefusedError("a report is answered by a steward: only proposals are put to the vote")
    return "accepted"


class Outcome(NamedTuple):
    """What the assembly says of a proposal: the votes, whether it says yes, and its decision if that is written.

    `ready`: it can be carried out now.
    """

    counts: list[int]
    abstained: int
    yes: bool
    decision: bytes
    ready: bool


def outcome_of(view: LedgerView, ballot: bytes, today: int) -> Outcome:
    """How a vote stands. Raises NotFoundError."""
    asked = view.book.get(ProposalState, ballot)
    if asked is None:
        raise NotFoundError("the assembly has not been asked that")
    votes = count(view.book, ballot, asked)
    found = decision_of(view, ballot)
    over = today > asked.closes or not votes.abstained
    outcome = asked.decided if found else votes.outcome(view.book.rules)
    ready = found is not None or over
    return Outcome([*votes.counts], votes.abstained, outcome == _ACCEPT, found[0] if found else b"", ready)


def carry_out(ledger: Ledger, proposal_id: bytes, refused: str) -> int:
    """Writes down what the assembly has decided and does it; the position of the decision on the proposal.

    `refused` is the reason to be told where it did not say yes. Raises NotFoundError, RefusedError.
    """
    with DECIDING:
        position = _carry_out(ledger, proposal_id, refused)
    ledger.writer.run(lambda change: change.drop_proposal(proposal_id)).result()
    return position


def _carry_out(ledger: Ledger, proposal_id: bytes, refused: str) -> int:
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        found = waiting(reads, ledger.own.tree, proposal_id)
        view = LedgerView(reads, own_tree(reads))
        if not found.row.ballot:
            raise RefusedError("this has not been put to the vote")
        outcome = outcome_of(view, found.row.ballot, int(ledger.clock()) // _DAY_S)
        asked = view.book.need(ProposalState, found.row.ballot)
        used = view.book.get(DecisionState, outcome.decision) if outcome.decision else None
    if not outcome.ready:
        raise RefusedError("the vote is still open, and not all have voted")
    group = []
    decision = outcome.decision
    if not decision and outcome.yes:
        decision = os.urandom(16)
        counted: dict[str, Value] = {
            "proposal": found.row.ballot,
            "choice": _ACCEPT,
            "counts": [*outcome.counts],
            "abstained": outcome.abstained,
        }
        group.append(ledger.state("decision", counted, decision))
        try_ledger(ledger, group)
    if outcome.yes:
        verdict = Verdict("accepted", decision=decision)
        if ("claim.decided", act_digest(decision_body(found, verdict))) not in asked.acts or (used and used.used):
            raise RefusedError("the record has changed since the vote began: what was voted on cannot be put any more")
    else:
        verdict = Verdict("refused", refused, hold_back=is_personal(found))
    group += plan(ledger, found, verdict)
    return ledger.writer.append(group).result()[-1].position
