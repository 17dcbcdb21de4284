# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements signed with the keys that this node has: the organisation's, and those that it keeps for members."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ledger.own.log import submission
from ledger.own.member_keys import kept_member_key
from ledger.reciprocity.state import Member
from ledger.showing.carrying import carry
from protocol.carried import sign_carried
from protocol.kinds import check_body
from protocol.statement import make_statement

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.own.log import Submission
    from ledger.showing.view import LedgerView
    from protocol.carried import Carried
    from protocol.encoding import Value
    from protocol.signature import SigningKey


class Draft(NamedTuple):
    """What is to be said, and for whom: the first party is its author.

    `also` are keys of nobody who is known yet; `others` public keys that have to sign elsewhere. `terms` are those that
    a `contract.sign` agrees to. `carried` is there if it was made and signed elsewhere.
    """

    kind: str
    body: dict[str, Value]
    parties: tuple[bytes, ...]
    scope: int = 0
    id: bytes = b""
    also: tuple[SigningKey, ...] = ()
    others: tuple[bytes, ...] = ()
    terms: bytes = b""
    carried: Carried | None = None


class Spoken(NamedTuple):
    """A statement with the signatures that could be made here. `lacking` are the public keys of those who must, too."""

    carried: Carried
    lacking: tuple[bytes, ...]

    def submission(self) -> Submission:
        """The statement ready to be written, if nobody is lacking."""
        return submission(self.carried.payload(os.urandom(32)), self.carried.scope)


def speak(ledger: Ledger, view: LedgerView, draft: Draft) -> Spoken:
    """Makes the statement and signs it with what is here. Raises Malformed if a body is not as it has to be."""
    check_body(draft.kind, draft.body)
    publics = [public_key(ledger, view, party) for party in dict.fromkeys(draft.parties)]
    keys = {key.public: key for key in draft.also}
    lacking = list(draft.others)
    for public in publics:
        key = ledger.key if public == ledger.key.public else kept_member_key(ledger.directory, public)
        if key is not None:
            keys[public] = key
        elif public not in keys:
            lacking.append(public)
    carried = draft.carried
    if carried is None:
        author = next(iter([*publics, *keys]))
        one_id = draft.id or os.urandom(16)
        statement = make_statement(view.log_id, draft.kind, one_id, int(ledger.clock()), author, draft.body)
        carried = carry(view, statement, draft.scope, draft.terms)
    for key in keys.values():
        carried = sign_carried(carried, key)
    return Spoken(carried, tuple(lacking))


def public_key(ledger: Ledger, view: LedgerView, party: bytes) -> bytes:
    """The key in force of a party."""
    return ledger.key.public if party == view.log_id else view.book.need(Member, party).key
