# SPDX-License-Identifier: AGPL-3.0-or-later
"""The assembly as JSON objects: what it is asked, how it has voted and decided, disagreements, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.reciprocity.assembly import Count, count
from ledger.reciprocity.state import Ballot, DecisionState, Dispute, Holder, ProposalState
from ledger.showing.terms import rate_text
from protocol.amounts import show_day
from protocol.reciprocity_bodies import Decision, Remark
from protocol.statement import SCOPE_NAMES

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

PROPOSALS_SCHEMA, PROPOSAL_SCHEMA = "folkmoot.proposals/1", "folkmoot.proposal/1"
DISPUTES_SCHEMA, NOTES_SCHEMA, RULES_SCHEMA = "folkmoot.disputes/1", "folkmoot.notes/1", "folkmoot.assembly-rules/1"


def rules_object(view: LedgerView) -> dict[str, Any]:
    """The rules of the assembly in force: the least fractions of members that vote, and of their votes."""
    rules = view.book.rules
    return {
        "schema": RULES_SCHEMA,
        "quorum": list(rules.quorum),
        "majority": list(rules.majority),
        "says": f"at least {rate_text(rules.quorum)} of the members vote, and more than {rate_text(rules.majority)} of "
        "them for one choice",
        "in_charter": view.charter.assembly is not None,
    }


def proposal_object(view: LedgerView, proposal_id: bytes, today: int) -> dict[str, Any]:
    """One proposal with its votes as they stand, or stood when it was decided.

    `outcome` is what was decided, or what they would decide now, null if nothing. Raises NotFoundError.
    """
    proposal = view.book.get(ProposalState, proposal_id)
    if proposal is None:
        raise NotFoundError(f"no proposal {proposal_id.hex()} in this ledger")
    decision = decision_of(view, proposal_id)
    votes = count(view.book, proposal_id, proposal) if decision is None else _counted(view, decision[0])
    used = decision[1].used if decision else []
    return {
        "id": proposal_id.hex(),
        "name": view.words(proposal.title),
        "title": proposal.title,
        "by": view.party_object(proposal.author),
        "closes": show_day(proposal.closes),
        "state": "decided" if decision else "closed" if today > proposal.closes else "open",
        "choices": [
            {"text": text, "votes": number} for text, number in zip(proposal.choices, votes.counts, strict=True)
        ],
        "abstained": votes.abstained,
        "members": votes.members,
        "outcome": votes.outcome(view.book.rules) if decision is None else proposal.decided,
        "decision": decision[0].hex() if decision else None,
        "permits": [
            {"kind": kind, "hash": digest.hex(), "used": index in used}
            for index, (kind, digest) in enumerate(proposal.acts)
        ],
        "ballots": [
            {"member": view.party_object(key[len(proposal_id) :]), "choice": ballot.choice}
            for key, ballot in view.book.scan(Ballot, proposal_id)
        ],
    }


def _counted(view: LedgerView, decision_id: bytes) -> Count:
    """The votes as a decision has counted them."""
    body = view.said(decision_id).body
    assert isinstance(body, Decision)
    return Count(body.counts, body.abstained, sum(body.counts) + body.abstained)


def decision_of(view: LedgerView, proposal_id: bytes) -> tuple[bytes, DecisionState] | None:
    """The decision on a proposal, if there is one."""
    found = ((key, one) for key, one in view.book.scan(DecisionState) if one.proposal == proposal_id)
    return next(found, None)


def permitting(view: LedgerView, kind: str, digest: bytes) -> bytes:
    """A decision that permits a statement and has not been used for it. Raises NotFoundError."""
    for key, decision in view.book.scan(DecisionState):
        proposal = view.book.need(ProposalState, decision.proposal)
        named = [index for index, act in enumerate(proposal.acts) if act == (kind, digest)]
        if decision.choice == 0 and any(index not in decision.used for index in named):
            return key
    raise NotFoundError(
        "no decision of the assembly permits exactly this, or it has been used: see `folkmoot assembly list`"
    )


def proposal_objects(view: LedgerView, today: int) -> list[dict[str, Any]]:
    """All proposals, those that close last first."""
    found = [proposal_object(view, key, today) for key, _ in view.book.scan(ProposalState)]
    return sorted(found, key=lambda one: (one["closes"], one["id"]), reverse=True)


def dispute_objects(view: LedgerView, *, closed: bool = False) -> list[dict[str, Any]]:
    """Disagreements that are open; those that have ended only if asked for."""
    found = []
    for key, dispute in view.book.scan(Dispute):
        if closed or not dispute.outcome:
            kind = view.said(dispute.about).statement.kind
            name = view.called(dispute.about)
            about = {"kind": kind, "id": dispute.about.hex(), "name": name}
            by = view.party_object(dispute.by)
            found.append({"id": key.hex(), "about": about, "by": by, "outcome": dispute.outcome or None})
    return found


def note_objects(view: LedgerView, about: bytes) -> list[dict[str, Any]]:
    """The notes about a thing that whoever looks may see, in their order."""
    found = []
    for position in view.reads.remarks(view.tree.tree, about):
        one = view.found(position)
        if one is None or not isinstance(one.body, Remark):
            continue
        holder = view.book.get(Holder, one.statement.author)
        author = holder.member if holder and holder.member else view.log_id
        if view.may_see(one.scope, author) or view.may_see(one.scope, about):
            found.append(
                {
                    "position": position,
                    "at": one.at,
                    "by": view.party_object(author),
                    "text": one.body.text,
                    "shows": one.body.shows,
                    "scope": SCOPE_NAMES[one.scope],
                }
            )
    return found
