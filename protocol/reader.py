# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a member shows a node who is asking: a signature in the request (spec 17 §12)."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import NamedTuple

from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.note import strict_base64
from protocol.signature import SigningKey, verify
from protocol.statement import AT_MAX

SCHEME = "Folkmoot-Member"
WINDOW_S = 300
"""So far may the clocks of member and node be apart."""

_PURPOSE = b"folkmoot/reader/1\0"
_HEADER = re.compile(rf"{SCHEME} ([0-9a-f]{{32}}) (0|[1-9][0-9]{{0,12}}) ([A-Za-z0-9+/]{{86}}==)")


class Asking(NamedTuple):
    """What is asked: of which host and log, by which member, which target (path and query), when (UTC seconds)."""

    host: str
    log_id: bytes
    member: bytes
    target: str
    at: int

    def message(self) -> bytes:
        """What the member signs."""
        return _PURPOSE + encode([self.host.lower(), self.log_id, self.member, self.target, self.at])

    def header(self, key: SigningKey) -> str:
        """The value of the header `Authorization`."""
        signature = b64encode(key.sign(self.message())).decode()
        return f"{SCHEME} {self.member.hex()} {self.at} {signature}"


class Shown(NamedTuple):
    """What a header says: the member, when, and the signature."""

    member: bytes
    at: int
    signature: bytes

    def holds(self, asking: Asking, key: bytes, now: int) -> bool:
        """Whether that member's key signed what is asked, at about this time."""
        return abs(now - self.at) <= WINDOW_S and verify(key, asking.message(), self.signature)


def read_header(text: str) -> Shown:
    """What a header of this scheme says. Raises Malformed (`reader`)."""
    found = _HEADER.fullmatch(text)
    if found is None:
        raise Malformed("reader", f"not a header of {SCHEME}: {text[:60]!r}")
    try:
        signature = strict_base64(found[3])
    except Malformed as error:
        raise Malformed("reader", error.text) from None
    if int(found[2]) > AT_MAX:
        raise Malformed("reader", f"{found[2]} is not a time")
    return Shown(bytes.fromhex(found[1]), int(found[2]), signature)
