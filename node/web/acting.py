# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who acts in a session by a key of their own, and in which role: looked up anew at each request (spec 04 §9)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from node.keys import LEDGER
from node.web.rendering import reader_of, render
from node.web.session import ROLE_COOKIE, ROLE_SESSIONS, role_session_of, session_of
from protocol.roles import covers

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from node.web.session import Session

EVERY_ROLE = ("record.put",)
"""What each role covers: a page for whoever has any."""


class Acting(NamedTuple):
    """Somebody who acts by a public key (32 bytes) that has a role now; `name` as it was given with it, or empty."""

    key: bytes
    role: str
    name: str

    def may(self, *kinds: str) -> bool:
        """Whether the role covers statements of all these kinds."""
        return all(covers(self.role, kind) for kind in kinds)

    @property
    def sees_private(self) -> bool:
        """Whether they are shown what is for stewards alone (spec 21 §3)."""
        return self.role == "steward"


ACTING: web.RequestKey[Acting] = web.RequestKey("acting", Acting)
"""Where a request has who acts in it by a key of their own; what is decided in it is signed by that key alone."""


def acting_as(reads: Snapshot, key: bytes) -> Acting | None:
    """The role that a key has in the own log, None if it has none."""
    own = reads.epochs(reads.own_log())[-1]
    for one, role, name, _ in reads.appointed(own.tree):
        if one == key and role != "none":
            return Acting(key, role, name)
    return None


async def look_who_acts(request: web.Request) -> tuple[Session, Acting] | None:
    """The session by a key, and its role; None if there is none. A session whose role was ended ends here.

    A steward's session by the token comes first.
    """
    session = role_session_of(request)
    if session is None or session_of(request) is not None:
        return None
    ledger = request.app[LEDGER]

    def look() -> Acting | None:
        with ledger.store.read() as reads:
            return acting_as(reads, session.key)

    acting = await asyncio.to_thread(look)
    if acting is None:
        request.app[ROLE_SESSIONS].end(request.cookies.get(ROLE_COOKIE, ""))
        return None
    request[ACTING] = acting
    return session, acting


def ended_page(request: web.Request) -> web.Response:
    """Says that a role was ended."""
    words = reader_of(request).words
    page = _refusal(
        request,
        words("Your role here was ended"),
        words("Nothing was written. What you did before stays. If it is a mistake, ask your steward."),
        ("/steward/key", words("Sign in with your key")),
    )
    page.del_cookie(ROLE_COOKIE, path="/")
    return page


def refused_page(request: web.Request, acting: Acting, kinds: tuple[str, ...]) -> web.Response:
    """Says who may do what somebody's role does not cover; without `kinds` it takes the node's token."""
    words = reader_of(request).words
    who = (
        words("Moderators and stewards may do this.")
        if kinds and all(covers("moderator", kind) for kind in kinds)
        else words("Only a steward who has signed in with the token of this node may do this.")
    )
    role = words("Your role here is: {role}.", role=words.label("role", acting.role))
    return _refusal(
        request, words("Your role does not cover this"), f"{role} {who}", ("/steward", words("To what waits for you"))
    )


def _refusal(request: web.Request, title: str, detail: str, on: tuple[str, str]) -> web.Response:
    reader = reader_of(request)
    return render(
        request, "steward_refused.html", reader, status=403, title=title, detail=detail, on=on[0], on_text=on[1]
    )
