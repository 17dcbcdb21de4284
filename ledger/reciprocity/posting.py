# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts: zero-sum movements, and by whose word (spec 17 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.reciprocity.accounts import check_balanced, check_movement
from ledger.reciprocity.book import refuse
from ledger.reciprocity.corrections import correct
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.outcomes import concern_basis, take_in
from ledger.reciprocity.state import Account, ClaimState, Commitment, Contract, DividendState, EventState
from ledger.reciprocity.terms import carry
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import Basis

WITHOUT_LEGS = frozenset({"writeoff", "reinvest", "guarantee_call", "correction"})
"""Codes that may move nothing: all was given in kind, or there was no loss."""
_LEGS_MIN = 2
_UNITS_EXCHANGED = 2
_NOBODY: frozenset[bytes] = frozenset()


def post(book: Book, heard: Heard[Post]) -> None:
    """Moves amounts, if whoever is debited has agreed, or what it rests on carries it."""
    body = heard.body
    basis, legs = body.basis, body.legs
    if basis is not None:
        book.accounts(legs)  # what the accounts are comes before what the basis is
        _need_named(book, basis)
    accounts = check_balanced(book, legs)
    if len(legs) < _LEGS_MIN and (legs or body.code not in WITHOUT_LEGS):
        refuse("unbalanced")
    carried, decided = _NOBODY, False
    if basis is not None:
        decided = basis.decision is not None
        use_decision(book, heard, basis.decision)
        carried = _rest(book, heard, accounts, basis)
    else:
        take_in(book, heard.id, body)
    _check_debits(book, heard, accounts, carried, decided=decided)
    if body.code == "exchange" and len({account.unit for account in accounts.values()}) != _UNITS_EXCHANGED:
        refuse("wrong_unit")
    for account_id, amount in legs:
        check_movement(accounts[account_id], amount)
    book.move_legs(legs, accounts)


def _rest(book: Book, heard: Heard[Post], accounts: dict[bytes, Account], basis: Basis) -> frozenset[bytes]:
    """Takes in what a post does by its basis; the owners whose agreement to be debited that holds."""
    if basis.post is not None and heard.body.code == "correction":
        return correct(book, heard, accounts, basis)
    carried = carry(book, heard, accounts, basis)
    take_in(book, heard.id, heard.body)
    concern_basis(book, basis)
    return carried


def _need_named(book: Book, basis: Basis) -> None:
    """All that a basis names must be there."""
    for sort, named in (
        (Contract, basis.contract),
        (ClaimState, basis.claim),
        (EventState, basis.event),
        (Commitment, basis.commit),
        (DividendState, basis.dividend),
    ):
        if named is not None:
            book.need(sort, named)
    for event in basis.events or ():
        book.need(EventState, event)
    if basis.post is not None:
        book.made(Post, basis.post)
    need_decision(book, basis.decision)


def _check_debits(
    book: Book, heard: Heard[Post], accounts: dict[bytes, Account], carried: frozenset[bytes], *, decided: bool
) -> None:
    """`carried` are the owners whose agreement a signed contract holds."""
    for account_id, amount in heard.body.legs:
        account = accounts[account_id]
        if account.type == "connector" and not decided:  # it mirrors a neighbour, whose word it takes
            refuse("not_authorised")
        if amount > 0:
            continue
        if account.type == "reserve" and not decided:
            refuse("indivisible")
        if account.owner not in carried:
            allow(holds=heard.is_by_owner(book, account))
