# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frames of a gossip session: their fields, encoding and limits (spec 09 §2)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from protocol.encoding import Limits, decode, encode
from protocol.errors import Malformed
from protocol.rangeframes import Items, Ranges
from protocol.record import LogIdBytes

FRAME_BYTES_MAX = 1_048_576
RANGE_BYTES_MAX = 262_144
HEADS_MAX = 256
PAYLOADS_MAX = 1_024
FORK_BYTES_MAX = 65_536
PEERS_MAX = 32
TUNNEL_BYTES_MAX = 1_000_000
UNREAD_BYTES_MAX = 65_536
"""Of an unknown type, or in unknown fields: more is not looked into, so that nobody builds what they do not know."""
LIMITS = Limits(input_bytes=FRAME_BYTES_MAX, string_bytes=FRAME_BYTES_MAX - 1, array_elements=16_384)

_Meta = msgspec.Meta
_Count = Annotated[int, _Meta(ge=0, le=2**63 - 1)]
_Epoch = Annotated[int, _Meta(ge=1, lt=2**32)]
_Code = Annotated[str, _Meta(max_length=64)]
_Store = Annotated[bytes, _Meta(min_length=16, max_length=16)]
_Hash = Annotated[bytes, _Meta(min_length=32, max_length=32)]
_Charters = Annotated[list[bytes], _Meta(max_length=64)]


class HeadField(msgspec.Struct, frozen=True):
    """A log's checkpoint with the charters that establish its key."""

    log: LogIdBytes
    epoch: _Epoch
    checkpoint: bytes
    charters: _Charters


class Hello(msgspec.Struct, frozen=True):
    """Who I am; first, both ways."""

    versions: Annotated[list[int], _Meta(max_length=16)]
    network: _Code
    log: LogIdBytes
    nonce: _Hash
    role: Annotated[int, _Meta(ge=0, le=1)]
    features: Annotated[list[_Code], _Meta(max_length=32)]
    charters: _Charters


class Auth(msgspec.Struct, frozen=True):
    """Proof that I hold the key of the log that I named."""

    key: _Hash
    signature: Annotated[bytes, _Meta(min_length=64, max_length=64)]


class Reject(msgspec.Struct, frozen=True):
    """I do not talk to you, and why."""

    code: _Code


class Resume(msgspec.Struct, frozen=True):
    """What changed since my cursor with you?"""

    scope: _Code
    store: Annotated[bytes, _Meta(max_length=16)]
    cursor: _Count

    def __post_init__(self) -> None:
        """A store has an id of 16 bytes; it is empty at first contact."""
        if len(self.store) not in {0, 16}:
            raise ValueError(f"a store id of {len(self.store)} bytes")


class Heads(msgspec.Struct, frozen=True):
    """Checkpoints of logs that I hold."""

    heads: Annotated[list[HeadField], _Meta(max_length=HEADS_MAX)]


class Cursor(msgspec.Struct, frozen=True):
    """All changes up to here have been told."""

    store: _Store
    upto: _Count


class Want(msgspec.Struct, frozen=True):
    """Give me a range of entries."""

    log: LogIdBytes
    epoch: _Epoch
    size: _Count
    from_: _Count = msgspec.field(name="from")
    to: _Count
    bytes: Annotated[int, _Meta(ge=1, le=RANGE_BYTES_MAX)]
    payloads: bool


class Entries(msgspec.Struct, frozen=True):
    """A range of entries, each with its payload or empty bytes, and the proof that they belong."""

    log: LogIdBytes
    epoch: _Epoch
    size: _Count
    from_: _Count = msgspec.field(name="from")
    entries: Annotated[list[tuple[bytes, bytes]], _Meta(min_length=1)]
    proof: Annotated[list[_Hash], _Meta(max_length=64)]


class Missing(msgspec.Struct, frozen=True):
    """I cannot serve that range."""

    log: LogIdBytes
    epoch: _Epoch
    from_: _Count = msgspec.field(name="from")
    code: _Code


class Busy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ask again later; the log is named if this answers a WANT."""

    retry: Annotated[int, _Meta(ge=0, le=86_400)]
    log: Annotated[bytes, _Meta(max_length=32)] = b""
    epoch: _Count = 0
    from_: _Count = msgspec.field(default=0, name="from")


class Ping(msgspec.Struct, frozen=True):
    """Are you there?"""

    time: _Count
    reply: bool


class Bye(msgspec.Struct, frozen=True):
    """I close; come back after `retry` seconds."""

    code: _Code
    retry: Annotated[int, _Meta(ge=0, le=86_400)]


class GetHeads(msgspec.Struct, frozen=True):
    """What do you hold of these logs? Answered by HEADS for what is held and SKIP for the rest."""

    logs: Annotated[list[LogIdBytes], _Meta(max_length=HEADS_MAX)]


class Skip(msgspec.Struct, frozen=True):
    """I do not carry these logs."""

    logs: Annotated[list[LogIdBytes], _Meta(max_length=HEADS_MAX)]
    code: _Code


class Payloads(msgspec.Struct, frozen=True):
    """Payloads that did not come with their entries: asked for by position, given with it."""

    log: LogIdBytes
    epoch: _Epoch
    ask: Annotated[list[_Count], _Meta(max_length=PAYLOADS_MAX)]
    items: Annotated[list[tuple[_Count, bytes]], _Meta(max_length=PAYLOADS_MAX)]


class Witness(msgspec.Struct, frozen=True):
    """Cosign this checkpoint: as a witness is asked over HTTP (spec 09 §6)."""

    log: LogIdBytes
    epoch: _Epoch
    old: _Count
    proof: Annotated[list[_Hash], _Meta(max_length=63)]
    checkpoint: bytes


class Cosignature(msgspec.Struct, frozen=True):
    """The answer to WITNESS: a status and signature lines (spec 09 §6)."""

    log: LogIdBytes
    epoch: _Epoch
    size: _Count
    code: Annotated[int, _Meta(ge=100, le=599)]
    old: _Count
    lines: bytes


class Fork(msgspec.Struct, frozen=True):
    """A log has signed two histories: the proof (spec 09 §6)."""

    proof: Annotated[bytes, _Meta(max_length=FORK_BYTES_MAX)]


class Peers(msgspec.Struct, frozen=True):
    """Signed peer records; `ask` if some are wanted in return."""

    ask: bool
    records: Annotated[list[Annotated[bytes, _Meta(max_length=4_096)]], _Meta(max_length=PEERS_MAX)]


class Tunnel(msgspec.Struct, frozen=True):
    """Bytes of a session between two other nodes, carried by one that has agreed to."""

    to: LogIdBytes
    sender: LogIdBytes
    stream: _Count
    code: Literal["open", "data", "close", "refused"]
    data: Annotated[bytes, _Meta(max_length=TUNNEL_BYTES_MAX)]


Errand: TypeAlias = GetHeads | Skip | Ranges | Items | Payloads | Witness | Cosignature | Fork | Peers | Tunnel
"""Frames that leave the state of a session as it is."""

Frame: TypeAlias = (
    Hello | Auth | Reject | Resume | Heads | Cursor | Want | Entries | Missing | Busy | Ping | Bye
    | Errand
)  # fmt: skip

TYPES: dict[int, type[Frame]] = {
    1: Hello,
    2: Auth,
    3: Reject,
    4: Resume,
    5: Heads,
    6: Cursor,
    7: Want,
    8: Entries,
    9: Missing,
    10: Busy,
    11: Ping,
    12: Bye,
    13: GetHeads,
    14: Skip,
    15: Ranges,
    16: Items,
    17: Payloads,
    18: Witness,
    19: Cosignature,
    20: Fork,
    21: Peers,
    22: Tunnel,
}
_NUMBERS = {shape: number for number, shape in TYPES.items()}
_decoders = {number: msgspec.msgpack.Decoder(shape) for number, shape in TYPES.items()}


class _Envelope(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    type: int
    fields: msgspec.Raw


_envelope_decoder = msgspec.msgpack.Decoder(_Envelope)
_sorted_encoder = msgspec.msgpack.Encoder(order="sorted")
_ENTRIES_HEAD = bytes([0x92, _NUMBERS[Entries]])
"""How an array of two begins whose first element is that type."""


def encode_frame(frame: Frame) -> bytes:
    """The bytes of a frame. Raises Malformed if it is over a limit."""
    if isinstance(frame, Entries):
        data = _ENTRIES_HEAD + _sorted_encoder.encode(frame)
        if len(data) > FRAME_BYTES_MAX:
            raise Malformed("too_large", f"a frame of {len(data)} bytes")
        return data
    fields = msgspec.to_builtins(frame, builtin_types=(bytes,))
    return encode([_NUMBERS[type(frame)], fields], LIMITS)


def decode_frame(data: bytes) -> Frame | None:
    """The frame in these bytes, None if its type is unknown. Raises Malformed."""
    if data[:2] == _ENTRIES_HEAD and len(data) <= FRAME_BYTES_MAX:
        entries = _decode_entries(data)
        if entries is not None:
            return entries
    try:
        frame = _typed(data)
    except Malformed:
        if len(data) <= UNREAD_BYTES_MAX:
            decode(data, LIMITS)  # which may have a better reason
        raise
    if len(data) - (0 if frame is None else len(_sorted_encoder.encode(frame))) > UNREAD_BYTES_MAX:
        if frame is None:
            return None
        raise Malformed("too_large", f"over {UNREAD_BYTES_MAX} bytes of fields that are not known here")
    value = decode(data, LIMITS)
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], dict):
        raise Malformed("malformed", "not a frame: a type and its fields")
    return frame


def _typed(data: bytes) -> Frame | None:
    """What these bytes spell, if they have the form of a frame; whether it is their one encoding is to be looked at.

    The forms keep this quick: a megabyte of empty arrays takes sixty times as long to build as to refuse.
    """
    if len(data) > FRAME_BYTES_MAX:
        raise Malformed("too_large", f"a frame of {len(data)} bytes")
    try:
        envelope = _envelope_decoder.decode(data)
        decoder = _decoders.get(envelope.type)
        return None if decoder is None else decoder.decode(envelope.fields)
    except RecursionError:
        raise Malformed("too_deep", f"nested deeper than {LIMITS.depth}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed("malformed", f"not a frame: {error}") from None


def _decode_entries(data: bytes) -> Entries | None:
    """An ENTRIES frame, or None for one that needs a closer look.

    These are nearly all that is sent. Their types say what `decode` would look for: there is no text, no nil and no
    depth in them, and whatever does not encode to the same bytes again is left to the slow way.
    """
    try:
        entries = _decoders[_NUMBERS[Entries]].decode(memoryview(data)[2:])
    except (msgspec.DecodeError, ValueError):
        return None
    assert isinstance(entries, Entries)
    spelled_once = _ENTRIES_HEAD + _sorted_encoder.encode(entries) == data
    return entries if spelled_once and len(entries.entries) <= LIMITS.array_elements else None


def auth_message(network: str, role: int, log: bytes, nonce: bytes, other_log: bytes, other_nonce: bytes) -> bytes:
    """What AUTH signs (spec 09 §3)."""
    return b"folkmoot/auth/1\0" + encode([network, role, log, nonce, other_log, other_nonce])
