# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a node does about its scopes: turns away what is denied, lets wait what nobody vouches for, asks for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.held.denying import follow_denials
from ledger.held.replica import VerifiedHead, accept_head, verify_head
from ledger.held.scopes import Policy, ScopeBook, Scopes, let_wait, over_quota, read_scopes, take_from_seed
from protocol.frames import HEADS_MAX, GetHeads, Skip
from protocol.identity import short_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from node.peering.conversation import Conversation
    from node.peering.exchange import Exchange
    from protocol.identity import Origin

LEFT_OUT_MAX = 10_000
"""Logs that one peer does not want to hear of; beyond that it hears of them."""


class Scoping:
    """The scopes of one node, applied to what its peers tell."""

    def __init__(self, hub: Exchange, policy: Policy) -> None:
        self.book = ScopeBook(policy)
        self._hub = hub
        self._changed = self._applying = False
        self._hidings = 0

    async def sort(self, link: Conversation, heads: list[VerifiedHead]) -> list[VerifiedHead]:
        """Those of the heads whose logs are admitted; the others wait or are turned away, and the peer is told so."""

        def judge(reads: Snapshot) -> tuple[int, list[str]]:
            return reads.scopes_version(), [_why_not(self.book.current(reads), head) for head in heads]

        version, reasons = await self._hub.runtime.read(judge)
        verdicts = list(zip(heads, reasons, strict=True))
        denied = [head for head, why in verdicts if why == "denied"]
        peer, now = link.session.peer, int(self._hub.ledger.clock())
        told_by = peer.log_id if peer else b""

        def put(change: Transaction) -> list[VerifiedHead]:
            """Those that wait; not those that were admitted a moment ago: nobody would look for them in the pool."""
            outside = [head for head, why in verdicts if why == "waiting"]
            if change.scopes_version() != version:
                scopes = read_scopes(change, self.book.policy)
                outside = [head for head in outside if _why_not(scopes, head) == "waiting"]
            if self._is_seed(link):
                outside = [head for head in outside if not take_from_seed(change, head)]
            new.extend(head for head in outside if let_wait(change, head, told_by, now))
            return outside

        new: list[VerifiedHead] = []

        waiting = await self._hub.runtime.write(put) if "waiting" in reasons else []
        for head in new:
            short = short_log_id(head.origin.log_id)
            self._hub.on_event(f"log {short} waits to be let in: `folkmoot log admit {short}`")
        for turned_away, code in ((waiting, "unwanted"), (denied, "denied")):
            logs = sorted({head.origin.log_id for head in turned_away})
            if logs:
                link.say(Skip(logs, code))
        return [head for head in heads if head not in denied and head not in waiting]

    def may_fetch(self, reads: Snapshot, tree: Tree) -> bool:
        """Whether entries of a log are fetched: it is held whole here, and its quota leaves room."""
        standing = self.book.current(reads).standing(tree.origin.log_id, reads.charters(tree.tree))
        return standing.whole and not over_quota(reads, tree, self.book.policy)

    async def has_room(self, origin: Origin) -> bool:
        """Whether more of a log is taken in: it may have filled its quota, or been denied, while it came."""

        def look(reads: Snapshot) -> bool:
            tree = reads.tree(origin)
            return tree is not None and self.may_fetch(reads, tree)

        return await self._hub.runtime.read(look)

    async def meet(self, link: Conversation) -> None:
        """Notes the log of a node that the operator named, or that was met on the local network."""
        peer = link.session.peer
        if peer is None or not self._is_seed(link):
            return
        log_id = peer.log_id
        if not await self._hub.runtime.read(lambda reads: log_id in reads.met_logs()):
            await self._hub.runtime.write(lambda change: change.set_met(log_id))
            self.changed()

    def _is_seed(self, link: Conversation) -> bool:
        """Whether this side has dialled a peer that the operator named, or that was met on the local network."""
        return link.session.me.role == 0 and self._hub.is_trusted(link.address)

    async def begin(self) -> None:
        """If the operator has set something else since the last time, peers tell of everything again."""
        policy = repr(tuple(self.book.policy)).encode()
        before = await self._hub.runtime.read(lambda reads: reads.fact("policy"))

        def take(change: Transaction) -> None:
            change.set_fact("policy", policy)
            if before is not None:
                change.forget_cursors()

        if before != policy:
            await self._hub.runtime.write(take)

    async def _ask_lacking(self) -> None:
        """Asks for the heads of logs that lack entries and are to be held whole, and of chosen ones not known yet.

        Peers that are not connected tell of everything when they are.
        """
        lacking = await self._hub.runtime.read(
            lambda reads: sorted(
                {
                    tree.origin.log_id
                    for tree in reads.trees()
                    if tree.size < tree.head_size and reads.fork(tree.tree) is None and self.may_fetch(reads, tree)
                }
                | {log_id for log_id in reads.choices() if not reads.epochs(log_id)}
            )
        )
        under_way = {origin.log_id for link in self._hub.links for origin in link.announced}
        lacking = [log_id for log_id in lacking if log_id not in under_way]
        if not lacking:
            return
        await self._hub.runtime.write(lambda change: change.forget_cursors())
        for link in self._hub.conversations():
            for begin in range(0, len(lacking), HEADS_MAX):
                link.say(GetHeads(lacking[begin : begin + HEADS_MAX]))

    def changed(self) -> None:
        """What is admitted, followed or denied has changed: it is applied soon, several changes at once."""
        self._changed = True
        if not self._applying:
            self._applying = True
            self._hub.start_beside(self._apply())

    async def _apply(self) -> None:
        try:
            while self._changed:
                self._changed = False
                await self._let_in()
                await self._ask_lacking()
                hidings = await self._hub.runtime.read(lambda reads: reads.hidings())
                if hidings != self._hidings:  # what is shown again is news
                    self._hidings = hidings
                    self._hub.tell_news()
        finally:
            self._applying = False

    async def _let_in(self) -> None:
        """Takes logs out of the pool that are admitted or denied now."""
        runtime = self._hub.runtime

        def decided(reads: Snapshot) -> list[tuple[bytes, VerifiedHead | None]]:
            scopes = self.book.current(reads)
            found: list[tuple[bytes, VerifiedHead | None]] = []
            for row in reads.waiting():
                standing = scopes.standing(row.log_id, row.charters)
                if standing.admitted:
                    found.append((row.log_id, verify_head(row.note, row.charters)))
                elif standing.why == "denied":
                    found.append((row.log_id, None))
            return found

        def take(change: Transaction) -> None:
            follow_denials(change)
            for log_id, head in rows:
                change.drop_waiting(log_id)
                try:
                    if head is not None:
                        accept_head(change, head)
                except LedgerError as error:
                    self._hub.tell_problem(log_id.hex()[:8], str(error))

        rows = await runtime.read(decided)
        await runtime.write(take)


def _why_not(scopes: Scopes, head: VerifiedHead) -> str:
    """Why a log is not admitted: `waiting` or `denied`; empty if it is."""
    standing = scopes.standing(head.origin.log_id, head.charters)
    return "" if standing.admitted else standing.why
