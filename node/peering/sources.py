# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who fetches what: each log from one connection at a time, and from another where that one does not give it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.held.replica import Replica
from node.peering.forking import tell_forks
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.held.replica import VerifiedHead
    from ledger.sqlite.store import Snapshot
    from node.peering.conversation import Conversation
    from node.peering.exchange import Exchange
    from protocol.identity import Origin


class Sources:
    """The connections of one node from which logs are being fetched."""

    def __init__(self, hub: Exchange) -> None:
        self._hub = hub
        self._asked: dict[Origin, Conversation] = {}
        self._shown: dict[Origin, float] = {}

    async def ask(self, link: Conversation, origin: Origin) -> None:
        """Fetches a log from this peer up to the head that it announced, unless the log is being fetched."""
        asked, head = self._asked.get(origin), link.announced.get(origin)
        if head is None or link.rests(origin) or (asked is not None and asked in self._hub.links):
            return
        self._asked[origin] = link
        replica = None
        try:
            replica = await self._hub.runtime.read(lambda reads: self._begin_replica(reads, head))
        finally:
            if replica is not None:
                link.fetch(replica, head)
            elif self._asked.get(origin) is link:
                del self._asked[origin]
        if replica is None and link.announced.get(origin) is head:
            del link.announced[origin]

    def is_asked(self, link: Conversation) -> bool:
        """Whether anything is being fetched from this peer."""
        return link in self._asked.values()

    def others_have(self, link: Conversation, origin: Origin) -> bool:
        """Whether another peer could be asked for a log."""
        return any(
            other is not link and origin in other.announced and not other.rests(origin) for other in self._hub.links
        )

    async def ended(self, link: Conversation, origin: Origin, *, complete: bool) -> None:
        """A fetch ended: news for others, or a task for another peer."""
        if self._asked.get(origin) is link:
            del self._asked[origin]
        if complete:
            self._hub.tell_news()
            await tell_forks(self._hub)
        candidates = [other for other in self._hub.links if other is not link or complete]
        for other in sorted(candidates, key=lambda other: other.patience.failures):
            await self.ask(other, origin)

    async def lose(self, link: Conversation) -> None:
        """A connection has ended: others are asked for what is left to fetch from it."""
        left = [origin for origin, asked in self._asked.items() if asked is link]
        if left:  # what it brought is written before another goes on from there
            with contextlib.suppress(LedgerError):
                await self._hub.runtime.write(lambda _: None)
        for origin in left:
            await self.ended(link, origin, complete=False)

    def progress(self, link: Conversation, origin: Origin, held: int, size: int) -> None:
        """Shows how far a log has come, at most once a second."""
        now = self._hub.runtime.now()
        if held == size or now - self._shown.get(origin, 0) > 1:
            self._shown[origin] = now
            share = f"{100 * held // size} %" if held < size else "complete"
            self._hub.on_event(
                f"log {show_log_id(origin.log_id)[:8]} from {link.name}: {held:,} of {size:,} entries, {share}"
            )

    def _begin_replica(self, reads: Snapshot, head: VerifiedHead) -> Replica | None:
        """What a fetch begins with, if the log lacks entries below a head, is held whole and has not forked since."""
        tree = reads.tree(head.origin)
        lacks = tree is not None and tree.size < head.checkpoint.size and reads.fork(tree.tree) is None
        return Replica(tree, reads) if tree and lacks and self._hub.scoping.may_fetch(reads, tree) else None
