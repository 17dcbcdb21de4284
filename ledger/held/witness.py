# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node as a witness of other logs: it decides, stores, and only then cosigns (spec 11 §2)."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.errors import NotFoundError, NotSigningError
from ledger.held.tally import COSIGNED
from ledger.held.tree import root_at
from protocol.charter import establish
from protocol.checkpoint import cosign
from protocol.errors import Malformed
from protocol.identity import Origin, witness_name
from protocol.note import TYPE_COSIGNATURE, Note, VerifierKey
from protocol.witness import Answer, Quorum, Request, Seen, decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.signature import SigningKey


def origin_digest(origin: str) -> bytes:
    """What an origin is found by at the monitoring endpoint (spec 11 §3)."""
    return sha256(origin.encode()).digest()


class Witness:
    """The witness of one node. `logs` are the verifier keys of third-party logs that the operator named."""

    def __init__(self, ledger: Ledger, logs: Sequence[VerifierKey] = ()) -> None:
        self._ledger = ledger
        self._logs = tuple(logs)
        self._remembered = 0
        self._remembering = threading.Lock()

    def look(self, reads: Snapshot, request: Request) -> Answer:
        """The answer to a request in the present state; a 200 is without lines until `cosign` has stored it.

        Raises NotSigningError while this store may be an old copy, which may have forgotten what was cosigned.
        """
        if self._ledger.own.signing_refused:
            raise NotSigningError(f"this node cosigns nothing: {self._ledger.own.signing_refused}")
        origin = request.checkpoint.origin
        before = reads.cosigned(origin_digest(origin))
        answer = decide(request, self._keys(reads, origin), Seen(*before[:2]) if before else Seen())
        if answer.code == 200 and self._contradicts(reads, request):
            return Answer(422)
        return answer

    def cosign(self, change: Transaction, request: Request) -> Answer:
        """Decides again and stores what is cosigned.

        The lines must not leave before the transaction is durable and `remember` has returned.
        """
        answer = self.look(change, request)
        if answer.code != 200:
            return answer
        checkpoint, ledger = request.checkpoint, self._ledger
        name = witness_name(ledger.log_id)
        line = cosign(checkpoint, name, ledger.witness_key, int(ledger.clock()))
        keys = self._keys(change, checkpoint.origin)
        note = Quorum((), 0).cleaned(request.note, keys)
        stored = bytes(Note(note.text, (*note.signatures, line)))
        change.set_cosigned(origin_digest(checkpoint.origin), *checkpoint, stored)
        change.set_fact(COSIGNED, str(1 + int(change.fact(COSIGNED) or 0)).encode())
        return Answer(200, 0, f"{line}\n".encode())

    def remember(self) -> None:
        """Notes outside of the store that it has cosigned once more. Raises StoreUnusableError."""
        with self._remembering:
            with self._ledger.store.read() as reads:
                count = int(reads.fact(COSIGNED) or 0)
            if count > self._remembered:
                self._ledger.tally.put(count)
                self._remembered = count

    def last(self, reads: Snapshot, digest: bytes) -> bytes:
        """The last checkpoint cosigned of an origin. Raises NotFoundError."""
        found = reads.cosigned(digest)
        if found is None:
            raise NotFoundError("this node has cosigned nothing of that origin")
        return found[2]

    def _keys(self, reads: Snapshot, origin: str) -> list[VerifierKey]:
        """The keys that may sign for an origin: named by the operator, or by the charters of a log that is held.

        Not the own log's: a cosignature by the one who signed would witness nothing.
        """
        keys = [key for key in self._logs if key.name == origin]
        try:
            log_id, epoch = Origin.parse(origin)
        except Malformed:
            return keys
        held = [tree for tree in reads.epochs(log_id) if not tree.hidden]
        if log_id == self._ledger.log_id or not held or epoch > 1 + max(tree.origin.epoch for tree in held):
            return keys
        charters = max((reads.charters(tree.tree) for tree in held), key=len)
        return [*keys, *establish(charters).verifier_keys(epoch)] if charters else keys

    def _contradicts(self, reads: Snapshot, request: Request) -> bool:
        """Whether a checkpoint is not of the entries that are held here of its log."""
        tree, (_, size, root) = _held(reads, request.checkpoint.origin), request.checkpoint
        return tree is not None and size <= tree.size and root_at(reads, tree.tree, size) != root


def _held(reads: Snapshot, origin: str) -> Tree | None:
    try:
        return reads.tree(Origin.parse(origin))
    except Malformed:
        return None


def witness_verifier(ledger: Ledger) -> VerifierKey:
    """The key that others verify this node's cosignatures with."""
    return verifier_of(ledger.log_id, ledger.witness_key)


def verifier_of(log_id: bytes, key: SigningKey) -> VerifierKey:
    """The verifier key of a node's witness key."""
    return VerifierKey(witness_name(log_id), TYPE_COSIGNATURE, key.public)
