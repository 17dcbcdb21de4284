# SPDX-License-Identifier: AGPL-3.0-or-later
"""The root of the state of all members and accounts, and whether a log states it truly (spec 17 §10)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import PROGRESS, refuse
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.state import Account, Member, Stated, Unit
from ledger.reciprocity.state_tree import StateTree
from protocol.chain import SORT_ACCOUNT, SORT_MEMBER, StateLeaf

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.encoding import Value
    from protocol.reciprocity_bodies import State


def leaf_of(book: Book, thing: bytes) -> StateLeaf:
    """The leaf of a member or an account."""
    account = book.get(Account, thing)
    if account is not None:
        scale = book.need(Unit, account.unit.encode()).scale
        return StateLeaf(
            thing, SORT_ACCOUNT, account.count, account.head, account.posted, account.reserved, account.unit, scale
        )
    member = book.need(Member, thing)
    return StateLeaf(thing, SORT_MEMBER, member.count, member.head)


def state_tree(book: Book) -> StateTree:
    """The tree over all leaves, brought up with what has changed."""
    if book.tree is None:
        things = {thing.number: key for cell in (Member, Account) for key, thing in book.scan(cell)}
        book.tree = StateTree((things[number], leaf_of(book, things[number]).encode()) for number in sorted(things))
    else:
        for thing in sorted(book.dirty, key=partial(_number, book)):
            book.tree.put(thing, leaf_of(book, thing).encode())
    book.dirty.clear()
    return book.tree


def _number(book: Book, thing: bytes) -> int:
    return (book.get(Account, thing) or book.need(Member, thing)).number


def check_state(book: Book, heard: Heard[State]) -> None:
    """What a log states of its state must be what follows from its entries."""
    body = heard.body
    allow(holds=heard.by_org)
    if (body.size, body.leaves) != (heard.position, book.progress.leaves) or body.root != state_tree(book).root():
        refuse("state_mismatch")
    book.put(heard.position.to_bytes(8, "big"), Stated(body.leaves))
    author = heard.statement.author
    book.put(PROGRESS, msgspec.structs.replace(book.progress, stated=heard.position, author=author))


def state_body(book: Book, position: int, author: bytes) -> dict[str, Value] | None:
    """What a log states at a position after all that is before it; None if nothing has changed since it last did.

    What an operating key stated that is not in force any more is stated again: it proves nothing to others (spec 20
    §2).
    """
    progress = book.progress
    if progress.moved <= progress.stated and progress.author in {author, b""}:
        return None
    tree = state_tree(book)
    return {"size": position, "leaves": len(tree), "root": tree.root()}
