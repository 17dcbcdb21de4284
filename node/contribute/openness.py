# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may propose here, and how often: by configuration, by address, by forms that were given out."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.errors import NotOpenError, TooMuchError
from ledger.proposals.inbox import ORIGIN_BYTES
from node.keys import CONFIG
from node.web.crowd import around, network_of

if TYPE_CHECKING:
    from collections.abc import Callable

SENDS_MAX, SENDS_S = 6, 60.0
"""How often something may be sent from one address in so many seconds."""
FORM_S = 12 * 3600
_ADDRESSES_MAX = 10_000


@dataclass
class Openness:
    """What a running node keeps in mind of those who propose: for how long forms are good, who has sent how much."""

    clock: Callable[[], float] = time.monotonic
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _sent: dict[bytes, list[float]] = field(default_factory=dict)

    def origin(self, address: str) -> bytes:
        """What tells one address from another, until the node is started again. Nobody can say which it is.

        Its first half is the same for all addresses of a site, which has many networks of IPv6.
        """
        try:
            found = ip_address(address)
        except ValueError:
            return b""
        if found.is_loopback:  # this machine, or a proxy on it behind which everybody is
            return b""
        return self._half(around(found)) + self._half(network_of(address))

    def _half(self, network: str) -> bytes:
        return sha256(self._secret + network.encode()).digest()[: ORIGIN_BYTES // 2]

    def count(self, origin: bytes) -> None:
        """Somebody sends something. Raises TooMuchError if they have just sent a lot."""
        now = self.clock()
        if len(self._sent) > _ADDRESSES_MAX:
            self._sent.clear()
        lately = [at for at in self._sent.get(origin, ()) if now - at < SENDS_S]
        if len(lately) >= SENDS_MAX * (1 if origin else 10):
            raise TooMuchError("that was a lot at once: wait a minute, then try again")
        self._sent[origin] = [*lately, now]

    def form_token(self) -> str:
        """What stands in a form that is given out: only such forms are taken back."""
        at = str(int(self.clock()))
        return f"{at}-{self._mac(at)}"

    def is_form(self, token: str) -> bool:
        """Whether a form was given out here, not too long ago."""
        at, _, mac = token.partition("-")
        if not (at.isascii() and at.isdigit() and len(at) < 18):
            return False
        given = mac.encode(errors="surrogateescape")
        return hmac.compare_digest(given, self._mac(at).encode()) and 0 <= self.clock() - int(at) < FORM_S

    def _mac(self, at: str) -> str:
        return hmac.new(self._secret, f"form {at}".encode(), "sha256").hexdigest()[:32]


OPENNESS = web.AppKey("openness", Openness)


def origin_of(request: web.Request) -> bytes:
    """What tells whoever asks from others."""
    return request.app[OPENNESS].origin(request.remote or "")


def may_propose(request: web.Request, link: str) -> None:
    """Raises NotOpenError where nobody may propose, TooMuchError where somebody has sent too much just now."""
    check_open(request, link)
    request.app[OPENNESS].count(origin_of(request))


def check_open(request: web.Request, link: str) -> None:
    """Raises NotOpenError where nobody may propose, or only by a link."""
    whom = request.app[CONFIG].proposals
    if whom == "closed":
        raise NotOpenError("nothing is proposed here: whoever runs this node has switched it off")
    if whom == "links" and not link:
        raise NotOpenError("one proposes here by a link of a steward: ask them for one")
