# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members who ask a node for what is about themselves, and show by a signature who they are (spec 17 §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from ledger.reciprocity.state import Member
from protocol.errors import Malformed
from protocol.reader import SCHEME, Asking, read_header

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView


def reader_of(request: web.Request, view: LedgerView, now: int) -> bytes:
    """The member who asks; empty if nobody says so. Raises HTTPUnauthorized if it is said and not so."""
    given = request.headers.get("Authorization", "")
    if not given.startswith(SCHEME):
        return b""
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
