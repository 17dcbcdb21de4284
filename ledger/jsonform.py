# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statement bodies as JSON and back: bytes in hexadecimal, log ids in their 52 characters."""

from __future__ import annotations

from typing import Any

from protocol.encoding import LIMITS
from protocol.errors import Malformed
from protocol.identity import LOG_ID_BYTES, parse_log_id, show_log_id

_BYTES = frozenset({"import", "file", "key"})


def to_json(value: object, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """A value of the encoding as JSON."""
    if isinstance(value, bytes):
        return show_log_id(value) if key == "log" and len(value) == LOG_ID_BYTES else value.hex()
    if isinstance(value, dict):
        return {name: to_json(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item, "log" if key == "parties" else "") for item in value]
    return value


def refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON from its fields. Raises Malformed (`json`) if one stands there twice: which was meant?"""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Malformed("json", "an object that has a field twice")
    return value


def from_json(value: object, depth: int = 0) -> Any:  # noqa: ANN401 - any value of the encoding
    """A statement body or part of one from JSON.

    Raises Malformed: `body` where bytes are not spelled as they should, `too_deep` beyond what can be encoded.
    """
    if depth > LIMITS.depth:
        raise Malformed("too_deep", f"nested deeper than {LIMITS.depth}")
    if isinstance(value, dict):
        return {key: _field(key, item, value, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item, depth + 1) for item in value]
    return value


def _field(key: str, item: object, beside: dict[str, object], depth: int) -> object:
    if isinstance(item, str):
        if key == "log":
            return parse_log_id(item)
        if key in _BYTES or (key == "id" and "scheme" not in beside):
            try:
                return bytes.fromhex(item)
            except ValueError:
                raise Malformed("body", f"{key}: bytes are written in hexadecimal, not {item[:60]!r}") from None
    if key == "parties" and isinstance(item, list):
        return [parse_log_id(party) if isinstance(party, str) else party for party in item]
    return from_json(item, depth)
