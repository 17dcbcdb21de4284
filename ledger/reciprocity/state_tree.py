# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree over the leaves of a log's state (page 17 §10): its root and proofs, brought up with what has changed. Pure.

It keeps hashes only, about 150 bytes for each leaf. A changed leaf costs as many hashes as the tree is high; a new one
moves all those behind it, whose part of the tree is hashed anew, once, when the root is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from ledger.errors import NotFoundError
from protocol.merkle import EMPTY_ROOT, HASH_BYTES, Node, fold_nodes, inclusion_nodes, leaf_hash
from protocol.multiproof import multiproof_nodes


class StateTree:
    """Leaves in ascending order of id. Mutable; `put` is cheap, the work is done by whatever asks next."""

    def __init__(self, leaves: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """`leaves` are (id, encoded leaf) in any order."""
        self._ids: list[bytes] = []
        self._levels: list[bytearray] = [bytearray()]
        """The hashes of each level, joined. The last node of a level that has no neighbour stands in the next as it
        is, which gives the tree of RFC 6962."""
        self._pending: dict[bytes, bytes] = {}
        for leaf_id, leaf in leaves:
            self.put(leaf_id, leaf)

    def put(self, leaf_id: bytes, leaf: bytes) -> None:
        """Sets or adds the leaf of an id, encoded."""
        self._pending[leaf_id] = leaf_hash(leaf)

    def __len__(self) -> int:
        """How many leaves there are."""
        self._settle()
        return len(self._ids)

    def root(self) -> bytes:
        """The root over all leaves."""
        self._settle()
        return bytes(self._levels[-1]) if self._ids else EMPTY_ROOT

    def ids(self) -> Iterator[bytes]:
        """The ids of the leaves in order."""
        self._settle()
        return iter(self._ids)

    def index(self, leaf_id: bytes) -> int:
        """Where the leaf of an id stands. Raises NotFoundError."""
        self._settle()
        found = self._find(leaf_id)
        if found < 0:
            raise NotFoundError(f"the state has no member or account {leaf_id.hex()}")
        return found

    def prove(self, indexes: Sequence[int]) -> list[bytes]:
        """The multiproof of leaves at ascending indexes (spec 20 §1)."""
        self._settle()
        return self._fold(multiproof_nodes(indexes, len(self._ids)))

    def prove_one(self, index: int) -> list[bytes]:
        """The inclusion proof of a leaf (spec 05 §2)."""
        self._settle()
        return self._fold(inclusion_nodes(index, len(self._ids)))

    def _fold(self, wanted: Sequence[Sequence[Node]]) -> list[bytes]:
        return fold_nodes(wanted, {node: self._hash(node) for nodes in wanted for node in nodes})

    def _hash(self, node: Node) -> bytes:
        begin = node.number * HASH_BYTES
        return bytes(self._levels[node.level][begin : begin + HASH_BYTES])

    def _find(self, leaf_id: bytes) -> int:
        at = bisect_left(self._ids, leaf_id)
        return at if at < len(self._ids) and self._ids[at] == leaf_id else -1

    def _settle(self) -> None:
        """Takes in what has been put."""
        if not self._pending:
            return
        changed, added = set(), {}
        for leaf_id, value in self._pending.items():
            at = self._find(leaf_id)
            if at < 0:
                added[leaf_id] = value
            else:
                self._levels[0][at * HASH_BYTES : (at + 1) * HASH_BYTES] = value
                changed.add(at)
        self._pending = {}
        if added:
            first = self._insert(added)
            changed = {at for at in changed if at < first} | set(range(first, len(self._ids)))
        self._rehash(changed)

    def _insert(self, added: dict[bytes, bytes]) -> int:
        """Puts new leaves in their places; the index of the first of them."""
        first = bisect_left(self._ids, min(added))
        leaves = self._levels[0]
        for number, leaf_id in enumerate(self._ids[first:], first):
            added[leaf_id] = bytes(leaves[number * HASH_BYTES : (number + 1) * HASH_BYTES])
        moved = sorted(added)
        self._ids[first:] = moved
        leaves[first * HASH_BYTES :] = b"".join([added[leaf_id] for leaf_id in moved])
        return first

    def _rehash(self, changed: set[int]) -> None:
        """Hashes what lies above the leaves at these indexes."""
        size, level = len(self._ids), 0
        while size > 1:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            below, above = self._levels[level], self._levels[level + 1]
            changed = {at >> 1 for at in changed}
            size, level = (size + 1) >> 1, level + 1
            if len(above) < size * HASH_BYTES:
                above.extend(bytes(size * HASH_BYTES - len(above)))
            for at in changed:
                pair = below[at * 2 * HASH_BYTES : (at + 1) * 2 * HASH_BYTES]
                value = sha256(b"\x01" + pair).digest() if len(pair) > HASH_BYTES else pair
                above[at * HASH_BYTES : (at + 1) * HASH_BYTES] = value
