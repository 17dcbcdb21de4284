# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of records whose place is missing or in doubt, kept while the node runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.places.placing import Doubt, look
from node.upkeep.sea import are_sea
from node.web.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.places.geography import Box
    from ledger.places.placing import Seen
    from ledger.sqlite.store import Snapshot, SqliteStore
    from ledger.values import RecordRow
    from node.web.aside import Rest


_LOOKED_UP_MAX = 2_000


def still_so(rows: Mapping[int, RecordRow], doubts: Sequence[Doubt]) -> list[Doubt]:
    """The doubts about records that have not changed since; `rows`: how these are now."""
    return [one for one in doubts if one.rid in rows and rows[one.rid].latest == one.latest]


class PlaceQueue:
    """What is in doubt, looked for when something has changed, but not all the time. For any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._aside: Aside[tuple[list[Doubt], Box | None, object]] = Aside(clock)
        self._seen: dict[int, Seen] = {}

    def doubts(self, store: SqliteStore) -> tuple[list[Doubt], Box | None, bool]:
        """The doubts, the territory, and whether it is still looked.

        Those about records that have changed since are left out, but where there are very many: see `still_so`.

        For what is looked at for the first time nobody waits long: there may be no doubts yet.
        """

        def search(rest: Rest) -> tuple[object, tuple[list[Doubt], Box | None, object]]:
            with store.read() as reads:
                now = _version(reads)
                return now, (*look(reads, are_sea, self._seen, rest), now)

        with store.read() as reads:
            version = _version(reads)
        found, looking = self._aside.ask(version, search)
        if found is None:
            return [], None, looking
        doubts, territory, seen_version = found
        if version != seen_version and len(doubts) <= _LOOKED_UP_MAX:
            with store.read() as reads:
                doubts = still_so(reads.records([doubt.rid for doubt in doubts]), doubts)
        return doubts, territory, looking

    def close(self) -> None:
        """Stops looking."""
        self._aside.close()


PLACES = web.AppKey("places", PlaceQueue)


def _version(reads: Snapshot) -> object:
    return reads.scopes_version(), tuple((tree.tree, tree.derived) for tree in reads.epochs(reads.own_log()))
