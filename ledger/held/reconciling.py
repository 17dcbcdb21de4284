# SPDX-License-Identifier: AGPL-3.0-or-later
"""The set of checkpoints held here, kept up with the store, and reconciliations with peers over it (spec 13)."""

from __future__ import annotations

import threading
from base64 import b64decode
from typing import TYPE_CHECKING

from protocol.ranges import Index, Item
from protocol.reconcile import Reconciliation, Step

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from protocol.rangeframes import Items, Ranges


class HeldSet:
    """What is held completely. Empty until it is first used; from then on about 14 MB for 100,000 logs.

    For any thread: a large answer takes some tenths of a second, so none of this is for the event loop.
    """

    def __init__(self) -> None:
        self._index = Index()
        self._upto = 0
        self._hidden = 0
        self._lock = threading.Lock()

    def stand(self, reads: Snapshot) -> tuple[int, int]:
        """How many there are, and the arrival number of the last one."""
        with self._lock:
            self._follow(reads)
            return len(self._index), self._upto

    def begin(self, reads: Snapshot, salt: bytes) -> Reconciliation:
        """One side of a reconciliation with one peer, over the set as it is now and as it changes."""
        with self._lock:
            self._follow(reads)
            return Reconciliation(self._index, salt)

    def start(self, reads: Snapshot, side: Reconciliation) -> Ranges | Items:
        """The first question to a peer."""
        with self._lock:
            self._follow(reads)
            return side.start()

    def receive(self, reads: Snapshot, side: Reconciliation, frame: Ranges | Items) -> Step:
        """What to do about a peer's frame."""
        with self._lock:
            self._follow(reads)
            return side.receive(frame)

    def _follow(self, reads: Snapshot) -> None:
        """Takes in what has changed in the store since the last time, and leaves out what is denied."""
        hidden = reads.hidings()
        if hidden != self._hidden:
            self._hidden = hidden
            for tree in reads.trees():
                if tree.hidden:
                    self._index.remove(tree.origin)
        for tree in reads.changed_since(self._upto):
            self._upto = tree.arrival
            if tree.checkpoint and not tree.hidden:
                self._index.put(held_item(tree))


def held_item(tree: Tree) -> Item:
    """The checkpoint up to which a log is held. It was parsed and verified before it was stored."""
    root = tree.checkpoint.split(b"\n", 3)[2]
    return Item(tree.origin, tree.checkpoint_size, b64decode(root))
