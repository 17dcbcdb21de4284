# SPDX-License-Identifier: AGPL-3.0-or-later
"""Chains and leaves of the state, spec 17 §10."""

import hashlib
import re
from dataclasses import dataclass

from tests.reference import messagepack, tree
from tests.reference.messagepack import Value
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_array, is_bytes, is_integer

START = bytes(32)


def link(head: bytes, leaf: bytes, position: int) -> bytes:
    """The head of a chain that is longer by the entry with this leaf hash."""
    return hashlib.sha256(b"folkmoot/chain/1\0" + head + leaf + position.to_bytes(8, "big")).digest()


@dataclass(frozen=True)
class Leaf:
    """What the state says of a member (sort 0) or an account (sort 1)."""

    id: bytes
    sort: int
    count: int = 0
    head: bytes = START
    posted: int = 0
    reserved: int = 0
    unit: str = ""
    scale: int = 0

    def encode(self) -> bytes:
        """The bytes of the leaf."""
        value: list[Value] = [
            self.id, self.sort, self.count, self.head, self.posted, self.reserved, self.unit, self.scale,
        ]  # fmt: skip
        return messagepack.encode(value)


def decode_leaf(data: bytes) -> Leaf:
    """A leaf, or `leaf`."""
    try:
        value = messagepack.decode(data)
    except RejectionError:
        raise RejectionError("leaf") from None
    require(is_array(value, 8, 8), "leaf")
    identity, sort, count, head, posted, reserved, unit, scale = value
    require(is_bytes(identity, 16) and is_integer(sort, 0, 1) and is_integer(count), "leaf")
    require(is_bytes(head, 32) and is_integer(posted, -(2**63)) and is_integer(reserved), "leaf")
    require(isinstance(unit, str) and is_integer(scale, 0, 9), "leaf")
    if sort == 0:
        require(posted == reserved == scale == 0 and unit == "", "leaf")
    else:
        require(re.fullmatch(r"[A-Za-z0-9._-]{1,12}", unit), "leaf")
    return Leaf(*value)


def root(leaves: list[Leaf]) -> bytes:
    """The root over the leaves, which are in the order in which they came."""
    return tree.root([tree.leaf_hash(leaf.encode()) for leaf in leaves])
