# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forks of held logs (spec 12): proofs made of what is held or taken in from others, and the state of a log."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ledger.errors import ForkedError, RefusedError
from ledger.held.tree import prove_consistency, root_at
from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint
from protocol.errors import Malformed
from protocol.fork import ForkVerdict, judge_fork, parse_fork_proof, write_fork_proof
from protocol.identity import Origin, short_log_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.charter import LogKeys
    from protocol.checkpoint import Checkpoint

STALE_S = 86_400
"""A log is called stale when nobody has told of its newest checkpoint for this long."""

UNPROVED_MAX = 8
_SEEN_EVERY_S = 3_600


class LogState(StrEnum):
    """The state of a log, for people and for what is taken in (spec 12 §6)."""

    OK = "ok"
    STALE = "stale"
    FORKED = "forked"
    HEALED = "healed"
    REVOKED = "revoked"


def log_state(reads: Snapshot, tree: Tree, keys: LogKeys, now: int, *, own: bool) -> LogState:
    """The state of a held log whose charters establish these keys; `now` in UTC seconds."""
    fork = reads.fork(tree.tree)
    following = keys.opening(tree.origin.epoch + 1)
    if (fork is not None and fork.healed is not None) or (following is not None and following.fork):
        return LogState.HEALED  # also where it is met for the first time, with the opening of the next epoch
    if fork is not None:
        return LogState.FORKED
    if tree.head and not _by_key_in_force(tree.head, keys, tree.origin):
        return LogState.REVOKED
    seen = reads.seen(tree.tree)
    return LogState.STALE if not own and seen and now - seen > STALE_S else LogState.OK


def _by_key_in_force(note: bytes, keys: LogKeys, origin: Origin) -> bool:
    known = {(key.name, key.key_id) for key in keys.verifier_keys(origin.epoch)}
    return any((line.name, line.key_id) in known for line in parse_checkpoint(note)[1].signatures)


def unconfirmed(reads: Snapshot, trees: Sequence[Tree], now: int) -> list[tuple[Origin, int]]:
    """(origin, size) of the newest checkpoints of these logs that nobody has told of for an hour before `now`."""
    return [(tree.origin, tree.head_size) for tree in trees if reads.seen(tree.tree) < now - _SEEN_EVERY_S]


def confirm_heads(change: Transaction, heads: Iterable[tuple[Origin, int]], now: int) -> None:
    """Others told of these verified checkpoints (origin, size) now, UTC seconds: what `stale` is judged by."""
    change.set_seen(heads, now, now - _SEEN_EVERY_S)


def contradiction(reads: Snapshot, note: bytes, charters: Sequence[bytes]) -> bytes | None:
    """The proof that a checkpoint which verifies under these charters contradicts what is held; None if it does not.

    None too if it cannot be shown: what no held checkpoint covers is no history that was signed, and what a key signed
    that has been removed since proves nothing.
    """
    checkpoint = parse_checkpoint(note)[0]
    tree = reads.tree(Origin.parse(checkpoint.origin))
    if tree is None or not checkpoint.size:
        return None
    size, covered = checkpoint.size, tree.checkpoint_size
    other, root, hashes = b"", b"", []
    if size <= covered:
        root = root_at(reads, tree.tree, size)
        if root != checkpoint.root:
            other, hashes = tree.checkpoint, prove_consistency(reads, tree.tree, size, covered)
    else:
        unfetched = (tree.head, *reads.unproved(tree.tree))
        other = next((known for known in unfetched if known and _differ(known, checkpoint)), b"")
    if not other:
        return None
    keys = establish(max(reads.charters(tree.tree), list(charters), key=len))
    try:
        return write_fork_proof(keys, (note, other), root, hashes)
    except Malformed:  # one of the two is by a key that is no longer the log's
        return None


def _differ(note: bytes, checkpoint: Checkpoint) -> bool:
    known = parse_checkpoint(note)[0]
    return known.size == checkpoint.size and known.root != checkpoint.root


def keep_unproved(change: Transaction, tree: Tree, note: bytes, size: int) -> None:
    """Keeps a checkpoint beyond what is held, to be compared when so much is; a few of each log, the first that came.

    Another one of the log takes its place as its head, and the two may be of two histories.
    """
    if size > tree.size and len(change.unproved(tree.tree)) < UNPROVED_MAX:
        change.add_unproved(tree.tree, note, size)


def compare_unproved(change: Transaction, tree: Tree) -> None:
    """Compares the checkpoints that were seen earlier, once a checkpoint that covers them is held completely."""
    for note in change.unproved(tree.tree):
        if parse_checkpoint(note)[0].size <= tree.checkpoint_size:
            proof = contradiction(change, note, change.charters(tree.tree))
            if proof is not None:
                change.set_fork(tree.tree, proof)
    change.drop_unproved(tree.tree, tree.checkpoint_size)


def fork_proofs(reads: Snapshot, arrival: int = 0) -> list[tuple[int, bytes]]:
    """(arrival number, proof) of the forks that became known after an arrival number: each is told of once."""
    return [(fork.arrival, fork.proof) for fork in reads.forks_since(arrival) if fork.proof]


def examine_fork_proof(reads: Snapshot, data: bytes) -> int:
    """The number of the held log that a fork proof is true of and new to; 0 if a proof is held of that log already.

    Raises Malformed if it is false, which is the sender's fault; RefusedError if nothing can be told by it here, which
    is nobody's: a log that is not held, or a key that was removed. May take a tenth of a second.
    """
    proof = parse_fork_proof(data)
    tree = reads.tree(Origin.parse(proof.first.origin))
    if tree is None:
        raise RefusedError(f"a fork proof of {proof.first.origin}, which is not held here")
    fork = reads.fork(tree.tree)
    if fork is not None and fork.proof:
        return 0
    finding = judge_fork(data, charters=reads.charters(tree.tree))
    if finding.verdict.exit_code == ForkVerdict.MALFORMED.exit_code:
        raise Malformed("false_fork", f"a false fork proof of {proof.first.origin}: {finding.why}")
    if finding.verdict is not ForkVerdict.TRUE:
        raise RefusedError(f"a fork proof of {proof.first.origin} that says nothing: {finding.why}")
    return tree.tree


def take_fork_proof(change: Transaction, data: bytes) -> bool:
    """Takes in a fork proof from somebody: whether it was new. Raises as `examine_fork_proof` does.

    The log is then forked, and nothing more of it is taken in. Whoever is told of many proofs examines them first where
    nobody waits for the writing thread.
    """
    tree = examine_fork_proof(change, data)
    if tree:
        change.set_fork(tree, data)
    return bool(tree)


def mark_healed(change: Transaction, tree: Tree, digest: bytes) -> None:
    """The next epoch of a log is open, and its opening names the fork proof with this H (spec 12 §6).

    To be called once the opening has been verified. The tree's own proof may be another one of the same fork, or may
    not have come yet.
    """
    change.set_healed(tree.tree, digest)


def refuse_closed(change: Snapshot, tree: Tree) -> None:
    """Raises ForkedError for a log that has forked, RefusedError for one that its next epoch has healed."""
    fork = change.fork(tree.tree)
    if fork is None:
        return
    if fork.healed is not None:
        raise RefusedError(f"{tree.origin} has forked and was healed by its next epoch: nothing more of it is taken in")
    raise ForkedError(f"{tree.origin} has forked: nothing more of it is taken in. {EXPLAINED}", fork.proof)


EXPLAINED = "What is held can be read; `folkmoot log fork-proof` writes the proof."


def rejudge_fork(change: Transaction, tree: Tree, charters: Sequence[bytes]) -> None:
    """After charters became known: a proof by a key that they have removed proves nothing any more (spec 12 §2)."""
    fork = change.fork(tree.tree)
    if fork is not None and fork.healed is None:
        finding = judge_fork(fork.proof, charters=charters)
        if finding.verdict is ForkVerdict.REMOVED_KEY:
            change.drop_fork(tree.tree)


def why_not_signing(reads: Snapshot, tree: int) -> str:
    """Why the own log must not be signed: it has forked; empty if it has not."""
    fork = reads.fork(tree)
    if fork is None:
        return ""
    short = short_log_id(reads.tree_numbered(tree).origin.log_id)
    if fork.healed is not None:
        return f"this epoch of the log {short} has forked, and the next one is open: nothing is signed in this one"
    return (
        f"the log {short} has forked: two histories were signed with its key, by a restored backup, a copied machine "
        "or a stolen key. Nothing more is signed, everything stays readable, and nothing is deleted. "
        f"`folkmoot log fork-proof {short}` shows the proof; the recovery keys open a new epoch"
    )
