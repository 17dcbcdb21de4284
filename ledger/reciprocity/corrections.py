# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts taken back: nothing is edited or deleted, a new post points back (spec 17 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.outcomes import concern_basis, refuse_frozen_basis, take_in
from ledger.reciprocity.state import PostMark
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from ledger.reciprocity.state import Account
    from protocol.reciprocity_bodies import Basis


def correct(book: Book, heard: Heard[Post], accounts: dict[bytes, Account], basis: Basis) -> frozenset[bytes]:
    """Reverses a post, once; a correction can be reversed too. Whose it was or a decision says so.

    The owners whose agreement to be debited a decision stands for.
    """
    body = heard.body
    assert basis.post is not None
    before = book.made(Post, basis.post)
    mark = book.get(PostMark, basis.post) or PostMark()
    root_id = mark.root or basis.post
    root = book.made(Post, root_id)
    root_mark = book.get(PostMark, root_id) or PostMark()
    if mark.disputes or root_mark.disputes:
        refuse("frozen")
    if root.basis is not None:
        refuse_frozen_basis(book, root.basis)
    if mark.corrected:
        refuse("already_resolved")
    if body.legs != [(account, -amount) for account, amount in before.legs]:
        refuse("clause_mismatch")
    undone = not mark.undone
    book.put(basis.post, msgspec.structs.replace(mark, corrected=True))
    book.put(heard.id, PostMark(root=root_id, undone=undone))
    take_in(book, root_id, root, back=undone)
    if root.basis is not None:
        concern_basis(book, root.basis)
    return frozenset() if basis.decision is None else frozenset(account.owner for account in accounts.values())
