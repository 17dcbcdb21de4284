# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a gossip session tells its driver to do, and what it is told of its own side (spec 09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from protocol.identity import Origin

if TYPE_CHECKING:
    from protocol.charter import LogKeys
    from protocol.frames import Entries, Errand, HeadField, Want
    from protocol.signature import SigningKey


class Me(NamedTuple):
    """Our side: what it says in HELLO and signs in AUTH. role 0 opened the connection, 1 accepted it.

    `nonce` is the public key of `secret`, drawn for this session (spec 15 §1).
    """

    network: str
    log: bytes
    key: SigningKey
    charters: tuple[bytes, ...]
    role: int
    nonce: bytes
    secret: bytes = b""
    features: tuple[str, ...] = ()


class Send(NamedTuple):
    """Send these bytes."""

    data: bytes


class Close(NamedTuple):
    """Close the connection. `fault` if the other side broke the protocol or a proof was false."""

    code: str
    fault: bool
    retry_s: int = 0


class Opened(NamedTuple):
    """The other side is who it says. The driver answers with `resume`."""

    peer: LogKeys


class TellSince(NamedTuple):
    """The other side asks for changes after its cursor. The driver answers with `tell`."""

    store: bytes
    cursor: int


class TakeHeads(NamedTuple):
    """Heads to verify and store. The driver answers with `fetch` for each log that is behind."""

    heads: list[HeadField]


class TakeCursor(NamedTuple):
    """To be kept once everything before it is stored."""

    store: bytes
    upto: int


class Serve(NamedTuple):
    """A range is asked for. The driver answers with `say`."""

    want: Want


class TakeRange(NamedTuple):
    """The next range of a log that is being fetched, in order. The driver verifies, stores, and calls `stored`."""

    origin: Origin
    entries: Entries


class Hear(NamedTuple):
    """A frame that is the driver's to act on. The driver answers with `say`."""

    frame: Errand


class FetchEnded(NamedTuple):
    """A fetch ended: complete, or refused by the other side, which may be asked again after `retry_s`."""

    origin: Origin
    complete: bool
    retry_s: int = 0


Action: TypeAlias = Send | Close | Opened | TellSince | TakeHeads | TakeCursor | Serve | TakeRange | FetchEnded | Hear
