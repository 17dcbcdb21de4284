# SPDX-License-Identifier: AGPL-3.0-or-later
"""A steward's session in a browser: signed in with the token, kept by a cookie, over loopback or https only."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from node.keys import CONFIG, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

COOKIE = "folkmoot_steward"
SESSION_S, IDLE_S = 12 * 3600, 2 * 3600
SESSIONS_MAX = 32
ATTEMPTS_MAX, ATTEMPTS_ALL_MAX, ATTEMPTS_S = 5, 40, 60.0
"""Wrong tokens within so many seconds: from one address, and from all."""


@dataclass
class Session:
    """Somebody who has shown the steward's token. `csrf` stands in each form that they are given."""

    csrf: str
    begun: float
    used: float


@dataclass
class Sessions:
    """The sessions of a running node, and who has tried to get one. A cookie is known by its hash alone."""

    clock: Callable[[], float] = time.monotonic
    _open: dict[bytes, Session] = field(default_factory=dict)
    _attempts: list[tuple[float, str]] = field(default_factory=list)

    def begin(self) -> str:
        """Opens a session; what its cookie holds. The one that was used least lately makes room."""
        cookie, now = secrets.token_urlsafe(32), self.clock()
        if len(self._open) >= SESSIONS_MAX:
            del self._open[min(self._open, key=lambda name: self._open[name].used)]
        self._open[_name(cookie)] = Session(secrets.token_urlsafe(32), now, now)
        return cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie, if it is open."""
        session, now = self._open.get(_name(cookie)), self.clock()
        if session is None:
            return None
        if now - session.begun >= SESSION_S or now - session.used > IDLE_S:
            self.end(cookie)
            return None
        session.used = now
        return session

    def end(self, cookie: str) -> None:
        """Closes a session."""
        self._open.pop(_name(cookie), None)

    def may_try(self, address: str) -> bool:
        """Whether somebody at an address may try a token now."""
        now = self.clock()
        self._attempts = [one for one in self._attempts if now - one[0] < ATTEMPTS_S]
        mine = sum(where == address for _, where in self._attempts)
        return mine < ATTEMPTS_MAX and len(self._attempts) < ATTEMPTS_ALL_MAX

    def failed(self, address: str) -> None:
        """Somebody has tried a wrong token."""
        self._attempts.append((self.clock(), address))


SESSIONS = web.AppKey("sessions", Sessions)


def _name(cookie: str) -> bytes:
    return sha256(cookie.encode(errors="surrogateescape")).digest()


def session_of(request: web.Request) -> Session | None:
    """The session of whoever asks, if there is one."""
    cookie = request.cookies.get(COOKIE, "")
    return request.app[SESSIONS].find(cookie) if cookie and is_private_way(request) else None


def is_token(request: web.Request, given: str) -> bool:
    """Whether somebody has named the steward's token."""
    return hmac.compare_digest(given.strip().encode(errors="surrogateescape"), request.app[TOKEN].encode())


def is_private_way(request: web.Request) -> bool:
    """Whether nobody can read along: over https, on this machine, or through a proxy here that serves https."""
    if request.secure:
        return True
    if not _is_loopback(request.remote or ""):
        return False
    public = URL(request.app[CONFIG].public_url) if request.app[CONFIG].public_url else None
    host = URL(f"http://{request.host}").host or ""
    behind_proxy = public is not None and public.scheme == "https" and host == public.host
    return behind_proxy or host == "localhost" or _is_loopback(host)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def set_cookie(request: web.Request, response: web.Response, cookie: str) -> None:
    """Gives a browser its cookie: no script reads it, no other site sends it along."""
    public = request.app[CONFIG].public_url
    secure = request.secure or (public.startswith("https:") and URL(public).host == URL(f"http://{request.host}").host)
    response.set_cookie(COOKIE, cookie, max_age=SESSION_S, path="/", httponly=True, samesite="Strict", secure=secure)


def is_from_form(session: Session, given: str) -> bool:
    """Whether a form was given out in this session."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), session.csrf.encode())
