# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of statements from JSON: what is bytes follows from the types of the specification."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec.inspect import (
    BytesType,
    DictType,
    ListType,
    NoneType,
    StructType,
    TupleType,
    Type,
    UnionType,
    type_info,
)

from ledger.jsonform import from_json
from protocol.errors import Malformed
from protocol.identity import parse_log_id
from protocol.knowledge import KNOWLEDGE_BODIES
from protocol.reciprocity import RECIPROCITY_BODIES

if TYPE_CHECKING:
    from protocol.encoding import Value

_LOG_ID = re.compile(r"[a-z2-7]{52}")
_TYPES = RECIPROCITY_BODIES | KNOWLEDGE_BODIES
_HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2})*")


def body_from_json(kind: str, value: object) -> dict[str, Value]:
    """A statement's body from JSON: bytes in hexadecimal, log ids in their 52 characters. Raises Malformed.

    Amounts are whole numbers of their unit's smallest part, as they are signed; days count from 1970-01-01.
    """
    read = _read(value, _type_of(kind)) if kind in _TYPES else from_json(value)
    if not isinstance(read, dict):
        raise Malformed("body", "a body is an object")
    return read


@cache
def _type_of(kind: str) -> Type:
    return type_info(_TYPES[kind])


def _read(value: object, kind: Type) -> Value:
    """A value with its bytes; what is not of the type that is meant stays, to be refused with the rest."""
    match kind, value:
        case UnionType(), _:
            return _read(value, _meant(value, kind))
        case BytesType(), str():
            return _bytes(value)
        case ListType(), list():
            return [_read(item, kind.item_type) for item in value]
        case TupleType(), list() if len(value) == len(kind.item_types):
            return [_read(item, each) for item, each in zip(value, kind.item_types, strict=True)]
        case DictType(), dict():
            return {key: _read(item, kind.value_type) for key, item in value.items()}
        case StructType(), dict():
            fields = {field.encode_name: field.type for field in kind.fields}
            return {
                key: _read(item, fields[key]) if key in fields else from_json({key: item})[key]
                for key, item in value.items()
            }
    return value  # type: ignore[return-value] # what JSON holds; whether it may be said is checked after this


def _meant(value: object, kind: UnionType) -> Type:
    """Which of several types a value is meant to be of."""
    for each in kind.types:
        if isinstance(each, StructType) and isinstance(value, dict):
            if each.tag is None or value.get(each.tag_field) == each.tag:
                return each
        elif (isinstance(each, BytesType) and isinstance(value, str)) or (
            isinstance(each, ListType | TupleType) and isinstance(value, list)
        ):
            return each
    return NoneType()


def _bytes(text: str) -> bytes:
    if _LOG_ID.fullmatch(text):
        return parse_log_id(text)
    if not _HEXADECIMAL.fullmatch(text):
        raise Malformed("body", f"bytes are written in hexadecimal, log ids in their 52 characters, not {text[:60]!r}")
    return bytes.fromhex(text)


def body_to_json(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """A body of the ledger, or a part of one, as JSON: what `body_from_json` reads."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: body_to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [body_to_json(item) for item in value]
    return value
