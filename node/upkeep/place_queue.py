# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of records whose place is missing or in doubt, kept while the node runs."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.placing import Doubt, look
from node.upkeep.sea import is_sea

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.geography import Box
    from ledger.placing import Seen
    from ledger.sqlite.store import Snapshot, SqliteStore

_REST = 20
"""How many times as long as looking took it is put off, so that it never takes much of a core."""


class PlaceQueue:
    """What is in doubt, looked for when something has changed, but not all the time. For any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._doubts: list[Doubt] = []
        self._territory: Box | None = None
        self._seen: dict[int, Seen] = {}
        self._version: object = None
        self._again_at = 0.0

    def doubts(self, store: SqliteStore) -> tuple[list[Doubt], Box | None]:
        """The doubts, without those about records that have changed since; and the territory."""
        with self._lock, store.read() as reads:
            version, begun = _version(reads), self._clock()
            if version != self._version and begun >= self._again_at:
                self._doubts, self._territory = look(reads, is_sea, self._seen)
                self._version = version
                self._again_at = self._clock() + _REST * (self._clock() - begun)
            rows = reads.records([doubt.rid for doubt in self._doubts])
            still = [one for one in self._doubts if one.rid in rows and rows[one.rid].latest == one.latest]
            return still, self._territory


PLACES = web.AppKey("places", PlaceQueue)


def _version(reads: Snapshot) -> object:
    return reads.scopes_version(), tuple((tree.tree, tree.derived) for tree in reads.epochs(reads.own_log()))
