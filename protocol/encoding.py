# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deterministic MessagePack with limits (spec 01): one value, one spelling."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

Value: TypeAlias = "int | bool | bytes | str | list[Value] | dict[str, Value]"

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1


class Limits(NamedTuple):
    """What a decoder takes at most (spec 01 §2): sizes in bytes, counts in elements."""

    input_bytes: int = 65_536
    string_bytes: int = 65_535
    array_elements: int = 4_096
    map_entries: int = 256
    depth: int = 8


LIMITS = Limits()

_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoder = msgspec.msgpack.Decoder()


def encode(value: Value, limits: Limits = LIMITS) -> bytes:
    """The one encoding of a value.

    Raises Malformed for what has none: floats, None, text that is not NFC, integers outside int64, excess of a limit.
    """
    check(value, limits)
    data = _encoder.encode(value)
    if len(data) > limits.input_bytes:
        raise Malformed("too_large", f"{len(data)} bytes, at most {limits.input_bytes} are allowed")
    return data


def decode(data: bytes, limits: Limits = LIMITS) -> Value:
    """The value that these bytes spell. Raises Malformed unless they are its one encoding within the limits."""
    if len(data) > limits.input_bytes:
        raise Malformed("too_large", f"{len(data)} bytes, at most {limits.input_bytes} are allowed")
    try:
        value = _decoder.decode(data)
    except msgspec.DecodeError as error:
        reason = "truncated" if "truncated" in str(error) else "trailing"
        raise Malformed(reason, f"not one MessagePack value: {error}") from None
    except RecursionError:
        raise Malformed("too_deep", f"nested deeper than {limits.depth}") from None
    except UnicodeDecodeError as error:
        raise Malformed("utf8", f"text that is not UTF-8: {error}") from None
    except (TypeError, ValueError) as error:
        raise Malformed("key_type", f"not allowed here: {error}") from None
    check(value, limits)
    if _encoder.encode(value) != data:
        raise Malformed("not_canonical", "a second spelling of the same value")
    return value  # type: ignore[no-any-return] # check() has established the type


def check(value: object, limits: Limits = LIMITS) -> None:  # noqa: C901 - one branch for each type of value
    """Raises Malformed unless the value may be encoded (spec 01 §1) and keeps the limits of size, count and depth.

    Goes through the value level by level: this runs for every record that is taken in.
    """
    level, string_bytes = [value], limits.string_bytes
    for depth in range(limits.depth + 1):
        deeper: list[object] = []
        for item in level:
            kind = type(item)
            if kind is str:
                if not item.isascii() or len(item) > string_bytes:  # type: ignore[attr-defined, arg-type] # kind is str
                    _check_text(item, limits)  # type: ignore[arg-type] # kind is str
            elif kind is int:
                if not INTEGER_MIN <= item <= INTEGER_MAX:  # type: ignore[operator] # kind is int
                    raise Malformed("integer_range", f"integer {item} does not fit 64 bits with sign")
            elif kind is bytes:
                if len(item) > string_bytes:  # type: ignore[arg-type] # kind is bytes
                    raise Malformed("too_large", f"byte string over {string_bytes} bytes")
            elif kind is dict or kind is list or kind is tuple:
                if depth == limits.depth:
                    raise Malformed("too_deep", f"nested deeper than {limits.depth}")
                deeper += _parts(item, limits)  # type: ignore[arg-type] # kind is a container
            elif kind is not bool:
                _refuse_type(item)
        if not deeper:
            return
        level = deeper


def _check_text(value: str, limits: Limits) -> None:
    if not unicodedata.is_normalized("NFC", value):
        raise Malformed("nfc", f"text not in normalisation form C: {value[:40]!r}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise Malformed("utf8", f"text with a lone surrogate: {value[:40]!r}") from None
    if size > limits.string_bytes:
        raise Malformed("too_large", f"text over {limits.string_bytes} bytes")


def _parts(value: list[object] | dict[object, object], limits: Limits) -> Iterable[object]:
    """What a container holds, its keys checked."""
    if not isinstance(value, dict):
        if len(value) > limits.array_elements:
            raise Malformed("too_large", f"array of over {limits.array_elements} elements")
        return value
    if len(value) > limits.map_entries:
        raise Malformed("too_large", f"map of over {limits.map_entries} entries")
    for key in value:
        if type(key) is not str:
            raise Malformed("key_type", f"map key that is not text: {key!r:.40}")
        if not key.isascii() or len(key) > limits.string_bytes:
            _check_text(key, limits)
    return value.values()


def _refuse_type(value: object) -> None:
    if value is None:
        raise Malformed("nil", "nil: a field without a value is left out")
    if isinstance(value, float):
        raise Malformed("float", "floating point numbers are not allowed")
    raise Malformed("extension", f"a {type(value).__name__} has no encoding")
