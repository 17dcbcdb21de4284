# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members who join with a key that this node makes and keeps: one key, however often they are said to join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.own.log import submission
from ledger.own.member_keys import keep_member_key, make_member_key
from protocol.statement import Statement, parse_payload, parse_statement

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.own.log import Submission
    from protocol.encoding import Value
    from protocol.signature import SigningKey


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
