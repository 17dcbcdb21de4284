# SPDX-License-Identifier: AGPL-3.0-or-later
"""Disagreements: while one is open, nothing that rests on what it is about moves (spec 17 §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.state import (
    Accession,
    Account,
    ClaimState,
    Commitment,
    Contract,
    Dispute,
    Disputed,
    EventState,
    PostMark,
)
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import DisputeClose, DisputeOpen

Disputable: TypeAlias = Contract | ClaimState | EventState | Commitment | Post
OPEN, CLOSED, DECIDED = "open", "closed", "decided"


def open_dispute(book: Book, heard: Heard[DisputeOpen]) -> None:
    """A party objects."""
    about = heard.body.about
    subject = _subject(book, about)
    by = next((party for party in heard.parties(book) if _is_side(book, about, subject, party)), b"")
    allow(holds=bool(by))
    before = book.get(Disputed, about + by)
    if before is not None and before.state != CLOSED:
        refuse("already_resolved")
    book.put(about + by, Disputed(OPEN))
    book.put(heard.id, Dispute(about, by))
    _hold(book, about, by, 1)


def close_dispute(book: Book, heard: Heard[DisputeClose]) -> None:
    """Whoever opened it withdraws, or the assembly has decided: then the same party cannot hold it up again."""
    body = heard.body
    dispute = book.need(Dispute, body.dispute)
    need_decision(book, body.decision)
    if body.decision is None:
        allow(holds=heard.is_by(book, dispute.by) and body.outcome != "upheld")
    else:
        use_decision(book, heard, body.decision)
    if dispute.outcome:
        refuse("already_resolved")
    book.put(body.dispute, msgspec.structs.replace(dispute, outcome=body.outcome))
    book.put(dispute.about + dispute.by, Disputed(CLOSED if body.decision is None else DECIDED))
    _hold(book, dispute.about, dispute.by, -1)


def _subject(book: Book, about: bytes) -> Disputable:
    """What a dispute is about."""
    contract, claimed = book.get(Contract, about), book.get(ClaimState, about)
    return contract or claimed or book.get(EventState, about) or book.get(Commitment, about) or book.made(Post, about)


def _is_side(book: Book, about: bytes, subject: Disputable, party: bytes) -> bool:
    """Whether somebody is a party of what a dispute is about; the organisation always is."""
    if party == book.log_id:
        return True
    match subject:
        case Contract():
            return party in {*subject.parties, *subject.signed} or book.get(Accession, about + party) is not None
        case ClaimState():
            return party in {subject.debtor, subject.creditor, subject.for_}
        case EventState() | Commitment():
            return party in {subject.provider, subject.receiver}
        case Post():
            return any(book.need(Account, account).owner == party for account, _ in subject.legs)


def _hold(book: Book, about: bytes, by: bytes, more: int) -> None:
    """One dispute more or less about a thing. Whoever acceded to a contract holds it up for themselves alone."""
    subject = _subject(book, about)
    book.concern(by)
    match subject:
        case Post():
            mark = book.get(PostMark, about) or PostMark()
            book.put(about, msgspec.structs.replace(mark, disputes=mark.disputes + more))
            return
        case Contract():
            book.concern(*subject.parties)
            accession = book.get(Accession, about + by)
            if accession is not None:
                held = msgspec.structs.replace(accession, disputes=accession.disputes + more)
                book.put(about + by, held)
                return
        case ClaimState():
            book.concern(subject.debtor, subject.creditor, subject.for_)
        case EventState() | Commitment():
            book.concern(subject.provider, subject.receiver)
    book.put(about, msgspec.structs.replace(subject, disputes=subject.disputes + more))
