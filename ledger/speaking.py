# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements that this node signs for the organisation and for members whose keys it keeps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.books import open_book
from ledger.errors import NotFoundError, RefusedError
from ledger.member_keys import keep_member_key, kept_member_key, make_member_key
from ledger.own import submission
from ledger.reciprocity.state import Member
from protocol.carried import Carried, sign_carried
from protocol.statement import Statement, make_statement, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.ledger import Ledger
    from ledger.own import Said, Submission
    from protocol.encoding import Value
    from protocol.signature import SigningKey

ORGANISATION = "organisation"
"""How the organisation is named among signers; members are named by their ids."""


def key_of(ledger: Ledger, signer: str) -> SigningKey:
    """The key of the organisation, or of a member whose key this node keeps. Raises NotFoundError, RefusedError."""
    if signer == ORGANISATION:
        return ledger.key
    with ledger.store.read() as reads:
        member = open_book(reads, reads.tree_numbered(ledger.own.tree)).get(Member, bytes.fromhex(signer))
    if member is None:
        raise NotFoundError(f"no member {signer} in this ledger")
    key = kept_member_key(ledger.directory, member.key)
    if key is None:
        raise RefusedError(
            f"the key of member {signer} is not kept by this node: they sign for themselves (spec 17 §11), and what "
            "they have signed is sent as a carried statement"
        )
    return key


def said_by(ledger: Ledger, said: Said, keys: Sequence[SigningKey]) -> Submission:
    """A statement signed by these keys, the first of which is its author's."""
    one_id = said.id or os.urandom(16)
    statement = make_statement(ledger.log_id, said.kind, one_id, int(ledger.clock()), keys[0].public, said.body)
    carried = Carried(statement)
    for key in keys:
        carried = sign_carried(carried, key)
    return submission(carried.payload(os.urandom(32)), said.scope)


def key_for_newcomer(ledger: Ledger, body: dict[str, Value]) -> SigningKey | None:
    """A new key for a member who joins with it in this node's keeping; None if the body names a key already."""
    if "key" in body or body.get("custody") != "node":
        return None
    key = make_member_key()
    keep_member_key(ledger.directory, key)
    body["key"] = key.public
    return key


def joined_before(ledger: Ledger, statement_id: bytes, body: dict[str, Value]) -> Submission | None:
    """The `member.join` that was accepted with this id and body but for its key, to be acknowledged again; or None."""
    with ledger.store.read() as reads:
        found = reads.accepted(ledger.own.tree, [statement_id]).get(statement_id)
        stored = next(reads.entries(ledger.own.tree, found[0], found[0] + 1), None) if found else None
    if stored is None or stored.payload is None:
        return None
    statement = parse_statement(parse_payload(stored.payload).statement)
    if not isinstance(statement, Statement) or statement.kind != "member.join":
        return None
    same = {name: part for name, part in statement.read_body().items() if name != "key"} == body
    return submission(stored.payload) if same else None
