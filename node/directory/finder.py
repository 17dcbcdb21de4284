# SPDX-License-Identifier: AGPL-3.0-or-later
"""Searching beside everything else: the columns in memory, kept up with what the writer derives."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ledger.directory.clusters import POINTS_MAX, Clusters, clusters
from ledger.directory.columns import Columns
from ledger.directory.present import lag, page_object
from ledger.directory.query import Query, parse_query, read_cursor
from ledger.directory.search import NOTHING_HIDDEN, Hidden, search, select
from ledger.duplicates.queue import joined_away
from ledger.held.denying import denied_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ledger.deriving.derive import Derived
    from ledger.sqlite.store import Snapshot, SqliteStore

_CATCH_UP_S = 0.5
_CATCH_UP_ENTRIES = 2_000
_CHANGES_MAX = 50_000
_AT_ONCE = 500


class Finder:
    """Answers queries over a store. Its methods may be called from any thread."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._columns: Columns | None = None
        self._changed: set[int] = set()
        self._hidden_now, self._hidden_at = NOTHING_HIDDEN, 0
        self._lock = threading.Lock()
        self.followers: list[Callable[[Derived], None]] = []
        """Who else is told of what was folded."""

    def on_derived(self, derived: Derived) -> None:
        """Takes note of records that changed; they are read when somebody searches."""
        for follower in self.followers:
            follower(derived)
        with self._lock:
            self._changed.update(derived.rids)
            if derived.rids:  # one of them may be a record that was denied before it came
                self._hidden_at = -1
            if len(self._changed) > _CHANGES_MAX:  # so much has come in that reading everything anew is cheaper
                self._columns, self._changed = None, set()

    def find(self, parameters: Mapping[str, Sequence[str]], now: int, *, private: bool = False) -> dict[str, Any]:
        """A page of results as JSON (see ledger.present). Raises QueryError.

        With `private`, of the records that are not public: for a steward.
        """
        query = parse_query(parameters, now, private=private)
        self.wait_for_own_writes()
        return self._answer(query)

    def find_all(
        self, parameters: Mapping[str, Sequence[str]], now: int, *, private: bool = False
    ) -> Iterator[dict[str, Any]]:
        """All public hits of a query, one after the other; only as many as it asks for if it has a limit.

        They are read in parts, so that whoever takes them slowly keeps nobody from writing: one that changes meanwhile
        may be missing or stand there as it was. With `private`, those that are not public instead. Raises QueryError
        before the first is asked for.
        """
        query = parse_query(parameters, now, private=private)
        self.wait_for_own_writes()
        limited = any(text.strip() for text in parameters.get("limit", ())[-1:])
        return self._all(query if limited else replace(query, limit=_AT_ONCE), limited)

    def _all(self, query: Query, once: bool) -> Iterator[dict[str, Any]]:  # noqa: FBT001 - of this file
        while True:
            page = self._answer(query)
            yield from page["records"]
            if once or not page["next"]:
                return
            query = replace(query, cursor=read_cursor(page["next"]))

    def clusters(
        self, parameters: Mapping[str, Sequence[str]], now: int, zoom: int, most: int = POINTS_MAX
    ) -> Clusters:
        """The public hits of a query as a map shows them. Raises QueryError."""
        query = parse_query(parameters, now)
        columns = self._current()
        with self._store.read() as reads:
            return clusters(reads, columns, query, zoom, self.hidden(reads), most)

    def count(self, parameters: Mapping[str, Sequence[str]], now: int) -> int:
        """How many public hits a query has. Raises QueryError."""
        query, columns = parse_query(parameters, now), self._current()
        with self._store.read() as reads, columns.lock:
            return len(select(reads, columns, query, self.hidden(reads)))

    def warm_up(self) -> None:
        """Loads the columns before somebody waits for them."""
        self._current()

    def _answer(self, query: Query) -> dict[str, Any]:
        columns = self._current()
        with self._store.read() as reads:
            return page_object(reads, search(reads, columns, query, self.hidden(reads)))

    def hidden(self, reads: Snapshot) -> Hidden:
        """What is denied now, or shown as another record: read again when something may have changed."""
        version = reads.scopes_version()
        with self._lock:
            if version != self._hidden_at:
                trees = frozenset(tree.tree for tree in reads.trees() if tree.hidden)
                rids = frozenset(denied_records(reads) | joined_away(reads))
                self._hidden_now, self._hidden_at = Hidden(trees, rids), version
            return self._hidden_now

    def wait_for_own_writes(self) -> None:
        """What was saved a moment ago is searchable at once; what arrives in bulk from elsewhere is not waited for."""
        deadline = time.monotonic() + _CATCH_UP_S
        while time.monotonic() < deadline:
            with self._store.read() as reads:
                behind = lag(reads)
            if not 0 < behind <= _CATCH_UP_ENTRIES:
                return
            time.sleep(0.005)

    def _current(self) -> Columns:
        with self._lock:
            changed, self._changed = self._changed, set()
            with self._store.read() as reads:
                if self._columns is None:
                    self._columns = Columns.load(reads)
                elif changed:
                    self._columns.refresh(reads, sorted(changed))
            return self._columns
