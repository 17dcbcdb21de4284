# SPDX-License-Identifier: AGPL-3.0-or-later
"""When offers and needs are over: without a word by whoever makes them, after a while; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.record import DIRECTED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.encoding import Value
    from protocol.record import Record

DAYS = 90
"""For what is given away or sold once, unless the operator says otherwise."""
_LASTING = {"lend", "rent", "time", "mutual"}
_LASTING_TIMES = 4
_DAY_S = 86_400


def days_valid(terms: Iterable[str], days: int = DAYS) -> int:
    """For how many days something is offered or wanted: what is lent or done again and again, four times as long."""
    return days * (_LASTING_TIMES if _LASTING & {*terms} else 1)


def end_of(terms: Iterable[str], now: int, days: int = DAYS) -> int:
    """When something that is offered or wanted now is over: at the end of a day (UTC)."""
    return (now // _DAY_S + days_valid(terms, days) + 1) * _DAY_S - 1


def expire(record: dict[str, Any], now: int, days: int = DAYS) -> int | None:
    """Gives the body of an offer or need that has none the moment when it is over; that moment, if so.

    With 0 days nothing is over by itself.
    """
    if not days or record.get("kind") not in DIRECTED_KINDS or record.get("valid_until") is not None:
        return None
    terms = record.get("terms")
    end = end_of([term for term in terms if isinstance(term, str)] if isinstance(terms, list) else (), now, days)
    record["valid_until"] = end
    return end


def renewed(record: Record, until: int) -> dict[str, Value]:
    """The body of an offer or need that goes on until a moment; of a closed one, open again."""
    body = record.body() | {"valid_until": until}
    if body.get("status") == "closed":
        del body["status"]
    return body
