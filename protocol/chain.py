# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the state of a log says of a member or an account: the chain of what concerns it, its leaf (page 17 §10)."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

import msgspec

from protocol.errors import Malformed
from protocol.merkle import HASH_BYTES

SORT_MEMBER, SORT_ACCOUNT = 0, 1
SCALE_MAX = 9
START = bytes(HASH_BYTES)
_TAG = b"folkmoot/chain/1\0"


def link(head: bytes, leaf: bytes, position: int) -> bytes:
    """The head of a chain with one more entry: that of this leaf hash at this position (`START` before the first)."""
    return extend(head, link_end(leaf, position))


def link_end(leaf: bytes, position: int) -> bytes:
    """What an entry adds to every chain that it is a link of."""
    return leaf + position.to_bytes(8, "big")


def extend(head: bytes, end: bytes) -> bytes:
    """The head of a chain with one more entry, whose `link_end` this is."""
    return sha256(_TAG + head + end).digest()


class StateLeaf(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """A leaf of the state. Amounts are in the smallest part of the unit; `scale` is how many decimals that has.

    Of a member posted, reserved and scale are 0 and the unit is empty.
    """

    id: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    sort: Annotated[int, msgspec.Meta(ge=SORT_MEMBER, le=SORT_ACCOUNT)]
    count: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    head: Annotated[bytes, msgspec.Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
    posted: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] = 0
    reserved: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    unit: Annotated[str, msgspec.Meta(max_length=12, pattern=r"^[A-Za-z0-9._-]*\Z")] = ""
    scale: Annotated[int, msgspec.Meta(ge=0, le=SCALE_MAX)] = 0

    def encode(self) -> bytes:
        """The bytes that are hashed as a leaf of the state's tree."""
        return _encoder.encode(self)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StateLeaf)


def parse_state_leaf(data: bytes) -> StateLeaf:
    """The leaf in these bytes. Raises Malformed (`leaf`)."""
    try:
        leaf = _decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("leaf", f"not a leaf of a state: {error}") from None
    if leaf.encode() != data:
        raise Malformed("leaf", "a second spelling of a leaf")
    if leaf.sort == SORT_MEMBER and (leaf.posted or leaf.reserved or leaf.unit or leaf.scale):
        raise Malformed("leaf", "a member's leaf with an amount")
    if leaf.sort == SORT_ACCOUNT and not leaf.unit:
        raise Malformed("leaf", "an account's leaf without a unit")
    return leaf
