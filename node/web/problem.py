# SPDX-License-Identifier: AGPL-3.0-or-later
"""Errors as RFC 9457 problem details: one place that turns exceptions into answers."""

from __future__ import annotations

import msgspec
from aiohttp import web

from ledger.directory.query import QueryError
from ledger.errors import (
    IdReusedError,
    LedgerError,
    NotFoundError,
    NotOpenError,
    NotSigningError,
    RefusedError,
    StoreFullError,
    StoreUnusableError,
    TooMuchError,
)
from protocol.errors import Malformed

MEDIA_TYPE = "application/problem+json"

_STATUSES: tuple[tuple[type[Exception], int, str], ...] = (
    (QueryError, 400, "The query cannot be answered"),
    (Malformed, 400, "Malformed"),
    (NotFoundError, 404, "Not found"),
    (TooMuchError, 429, "Too much"),
    (NotOpenError, 403, "Not open"),
    (IdReusedError, 409, "Idempotency key reused"),
    (RefusedError, 409, "Refused"),
    (NotSigningError, 503, "Not signing"),
    (StoreFullError, 507, "The disk is full"),
    (StoreUnusableError, 503, "The store cannot be used"),
    (LedgerError, 500, "Internal error"),
)


class Problem(web.Response):
    """A problem details answer, which still knows its title and detail: a browser is shown them as a page."""

    def __init__(self, status: int, title: str, detail: str, more: dict[str, object]) -> None:
        told = {"detail": detail} if detail else {}
        body = {"type": "about:blank", "title": title, "status": status, **told, **more}
        super().__init__(status=status, body=msgspec.json.encode(body), content_type=MEDIA_TYPE)
        self.title = title
        self.detail = detail


def problem(status: int, title: str, detail: str = "", **more: object) -> Problem:
    """A problem details answer."""
    return Problem(status, title, detail, more)


def problem_of(error: Exception) -> Problem:
    """The answer to an error. Errors that are not of the kinds above are ours: nothing of their text is shown."""
    for kind, status, title in _STATUSES:
        if isinstance(error, kind):
            more = {"reason": error.reason} if isinstance(error, Malformed) else {}
            return problem(status, title, str(error), **more)
    return problem(500, "Internal error", "the node has a fault; its log says more")
