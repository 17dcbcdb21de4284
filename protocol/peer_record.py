# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed peer records: where an organisation's node can be reached (spec 16 §1)."""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

import msgspec

from protocol.encoding import Limits, decode, encode
from protocol.errors import Malformed
from protocol.record import LogIdBytes
from protocol.signature import SIGNATURE_BYTES, SigningKey, verify

RECORD_BYTES_MAX = 4_096
UNTIL_S_MAX = 7 * 86_400
"""How long a record may count, from when it is made."""

_LIMITS = Limits(input_bytes=RECORD_BYTES_MAX, string_bytes=RECORD_BYTES_MAX, array_elements=8)
_TAG = b"folkmoot/peer/1\0"
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")
_Meta = msgspec.Meta
_Count = Annotated[int, _Meta(ge=0)]


class _Said(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: Literal[1]
    log: LogIdBytes
    sequence: _Count
    addresses: Annotated[list[Annotated[str, _Meta(max_length=200)]], _Meta(max_length=4)]
    via: Annotated[list[LogIdBytes], _Meta(max_length=4)]
    until: _Count


class PeerRecord(NamedTuple):
    """Where a log's node is: base URLs, and logs whose nodes carry a tunnel to it; `until` is in UTC seconds."""

    log: bytes
    sequence: int
    addresses: tuple[str, ...]
    via: tuple[bytes, ...]
    until: int


class SignedRecord(NamedTuple):
    """A peer record with its bytes and the key that says it; nothing is verified yet."""

    record: PeerRecord
    said: bytes
    key: bytes
    signature: bytes

    def __bytes__(self) -> bytes:
        """The record as it is kept and passed on."""
        return encode([self.said, self.key, self.signature], _LIMITS)

    def check(self, keys: list[bytes]) -> None:
        """Checks that one of the operating keys in force of its log signed it. Raises Malformed."""
        if self.key not in keys:
            raise Malformed("key", "a peer record by a key that its log does not name")
        if not verify(self.key, _TAG + self.said, self.signature):
            raise Malformed("bad_signature", "the signature on a peer record fails")


_said_decoder = msgspec.msgpack.Decoder(_Said)


def sign_record(record: PeerRecord, key: SigningKey) -> bytes:
    """The bytes of a peer record, signed."""
    said = encode([1, record.log, record.sequence, list(record.addresses), list(record.via), record.until], _LIMITS)
    return encode([said, key.public, key.sign(_TAG + said)], _LIMITS)


def parse_record(data: bytes) -> SignedRecord:
    """A peer record from its bytes. Raises Malformed (`form`)."""
    try:
        match decode(data, _LIMITS):
            case [bytes(said), bytes(key), bytes(signature)] if len(key) == 32 and len(signature) == SIGNATURE_BYTES:
                decode(said, _LIMITS)
                parts = _said_decoder.decode(said)
            case _:
                raise Malformed("form", "a peer record is what is said, a key and a signature")
    except (Malformed, msgspec.DecodeError) as error:
        raise Malformed("form", f"not a peer record: {error}") from None
    if not all(map(_ADDRESS.fullmatch, parts.addresses)):
        raise Malformed("form", "an address that is not an http or https URL")
    record = PeerRecord(parts.log, parts.sequence, tuple(parts.addresses), tuple(parts.via), parts.until)
    return SignedRecord(record, said, key, signature)
