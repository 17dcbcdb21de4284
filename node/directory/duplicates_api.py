# SPDX-License-Identifier: AGPL-3.0-or-later
"""GET /v1/duplicates: the queue of records that may be one thing, for a steward. Decisions go to /v1/entries."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.directory.query import QueryError
from ledger.duplicates.queue import SCHEMA, decision_objects, decisions, likely_duplicates, pair_object, still_open
from node.api.v1 import json_answer
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.web.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.duplicates.finding import Pair
    from ledger.sqlite.store import Snapshot, SqliteStore
    from node.web.aside import Rest

_LIMIT, _LIMIT_MAX = 20, 100


class Queue:
    """The pairs, searched for when something has changed, but not all the time. Its methods may run in any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._aside: Aside[list[Pair]] = Aside(clock)

    def pairs(self, store: SqliteStore) -> list[Pair]:
        """All pairs that nothing has been decided on, best first; of records that came just now perhaps not yet."""
        return self.find(store)[0]

    def find(self, store: SqliteStore) -> tuple[list[Pair], bool]:
        """These pairs, none as long as the first search has not ended; and whether there are to be more of them."""

        def search(rest: Rest) -> tuple[object, list[Pair]]:
            with store.read() as reads:
                return _version(reads), likely_duplicates(reads, rest=rest)

        with store.read() as reads:
            version = _version(reads)
        found, looking = self._aside.ask(version, search)
        with store.read() as reads:
            return (still_open(reads, found) if found else []), looking

    def close(self) -> None:
        """Stops looking."""
        self._aside.close()


QUEUE = web.AppKey("duplicates", Queue)


def prepare(app: web.Application) -> None:
    """Puts the queue into the application."""
    app[QUEUE] = queue = Queue()

    async def close(_: web.Application) -> None:
        queue.close()

    app.on_shutdown.append(close)


def _version(reads: Snapshot) -> object:
    """Changes with every entry that is folded, and with what is shown."""
    return reads.scopes_version(), tuple((tree.tree, tree.derived) for tree in reads.trees())


async def _duplicates(request: web.Request) -> web.Response:
    begin, limit = asked_number(request, "after", 0, 10**6), asked_number(request, "limit", _LIMIT, _LIMIT_MAX)
    verdict = request.query.get("verdict", "")
    if verdict not in {"", "duplicate", "perhaps", "decided"}:
        raise QueryError("verdict: duplicate, perhaps or decided")
    store, queue = request.app[LEDGER].store, request.app[QUEUE]

    def read() -> dict[str, Any]:
        if verdict == "decided":
            with store.read() as reads:
                made = decision_objects(decisions(reads))
            return {"schema": SCHEMA, "total": len(made), "decided": made[begin : begin + limit]}
        waiting, looking = queue.find(store)
        pairs = [pair for pair in waiting if verdict in {"", pair.comparison.verdict}]
        with store.read() as reads:
            shown = [pair_object(reads, pair) for pair in pairs[begin : begin + limit]]
        return {"schema": SCHEMA, "total": len(pairs), "looking": looking, "pairs": shown}

    return json_answer(await asyncio.to_thread(read))


def asked_number(request: web.Request, name: str, default: int, most: int) -> int:
    """A number of a query. Raises QueryError."""
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 7 or int(text) > most:
        raise QueryError(f"{name}: a number from 0 to {most:,}, not {text[:40]!r}")
    return int(text)


ROUTES = (
    Route(
        "GET",
        "/v1/duplicates",
        _duplicates,
        "Pairs of records that may be one thing, most likely first; decisions go to /v1/entries (spec 10, 5)",
        parameters=(
            Parameter("verdict", "duplicate, perhaps; or decided: what was decided here, latest first"),
            Parameter("after", "how many to leave out"),
            Parameter("limit", f"0 to {_LIMIT_MAX}; {_LIMIT} if not given"),
        ),
        statuses=(200, 401),
        steward=True,
    ),
)
