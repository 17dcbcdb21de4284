# SPDX-License-Identifier: AGPL-3.0-or-later
"""Peers and witnesses around an own log, on the ledger level: real stores, frames handed over by function calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ledger.errors import RefusedError
from ledger.held.replica import Replica, VerifiedHead, accept_head, head_of, store_range, verify_head
from ledger.held.serving import head_field, serve_range
from ledger.ledger import Ledger
from ledger.own.hearing import hear, take_range
from ledger.own.recovery import Recovery, State
from ledger.sqlite.store import SqliteStore
from protocol.frames import Entries, Want
from protocol.identity import Origin, show_log_id
from tests.builders import START, seeded
from tests.ledger.making import record

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from ledger.held.replica import VerifiedRange
    from ledger.own.log import OwnLog, Receipt, Submission
    from ledger.sqlite.store import Transaction

WAIT_S = 30
STEP = 3
"""Entries fetched at a time: several ranges, so that there is something between them."""


class Watcher:
    """One who follows a log and says what they last saw of it. A second history is an error, whoever told it."""

    def __init__(self, folder: Path, label: str, *, writable: bool = True) -> None:
        self.log_id = seeded(f"log of {label}")
        self.name = show_log_id(self.log_id)
        self.store = SqliteStore(folder / f"{label}.db", writable=writable)

    def see(self, ledger: Ledger) -> None:
        """Is told the newest checkpoint of a log and fetches what it covers. A second history is a RefusedError."""
        with ledger.store.read() as reads:
            field = head_field(reads, reads.tree_numbered(ledger.own.tree))
        head = verify_head(field.checkpoint, field.charters)
        with self.store.write() as change:
            tree = accept_head(change, head)
        if tree.size < head.checkpoint.size:
            with self.store.read() as reads:
                replica = Replica(tree, reads)
            while replica.peaks.size < head.checkpoint.size:
                verified = next_range(ledger.store, replica, head)
                with self.store.write() as change:
                    store_range(change, verified)

    def head(self, origin: Origin) -> VerifiedHead | None:
        """The newest checkpoint up to which it holds everything."""
        with self.store.read() as reads:
            tree = reads.tree(origin)
            return head_of(reads, tree) if tree is not None and tree.checkpoint else None

    def leaves(self, origin: Origin) -> list[bytes]:
        """The entries that it holds."""
        with self.store.read() as reads:
            tree = reads.tree(origin)
            return list(reads.leaves(tree.tree, 0, tree.size)) if tree else []


def next_range(store: SqliteStore, replica: Replica, head: VerifiedHead) -> Any:
    """The next few entries of a log from whoever holds them, verified."""
    begin, size = replica.peaks.size, head.checkpoint.size
    want = Want(*replica.origin, size=size, from_=begin, to=min(size, begin + STEP), bytes=2**20, payloads=True)
    with store.read() as reads:
        answer = serve_range(reads, want)
    assert isinstance(answer, Entries), answer
    return replica.verify_range(head, begin, answer.entries, answer.proof)


def opened(directory: DataDirectory) -> Ledger:
    """A data directory as after a start."""
    return Ledger(directory, lambda: float(START + 7200))


def know(ledger: Ledger, watchers: list[Watcher]) -> None:
    """The ledger has met these as peers."""

    def meet(change: Any) -> None:
        for watcher in watchers:
            change.set_cursor(watcher.log_id, b"", 0)

    ledger.writer.run(meet).result(WAIT_S)


def ask(ledger: Ledger, watchers: list[Watcher]) -> Recovery:
    """Each of them says what they last saw of the log."""
    recovery = ledger.own.recovery
    for watcher in watchers:
        head = watcher.head(ledger.own.origin)
        recovery = ledger.writer.change_own(partial(_hear, name=watcher.name, head=head)).result(WAIT_S)
    return recovery


def _hear(own: OwnLog, change: Transaction, name: str, head: VerifiedHead | None) -> Recovery:
    return hear(own, change, name, head)


def _take(own: OwnLog, change: Transaction, verified: VerifiedRange) -> Recovery:
    return take_range(own, change, verified, START + 7200)


def fetch(ledger: Ledger, watcher: Watcher, ranges: int = 1000) -> Recovery:
    """Fetches what is missing of the own log from one who holds it, at most so many ranges."""
    head = watcher.head(ledger.own.origin)
    assert head is not None
    with ledger.store.read() as reads:
        replica = Replica(reads.tree_numbered(ledger.own.tree), reads)
    while ranges and replica.peaks.size < head.checkpoint.size:
        verified = next_range(watcher.store, replica, head)
        ledger.writer.change_own(partial(_take, verified=verified)).result(WAIT_S)
        ranges -= 1
    return ledger.own.recovery


def recover(ledger: Ledger, reachable: list[Watcher]) -> Recovery:
    """Asks and fetches until nothing more comes of it."""
    for _ in range(5):
        recovery = ask(ledger, reachable)
        if recovery.state is not State.BEHIND:
            return recovery
        for watcher in sorted(reachable, key=lambda one: -len(one.leaves(ledger.own.origin))):
            if ledger.own.recovery.state is State.BEHIND:
                fetch(ledger, watcher)
    return ledger.own.recovery


def ready(ledger: Ledger, label: str) -> Submission:
    """A statement named by its label."""
    body: dict[str, Any] = {"record": record(sum(label.encode()), label)}
    return ledger.state("record.put", body, seeded(label, 16))


def write(ledger: Ledger, *labels: str) -> list[Receipt]:
    """Writes statements; their receipts."""
    receipts = ledger.writer.append([ready(ledger, label) for label in labels]).result(WAIT_S)
    ledger.writer.settle()
    return receipts


def tell(ledger: Ledger, watchers: list[Watcher]) -> bool:
    """Has the watchers see the log; whether any of them had seen another history."""
    forked = False
    for watcher in watchers:
        try:
            watcher.see(ledger)
        except RefusedError:
            forked = True
    return forked


def kept(ledger: Ledger, labels: set[str]) -> set[str]:
    """Which of these statements have a place in the log or wait for one."""
    ids = {seeded(label, 16): label for label in labels}
    with ledger.store.read() as reads:
        found = reads.accepted(ledger.own.tree, list(ids)).keys() | reads.queued_ids(ledger.own.tree, list(ids)).keys()
    return {ids[one] for one in found}
