# SPDX-License-Identifier: AGPL-3.0-or-later
"""The member statement: everything a log says of one member, in one file (spec 20); `member_verdict` judges it."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, TypeAlias

import msgspec

from protocol.charter import CHARTERS_MAX
from protocol.encoding import Limits, decode, encode
from protocol.errors import Malformed

HEADER = b"folkmoot/member-statement/1\n"
MEMBER_STATEMENT_BYTES_MAX = 8_388_608
ENTRIES_MAX = 100_000
_LIMITS = Limits(
    input_bytes=MEMBER_STATEMENT_BYTES_MAX - len(HEADER),
    string_bytes=65_536,
    array_elements=ENTRIES_MAX,
    map_entries=16,
    depth=4,
)

_Meta = msgspec.Meta
_Hash = Annotated[bytes, _Meta(min_length=32, max_length=32)]
_Position = Annotated[int, _Meta(ge=0, le=2**63 - 2)]
ToldEntry: TypeAlias = tuple[_Position, bytes, bytes, list[_Position]]
"""Position, entry, payload (empty if it is not shown), and which of the leaves it concerns."""
ToldLeaf: TypeAlias = tuple[_Position, bytes]
"""Index in the state, and the encoded leaf."""


class MemberStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A parsed statement: of its form, but nothing in it is verified yet. The last entry is the `state` entry."""

    log: _Hash
    epoch: Annotated[int, _Meta(ge=1, le=2**63 - 1)]
    member: Annotated[bytes, _Meta(min_length=16, max_length=16)]
    charters: Annotated[list[bytes], _Meta(min_length=1, max_length=CHARTERS_MAX)]
    note: bytes
    trust: bytes
    entries: Annotated[list[ToldEntry], _Meta(min_length=1)]
    hashes: list[_Hash]
    leaves: Annotated[list[ToldLeaf], _Meta(min_length=1)]
    path: list[_Hash]


_decoder = msgspec.msgpack.Decoder(MemberStatement)


def write_member_statement(statement: MemberStatement) -> bytes:
    """The file. Raises Malformed (`too_large`) if it would be larger than a reader takes."""
    return HEADER + encode(msgspec.to_builtins(statement, builtin_types=(bytes,)), _LIMITS)


def parse_member_statement(data: bytes) -> MemberStatement:
    """The statement in a file. Raises Malformed, with the reason of the part that is not of its form."""
    if not data.startswith(HEADER):
        raise Malformed("header", f"not a member statement: it does not begin with {HEADER.decode().strip()}")
    if len(data) > MEMBER_STATEMENT_BYTES_MAX:
        raise Malformed("too_large", f"a member statement is at most {MEMBER_STATEMENT_BYTES_MAX} bytes")
    decode(data[len(HEADER) :], _LIMITS)
    try:
        statement = _decoder.decode(data[len(HEADER) :])
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("form", f"not a member statement: {error}") from None
    _check_order("positions", [position for position, *_ in statement.entries])
    _check_order("indexes", [index for index, _ in statement.leaves])
    for position, *_, concerns in statement.entries:
        _check_order(f"what entry {position} concerns", concerns)
        if concerns and concerns[-1] >= len(statement.leaves):
            raise Malformed("order", f"entry {position} concerns a leaf that is not there")
    return statement


def _check_order(what: str, numbers: list[int]) -> None:
    if any(following <= number for number, following in pairwise(numbers)):
        raise Malformed("order", f"{what} do not ascend")
