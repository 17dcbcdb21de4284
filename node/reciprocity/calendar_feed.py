# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bookings as a calendar to subscribe to: busy for everybody, one's own with names behind an address of one's own."""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import threading
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.own.keys import write_private
from ledger.publishing.icalendar import CalendarEvent, calendar
from ledger.reciprocity.calendar import Span
from ledger.reciprocity.state import Commitment, Member
from ledger.showing.recent import recent
from ledger.showing.resources import Taken, is_known, taken
from node.api.publishing import base_of
from node.keys import LEDGER
from node.reciprocity.ledgers import id_of, view_of
from node.routes import Parameter, Route
from node.web.rendering import reader_of
from protocol.identity import show_log_id
from protocol.reciprocity_bodies import CommitCancel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.showing.view import LedgerView
    from node.web.words import Words

_DAY_S, _BEHIND_DAYS, _AHEAD_DAYS = 86_400, 31, 400
_EVENTS_MAX, _SECRET_BYTES, _DIGITS = 1_000, 32, 40
_MAKING = threading.Lock()
_LINK = re.compile(r"([0-9a-f]{32})-([0-9a-f]{40})", re.ASCII)


def private_link(request: web.Request, view: LedgerView, resource: bytes) -> str:
    """The path of the calendar with the reader's own bookings.

    Whoever has it sees what they see, until the key of the member changes.
    """
    code = _code(request.app[LEDGER].directory.calendar_secret, view, view.reader)
    query = urlencode({"own": f"{view.reader.hex()}-{code}"})
    return f"/ledger/{show_log_id(view.log_id)}/resource/{resource.hex()}/calendar.ics?{query}"


def _secret(path: Path) -> bytes:
    """What addresses are made of; anew where there is none, or too little of it to be a secret."""
    with _MAKING:
        kept = path.read_bytes() if path.exists() else b""
        if len(kept) != _SECRET_BYTES:
            write_private(path, kept := os.urandom(_SECRET_BYTES))
    return kept


def _code(secret: Path, view: LedgerView, member_id: bytes) -> str:
    said = b"folkmoot/calendar-link/1\0" + view.log_id + member_id + view.member(member_id).key
    return hmac.new(_secret(secret), said, sha256).hexdigest()[:_DIGITS]


async def _calendar(request: web.Request) -> web.Response:
    words, asked = reader_of(request).words, request.query.get("own", "")
    resource = id_of(request, "resource")

    def read() -> bytes:
        ledger = request.app[LEDGER]
        with ledger.store.read() as reads:
            view = view_of(request, reads, private=False)
            view.reader = _owner(request, view, asked) if asked else b""
            name = view.resource_name(resource)
            if not name and not is_known(view, resource):
                raise NotFoundError(f"no resource {resource.hex()} in this ledger")
            page = f"{base_of(request)}/ledger/{show_log_id(view.log_id)}/resource/{resource.hex()}"
            now = int(ledger.clock())
            events = [*_taken(view, resource, now, name, page, words), *_cancelled(view, resource, now, name, page)]
            return calendar(name or resource.hex()[:8], events)

    body = await asyncio.to_thread(read)
    kept = "private, no-store" if asked else "no-cache"
    headers = {"Cache-Control": kept, "Content-Disposition": 'inline; filename="calendar.ics"'}
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


def _owner(request: web.Request, view: LedgerView, asked: str) -> bytes:
    """The member whose address it is. Raises NotFoundError, so that nobody learns whether there is such a member."""
    found = _LINK.fullmatch(asked)
    member_id = bytes.fromhex(found[1]) if found else b""
    own = view.tree.tree == request.app[LEDGER].own.tree
    member = view.book.get(Member, member_id) if found and own else None
    if found is None or member is None or member.status == "left":
        raise NotFoundError("there is no such calendar")
    if not hmac.compare_digest(_code(request.app[LEDGER].directory.calendar_secret, view, member_id), found[2]):
        raise NotFoundError("there is no such calendar")
    return member_id


def _taken(view: LedgerView, resource: bytes, now: int, name: str, page: str, words: Words) -> Iterator[CalendarEvent]:
    found = taken(view, resource, now - _BEHIND_DAYS * _DAY_S, now + _AHEAD_DAYS * _DAY_S)
    for one in found[:_EVENTS_MAX]:
        yield _event(view, one, view.said(one.id).at, name, page, words)


def _event(view: LedgerView, one: Taken, at: int, name: str, page: str, words: Words) -> CalendarEvent:
    """A booking: for those whose it is with the name of the other side, for others a time that is taken."""
    sides = {one.commitment.receiver, one.commitment.provider}
    uid = f"{one.id.hex()}@{show_log_id(view.log_id)}"
    if not (view.reader and view.reader in sides):
        return CalendarEvent(uid, *one.span, words("Taken: {name}", name=name), at, url=page)
    other = next(iter(sides - {view.reader}), view.reader)
    return CalendarEvent(uid, *one.span, name, at, words("With {name}", name=view.name(other)), page)


def _cancelled(view: LedgerView, resource: bytes, now: int, name: str, page: str) -> Iterator[CalendarEvent]:
    """What was cancelled lately, so that it goes from the calendars that had it."""
    for found in recent(view, "commit.cancel", _EVENTS_MAX).found:
        assert isinstance(found.body, CommitCancel)
        commitment = view.book.get(Commitment, found.body.commit)
        if commitment is None or commitment.resource != resource or commitment.begin is None or commitment.end is None:
            continue
        if commitment.end > now - _BEHIND_DAYS * _DAY_S:
            uid = f"{found.body.commit.hex()}@{show_log_id(view.log_id)}"
            span = Span(commitment.begin, commitment.end)
            yield CalendarEvent(uid, *span, name, found.at, url=page, cancelled=True)


ROUTES = (
    Route(
        "GET",
        "/ledger/{log}/resource/{resource}/calendar.ics",
        _calendar,
        "When a resource is taken, as iCalendar",
        "text/calendar",
        parameters=(Parameter("own", "what a member's own address has: their bookings with names"),),
        statuses=(200, 404),
    ),
)
