# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verdict on each statement of the reciprocity ledger, and its effect (spec 17 §5)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.reciprocity import (
    accounts,
    assembly,
    bookings,
    claims,
    contracts,
    disputes,
    events,
    members,
    posting,
    transfers,
)
from ledger.reciprocity.book import Refused, Said
from ledger.reciprocity.hearing import Heard
from ledger.reciprocity.state_check import check_state
from protocol.reciprocity import PERSONAL_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.reciprocity.book import Book
    from protocol.reciprocity_bodies import ReciprocityBody
    from protocol.statement import Statement

_HANDLERS: dict[str, Callable[[Book, Any], None]] = {
    "unit.define": members.define_unit,
    "member.join": members.join,
    "member.set": members.set_member,
    "member.profile": members.describe_member,
    "account.open": accounts.open_account,
    "account.set": accounts.set_account,
    "contract.offer": contracts.offer,
    "contract.sign": contracts.sign,
    "contract.end": contracts.end,
    "commit": bookings.promise,
    "commit.cancel": bookings.cancel,
    "event": events.happen,
    "ack": events.acknowledge,
    "correct": events.correct,
    "claim": claims.claim,
    "advance": claims.advance,
    "post": posting.post,
    "dividend": claims.declare_dividend,
    "proposal": assembly.propose,
    "vote": assembly.vote,
    "decision": assembly.decide,
    "dispute.open": disputes.open_dispute,
    "dispute.close": disputes.close_dispute,
    "state": check_state,
    "note": members.remark,
    "xfer.reserve": transfers.reserve,
    "xfer.accept": transfers.accept,
    "xfer.refuse": transfers.refuse_transfer,
    "xfer.post": transfers.post_transfer,
    "xfer.void": transfers.void,
}


def said_digest(statement: Statement) -> bytes:
    """What a repetition of a statement has in common with it: kind, author and body."""
    return sha256(b"%b\0%b%b" % (statement.kind.encode(), statement.author, statement.body)).digest()


def apply(book: Book, heard: Heard[ReciprocityBody], leaf: bytes) -> str:
    """The verdict on the next statement of a log; `leaf` is the hash of its entry in the tree."""
    statement = heard.statement
    if statement.kind in PERSONAL_KINDS:
        return _judge(book, heard)  # it may be held by some only, so nothing may hang on it, not even its id
    digest = said_digest(statement)
    before = book.said(statement.id)
    if before is not None:
        return "duplicate" if before.digest == digest else "id_reused"
    verdict = _judge(book, heard)
    if verdict == "applied":
        book.keep(heard.position, leaf)
    book.burn(statement.id, Said(heard.position, digest, verdict == "applied"))
    return verdict


def _judge(book: Book, heard: Heard[ReciprocityBody]) -> str:
    try:
        _HANDLERS[heard.statement.kind](book, heard)
    except Refused as refused:
        book.drop()
        return refused.code
    return "applied"
