# SPDX-License-Identifier: AGPL-3.0-or-later
"""The assembly: proposals, votes with delegates, decisions that anybody can recount (spec 17 §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.state import Ballot, DecisionState, Holder, Member, ProposalState

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book, Rules
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Decision, Proposal, Vote

DELEGATIONS_MAX = 16


class Count(NamedTuple):
    """A recount: votes for each choice, members who are not counted for any, how many may vote."""

    counts: list[int]
    abstained: int
    members: int

    def outcome(self, rules: Rules) -> int | None:
        """The choice that has a quorum and a majority, and more votes than every other; or None."""
        cast, best = sum(self.counts), max(self.counts)
        if not cast or cast * rules.quorum[1] < rules.quorum[0] * self.members or self.counts.count(best) > 1:
            return None
        return self.counts.index(best) if best * rules.majority[1] > rules.majority[0] * cast else None


def propose(book: Book, heard: Heard[Proposal]) -> None:
    """Any active member may ask the assembly, and so may the organisation."""
    holder = book.get(Holder, heard.statement.author)
    author = holder.member if holder and heard.is_by(book, holder.member) else b""
    allow(holds=bool(author) or heard.by_org)
    body = heard.body
    book.put(heard.id, ProposalState(body.choices, body.closes, body.acts, author or book.log_id, body.title))
    book.concern(author)


def vote(book: Book, heard: Heard[Vote]) -> None:
    """A member's last vote before the decision counts."""
    body = heard.body
    proposal = book.need(ProposalState, body.proposal)
    member = book.need(Member, body.member)
    if body.choice >= len(proposal.choices):
        refuse("unknown_ref")
    allow(holds=heard.is_by(book, body.member) and member.votes)
    if proposal.decided is not None or heard.day > proposal.closes:
        refuse("late")
    book.put(body.proposal + body.member, Ballot(body.choice))
    book.concern(body.member)


def count(book: Book, proposal_id: bytes, proposal: ProposalState) -> Count:
    """The votes as they stand."""
    voters = book.voters()
    cast = {key[len(proposal_id) :]: ballot.choice for key, ballot in book.scan(Ballot, proposal_id)}
    ballots = {voter: choice for voter, choice in cast.items() if voter in voters}
    counts = [0] * len(proposal.choices)
    for choice in ballots.values():
        counts[choice] += 1
    for delegate in [delegate for voter, delegate in voters.items() if delegate and voter not in ballots]:
        choice_of_delegate = _choice_of(delegate, voters, ballots)
        if choice_of_delegate is not None:
            counts[choice_of_delegate] += 1
    return Count(counts, len(voters) - sum(counts), len(voters))


def _choice_of(delegate: bytes, voters: dict[bytes, bytes], ballots: dict[bytes, int]) -> int | None:
    """What a delegate votes, or theirs, and so on."""
    for _ in range(DELEGATIONS_MAX):
        if delegate in ballots:
            return ballots[delegate]
        delegate = voters.get(delegate, b"")
    return None


def decide(book: Book, heard: Heard[Decision]) -> None:
    """A decision is what the votes say, and nothing else; before the vote closes only if all have voted."""
    body = heard.body
    proposal = book.need(ProposalState, body.proposal)
    if body.choice >= len(proposal.choices):
        refuse("unknown_ref")
    allow(holds=heard.by_org)
    if proposal.decided is not None:
        refuse("already_resolved")
    found = count(book, body.proposal, proposal)
    if heard.day <= proposal.closes and found.abstained:
        refuse("not_in_force")
    if (body.counts, body.abstained) != (found.counts, found.abstained) or found.outcome(book.rules) != body.choice:
        refuse("clause_mismatch")
    book.put(body.proposal, msgspec.structs.replace(proposal, decided=body.choice))
    book.put(heard.id, DecisionState(body.proposal, body.choice))
    book.concern(proposal.author)
