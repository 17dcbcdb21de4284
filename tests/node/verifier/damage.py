# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bytes that went wrong on their way, and what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.errors import Malformed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


def verdict(find: Callable[[], str]) -> str:
    """What is found, or the reason why it is refused."""
    try:
        return find()
    except Malformed as error:
        return f"refused: {error.reason}"


def damage(data: bytes, chance: random.Random) -> bytes:
    """The same bytes, but for one change of those that happen: a bit, a byte, a piece left out, twice or moved."""
    at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    piece = data[at : min(to, at + 40)]
    match chance.randrange(5):
        case 0:
            at = min(at, len(data) - 1)
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at] + chance.randbytes(1) + data[at:]
        case 2:
            return data[:at] + data[at + len(piece) :]
        case 3:
            return data[:at] + piece + data[at:]
    return data[:to] + piece + data[to:]
