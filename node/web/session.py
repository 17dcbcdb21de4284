# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sessions in a browser, over loopback or https only: a steward's, by the token; others', by their key."""

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

COOKIE, MEMBER_COOKIE, ROLE_COOKIE = "folkmoot_steward", "folkmoot_member", "folkmoot_role"
COOKIES = frozenset({COOKIE, MEMBER_COOKIE, ROLE_COOKIE})
SESSION_S, IDLE_S = 12 * 3600, 2 * 3600
SESSIONS_MAX, MEMBERS_MAX, ROLES_MAX = 32, 2_000, 500
ATTEMPTS_MAX, ATTEMPTS_ALL_MAX, ATTEMPTS_S = 5, 40, 60.0
"""Wrong tokens within so many seconds that are answered as such: from one address, and from all. A right one is always
taken: nobody guesses 256 bits, and behind a proxy everybody has one address."""


@dataclass
class Session:
    """Somebody who has shown the steward's token, as a `member` that they have the `key` in force, or a `key` alone.

    `csrf` stands in each form that they are given.
    """

    csrf: str
    begun: float
    used: float
    member: bytes = b""
    key: bytes = b""


@dataclass
class Sessions:
    """The sessions of a running node, and who has tried to get one. A cookie is known by its hash alone."""

    clock: Callable[[], float] = time.monotonic
    most: int = SESSIONS_MAX
    _open: dict[bytes, Session] = field(default_factory=dict)
    _attempts: list[tuple[float, str]] = field(default_factory=list)
    _taken: dict[bytes, float] = field(default_factory=dict)

    def begin(self, member: bytes = b"", key: bytes = b"") -> str:
        """Opens a session; what its cookie holds. The one that was used least lately makes room."""
        cookie, now = secrets.token_urlsafe(32), self.clock()
        if len(self._open) >= self.most:
            self._open.pop(min(self._open.copy().items(), key=lambda item: item[1].used)[0], None)
        self._open[_name(cookie)] = Session(secrets.token_urlsafe(32), now, now, member, key)
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
        """Whether somebody at an address whose token was wrong may have tried."""
        now = self.clock()
        self._attempts = [one for one in self._attempts if now - one[0] < ATTEMPTS_S]
        mine = sum(where == address for _, where in self._attempts)
        return mine < ATTEMPTS_MAX and len(self._attempts) < ATTEMPTS_ALL_MAX

    def failed(self, address: str) -> None:
        """Somebody has tried a wrong token."""
        self._attempts.append((self.clock(), address))

    def take(self, code: bytes, good_s: float) -> bool:
        """Takes what is good once, and for so many seconds; whether it had not been taken."""
        now = self.clock()
        self._taken = {one: until for one, until in self._taken.items() if until > now}
        if code in self._taken:
            return False
        self._taken[code] = now + good_s
        return True


SESSIONS, MEMBERS = web.AppKey("sessions", Sessions), web.AppKey("members", Sessions)
ROLE_SESSIONS = web.AppKey("role sessions", Sessions)


def _name(cookie: str) -> bytes:
    return sha256(cookie.encode(errors="surrogateescape")).digest()


def session_of(request: web.Request) -> Session | None:
    """The steward's session of whoever asks, if there is one."""
    return _session(request, COOKIE, SESSIONS)


def member_session_of(request: web.Request) -> Session | None:
    """The member's session of whoever asks, if there is one."""
    return _session(request, MEMBER_COOKIE, MEMBERS)


def role_session_of(request: web.Request) -> Session | None:
    """The session of whoever asks by a key that had a role when it began (node.web.acting: whether it has one)."""
    return _session(request, ROLE_COOKIE, ROLE_SESSIONS)


def _session(request: web.Request, name: str, sessions: web.AppKey[Sessions]) -> Session | None:
    cookie = request.cookies.get(name, "")
    return request.app[sessions].find(cookie) if cookie and is_private_way(request) else None


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


def set_cookie(request: web.Request, response: web.Response, cookie: str, name: str = COOKIE) -> None:
    """Gives a browser its cookie: no script reads it, no other site sends it along."""
    secure = is_secure(request)
    response.set_cookie(name, cookie, max_age=SESSION_S, path="/", httponly=True, samesite="Strict", secure=secure)


def is_secure(request: web.Request) -> bool:
    """Whether the browser asks over https, as far as the node knows."""
    public = request.app[CONFIG].public_url
    return request.secure or (public.startswith("https:") and URL(public).host == URL(f"http://{request.host}").host)


def is_from_form(session: Session, given: str) -> bool:
    """Whether a form was given out in this session."""
    return hmac.compare_digest(given.encode(errors="surrogateescape"), session.csrf.encode())
