# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is checked before anything is written into the own log: a node does not sign nonsense."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.bodyform import body_from_json
from ledger.errors import RefusedError
from ledger.own.newcomers import joined_before, key_for_newcomer
from ledger.own.spoken import Draft, speak
from ledger.own.trial import Trial, wait_until_folded
from ledger.showing.view import LedgerView
from protocol.errors import Malformed
from protocol.kinds import PUBLIC_KINDS, check_body
from protocol.reciprocity import RECIPROCITY_BODIES
from protocol.roles import covers
from protocol.statement import (
    SCOPE_CIRCLE,
    SCOPE_PRIVATE,
    SCOPE_PUBLIC,
    SCOPES,
    Statement,
    commit,
    open_payload,
    parse_payload,
    parse_statement,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.ledger import Ledger
    from ledger.own.log import Submission
    from protocol.encoding import Value


ORGANISATION = "organisation"
"""How the organisation is named among signers; members are named by their ids."""

_OTHER_DOORS = {
    "charter": "a charter is amended with `folkmoot key`",
    "override": "signing is overridden with `folkmoot log override`",
    "receipt": "a running node says by itself what it has dropped",
    "state": "a node states by itself what follows from its log",
}


def ready_statement(
    ledger: Ledger,
    kind: str,
    body: object,
    statement_id: bytes,
    scope: int = SCOPE_PUBLIC,
    signers: Sequence[str] = (ORGANISATION,),
) -> Submission:
    """A statement from JSON, checked strictly and signed: by the organisation, or by members whose keys are kept here.

    The first signer is its author. Whoever joins with a key in this node's keeping gets one. Raises Malformed,
    RefusedError, NotFoundError.
    """
    value = body_from_json(kind, body)
    record = value.get("record")
    if kind == "record.put" and isinstance(record, dict):
        record.setdefault("id", statement_id or os.urandom(16))
    newcomer = None
    if kind == "member.join" and "key" not in value:
        before = joined_before(ledger, statement_id, value) if statement_id else None
        if before is not None:
            return before
        newcomer = key_for_newcomer(ledger, value)
    ready_body(kind, value, scope, is_json=False)
    if newcomer is None and [*signers] == [ORGANISATION]:
        return ledger.state(kind, value, statement_id, scope)
    with ledger.store.read() as reads:
        view = LedgerView(reads, reads.tree_numbered(ledger.own.tree))
        draft = Draft(kind, value, parties_of(view, signers), scope, statement_id, (newcomer,) if newcomer else ())
        spoken = speak(ledger, view, draft)
    if spoken.lacking:
        raise RefusedError(
            "not all of these keys are kept by this node: who keeps their own signs for themselves (spec 17 §11), and "
            "what they have signed is sent as a carried statement"
        )
    return spoken.submission()


def parties_of(view: LedgerView, signers: Sequence[str]) -> tuple[bytes, ...]:
    """The parties that are named so: `ORGANISATION`, or ids of members. Raises NotFoundError."""
    parties = [view.log_id if signer == ORGANISATION else bytes.fromhex(signer) for signer in signers]
    for party in parties:
        if party != view.log_id:
            view.member(party)
    return tuple(parties)


def ready_body(kind: str, body: object, scope: int, *, is_json: bool = True) -> dict[str, Value]:
    """A body that may be signed here, from JSON. Raises Malformed, RefusedError."""
    if kind in _OTHER_DOORS and kind != "charter":
        raise RefusedError(f"{_OTHER_DOORS[kind]}, not through this door")
    value = body_from_json(kind, body) if is_json else body
    assert isinstance(value, dict)
    check_body(kind, value)
    check_scope(kind, value, scope)
    return value


def try_ledger(ledger: Ledger, group: Sequence[Submission]) -> None:
    """Refuses statements of the reciprocity ledger that would have no effect. Raises RefusedError, which says which.

    They are tried in their order, on what has been folded; what others write at the same time can still come between.
    """
    kinds = [statement_kind(item.payload) for item in group]
    if RECIPROCITY_BODIES.keys().isdisjoint(kinds):
        return
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        trial = Trial(reads, ledger.own.tree)
        for number, item in enumerate(group):
            try:
                trial.require(item.payload, int(ledger.clock()))
            except RefusedError as error:
                where = f"entry {number}, {kinds[number]}: " if len(group) > 1 else f"{kinds[number]}: "
                raise RefusedError(f"{where}{error}") from None


def statement_kind(payload: bytes) -> str:
    """The kind of the statement in a well-formed payload."""
    statement = parse_statement(parse_payload(payload).statement)
    return statement.kind if isinstance(statement, Statement) else ""


def check_scope(kind: str, body: dict[str, Value], scope: int) -> None:
    """Whether what is about to be signed may be shown to those who will see it. Raises Malformed (`scope`)."""
    if scope not in SCOPES:
        raise Malformed("scope", f"a scope is {SCOPE_PUBLIC} public, {SCOPE_CIRCLE} circle or {SCOPE_PRIVATE} private")
    if kind in PUBLIC_KINDS and scope != SCOPE_PUBLIC:
        raise Malformed("scope", f"{kind} is always public: others could not check what follows from it")
    if "parties" in body and scope != SCOPE_PRIVATE and kind != "contract.offer":  # where they are its signers
        raise Malformed("scope", "parties are named where the scope is private")
    record = body.get("record")
    contact = record.get("contact") if isinstance(record, dict) else None
    if scope == SCOPE_PUBLIC and isinstance(contact, dict) and contact.get("visibility") == "members":
        raise Malformed(
            "scope", "a contact for members cannot stand in a public entry: leave it out, or choose the scope circle"
        )


def check_signed_payload(ledger: Ledger, payload: bytes, scope: int = SCOPE_PUBLIC) -> None:
    """A payload that was signed elsewhere: for this log, by somebody who may write, and everything in it allowed.

    Raises Malformed, RefusedError.
    """
    opened = open_payload(payload, commit(payload), ledger.log_id, 1)
    opened.verify()
    statement = opened.statement
    if not isinstance(statement, Statement):
        raise Malformed("statement_version", "a statement of a version that this node does not know")
    if statement.kind in _OTHER_DOORS:
        raise RefusedError(f"{_OTHER_DOORS[statement.kind]}, not through this door")
    body = statement.read_body()
    check_body(statement.kind, body)
    check_scope(statement.kind, body, scope)
    if statement.kind in RECIPROCITY_BODIES:  # members speak for themselves there: the trial says whether they may
        return
    with ledger.store.read() as reads:
        stewards, helpers = reads.stewards(ledger.own.tree), reads.helpers(ledger.own.tree)
    may = statement.author in stewards or covers(helpers.get(statement.author, "none"), statement.kind)
    if not may and statement.author not in ledger.keys.charter.keys:
        raise RefusedError(f"{statement.author.hex()[:16]} has no role here that covers {statement.kind}")
