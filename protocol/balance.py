# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof of one balance: a proof file of a `state` entry, with the leaf of an account in it (spec 20 §3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol.chain import StateLeaf, parse_state_leaf
from protocol.encoding import Limits, decode, encode
from protocol.errors import Malformed
from protocol.merkle import check_inclusion, leaf_hash
from protocol.policy import Policy
from protocol.proof import (
    HASHES_MAX,
    PROOF_BYTES_MAX,
    Finding,
    Graded,
    Verdict,
    judge,
    parse_proof,
    write_extra,
    write_proof,
)
from protocol.reciprocity import read_reciprocity
from protocol.reciprocity_bodies import State
from protocol.statement import Statement

_LIMITS = Limits(input_bytes=PROOF_BYTES_MAX, string_bytes=65_536, array_elements=HASHES_MAX, depth=2)


class BalanceVerdict(Graded):
    """What can be said of a balance proof beside what can be said of any proof (spec 08 §3)."""

    STATE = ("false: state", 3)


class Balance(NamedTuple):
    """What a balance proof carries beside the `state` entry: a leaf, its index in the state, its inclusion proof."""

    number: int
    leaf: bytes
    hashes: tuple[bytes, ...]


class BalanceFinding(NamedTuple):
    """The verdict on a balance proof. `proof` is that on the `state` entry; `leaf` is there only if all is true."""

    verdict: Graded
    why: str
    proof: Finding
    leaf: StateLeaf | None = None


def read_balance(extra: bytes) -> tuple[bytes, bytes, Balance]:
    """Entry, payload and balance of a proof file's `extra`. Raises Malformed (`extra`)."""
    try:
        value = decode(extra, _LIMITS)
    except Malformed as error:
        raise Malformed("extra", error.text) from None
    match value:
        case [bytes(entry), bytes(payload), int(index), bytes(leaf), list(hashes)] if type(index) is int and index >= 0:
            path = tuple(value for value in hashes if isinstance(value, bytes))
            if len(path) == len(hashes):
                return entry, payload, Balance(index, leaf, path)
    raise Malformed("extra", "the extra line does not carry a state and a balance")


def write_balance(
    entry: bytes, payload: bytes, balance: Balance, position: int, hashes: Sequence[bytes], note: bytes
) -> bytes:
    """A balance proof: the proof file of a `state` entry, and the leaf under its root."""
    extra = encode([entry, payload, balance.number, balance.leaf, list(balance.hashes)], _LIMITS)
    return write_extra(extra, position, hashes, note)


def is_balance(data: bytes) -> bool:
    """Whether a file is a balance proof and not a proof of an entry alone."""
    try:
        read_balance(parse_proof(data).extra)
    except Malformed:
        return False
    return True


def judge_balance(data: bytes, policy: Policy) -> BalanceFinding:
    """The verdict on a balance proof under a trust file, with no network, node or clock."""
    try:
        proof = parse_proof(data)
        entry, payload, balance = read_balance(proof.extra)
        leaf = parse_state_leaf(balance.leaf)
    except Malformed as error:
        return BalanceFinding(Verdict.MALFORMED, str(error), Finding(Verdict.MALFORMED, str(error)))
    found = judge(write_proof(entry, payload, proof.position, proof.hashes, proof.note), policy)
    if found.verdict is not Verdict.TRUE:
        return BalanceFinding(found.verdict, found.why, found)
    why = _check_state(found, balance, policy)
    if why:
        return BalanceFinding(BalanceVerdict.STATE, why, found)
    return BalanceFinding(Verdict.TRUE, "everything holds", found, leaf)


def _check_state(found: Finding, balance: Balance, policy: Policy) -> str:
    """What is wrong with the state on which a balance rests."""
    statement = found.opened.statement if found.opened else None
    if not isinstance(statement, Statement) or statement.kind != "state":
        return "the entry does not state the state of the log"
    origin = found.checkpoint.origin if found.checkpoint else ""
    if statement.author not in {key.public for key in policy.logs if key.name == origin}:
        return "the state is not by a key of the log that the trust file names"
    try:
        state = read_reciprocity(statement)
        assert isinstance(state, State)
        if state.size != found.position:
            return f"the entry at {found.position} states the state at {state.size}"
        check_inclusion(balance.number, state.leaves, leaf_hash(balance.leaf), balance.hashes, state.root)
    except Malformed as error:
        return f"the balance is not the one that the entry states: {error}"
    return ""
