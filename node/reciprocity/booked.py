# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bookings in lists: when they are by the clock of the node's resources, and which are over and not answered for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ledger.reciprocity.calendar import Span, local_time
from ledger.reciprocity.hearing import DAY_S
from ledger.reciprocity.state import Commitment
from ledger.showing.events import Wanted, calendar_objects, commitment_objects
from node.keys import CONFIG, LEDGER
from node.reciprocity.calendar_view import span_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader
    from node.web.words import Words

OVER_SHOWN = 100
_LOOKED_MAX = 10_000


def zone_of(request: web.Request) -> ZoneInfo:
    """The time zone of the node's resources."""
    return ZoneInfo(request.app[CONFIG].zone)


def timed(view: LedgerView, rows: Iterable[dict[str, Any]], zone: ZoneInfo, words: Words) -> list[dict[str, Any]]:
    """Bookings as the ledger shows them, each with `when` it is in words and the `day` on which it begins there."""
    shown = []
    for row in rows:
        made = view.book.need(Commitment, bytes.fromhex(row["id"]))
        if made.begin is None or made.end is None:
            shown.append(row | {"when": "", "day": ""})
        else:
            day = local_time(made.begin, zone).date().isoformat()
            shown.append(row | {"when": span_text(Span(made.begin, made.end), zone, words), "day": day})
    return shown


def over(view: LedgerView, now: int, party: bytes = b"") -> list[dict[str, Any]]:
    """The bookings, all or a party's, that are over and of which nobody has said what became of them; newest first."""
    until = now // DAY_S + 1
    found = calendar_objects(view, Wanted(party=party, until=until), _LOOKED_MAX)
    ended = [one for one in found if (view.book.need(Commitment, bytes.fromhex(one["id"])).end or now) <= now]
    return ended[::-1]


def bookings_page(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    """What is booked from now on, by the day on which it begins; for whom it concerns, what is over."""
    now, zone = int(request.app[LEDGER].clock()), zone_of(request)
    found = commitment_objects(view, Wanted(since=now // DAY_S), OVER_SHOWN)
    ended = {one["id"] for one in over(view, now)}
    rows = timed(view, [one for one in found if one["id"] not in ended], zone, reader.words)
    days: dict[str, list[dict[str, Any]]] = {}
    for one in rows:
        if one["when"]:
            days.setdefault(one["day"], []).append(one)
    return {
        "days": days,
        "promised": [one for one in rows if not one["when"]],
        "over": _answerable(view, now, zone, reader.words),
        "zone": zone.key,
    }


def _answerable(view: LedgerView, now: int, zone: ZoneInfo, words: Words) -> list[dict[str, Any]]:
    if not (view.private or view.reader):
        return []
    return timed(view, over(view, now, b"" if view.private else view.reader)[:OVER_SHOWN], zone, words)


def member_bookings(request: web.Request, view: LedgerView, member: bytes, words: Words) -> dict[str, Any]:
    """A member's bookings that are still to come, and those that are over and not answered for."""
    now, zone = int(request.app[LEDGER].clock()), zone_of(request)
    ended = over(view, now, member)
    known = {one["id"] for one in ended}
    coming = calendar_objects(view, Wanted(party=member, since=now // DAY_S), OVER_SHOWN)
    return {
        "coming": timed(view, [one for one in coming if one["id"] not in known], zone, words),
        "over": timed(view, ended[:OVER_SHOWN], zone, words),
        "zone": zone.key,
    }
