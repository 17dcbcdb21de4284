# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts: zero-sum movements, and by whose word (spec 17 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import use_decision
from ledger.reciprocity.disputes import recall_post
from ledger.reciprocity.events import add_total
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.movements import check_balanced, move
from ledger.reciprocity.state import Account, PostMark
from ledger.reciprocity.terms import carry
from protocol.amounts import month_of

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Post

PLAIN_CODES = frozenset({"opening", "transfer", "contribution", "exchange", "demurrage", "share_in", "share_out"})
WITHOUT_LEGS = frozenset({"writeoff", "reinvest", "guarantee_call"})
"""Codes that may move nothing: all was given in kind, or there was no loss."""
_LEGS_MIN = 2
_UNITS_EXCHANGED = 2


def post(book: Book, heard: Heard[Post]) -> None:
    """Moves amounts, if whoever is debited has agreed, or what it rests on carries it."""
    body = heard.body
    if len(body.legs) < _LEGS_MIN and body.code not in WITHOUT_LEGS:
        refuse("unbalanced")
    check_balanced(book, body.legs)
    decided = body.basis is not None and body.basis.decision is not None
    if body.basis is not None and body.basis.decision is not None:
        allow(holds=heard.by_org)
        use_decision(book, heard, body.basis.decision)
    carried: frozenset[bytes] = frozenset()
    if body.code == "correction":
        carried = _correct(book, heard, decided=decided)
    elif body.code not in PLAIN_CODES or (body.basis is not None and body.basis.contract is not None):
        carried = carry(book, heard)
    _check_debits(book, heard, carried, decided=decided)
    if body.code == "exchange" and len({_unit(book, account) for account, _ in body.legs}) != _UNITS_EXCHANGED:
        refuse("wrong_unit")
    for account_id, amount in body.legs:
        move(book, account_id, amount)
    if body.code in {"transfer", "access_fee"}:
        _count_purchases(book, body)


def _unit(book: Book, account_id: bytes) -> str:
    return book.need(Account, account_id).unit


def _check_debits(book: Book, heard: Heard[Post], carried: frozenset[bytes], *, decided: bool) -> None:
    """`carried` are the owners whose agreement a signed contract holds."""
    for account_id, amount in heard.body.legs:
        account = book.need(Account, account_id)
        if account.type == "connector" and not decided:  # it mirrors a neighbour, whose word it takes
            refuse("not_authorised")
        if amount > 0:
            continue
        if account.type == "reserve" and not decided:
            refuse("indivisible")
        if account.owner not in carried:
            allow(holds=heard.is_by_owner(book, account))


def _correct(book: Book, heard: Heard[Post], *, decided: bool) -> frozenset[bytes]:
    """Reverses a post, once; a correction can be reversed too. Whose it was or a decision says so."""
    body = heard.body
    post_id = body.basis.post if body.basis else None
    before = recall_post(book, post_id)
    assert post_id is not None
    mark = book.get(PostMark, post_id) or PostMark()
    if mark.disputes:
        refuse("frozen")
    if mark.corrected:
        refuse("already_resolved")
    if body.legs != [(account, -amount) for account, amount in before.legs]:
        refuse("clause_mismatch")
    book.put(post_id, msgspec.structs.replace(mark, corrected=True))
    owners = frozenset(book.need(Account, account).owner for account, _ in body.legs)
    return owners if decided else frozenset()


def _count_purchases(book: Book, body: Post) -> None:
    """What members paid to the organisation counts for dividends on purchases."""
    paid_to_organisation = any(
        amount > 0 and book.need(Account, account).owner == book.log_id for account, amount in body.legs
    )
    if not paid_to_organisation:
        return
    for account_id, amount in body.legs:
        account = book.need(Account, account_id)
        if amount < 0:
            add_total(book, account.owner, month_of(body.on), "purchases", account.unit, -amount)
