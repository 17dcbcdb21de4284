# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deterministic MessagePack, spec 01: read any form, then demand that writing it again gives the same bytes."""

import unicodedata
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.reference.rejection import reject, require

# A boolean, integer, bytes, text, list or map of the same. What it is in each place is checked as it runs.
Value: TypeAlias = Any


@dataclass(frozen=True)
class Limits:
    """Limits of a decoder, spec 01 §2. Sizes in bytes, counts in elements."""

    input_bytes: int = 65_536
    string_bytes: int = 65_535
    array_elements: int = 4_096
    map_entries: int = 256
    depth: int = 8


DEFAULT_LIMITS = Limits()

# First byte -> (sort of value, bytes of the length or number that follows), spec 01 §1.
FORMS = {
    0xC4: ("bytes", 1),
    0xC5: ("bytes", 2),
    0xC6: ("bytes", 4),
    0xCC: ("natural", 1),
    0xCD: ("natural", 2),
    0xCE: ("natural", 4),
    0xCF: ("natural", 8),
    0xD0: ("signed", 1),
    0xD1: ("signed", 2),
    0xD2: ("signed", 4),
    0xD3: ("signed", 8),
    0xD9: ("text", 1),
    0xDA: ("text", 2),
    0xDB: ("text", 4),
    0xDC: ("array", 2),
    0xDD: ("array", 4),
    0xDE: ("map", 2),
    0xDF: ("map", 4),
}


def encode(value: Value) -> bytes:
    """The one encoding of a value, spec 01 §1; refuses a value that has none."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return encode_integer(value)
    if isinstance(value, bytes):
        return encode_head("bytes", len(value)) + value
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, list):
        return encode_head("array", len(value)) + b"".join(encode(element) for element in value)
    if isinstance(value, dict):
        require(all(isinstance(key, str) for key in value), "key_type")
        pairs = sorted((key.encode("utf-8", "surrogatepass"), key) for key in value)
        return encode_head("map", len(value)) + b"".join(encode_text(key) + encode(value[key]) for _, key in pairs)
    return reject("nil" if value is None else "float")


def encode_integer(number: int) -> bytes:
    """An integer in its shortest form."""
    require(-(2**63) <= number < 2**63, "integer_range")
    if -32 <= number < 128:
        return number.to_bytes(1, "big", signed=number < 0)
    for first, (sort, width) in FORMS.items():
        if sort == "natural" and 0 <= number < 256**width:
            return bytes([first]) + number.to_bytes(width, "big")
        if sort == "signed" and -(256**width) // 2 <= number < 0:
            return bytes([first]) + number.to_bytes(width, "big", signed=True)
    raise AssertionError(number)


def encode_text(text: str) -> bytes:
    """Text as UTF-8, in normalisation form C."""
    require(not any(0xD800 <= ord(character) <= 0xDFFF for character in text), "utf8")
    require(unicodedata.normalize("NFC", text) == text, "nfc")
    data = text.encode()
    return encode_head("text", len(data)) + data


def encode_head(sort: str, length: int) -> bytes:
    """The narrowest head of a byte string, text, array or map of this length."""
    short = {"text": (0xA0, 32), "array": (0x90, 16), "map": (0x80, 16), "bytes": (0, 0)}[sort]
    if length < short[1]:
        return bytes([short[0] + length])
    for first, (form, width) in FORMS.items():
        if form == sort and length < 256**width:
            return bytes([first]) + length.to_bytes(width, "big")
    return reject("too_large")


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Value:
    """The one value that the bytes hold, spec 01 §3; refuses everything else."""
    require(len(data) <= limits.input_bytes, "too_large")
    value, end = read_value(data, 0, limits, limits.depth)
    require(end == len(data), "trailing")
    require(encode(value) == data, "not_canonical")
    return value


def read_value(data: bytes, at: int, limits: Limits, room: int) -> tuple[Value, int]:
    """The value that begins at `at`, and where it ends. `room`: how many levels may still be opened."""
    sort, number, at = read_head(data, at)
    if sort == "boolean":
        return bool(number), at
    if sort == "integer":
        require(-(2**63) <= number < 2**63, "integer_range")
        return number, at
    if sort in ("bytes", "text"):
        require(number <= limits.string_bytes, "too_large")
        piece = read_bytes(data, at, number)
        return (piece if sort == "bytes" else read_text(piece)), at + number
    require(room > 0, "too_deep")
    if sort == "array":
        require(number <= limits.array_elements, "too_large")
        elements = []
        for _ in range(number):
            element, at = read_value(data, at, limits, room - 1)
            elements.append(element)
        return elements, at
    require(number <= limits.map_entries, "too_large")
    pairs: dict[str, Value] = {}
    for _ in range(number):
        require(at < len(data), "truncated")
        require(0xA0 <= data[at] <= 0xBF or 0xD9 <= data[at] <= 0xDB, "key_type")
        key, at = read_value(data, at, limits, 0)
        assert isinstance(key, str)
        pairs[key], at = read_value(data, at, limits, room - 1)
    return pairs, at


def read_head(data: bytes, at: int) -> tuple[str, int, int]:
    """Sort of value, its number or length, and where the head ends."""
    first = read_bytes(data, at, 1)[0]
    at += 1
    for start, end, sort, offset in (
        (0x00, 0x7F, "integer", 0),
        (0x80, 0x8F, "map", 0x80),
        (0x90, 0x9F, "array", 0x90),
        (0xA0, 0xBF, "text", 0xA0),
        (0xC2, 0xC3, "boolean", 0xC2),
        (0xE0, 0xFF, "integer", 0x100),
    ):
        if start <= first <= end:
            return sort, first - offset, at
    require(first != 0xC0, "nil")
    require(first not in (0xCA, 0xCB), "float")
    require(first in FORMS, "extension")
    sort, width = FORMS[first]
    number = int.from_bytes(read_bytes(data, at, width), "big", signed=sort == "signed")
    return ("integer" if sort in ("natural", "signed") else sort), number, at + width


def read_bytes(data: bytes, at: int, length: int) -> bytes:
    """Exactly this many bytes."""
    require(at + length <= len(data), "truncated")
    return data[at : at + length]


def read_text(piece: bytes) -> str:
    """Text from UTF-8; whether it is in form C is seen here, so that the reason is the direct one."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        reject("utf8")
    require(unicodedata.normalize("NFC", text) == text, "nfc")
    return text
