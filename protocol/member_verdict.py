# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verdict on a member statement, with no network, node or clock (spec 20 §2)."""

from __future__ import annotations

from typing import NamedTuple

from protocol.chain import SORT_MEMBER, StateLeaf, parse_state_leaf
from protocol.charter import LogKeys, establish
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.member_replay import Failed, MemberVerdict, Told, replay
from protocol.member_statement import MemberStatement, parse_member_statement
from protocol.merkle import leaf_hash
from protocol.multiproof import check_multiproof
from protocol.note import Note, verified_by
from protocol.policy import Policy, parse_policy
from protocol.proof import Finding, judge_checkpoint
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity
from protocol.reciprocity_bodies import ReciprocityBody, State
from protocol.statement import Opaque, Statement, open_payload, parse_entry, parse_payload, parse_statement


class MemberFinding(NamedTuple):
    """A verdict with its grounds, as far as the check came. `told` and `leaves` are to be shown only if it is true."""

    verdict: MemberVerdict
    why: str
    statement: MemberStatement | None = None
    keys: LogKeys | None = None
    checkpoint: Checkpoint | None = None
    witnesses: tuple[tuple[str, int], ...] = ()
    told: tuple[Told, ...] = ()
    leaves: tuple[StateLeaf, ...] = ()
    own_trust: bool = False
    """Whether the reader's own trust file decided, not that of the statement."""


def judge_member(data: bytes, policy: Policy | None = None) -> MemberFinding:
    """The verdict on a member statement under the reader's trust file, or else under the statement's own."""
    found = MemberFinding(MemberVerdict.TRUE, "everything holds", own_trust=policy is not None)
    try:
        statement = parse_member_statement(data)
        checkpoint, note = parse_checkpoint(statement.note)
        policy = policy or parse_policy(statement.trust)
        leaves = tuple(parse_state_leaf(leaf) for _, leaf in statement.leaves)
        _check_forms(statement)
    except Malformed as error:
        return found._replace(verdict=MemberVerdict.MALFORMED, why=str(error))
    found = found._replace(statement=statement, checkpoint=checkpoint)
    try:
        keys, witnesses = _check_checkpoint(statement, checkpoint, note, policy)
        found = found._replace(keys=keys, witnesses=witnesses)
        _check_inclusion(statement, checkpoint)
        told = tuple(_open(statement, at) for at in range(len(statement.entries)))
        _check_state(statement, told[-1], leaves, keys)
        operating = {key.public for key in keys.verifier_keys(statement.epoch)}
        replay(statement.member, told, leaves, operating)
    except Failed as failed:
        return found._replace(verdict=failed.verdict, why=failed.why)
    return found._replace(told=told, leaves=leaves)


def _check_forms(statement: MemberStatement) -> None:
    """Raises Malformed unless each entry and payload is of its form."""
    for _, entry, payload, _ in statement.entries:
        parse_entry(entry)
        if payload:
            signed = parse_payload(payload)
            said = parse_statement(signed.statement)
            if isinstance(said, Statement):
                said.read_body()


def _check_checkpoint(
    statement: MemberStatement, checkpoint: Checkpoint, note: Note, policy: Policy
) -> tuple[LogKeys, tuple[tuple[str, int], ...]]:
    """The charters establish the log, and its checkpoint is one to be trusted."""
    try:
        keys = establish(statement.charters)
    except Malformed as error:
        raise Failed(MemberVerdict.CHARTERS, f"the charters do not hold: {error}") from None
    origin = Origin(statement.log, statement.epoch)
    named = [*keys.verifier_keys(statement.epoch), *keys.earlier_keys(statement.epoch)]
    if keys.log_id != statement.log:
        raise Failed(MemberVerdict.CHARTERS, "the charters are those of another log")
    if not named:
        raise Failed(MemberVerdict.CHARTERS, f"the charters never opened epoch {statement.epoch}")
    if checkpoint.origin != str(origin):
        raise Failed(MemberVerdict.CHARTERS, f"the checkpoint is one of {checkpoint.origin}, not of {origin}")
    trusted = judge_checkpoint(note, checkpoint, policy)
    if isinstance(trusted, Finding):
        raise Failed(MemberVerdict(trusted.verdict.value), trusted.why)
    signers = verified_by(note, [key for key in policy.logs if key.name == checkpoint.origin])
    if not set(signers) & set(named):
        raise Failed(MemberVerdict.CHARTERS, "the key that signed the checkpoint is in none of the charters")
    return keys, trusted


def _check_inclusion(statement: MemberStatement, checkpoint: Checkpoint) -> None:
    positions = [position for position, *_ in statement.entries]
    hashes = [leaf_hash(entry) for _, entry, *_ in statement.entries]
    try:
        check_multiproof(positions, hashes, checkpoint.size, statement.hashes, checkpoint.root)
    except Malformed as error:
        raise Failed(MemberVerdict.INCLUSION, f"the entries are not in the log at their positions: {error}") from None


def _open(statement: MemberStatement, at: int) -> Told:
    """One entry with what it says, checked against its commitment, its log and its signatures."""
    position, data, payload, concerns = statement.entries[at]
    told = Told(position, parse_entry(data), leaf_hash(data), tuple(concerns))
    if not payload or isinstance(told.entry, Opaque):
        return told
    try:
        opened = open_payload(payload, told.entry.commitment, statement.log, position, statement.epoch)
        if isinstance(opened.statement, Opaque):
            return told
        opened.verify()
    except Malformed as error:
        verdict = MemberVerdict.COMMITMENT if error.reason == "commitment" else MemberVerdict.STATEMENT
        raise Failed(verdict, f"entry {position}: {error}") from None
    signers = tuple(signature.key for signature in opened.payload.signatures)
    return told._replace(statement=opened.statement, body=_read(opened.statement), signers=signers)


def _read(statement: Statement) -> ReciprocityBody | None:
    """What a statement says; None for what this program does not know, be it the kind or a value in it."""
    try:
        return read_reciprocity(statement) if statement.kind in RECIPROCITY_BODIES else None
    except Malformed:
        return None


def _check_state(statement: MemberStatement, last: Told, leaves: tuple[StateLeaf, ...], keys: LogKeys) -> None:
    """The last entry states the root over the leaves that are given."""
    if last.statement is None:
        raise Failed(MemberVerdict.NO_PAYLOAD, f"the state at entry {last.position} is not shown")
    state = last.body
    if not isinstance(state, State) or last.concerns:
        raise Failed(MemberVerdict.STATE, f"entry {last.position}, the last one, does not state the state of the log")
    if last.statement.author not in {key.public for key in keys.verifier_keys(statement.epoch)}:
        raise Failed(MemberVerdict.STATE, f"the state at entry {last.position} is not by an operating key in force")
    if state.size != last.position:
        raise Failed(MemberVerdict.STATE, f"entry {last.position} states the state at {state.size}")
    indexes, hashes = [index for index, _ in statement.leaves], [leaf_hash(leaf) for _, leaf in statement.leaves]
    try:
        check_multiproof(indexes, hashes, state.leaves, statement.path, state.root)
    except Malformed as error:
        why = f"the balances given are not those that entry {last.position} states: {error}"
        raise Failed(MemberVerdict.STATE, why) from None
    if [leaf.id for leaf in leaves if leaf.sort == SORT_MEMBER] != [statement.member]:
        raise Failed(MemberVerdict.STATE, "the leaves are not those of this member")
