# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members who ask a node for what is about themselves, and have shown by a signature who they are (spec 17 §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from ledger.reciprocity.state import Member
from node.web.session import member_session_of
from protocol.errors import Malformed
from protocol.reader import SCHEME, Asking, read_header

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView


def reader_of(request: web.Request, view: LedgerView, now: int) -> bytes:
    """Who asks, by signature or in a session; empty: nobody. Raises HTTPUnauthorized if it is said and not so."""
    given = request.headers.get("Authorization", "")
    if not given.startswith(SCHEME):
        return _signed_in(request, view)
    try:
        shown = read_header(given)
        member = view.book.get(Member, shown.member)
        asking = Asking(request.host, view.log_id, shown.member, request.raw_path, shown.at)
        if member is not None and shown.holds(asking, member.key, now):
            return shown.member
    except Malformed:
        pass
    raise web.HTTPUnauthorized(
        reason="That is not signed by this member for this request; is the clock of this machine right?"
    )


def _signed_in(request: web.Request, view: LedgerView) -> bytes:
    """The member whose session it is, unless their key was changed since."""
    session = member_session_of(request)
    member = view.book.get(Member, session.member) if session else None
    return session.member if session and member and member.key == session.key else b""
