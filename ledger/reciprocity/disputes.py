# SPDX-License-Identifier: AGPL-3.0-or-later
"""Disagreements: while one is open, nothing that rests on what it is about moves (spec 17 §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import use_decision
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.state import Account, ClaimState, Commitment, Contract, Dispute, EventState, PostMark
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import DisputeClose, DisputeOpen

    Disputable = Contract | ClaimState | EventState | Commitment | PostMark


def _subject(book: Book, about: bytes) -> tuple[Disputable, list[bytes]]:
    """What a dispute is about, and its parties."""
    contract = book.get(Contract, about)
    if contract is not None:
        return contract, [*contract.parties, *contract.signed]
    claim = book.get(ClaimState, about)
    if claim is not None:
        return claim, [claim.debtor, claim.creditor, claim.for_]
    event = book.get(EventState, about) or book.get(Commitment, about)
    if event is not None:
        return event, [event.provider, event.receiver]
    post = recall_post(book, about)
    owners = [account.owner for key, _ in post.legs if (account := book.get(Account, key))]
    return book.get(PostMark, about) or PostMark(), owners


def recall_post(book: Book, post_id: bytes | None) -> Post:
    """The post that a statement of that id made; `unknown_ref` if it made none."""
    said = book.said(post_id) if post_id else None
    body = book.recall(said.position) if said else None
    if not isinstance(body, Post):
        refuse("unknown_ref")
    return body


def open_dispute(book: Book, heard: Heard[DisputeOpen]) -> None:
    """A party objects."""
    subject, parties = _subject(book, heard.body.about)
    by = next((party for party in sorted(set(parties)) if heard.is_by(book, party)), b"")
    allow(holds=bool(by) or heard.by_org)
    book.put(heard.body.about, msgspec.structs.replace(subject, disputes=subject.disputes + 1))
    book.put(heard.id, Dispute(heard.body.about, by or book.log_id))
    book.concern(*parties)


def close_dispute(book: Book, heard: Heard[DisputeClose]) -> None:
    """Whoever opened it withdraws, or the assembly has decided."""
    body = heard.body
    dispute = book.need(Dispute, body.dispute)
    if dispute.outcome:
        refuse("already_resolved")
    if body.decision is not None:
        allow(holds=heard.by_org)
        use_decision(book, heard, body.decision)
    else:
        allow(holds=heard.is_by(book, dispute.by))
    subject, parties = _subject(book, dispute.about)
    book.put(dispute.about, msgspec.structs.replace(subject, disputes=subject.disputes - 1))
    book.put(body.dispute, msgspec.structs.replace(dispute, outcome=body.outcome))
    book.concern(*parties)
