# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deciding on what was proposed: the claim, what carries it out, and the decision enter the log as one (spec 21 §2)."""

from __future__ import annotations

import os
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.duplicates.merging import present_body
from ledger.errors import NotFoundError, RefusedError
from ledger.importing.plan import Statement as Planned
from ledger.own.elsewhere import Claim
from ledger.own.log import submission
from ledger.own.submitting import check_scope
from ledger.own.trial import wait_until_folded
from ledger.proposals.inbox import read_claim
from ledger.proposals.merging import merged
from protocol.directory import ClaimCorrect, ClaimDecided, RecordPut, check_body, read_body
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.proposal import decision_ids, state_digest, without_private
from protocol.record import check_record
from protocol.statement import (
    SCOPE_CIRCLE,
    SCOPE_PUBLIC,
    Statement,
    make_payload,
    parse_entry,
    parse_payload,
    parse_statement,
    sign_statement,
)

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.own.log import Submission
    from ledger.proposals.inbox import Claim as Proposed
    from ledger.sqlite.store import Snapshot
    from ledger.values import ProposalRow
    from protocol.encoding import Value

OUTCOMES = {
    "claim.correct": ("accepted", "refused"),
    "claim.report": ("done", "nothing_to_do", "closed"),
}
"""What a steward can say on each kind; that it was accepted with changes is seen by itself."""


DECIDING = threading.Lock()
"""One decision after the other: each is made on the records as the one before it has left them."""


class ChangedError(RefusedError):
    """What would be put is not what whoever decides has seen."""


class Verdict(NamedTuple):
    """What is decided. `record` is the state that is accepted instead of what the proposal comes to.

    `hold_back`: what was proposed is not entered. `decision` is the assembly's on which it rests. `seen` is what
    `seen_of` was when somebody looked at it, None where nobody has to have looked.
    """

    outcome: str
    reason: str = ""
    hold_back: bool = False
    record: dict[str, Value] | None = None
    decision: bytes = b""
    seen: str | None = None


class Waiting(NamedTuple):
    """A proposal with what it is about: the record as it is, and as it would be; None where there is none."""

    row: ProposalRow
    claim: Proposed
    present: dict[str, Value] | None
    result: dict[str, Value] | None


def seen_of(found: Waiting) -> str:
    """Tells what somebody was shown from what has come of it since: the record as it is, and as it would be."""
    return sha256(encode([found.present or {}, found.result or {}])).hexdigest()


def waiting(reads: Snapshot, own_tree: int, proposal_id: bytes) -> Waiting:
    """One that waits. Raises NotFoundError."""
    row = reads.proposal(proposal_id)
    if row is None or reads.accepted(own_tree, [decision_ids(proposal_id).decided]):
        raise NotFoundError("there is no such proposal, or it has been decided on")
    return look_at(reads, own_tree, row)


def look_at(reads: Snapshot, own_tree: int, row: ProposalRow) -> Waiting:
    """What a proposal comes to on the record as it is."""
    claim = read_claim(row.statement)
    subject = claim.body.subject
    tree = own_tree if subject.log == reads.own_log() else _tree_of(reads, subject.log)
    found = reads.records_by_id(tree, [subject.id]).get(subject.id) if tree is not None else None
    present = present_body(reads, found) if found is not None else None
    if not isinstance(claim.body, ClaimCorrect):
        return Waiting(row, claim, present, None)
    proposed: Any = claim.statement.read_body()["record"]
    base = put_at(reads, own_tree, row.base) if row.base >= 0 else None
    return Waiting(row, claim, present, merged(base if present is not None else None, proposed, present))


def _tree_of(reads: Snapshot, log_id: bytes) -> int | None:
    trees = [tree.tree for tree in reads.trees() if tree.origin.log_id == log_id and not tree.hidden]
    return trees[-1] if trees else None


def put_at(reads: Snapshot, tree: int, position: int) -> dict[str, Value] | None:
    """The record that was put at a position, None if its payload is not there any more."""
    stored = next(reads.entries(tree, position, position + 1), None)
    if stored is None or stored.payload is None:
        return None
    statement = parse_statement(parse_payload(stored.payload).statement)
    body = read_body(statement) if isinstance(statement, Statement) else None
    return body.record.body() if isinstance(body, RecordPut) else None


def decide(ledger: Ledger, proposal_id: bytes, verdict: Verdict) -> int:
    """Enters a decision with all that carries it out; its position. What was decided the same way stays so.

    Raises NotFoundError, ChangedError, RefusedError, Malformed.
    """
    with DECIDING:
        wait_until_folded(ledger.store, ledger.own.tree)
        with ledger.store.read() as reads:
            found = waiting(reads, ledger.own.tree, proposal_id)
        if verdict.seen is not None and verdict.seen != seen_of(found):
            raise ChangedError("it has changed since you looked: look once more at what would be different")
        group = plan(ledger, found, verdict)
        receipts = ledger.writer.append(group).result()
    ledger.writer.run(lambda change: change.drop_proposal(proposal_id)).result()
    return receipts[-1].position


def plan(ledger: Ledger, found: Waiting, verdict: Verdict) -> list[Submission]:
    """The statements of a decision, signed by this node, in their order."""
    claims, statements = carried_out(found, verdict, ledger.log_id)
    group = [_countersigned(ledger, one) for one in claims]
    return group + [ledger.state(one.kind, one.body, one.id, one.scope) for one in statements]


class Group(NamedTuple):
    """What is entered together: the claim, if it is, and then what carries out the decision, the decision last."""

    claims: list[Claim]
    statements: list[Planned]


def carried_out(found: Waiting, verdict: Verdict, log_id: bytes) -> Group:
    """What a decision consists of (spec 21 §2), for whoever signs it. Raises RefusedError, Malformed."""
    row, (said, body) = found.row, found.claim
    if verdict.outcome not in OUTCOMES[said.kind]:
        raise RefusedError(f"a {said.kind} is decided with one of {', '.join(OUTCOMES[said.kind])}")
    decided = decision_body(found, verdict)
    made: list[Planned] = []
    ids = decision_ids(row.id)
    if verdict.outcome == "accepted":
        record = accepted_record(found, verdict)
        made.append(Planned("record.put", {"record": without_private(record)}, ids.put))
        if without_private(record) != record:
            made.append(Planned("record.put", {"record": record}, ids.circle, SCOPE_CIRCLE))
    elif verdict.outcome == "closed":
        if body.subject.log != log_id or found.present is None:
            raise RefusedError("only a record of this organisation's own log can be closed here")
        made.append(Planned("record.close", {"id": body.subject.id, "reason": "closed"}, ids.close))
    check_body("claim.decided", decided)
    made.append(Planned("claim.decided", decided, ids.decided))
    return Group([] if verdict.hold_back else [_claim(row)], made)


def accepted_record(found: Waiting, verdict: Verdict) -> dict[str, Value]:
    """The state that is put: checked once more, as everything that is signed. Raises Malformed."""
    record = verdict.record if verdict.record is not None else found.result
    if record is None or record.get("id") != found.claim.body.subject.id:
        raise Malformed("record", "the record that is accepted is the one that the proposal is about")
    check_record(record)
    return record


def decision_body(found: Waiting, verdict: Verdict) -> dict[str, Value]:
    """The body of the decision. Raises Malformed."""
    said, body = found.claim
    decided: dict[str, Value] = {
        "claim": said.id,
        "author": said.author,
        "subject": {"log": body.subject.log, "id": body.subject.id},
        "outcome": verdict.outcome,
    }
    if verdict.outcome == "accepted":
        record = accepted_record(found, verdict)
        proposed = said.read_body()["record"]
        decided["outcome"] = "accepted" if encode(record) == encode(proposed) else "edited"
        decided["state"] = state_digest(record)
    more: dict[str, Value] = {"reason": verdict.reason.strip(), "through": found.row.through}
    more["decision"] = verdict.decision
    return decided | {name: value for name, value in more.items() if value}


def _claim(row: ProposalRow) -> Claim:
    """The claim as its author signed it. Raises Malformed."""
    claim = read_claim(row.statement)
    body = claim.statement.read_body()
    scope = SCOPE_PUBLIC
    record = body.get("record")
    if isinstance(record, dict) and without_private(record) != record:
        scope = SCOPE_CIRCLE
    check_scope(claim.statement.kind, body, scope)
    return Claim(row.statement, claim.statement.kind, scope, claim.statement.author, row.signature)


def _countersigned(ledger: Ledger, claim: Claim) -> Submission:
    """The claim with the organisation's signature as well, so that it counts."""
    signatures = [(claim.author, claim.signature)]
    if claim.author != ledger.key.public:
        signatures.append(sign_statement(claim.statement, ledger.key))
    return submission(make_payload(os.urandom(32), claim.statement, signatures), claim.scope)


class Decided(NamedTuple):
    """A decision as it stands in a log. `at` is when the log took it in, UTC seconds."""

    position: int
    at: int
    author: bytes
    body: ClaimDecided


def decided_at(reads: Snapshot, tree: int, position: int) -> Decided | None:
    """The decision at a position, None if its payload is not there any more."""
    stored = next(reads.entries(tree, position, position + 1), None)
    if stored is None or stored.payload is None:
        return None
    statement = parse_statement(parse_payload(stored.payload).statement)
    body = read_body(statement) if isinstance(statement, Statement) else None
    if not isinstance(statement, Statement) or not isinstance(body, ClaimDecided):
        return None
    at = parse_entry(stored.entry).at  # type: ignore[union-attr] # its payload could be read
    return Decided(position, at, statement.author, body)


def claim_entered(reads: Snapshot, own_tree: int, proposal_id: bytes) -> Proposed | None:
    """What was proposed, if it stands in the log for everybody to read."""
    accepted = reads.accepted(own_tree, [proposal_id])
    if not accepted:
        return None
    position = accepted[proposal_id][0]
    stored = next(reads.entries(own_tree, position, position + 1), None)
    if stored is None or stored.payload is None:
        return None
    if parse_entry(stored.entry).scope != SCOPE_PUBLIC:  # type: ignore[union-attr] # its payload could be read
        return None
    return read_claim(parse_payload(stored.payload).statement)


def decision_on(reads: Snapshot, own_tree: int, proposal_id: bytes) -> Decided | None:
    """What was decided on a proposal, if anything."""
    accepted = reads.accepted(own_tree, [decision_ids(proposal_id).decided])
    return decided_at(reads, own_tree, next(iter(accepted.values()))[0]) if accepted else None
