# SPDX-License-Identifier: AGPL-3.0-or-later
"""The few packet rules that the tests need, told to the kernel's nf_tables over netlink: `nft` is not everywhere.

All speak of the network namespace of the calling thread.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NETFILTER = 12
_BEGIN, _END, _ERROR = 0x10, 0x11, 0x02
_NEW_TABLE, _DELETE_TABLE, _NEW_CHAIN, _NEW_RULE = 0xA00, 0xA02, 0xA03, 0xA06
_REQUEST, _ACKNOWLEDGE, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_IPV4, _NESTED, _DROP = 2, 0x8000, 0
_INPUT, _FORWARD, _OUTPUT, _POSTROUTING = 1, 2, 3, 4
_EQUAL, _UNEQUAL = 0, 1
_FROM_INTERFACE, _TO_INTERFACE = 6, 7
_NEW_CONNECTION = struct.pack("=I", 8)


def masquerade(outside: str) -> None:
    """Makes a router of this namespace: what leaves by an interface bears its address, nothing new comes in by it."""
    forward = [*_interface(_FROM_INTERFACE, outside), _connection_state(), _compare(bytes(4), _UNEQUAL), _drop()]
    _tell(
        [
            *_table("router"),
            _chain("router", "out", "nat", _POSTROUTING, 100),
            _rule("router", "out", [*_interface(_TO_INTERFACE, outside), _expression("masq")]),
            _chain("router", "in", "filter", _FORWARD, 0),
            _rule("router", "in", forward),
        ]
    )


def cut_off(addresses: Iterable[str]) -> None:
    """Drops everything from and to these addresses, without a word, until `heal`."""
    messages = [*_table("cut"), _chain("cut", "in", "filter", _INPUT, 0), _chain("cut", "out", "filter", _OUTPUT, 0)]
    for address in addresses:
        packed = socket.inet_aton(address)
        messages.append(_rule("cut", "in", [_header(12), _compare(packed), _drop()]))
        messages.append(_rule("cut", "out", [_header(16), _compare(packed), _drop()]))
    _tell(messages)


def heal() -> None:
    """Ends `cut_off`."""
    _tell([(_DELETE_TABLE, 0, _text(1, "cut"))])


# Messages: (type, flags, attributes).


def _table(name: str) -> list[tuple[int, int, bytes]]:
    return [(_NEW_TABLE, _CREATE, _text(1, name))]


def _chain(table: str, name: str, kind: str, hook: int, priority: int) -> tuple[int, int, bytes]:
    where = _nested(4, _number(1, hook) + _number(2, priority))
    return _NEW_CHAIN, _CREATE, _text(1, table) + _text(3, name) + where + _text(7, kind)


def _rule(table: str, chain: str, expressions: list[bytes]) -> tuple[int, int, bytes]:
    content = _text(1, table) + _text(2, chain) + _nested(4, b"".join(expressions))
    return _NEW_RULE, _CREATE | _APPEND, content


# Expressions, over register 1.


def _interface(which: int, name: str) -> list[bytes]:
    return [_expression("meta", _number(2, which) + _number(1, 1)), _compare(name.encode().ljust(16, b"\0"))]


def _header(offset: int) -> bytes:
    """Four bytes of the IPv4 header."""
    return _expression("payload", _number(1, 1) + _number(2, 1) + _number(3, offset) + _number(4, 4))


def _connection_state() -> bytes:
    """Not zero if the packet begins a connection."""
    mask = _nested(4, _attribute(1, _NEW_CONNECTION)) + _nested(5, _attribute(1, bytes(4)))
    return _expression("ct", _number(2, 0) + _number(1, 1)) + _expression(
        "bitwise", _number(1, 1) + _number(2, 1) + _number(3, 4) + mask
    )


def _compare(value: bytes, how: int = _EQUAL) -> bytes:
    return _expression("cmp", _number(1, 1) + _number(2, how) + _nested(3, _attribute(1, value)))


def _drop() -> bytes:
    return _expression("immediate", _number(1, 0) + _nested(2, _nested(2, _number(1, _DROP))))


def _expression(name: str, content: bytes = b"") -> bytes:
    return _nested(1, _text(1, name) + _nested(2, content))


# Netlink's encoding.


def _attribute(number: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4)


def _number(number: int, value: int) -> bytes:
    return _attribute(number, struct.pack(">I", value))


def _text(number: int, value: str) -> bytes:
    return _attribute(number, value.encode() + b"\0")


def _nested(number: int, content: bytes) -> bytes:
    return _attribute(number | _NESTED, content)


def _message(kind: int, flags: int, sequence: int, family: int, subsystem: int, content: bytes = b"") -> bytes:
    body = struct.pack("=BB", family, 0) + struct.pack(">H", subsystem) + content
    return struct.pack("=IHHII", 16 + len(body), kind, flags | _REQUEST, sequence, 0) + body


def _tell(messages: list[tuple[int, int, bytes]]) -> None:
    """Makes the changes, all or none. Raises OSError."""
    batch = [_message(_BEGIN, 0, 0, 0, 10)]
    batch += [
        _message(kind, flags | _ACKNOWLEDGE, number, _IPV4, 0, content)
        for number, (kind, flags, content) in enumerate(messages, 1)
    ]
    batch.append(_message(_END, 0, len(messages) + 1, 0, 10))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER) as kernel:
        kernel.bind((0, 0))
        kernel.settimeout(5)
        kernel.send(b"".join(batch))
        acknowledged = 0
        while acknowledged < len(messages):
            answer = kernel.recv(65_536)
            while answer:
                length, kind, _, sequence, _, error = struct.unpack_from("=IHHIIi", answer)
                if kind == _ERROR and error:
                    raise OSError(-error, f"{os.strerror(-error)} (packet rule {sequence} of {len(messages)})")
                acknowledged += kind == _ERROR
                answer = answer[(length + 3) & ~3 :]
