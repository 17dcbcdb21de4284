# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledgers that are held here, as requests name them; what was summed up of their flows."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.errors import NotFoundError
from ledger.showing.flows import STEP_ENTRIES, Flows
from ledger.showing.view import LedgerView, held_ledger
from ledger.showing.whole import PartyFlows, Told
from node.keys import LEDGER
from node.web.reading import reader_of
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.sqlite.store import Snapshot

_ID = re.compile(r"[0-9a-f]{32}")


class FlowKeeper:
    """The flows of the logs that somebody has asked about; they go on from where they were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: dict[int, Flows] = {}

    def of(self, view: LedgerView) -> tuple[Flows, int]:
        """The flows of a log, and how many entries are not counted yet."""
        with self._lock:
            flows = self._flows.setdefault(view.tree.tree, Flows())
            return flows, flows.advance(view.reads, view.tree)


class WholeKeeper:
    """The flows between organisations in the logs that somebody has asked about; they go on from where they were."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: dict[int, PartyFlows] = {}

    @contextmanager
    def told(self, views: Iterable[LedgerView]) -> Iterator[list[Told]]:
        """What the logs tell; so many entries are taken in at once, the rest when somebody asks again."""
        with self._lock:
            found, room = [], STEP_ENTRIES
            for view in views:
                flows = self._flows.setdefault(view.tree.tree, PartyFlows())
                before = flows.taken
                left = flows.advance(view.reads, view.tree, room)
                room -= max(0, flows.taken - before)
                found.append(Told(view, flows, left))
            yield found


FLOWS = web.AppKey("flows", FlowKeeper)
WHOLE = web.AppKey("whole", WholeKeeper)


def view_of(request: web.Request, reads: Snapshot, *, private: bool, languages: tuple[str, ...] = ()) -> LedgerView:
    """The ledger that the path names. Raises NotFoundError."""
    try:
        log_id = parse_log_id(request.match_info["log"])
    except Malformed:
        raise NotFoundError(f"no log {request.match_info['log'][:60]!r} is held here") from None
    tree = held_ledger(reads, log_id)
    ledger = request.app[LEDGER]
    own = tree.tree == ledger.own.tree
    view = LedgerView(reads, tree, private=private and own, languages=languages)
    if own:
        view.reader = reader_of(request, view, int(ledger.clock()))
    return view


def id_of(request: web.Request, name: str) -> bytes:
    """The id that a part of the path names. Raises NotFoundError."""
    text = request.match_info[name]
    if not _ID.fullmatch(text):
        raise NotFoundError(f"no id {text[:40]!r}: it is 32 hexadecimal digits")
    return bytes.fromhex(text)
