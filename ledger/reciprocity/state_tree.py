# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree over the leaves of a log's state (spec 17 §10): its root and proofs, brought up with what has changed. Pure.

It keeps hashes only, about 200 bytes for each leaf. A changed leaf, or a new one, costs as many hashes as the tree is
high: leaves stand in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from ledger.errors import NotFoundError
from protocol.merkle import EMPTY_ROOT, HASH_BYTES, Node, fold_nodes, inclusion_nodes, leaf_hash
from protocol.multiproof import multiproof_nodes


class StateTree:
    """Leaves in the order in which they were first put. Mutable; `put` is cheap, whatever asks next does the work."""

    def __init__(self, leaves: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """`leaves` are (id, encoded leaf) in their order."""
        self._numbers: dict[bytes, int] = {}
        self._levels: list[bytearray] = [bytearray()]
        """The hashes of each level, joined. The last node of a level that has no neighbour stands in the next as it
        is, which gives the tree of RFC 6962."""
        self._changed: set[int] = set()
        for leaf_id, leaf in leaves:
            self.put(leaf_id, leaf)

    def put(self, leaf_id: bytes, leaf: bytes) -> None:
        """Sets the leaf of an id, encoded, or adds it behind all others."""
        number = self._numbers.setdefault(leaf_id, len(self._numbers))
        self._levels[0][number * HASH_BYTES : (number + 1) * HASH_BYTES] = leaf_hash(leaf)
        self._changed.add(number)

    def __len__(self) -> int:
        """How many leaves there are."""
        return len(self._numbers)

    def root(self) -> bytes:
        """The root over all leaves."""
        self._rehash()
        return bytes(self._levels[-1]) if self._numbers else EMPTY_ROOT

    def ids(self) -> Iterator[bytes]:
        """The ids of the leaves in order."""
        return iter(self._numbers)

    def index(self, leaf_id: bytes) -> int:
        """Where the leaf of an id stands. Raises NotFoundError."""
        number = self._numbers.get(leaf_id)
        if number is None:
            raise NotFoundError(f"the state has no member or account {leaf_id.hex()}")
        return number

    def prove(self, indexes: Sequence[int]) -> list[bytes]:
        """The multiproof of leaves at ascending indexes (spec 20 §1)."""
        self._rehash()
        return self._fold(multiproof_nodes(indexes, len(self._numbers)))

    def prove_one(self, index: int) -> list[bytes]:
        """The inclusion proof of a leaf (spec 05 §2)."""
        self._rehash()
        return self._fold(inclusion_nodes(index, len(self._numbers)))

    def _fold(self, wanted: Sequence[Sequence[Node]]) -> list[bytes]:
        return fold_nodes(wanted, {node: self._hash(node) for nodes in wanted for node in nodes})

    def _hash(self, node: Node) -> bytes:
        begin = node.number * HASH_BYTES
        return bytes(self._levels[node.level][begin : begin + HASH_BYTES])

    def _rehash(self) -> None:
        """Hashes what lies above the leaves that have changed."""
        changed, self._changed = self._changed, set()
        size, level = len(self._numbers), 0
        if not changed:
            return
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
