# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking logs in from a bundle or folder: all is verified, and what is wrong with one log harms no other (spec 14)."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ledger.errors import RefusedError
from ledger.held.replica import Replica, VerifiedHead, accept_head, store_range, verify_head
from ledger.held.tree import load_peaks, root_at
from ledger.own.hearing import hear, take_range
from ledger.own.recovery import State
from protocol.bundle import Course, Item, Part
from protocol.checkpoint import parse_checkpoint
from protocol.errors import Malformed
from protocol.frames import Entries, HeadField, Heads
from protocol.identity import Origin, show_log_id
from protocol.merkle import check_consistency, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.own.writer import Writer
    from ledger.sqlite.store import SqliteStore, Transaction
    from ledger.values import Tree

NOT_FALSE = frozenset({"gap", "unwanted"})
"""Reasons for which a log is refused without anything in it being false or broken."""
_TRIES = 3


class Outcome(NamedTuple):
    """What became of one log of a bundle.

    `state` is `taken`, `held` (there was nothing new) or `refused`, with a reason of spec 14 §3 and a text; `taken`
    counts entries, also those before what was refused; `held` is how many there are now, -1 if it was not looked at.
    """

    origin: Origin
    state: str
    taken: int
    held: int
    reason: str = ""
    why: str = ""


def intake_object(outcomes: Sequence[Outcome], fault: Malformed | None) -> dict[str, Any]:
    """What became of a bundle, as JSON; `broken` says why the rest of it could not be read."""
    logs = [
        {"log": show_log_id(origin.log_id), "epoch": origin.epoch}
        | {"state": state, "taken": taken, "held": held, "reason": reason, "why": why}
        for origin, state, taken, held, reason, why in outcomes
    ]
    broken = {"reason": fault.reason, "why": fault.text} if fault else None
    return {"schema": "folkmoot.bundle/1", "logs": logs, "broken": broken}


class Begun(NamedTuple):
    """How a log stands that is about to be taken in: entries held, and whether its head is newer than was known."""

    held: int
    news: bool


class Taker(Protocol):
    """Where the frames of a bundle go. Both methods raise Malformed for what is false, RefusedError else."""

    def begin(self, head: HeadField) -> Begun:
        """A log begins."""

    def take(self, entries: Entries) -> int:
        """A range of that log; how many of its entries were new. They are durable when this returns."""


class Importer:
    """Takes frames into a store, through its writer."""

    def __init__(self, store: SqliteStore, writer: Writer, own: bytes, clock: Callable[[], float] = time.time) -> None:
        self._store, self._writer, self._own, self._clock = store, writer, own, clock
        self._head: VerifiedHead | None = None

    def begin(self, head: HeadField) -> Begun:
        """Verifies a head and takes note of it."""
        verified = verify_head(head.checkpoint, head.charters)
        origin, size = verified.origin, verified.checkpoint.size
        if origin != Origin(head.log, head.epoch):
            raise Malformed("origin", f"a checkpoint of {origin} under the name of another log")
        with self._store.read() as reads:
            tree = reads.tree(origin)
            held = tree is not None and size <= tree.size
            agrees = tree is not None and held and root_at(reads, tree.tree, size) == verified.checkpoint.root
        news = tree is None or tree.head_size < size
        if origin.log_id == self._own:
            if not agrees:
                self._hear_own(verified)
        else:
            refusal = self._writer.run(lambda change: _accept(change, verified)).result()
            if held and not agrees:
                raise Malformed("fork", f"the checkpoint of {size} entries contradicts those held here")
            if refusal is not None and not held:
                raise refusal
        self._head = verified
        self._load()
        return Begun(self._replica.peaks.size, news)

    def _hear_own(self, head: VerifiedHead) -> None:
        """The file holds more of the own log than this store, which was put back: it is taken back from there."""
        own = self._writer.own
        if own is not None and head.origin == own.origin:
            self._writer.change_own(lambda own, change: hear(own, change, "a bundle", head)).result()
            if own.fetched_from is not None:
                return
            if own.recovery.state is State.FORKED:
                raise Malformed("fork", own.recovery.fork)
        raise RefusedError(f"it holds {head.checkpoint.size} entries of this node's own log that are not taken")

    def take(self, entries: Entries) -> int:
        """Verifies a range and stores what of it is not held."""
        for _ in range(_TRIES):
            held = self._replica.peaks.size
            try:
                return self._take(entries, held)
            except RefusedError:
                self._load()
                if self._replica.peaks.size == held:
                    raise
        raise RefusedError(f"{self._replica.origin} is being fetched from a peer just now: import again later")

    def _load(self) -> None:
        """Begins where the store stands."""
        assert self._head is not None
        with self._store.read() as reads:
            tree: Tree | None = reads.tree(self._head.origin)
            assert tree is not None
            self._replica = Replica(tree, reads)

    def _take(self, entries: Entries, held: int) -> int:
        assert self._head is not None
        begin, end = entries.from_, entries.from_ + len(entries.entries)
        if begin > held:
            raise Malformed("gap", f"its entries begin at {begin}, and only {held} are held here")
        known = [entry for entry, _ in entries.entries[: held - begin]]
        with self._store.read() as reads:
            here = list(reads.leaves(self._replica.tree, begin, min(end, held)))
            peaks = load_peaks(reads, self._replica.tree, begin) if known != here else None
        if peaks is not None:
            for entry, _ in entries.entries:
                peaks.append(leaf_hash(entry))
            signed = self._head.checkpoint
            check_consistency(end, signed.size, peaks.root(), signed.root, entries.proof)
            raise Malformed(
                "fork", f"the log signed other entries {begin} to {end} than those held here: it has forked"
            )
        if end <= held:
            return 0
        try:
            verified = self._replica.verify_range(self._head, held, entries.entries[held - begin :], entries.proof)
        except Malformed as error:  # nobody is blamed for a file, on whichever history it is
            raise Malformed("root" if error.reason == "branch" else error.reason, error.text) from None
        if self._replica.origin.log_id == self._own:
            now = int(self._clock())
            self._writer.change_own(lambda own, change: take_range(own, change, verified, now)).result()
        else:
            self._writer.run(lambda change: store_range(change, verified)).result()
        return end - held


def _accept(change: Transaction, head: VerifiedHead) -> RefusedError | None:
    """Takes note of a head, or says why not; a fork that it proves is kept."""
    try:
        accept_head(change, head)
    except RefusedError as error:
        return error
    return None


class Intake:
    """Goes through the frames of a bundle and says of each log what became of it."""

    def __init__(
        self,
        parts: Sequence[Part],
        taker: Taker,
        decided: Callable[[Outcome], None],
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._left = deque(parts)
        self._taker, self._decided, self._advance = taker, decided, advance
        self._course: Course | None = None
        self._refusal: Malformed | None = None
        self._taken, self._held, self._news = 0, -1, False

    def run(self, items: Iterable[Item]) -> Malformed | None:
        """Takes all in that can be; why the rest could not be read, if it could not.

        Trouble of our own, such as a full disk, is raised; what was taken before stays.
        """
        fault = None
        try:
            for item in items:
                self._hear(item)
        except Malformed as error:
            fault = error
        rest = fault if fault is not None and fault.reason != "trailing" else Malformed("missing", "it did not come")
        while True:
            if self._course is not None and not self._course.complete:
                self._refuse(rest)
            self._finish()
            if not self._left:
                return fault
            self._course = Course(self._left.popleft())

    def _hear(self, item: Item) -> None:
        if isinstance(item, Heads) and len(item.heads) == 1:
            origin = Origin(item.heads[0].log, item.heads[0].epoch)
            if any(part.origin == origin for part in self._left):
                self._turn_to(origin)
        course = self._course
        if course is None or (course.complete and not _is_of(item, course.part.origin)):
            if not self._left:
                return
            self._finish()
            course = self._course = Course(self._left.popleft())
        if isinstance(item, Entries):
            self._advance(len(item.entries))
        if self._refusal is None:
            try:
                self._apply(course, item)
            except Malformed as error:
                self._refuse(error)
            except RefusedError as error:
                self._refuse(Malformed("unwanted", str(error)))

    def _turn_to(self, origin: Origin) -> None:
        """The frames of another log begin: those before it that are not complete will not come any more."""
        while self._course is None or self._course.part.origin != origin:
            if self._course is not None and not self._course.complete:
                self._refuse(Malformed("missing", "not all of it is in the bundle"))
            self._finish()
            self._course = Course(self._left.popleft())

    def _apply(self, course: Course, item: Item) -> None:
        if isinstance(item, Malformed):
            raise item
        if isinstance(item, Heads):
            head = course.head(item)
            course.begin(parse_checkpoint(head.checkpoint)[0].size)
            self._held, self._news = self._taker.begin(head)
            return
        course.entries(item)
        taken = self._taker.take(item)
        self._taken += taken
        self._held += taken

    def _refuse(self, why: Malformed) -> None:
        self._refusal = self._refusal or why

    def _finish(self) -> None:
        """The log whose frames came is done with."""
        if self._course is None:
            return
        state, reason, why = ("taken" if self._taken or self._news else "held"), "", ""
        if self._refusal is not None:
            state, reason, why = "refused", self._refusal.reason, self._refusal.text
        self._decided(Outcome(self._course.part.origin, state, self._taken, self._held, reason, why))
        self._course = self._refusal = None
        self._taken, self._held, self._news = 0, -1, False


def _is_of(item: Item, origin: Origin) -> bool:
    """Whether a frame names this log."""
    if isinstance(item, Entries):
        return Origin(item.log, item.epoch) == origin
    return isinstance(item, Heads) and any(Origin(head.log, head.epoch) == origin for head in item.heads)
