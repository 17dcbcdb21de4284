# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles: frames in a file, framed with lengths, a header that says what it holds, an end mark (spec 14). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, TypeAlias

import msgspec

from protocol.encoding import Value, decode, encode
from protocol.errors import Malformed
from protocol.frames import FRAME_BYTES_MAX, LIMITS, Entries, HeadField, Heads, decode_frame, encode_frame
from protocol.identity import Origin
from protocol.record import LogIdBytes

FAMILY, VERSION = b"folkmoot/bundle/", b"1\0"
TAG = FAMILY + VERSION
RANGE_BYTES = 131_072
"""What an ENTRIES of a bundle holds at most, unless it is one entry."""
LOGS_MAX = 10_000
BUNDLE_PATH = "/bundle"
MEDIA_TYPE = "application/vnd.folkmoot.bundle"
_LENGTH_BYTES, _CHECK_BYTES = 4, 8

_Meta = msgspec.Meta
_Count = Annotated[int, _Meta(ge=0, le=2**63 - 1)]

Item: TypeAlias = "Heads | Entries | Malformed"
"""What follows the header: a frame, or what was wrong where one should have been."""


class Part(msgspec.Struct, frozen=True):
    """What a bundle holds of one epoch of one log: the entries `from_`..`to`."""

    log: LogIdBytes
    epoch: Annotated[int, _Meta(ge=1, lt=2**32)]
    from_: _Count = msgspec.field(name="from")
    to: _Count

    @property
    def origin(self) -> Origin:
        """Which epoch of which log."""
        return Origin(self.log, self.epoch)


class _Header(msgspec.Struct, frozen=True):
    logs: Annotated[list[Part], _Meta(max_length=LOGS_MAX)]


_header_decoder = msgspec.msgpack.Decoder(_Header)


def encode_record(content: bytes) -> bytes:
    """A record: length, content, check. Raises Malformed if the content is too long."""
    if len(content) > FRAME_BYTES_MAX:
        raise Malformed("record_size", f"a record of {len(content)} bytes")
    data = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    return data + sha256(data).digest()[:_CHECK_BYTES]


END = encode_record(b"")


def encode_header(parts: Sequence[Part]) -> bytes:
    """How a bundle of these parts, which ascend, begins. Raises Malformed (`header`) if they are too many."""
    if len(parts) > LOGS_MAX:
        raise Malformed("header", f"{len(parts)} logs, at most {LOGS_MAX} stand in one bundle")
    logs: list[Value] = [{"log": part.log, "epoch": part.epoch, "from": part.from_, "to": part.to} for part in parts]
    return TAG + encode_record(encode({"logs": logs}, LIMITS))


def encode_item(frame: Heads | Entries) -> bytes:
    """The record of a frame."""
    return encode_record(encode_frame(frame))


def read_header(read: Callable[[int], bytes]) -> list[Part]:
    """The parts that a bundle says it holds. `read(n)` gives the next n bytes, fewer only at the end.

    Raises Malformed with the reason of spec 14 §1.
    """
    tag = read(len(TAG))
    if not tag.startswith(FAMILY):
        if FAMILY.startswith(tag) and tag:
            raise Malformed("truncated", "the file ends within its first line")
        raise Malformed("tag", "not a bundle")
    if tag != TAG:
        raise Malformed("version", "a bundle of another version: a newer program may read it")
    content = _read_record(read)
    if not content:
        raise Malformed("header", "a bundle without a header")
    if isinstance(content, Malformed):
        raise content
    return parse_header(content)


def parse_header(content: bytes) -> list[Part]:
    """The parts that a header names. Raises Malformed (`header`)."""
    try:
        decode(content, LIMITS)
        parts = _header_decoder.decode(content).logs
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed("header", f"not the header of a bundle: {error}") from None
    origins = [part.origin for part in parts]
    if any(one >= other for one, other in pairwise(origins)):
        raise Malformed("header", "the logs of the bundle are not in order")
    if any(part.from_ > part.to for part in parts):
        raise Malformed("header", "a range that ends before it begins")
    return parts


def read_items(read: Callable[[int], bytes]) -> Iterator[Item]:
    """The frames after the header, up to the end mark; a damaged or malformed one is named in its place.

    Raises Malformed (`record_size`, `truncated`, `trailing`) where nothing more can be read.
    """
    while content := _read_record(read):
        if isinstance(content, Malformed):
            yield content
            continue
        try:
            frame = decode_frame(content)
        except Malformed as error:
            yield Malformed("malformed", error.text)
            continue
        if isinstance(frame, Heads | Entries):
            yield frame
        elif frame is not None:
            yield Malformed("order", f"a {type(frame).__name__} does not belong in a bundle")
    if read(1):
        raise Malformed("trailing", "something follows the end of the bundle")


def _read_record(read: Callable[[int], bytes]) -> bytes | Malformed:
    """The content of the next record, empty for the end mark; what is wrong if its check is."""
    begin = read(_LENGTH_BYTES)
    length = int.from_bytes(begin, "big")
    if len(begin) == _LENGTH_BYTES and length > FRAME_BYTES_MAX:
        raise Malformed("record_size", f"a record of {length} bytes: the file is damaged, or not a bundle")
    rest = read(length + _CHECK_BYTES) if len(begin) == _LENGTH_BYTES else b""
    if len(rest) != length + _CHECK_BYTES:
        raise Malformed("truncated", "the file ends before its end mark: it was cut off")
    content, check = rest[:length], rest[length:]
    if sha256(begin + content).digest()[:_CHECK_BYTES] == check:
        return content
    damaged = Malformed("damaged", f"a record of {length} bytes is not what was written")
    if length:
        return damaged
    raise damaged


class Course:
    """The one log of a bundle whose frames come now: whether each is the next one that may (spec 14 §3)."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.size = -1
        self.next = part.from_

    @property
    def complete(self) -> bool:
        """Whether all of it has come."""
        return self.size >= 0 and self.next == self.part.to

    def head(self, frame: Heads) -> HeadField:
        """The head with which the log begins. Raises Malformed (`order`)."""
        if (
            self.size >= 0
            or len(frame.heads) != 1
            or Origin(frame.heads[0].log, frame.heads[0].epoch) != (self.part.origin)
        ):
            raise Malformed("order", "a head where that of another log belongs")
        return frame.heads[0]

    def begin(self, size: int) -> None:
        """The head's checkpoint is of `size` entries. Raises Malformed (`order`)."""
        if self.part.to > size:
            raise Malformed("order", f"entries up to {self.part.to} under a checkpoint of {size}")
        self.size = size

    def entries(self, frame: Entries) -> None:
        """The next range has come. Raises Malformed (`order`)."""
        end = frame.from_ + len(frame.entries)
        here = Origin(frame.log, frame.epoch) == self.part.origin and frame.size == self.size
        if not here or frame.from_ != self.next or end > self.part.to:
            raise Malformed("order", f"entries {frame.from_} to {end} where those from {self.next} on belong")
        self.next = end


def encode_piece(head: HeadField, entries: Entries | None = None) -> bytes:
    """A whole bundle of one log that holds one range, or only the head."""
    from_, count = (entries.from_, len(entries.entries)) if entries else (0, 0)
    records = [encode_item(Heads([head])), *([encode_item(entries)] if entries else [])]
    return b"".join((encode_header([Part(head.log, head.epoch, from_, from_ + count)]), *records, END))
