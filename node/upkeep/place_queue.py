# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of records whose place is missing or in doubt, kept while the node runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.placing import Doubt, look
from node.aside import Aside
from node.upkeep.sea import are_sea

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.geography import Box
    from ledger.placing import Seen
    from ledger.sqlite.store import Snapshot, SqliteStore
    from node.aside import Rest


class PlaceQueue:
    """What is in doubt, looked for when something has changed, but not all the time. For any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._aside: Aside[tuple[list[Doubt], Box | None]] = Aside(clock)
        self._seen: dict[int, Seen] = {}

    def doubts(self, store: SqliteStore) -> tuple[list[Doubt], Box | None, bool]:
        """The doubts, without those about records that have changed since; the territory; whether it is still looked.

        For what is looked at for the first time nobody waits long: there may be no doubts yet.
        """

        def search(rest: Rest) -> tuple[object, tuple[list[Doubt], Box | None]]:
            with store.read() as reads:
                return _version(reads), look(reads, are_sea, self._seen, rest)

        with store.read() as reads:
            version = _version(reads)
        found, looking = self._aside.ask(version, search)
        if found is None:
            return [], None, looking
        with store.read() as reads:
            rows = reads.records([doubt.rid for doubt in found[0]])
        still = [one for one in found[0] if one.rid in rows and rows[one.rid].latest == one.latest]
        return still, found[1], looking

    def close(self) -> None:
        """Stops looking."""
        self._aside.close()


PLACES = web.AppKey("places", PlaceQueue)


def _version(reads: Snapshot) -> object:
    return reads.scopes_version(), tuple((tree.tree, tree.derived) for tree in reads.epochs(reads.own_log()))
