# SPDX-License-Identifier: AGPL-3.0-or-later
"""The offers and needs of all logs held here, kept for matching; kept up with what the writer derives."""

from __future__ import annotations

import threading
from collections.abc import Container
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.directory.market import Market
from ledger.directory.matching import thing_of
from ledger.directory.present import read_record
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.deriving.derive import Derived
    from ledger.directory.matching import Match
    from ledger.directory.search import Hidden
    from ledger.sqlite.store import Snapshot, SqliteStore
    from node.directory.finder import Finder

MATCHES_SHOWN = 10
_CHUNK = 500
_CURRENT = ("active", "planned")


class Matcher:
    """Finds what fits. Its methods may be called from any thread."""

    def __init__(self, store: SqliteStore, finder: Finder) -> None:
        self._store, self._finder = store, finder
        self._market: Market | None = None
        self._changed: set[int] = set()
        self._lock = threading.Lock()
        finder.followers.append(self._on_derived)

    def _on_derived(self, derived: Derived) -> None:
        with self._lock:
            self._changed.update(derived.rids)

    def matches(self, reads: Snapshot, rid: int, now: int, limit: int = MATCHES_SHOWN) -> list[Match]:
        """What fits an offer or need best; nothing for one that is not public, or has ended."""
        hidden = self._finder.hidden(reads)
        with self._lock:
            market = self._current()
            thing = market.things.get(rid)
            if thing is None:
                return []
            return market.matches(thing, now, limit, _Unseen(hidden) if hidden.trees else hidden.rids or None)

    def _current(self) -> Market:
        changed, self._changed = self._changed, set()
        if self._market is None or changed:
            with self._store.read() as reads:  # begun after what has changed was taken note of
                if self._market is None:
                    self._market = Market()
                    self._take_in(reads, reads.directed_records())
                else:
                    self._take_in(reads, sorted(changed))
        return self._market

    def _take_in(self, reads: Snapshot, rids: Iterable[int]) -> None:
        assert self._market is not None
        wanted = [*rids]
        for begin in range(0, len(wanted), _CHUNK):
            part = wanted[begin : begin + _CHUNK]
            rows = reads.records(part)
            for rid in part:
                row = rows.get(rid)
                if row and row.direction and row.scope == SCOPE_PUBLIC and row.status in _CURRENT:
                    self._market.put(thing_of(rid, read_record(reads, row)[0]))
                else:
                    self._market.drop(rid)


class _Unseen(Container[int]):
    """The row ids that are hidden, by themselves or with their log."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden

    def __contains__(self, rid: object) -> bool:
        return isinstance(rid, int) and (rid >> 32 in self._hidden.trees or rid in self._hidden.rids)


MATCHER = web.AppKey("matcher", Matcher)
