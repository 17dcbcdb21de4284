# SPDX-License-Identifier: AGPL-3.0-or-later
"""What others hold of the own log: hearing of it, and taking back what is missing here (spec 06 §5).

Both run inside a transaction, on the writing thread, and give what `OwnLog.load` takes over once it is durable.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.held.charters import why_silent
from ledger.held.forks import contradiction, keep_unproved, why_not_signing
from ledger.held.replica import store_range, verify_head
from ledger.held.tree import root_at
from ledger.own.log import digest_of
from ledger.own.recovery import Relation, State, relate
from ledger.own.tail import cut_tail, enter_again, note_accepted
from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint

if TYPE_CHECKING:
    from ledger.held.replica import VerifiedHead, VerifiedRange
    from ledger.own.log import OwnLog
    from ledger.own.recovery import Recovery
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree


def hear(own: OwnLog, change: Transaction, watcher: str, head: VerifiedHead | None) -> Recovery:
    """Takes note of the newest checkpoint of the own log that somebody holds; None if they know none.

    What is ahead makes room for what was signed: the unsigned tail goes to the queue.
    """
    recovery = own.recovery
    if head is None:
        return recovery.answered(watcher, 0, Relation.KNOWN)
    if head.origin.epoch > own.origin.epoch:
        return recovery.superseded(watcher, head.origin.epoch)
    if head.origin.epoch < own.origin.epoch and establish(head.charters).epoch < own.origin.epoch:
        return recovery.answered(watcher, 0, Relation.KNOWN)  # who does not know of this epoch holds nothing of it
    tree, size = change.tree_numbered(own.tree), head.checkpoint.size
    if head.origin != own.origin or _by_replaced_key(change, tree, head):
        return recovery  # of an epoch that has ended, or by a key that signs nothing any more: no answer
    fetching = own.fetched_from is not None
    relation = relate(tree.size if fetching else tree.checkpoint_size, size, agrees=_agrees(change, tree, head))
    if relation is Relation.CONTRADICTS:
        return _contradicted(own, change, head)
    if recovery.state is State.SIGNING and size > tree.checkpoint_size:
        recovery = recovery.doubted(
            f"another instance signs with this log's key: {watcher} holds a checkpoint of {size} entries that was not "
            "signed here"
        )
    _keep_head(change, tree, head)
    silent = why_silent(change, tree, own.key.public)
    if silent and silent != recovery.doubt:
        recovery = recovery.doubted(silent)
    if relation is Relation.KNOWN and size > tree.checkpoint_size:
        change.set_checkpoint(tree.tree, head.note, size)
    if relation is Relation.AHEAD and not fetching:
        change.set_fact("store", os.urandom(16))  # what peers keep as our cursor may stand further than this store
        change.set_fact(own.fact("fetched from"), str(tree.checkpoint_size).encode())
        own.cut_records = cut_tail(change, tree)
    return recovery.answered(watcher, size, relation)


def _agrees(reads: Snapshot, tree: Tree, head: VerifiedHead) -> bool | None:
    """Whether the first entries held here are those of a checkpoint; None if fewer are held."""
    checkpoint = head.checkpoint
    if checkpoint.size > tree.size:
        return None
    very_same = tree.checkpoint.startswith(checkpoint.text.encode())  # what is mostly told
    return very_same or root_at(reads, tree.tree, checkpoint.size) == checkpoint.root


def take_range(own: OwnLog, change: Transaction, verified: VerifiedRange, now: int) -> Recovery:
    """Stores entries of the own log that came back; with the last one, what waits is entered again.

    Raises RefusedError if none are missing, or if they do not follow what is held.
    """
    if own.fetched_from is None:
        raise RefusedError(f"{own.origin}: no entries of the own log are missing")
    tree = store_range(change, verified)
    note_accepted(change, tree.tree, verified.rows, digest_of)
    fork = why_not_signing(change, tree.tree)
    if fork:
        return own.recovery.forked(fork)
    if tree.size < tree.head_size:
        return own.recovery
    checkpoint, _ = parse_checkpoint(tree.head)
    if root_at(change, tree.tree, checkpoint.size) != checkpoint.root:
        return _contradicted(own, change, verify_head(tree.head, change.charters(tree.tree)))
    if tree.checkpoint_size < checkpoint.size:
        change.set_checkpoint(tree.tree, tree.head, checkpoint.size)
    enter_again(change, tree, own.fetched_from, own.key, now)
    change.forget_fact(own.fact("fetched from"))
    return own.recovery.caught_up(tree.head_size)


def _by_replaced_key(change: Transaction, tree: Tree, head: VerifiedHead) -> bool:
    """Whether a checkpoint beyond those known is by a key that the charters held here have removed."""
    known = change.charters(tree.tree)
    if len(head.charters) > len(known) or head.checkpoint.size <= tree.checkpoint_size:
        return False
    return head.key not in establish(known).charter.keys


def _keep_head(change: Transaction, tree: Tree, head: VerifiedHead) -> None:
    """Keeps charters and checkpoint if they are newer than those known; the other one is compared when it can be."""
    size = head.checkpoint.size
    if len(head.charters) > len(change.charters(tree.tree)):
        change.set_charters(tree.tree, head.charters)
    if size > tree.head_size:
        keep_unproved(change, tree, tree.head, tree.head_size)
        change.set_head(tree.tree, head.note, size)
    elif size < tree.head_size:
        keep_unproved(change, tree, head.note, size)


def _contradicted(own: OwnLog, change: Transaction, head: VerifiedHead) -> Recovery:
    """Keeps the proof that two histories were signed. What proves nothing (a key since removed) is no answer."""
    proof = contradiction(change, head.note, head.charters)
    if proof is None:
        return own.recovery
    change.set_fork(own.tree, proof)
    return own.recovery.forked(why_not_signing(change, own.tree))
