# SPDX-License-Identifier: AGPL-3.0-or-later
"""Needs with the votes of the members of the log that voiced them, the most wanted first (spec 22 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.reciprocity.assembly import count
from ledger.reciprocity.state import ProposalState
from ledger.showing.view import LedgerView
from ledger.territory.keys import NEED
from protocol.knowledge import NeedPut

if TYPE_CHECKING:
    from ledger.territory.knowledge import Knowledge, Known

FOR, AGAINST, BACK = 0, 1, 2
"""The choices of a proposal about a need."""
_CHOICES = {
    "en": ("yes, we need this", "no, not this", "no opinion"),
    "fr": ("oui, il le faut", "non, pas cela", "sans avis"),
    "nl": ("ja, dat is nodig", "nee, dat niet", "geen mening"),
    "de": ("ja, das brauchen wir", "nein, das nicht", "keine Meinung"),
    "es": ("sí, hace falta", "no, esto no", "sin opinión"),
    "ca": ("sí, cal", "no, això no", "sense opinió"),
    "it": ("sì, serve", "no, questo no", "nessun parere"),
}


def choices_in(language: str) -> tuple[str, str, str]:
    """What members are asked about a need, in the language of their organisation: for it, against it, taken back."""
    return _CHOICES.get(language.partition("-")[0], _CHOICES["en"])


class Votes(NamedTuple):
    """How the members have voted; `closes` is the last day to vote, `members` how many may."""

    proposal: bytes
    supporting: int
    against: int
    members: int
    closes: int
    is_open: bool


class WantedNeed(NamedTuple):
    """A need, and the votes on it, if it was put to the vote."""

    known: Known
    votes: Votes | None


def body_of(known: Known) -> NeedPut:
    """What is said of a need."""
    assert isinstance(known.body, NeedPut)
    return known.body


def needs(knowledge: Knowledge, today: int) -> list[WantedNeed]:
    """All needs: those with the most votes first, then those that were voiced first."""
    views: dict[int, LedgerView] = {}
    found = [WantedNeed(one, _votes(knowledge, one, today, views)) for one in knowledge.all(NEED)]
    return sorted(found, key=lambda one: (-(one.votes.supporting if one.votes else 0), *_voiced(knowledge, one.known)))


def votes_on(knowledge: Knowledge, known: Known, today: int) -> Votes | None:
    """The votes on one need."""
    return _votes(knowledge, known, today, {})


def _voiced(knowledge: Knowledge, known: Known) -> tuple[int, bytes]:
    """Where the log first said something of it."""
    row = known.row
    return knowledge.reads.first_known(row.tree, row.sort, row.key), known.log_id


def _votes(knowledge: Knowledge, known: Known, today: int, views: dict[int, LedgerView]) -> Votes | None:
    proposal_id = body_of(known).proposal
    if proposal_id is None:
        return None
    tree = known.row.tree
    if tree not in views:
        views[tree] = LedgerView(knowledge.reads, knowledge.reads.tree_numbered(tree))
    book = views[tree].book
    proposal = book.get(ProposalState, proposal_id)
    if proposal is None:
        return None
    found = count(book, proposal_id, proposal)
    is_open = proposal.decided is None and today <= proposal.closes
    return Votes(proposal_id, found.counts[FOR], found.counts[AGAINST], found.members, proposal.closes, is_open)
