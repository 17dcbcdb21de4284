# SPDX-License-Identifier: AGPL-3.0-or-later
"""The charters of the logs held here: how a longer chain is taken in, what removed keys said let go (spec 04)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.held.forks import mark_healed, rejudge_fork
from protocol.charter import LogKeys, Opens, establish
from protocol.errors import Malformed
from protocol.fork import fork_digest
from protocol.note import parse_note, verified_by
from protocol.statement import parse_payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.identity import Origin


@lru_cache(1024)
def _established(charters: tuple[bytes, ...]) -> LogKeys:
    return establish(charters)


def known_charters(reads: Snapshot, log_id: bytes) -> list[bytes]:
    """The charters of a log that is held, whichever of its epochs is; empty if none is."""
    return max((reads.charters(tree.tree) for tree in reads.epochs(log_id)), key=len, default=[])


def take_charters(change: Transaction, origin: Origin, charters: Sequence[bytes]) -> LogKeys:
    """Takes in the valid charters of a log, if they tell more than is known; what is known then.

    Raises RefusedError if they contradict what is known (spec 04 §4).
    """
    known = known_charters(change, origin.log_id)
    for kseq, (mine, theirs) in enumerate(zip(known, charters, strict=False)):
        if mine != theirs and parse_payload(mine).statement != parse_payload(theirs).statement:
            raise RefusedError(
                f"{origin}: its recovery keys signed two different charters with the number {kseq}: the one known "
                "first stays in force here; ask the organisation"
            )
    if len(charters) <= len(known):
        return _established(tuple(known))
    longer = [*known, *charters[len(known) :]]
    keys = _established(tuple(longer))
    for tree in change.epochs(origin.log_id):
        change.set_charters(tree.tree, longer)
        if tree.head_size > tree.size and not in_force(keys, tree.origin, signer_of(keys, tree, tree.head)):
            change.set_head(tree.tree, tree.checkpoint, tree.checkpoint_size)
        opens = keys.opening(tree.origin.epoch + 1)
        if opens is None:
            rejudge_fork(change, tree, longer)
        else:
            _heal(change, opens, tree)
    return keys


def _heal(change: Transaction, opens: Opens, tree: Tree) -> None:
    """A fork of an epoch is over once the next one is open, whether or not that names the proof held here."""
    fork = change.fork(tree.tree)
    digest = opens.fork or (fork_digest(fork.proof) if fork else None)
    if digest is not None:
        mark_healed(change, tree, digest)


def is_told(reads: Snapshot, tree: Tree) -> bool:
    """Whether the checkpoint held of a log is one that others take: of a closed epoch, what was accepted of it.

    Of a denied log, none is told.
    """
    if not tree.checkpoint or tree.hidden:
        return False
    charters = tuple(reads.charters(tree.tree))
    closed = _established(charters).opening(tree.origin.epoch + 1) if len(charters) > 1 else None
    return closed is None or tree.checkpoint_size <= closed.size


def still_speaks(reads: Snapshot, peer: LogKeys) -> bool:
    """Whether no key that a peer may have shown itself with was removed by a charter that is known here."""
    known = known_charters(reads, peer.log_id)
    if len(known) <= len(peer.payloads):
        return True
    return set(peer.charter.keys) <= set(_established(tuple(known)).charter.keys)


def why_silent(reads: Snapshot, tree: Tree, key: bytes) -> str:
    """Why a key must not sign for the own log any more, by the charters that are known; empty if it may."""
    charters = known_charters(reads, tree.origin.log_id)
    keys = _established(tuple(charters)) if charters else None
    if keys is None or (key in keys.charter.keys and keys.epoch == tree.origin.epoch):
        return ""
    what = "a newer epoch of this log was opened" if keys.epoch > tree.origin.epoch else "the operating key was removed"
    return (
        f"{what} by an amendment of its charter that was not made here: nothing is signed. Go on where it was made; if "
        "this data directory is to take its place, put the newer operating key into it and start again; if that key is "
        "lost, use `folkmoot key recover`"
    )


def in_force(keys: LogKeys, origin: Origin, key: bytes) -> bool:
    """Whether a key may sign checkpoints of an epoch."""
    return any(verifier.public == key for verifier in keys.verifier_keys(origin.epoch))


def signer_of(keys: LogKeys, tree: Tree, note: bytes) -> bytes:
    """The key of the log that signed a held checkpoint; empty if there is none."""
    if not note:
        return b""
    epoch = tree.origin.epoch
    try:
        return verified_by(parse_note(note), [*keys.verifier_keys(epoch), *keys.earlier_keys(epoch)])[0].public
    except Malformed:
        return b""
