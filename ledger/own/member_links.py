# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links by which a member whose key this node keeps signs in once: they have no key file to sign in with."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError, RefusedError
from ledger.own.member_keys import kept_member_key
from ledger.reciprocity.state import Member

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.showing.view import LedgerView
    from ledger.sqlite.store import Transaction

GOOD_S = 7 * 86_400


class Given(NamedTuple):
    """A link that was made: its code, which nobody can ask for again, and until when it is good (UTC seconds)."""

    code: str
    until: int


def give_link(ledger: Ledger, view: LedgerView, member_id: bytes) -> Given:
    """Makes a link for a member; the one that they had before is worth nothing any more. Blocks.

    Raises NotFoundError for no member, RefusedError for one who has a key of their own or has left.
    """
    member = view.book.get(Member, member_id)
    if member is None:
        raise NotFoundError(f"no member {member_id.hex()} of this organisation")
    if member.status != "active" or kept_member_key(ledger.directory, member.key) is None:
        raise RefusedError("a link is for active members whose key this node keeps: others sign in with their own key")
    given = Given(secrets.token_urlsafe(24), int(ledger.clock()) + GOOD_S)
    key = member.key
    ledger.writer.run(lambda change: change.put_member_link(_digest(given.code), member_id, key, given.until)).result()
    return given


def whose_link(ledger: Ledger, view: LedgerView, code: str) -> bytes:
    """The member whom a link lets in. Raises NotFoundError if it is not good (any more)."""
    found = view.reads.member_link(_digest(code))
    member = view.book.get(Member, found[0]) if found else None
    if not found or not member or found[2] <= ledger.clock() or member.key != found[1] or member.status != "active":
        raise NotFoundError("this link is not good any more")
    return found[0]


def use_link(ledger: Ledger, view: LedgerView, code: str) -> tuple[bytes, bytes]:
    """Uses a link up; the member and their key in force. Blocks. Raises NotFoundError if it is not good (any more)."""
    member_id = whose_link(ledger, view, code)
    digest = _digest(code)

    def take(change: Transaction) -> bool:
        there = change.member_link(digest) is not None
        change.remove_member_link(digest)
        return there

    if not ledger.writer.run(take).result():  # somebody else was faster
        raise NotFoundError("this link is not good any more")
    return member_id, view.book.need(Member, member_id).key


def _digest(code: str) -> bytes:
    return sha256(b"folkmoot/member-link/1\0" + code.encode(errors="surrogateescape")).digest()
