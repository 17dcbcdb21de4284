# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one thread that writes: it groups appends, answers after the commit, and in between signs and derives."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from concurrent.futures import Future
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from ledger.deriving.derive import Derived, Deriver, next_behind
from ledger.deriving.prepare import Ahead
from ledger.errors import LedgerError, NotSigningError, StoreUnusableError
from ledger.keeping.tidying import Tidying
from ledger.own.log import Said, stated

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.own.log import OwnLog, Receipt, Submission
    from ledger.own.recovery import Recovery
    from ledger.sqlite.store import SqliteStore, Transaction

GROUP_ENTRIES = 256
"""Entries in one submission at most."""

COMMIT_ENTRIES, COMMIT_ENTRIES_SHARED = 128, 64
"""Entries that submissions are joined up to in one transaction: large enough to share its cost, and small enough not to
keep a single one waiting where there are such lately."""

URGENT_LATELY_S = 1.0

URGENT_ENTRIES = 16
"""A group of at most this many entries goes before larger ones that wait already."""

SWITCH_S = 0.0005
"""How long one thread may keep another waiting: whoever appends, the writer and the verifiers hand on work all the
time.
(Python's own 5 ms cost a third of the speed of replication.)"""

CHECKPOINT_EVERY_S = 1.0
"""A checkpoint is signed when writing pauses, and at the latest after this time."""

DERIVE_WAIT_S = 5.0
"""Derived tables are brought up when writing pauses, and a small chunk at the latest after this time."""

DERIVE_ENTRIES, DERIVE_ENTRIES_OVERDUE = 250, 50
"""Entries of a chunk: few enough to stay in the processor's cache, and to keep nobody waiting for long."""

DERIVE_ENTRIES_MAX = 4_000
"""Chunks are written in one transaction up to this many entries, while nobody waits to write something else."""

BULK_ROWS = 64
"""A transaction that changes more rows than this is part of something large."""

BULK_PAUSE_S = 0.05
"""While much is coming in, writing has paused only when this long nothing came."""

TIDY_EVERY_S = 1.0
"""What was erased is taken out of the journal as soon as nobody reads it there any more."""

_Result = TypeVar("_Result")


class _Append(NamedTuple):
    group: list[Submission]
    future: Future[list[Receipt]]


class _Call(NamedTuple):
    function: Callable[[], object]
    future: Future[object]


class _Stop(NamedTuple):
    pass


_Job: TypeAlias = _Append | _Call | _Stop


class Writer:
    """Serialises all writing to a store. Every public method may be called from any thread."""

    def __init__(self, store: SqliteStore, own: OwnLog | None, clock: Callable[[], float] = time.time) -> None:
        sys.setswitchinterval(SWITCH_S)
        self._store = store
        self.own = own
        self._clock = clock
        self._jobs: queue.PriorityQueue[tuple[int, int, _Job]] = queue.PriorityQueue()
        self._numbers = count()
        self._ahead = Ahead()
        self._deriver = Deriver(self._ahead.take)
        self._behind = True
        self._derived_last = -1
        """The log whose turn it was."""
        self.derivations = 0
        """Grows with each change of the derived tables: where it has not, nobody need look at them again."""
        self._stating = True
        """Whether the own log may have to state something anew."""
        self._bulk_at = self._urgent_at = 0.0
        self._signed_at = self._derived_at = time.monotonic()
        self.on_checkpoint: Callable[[], None] = lambda: None
        self.on_derived: Callable[[Derived], None] = lambda _: None
        self._failures: dict[str, str] = {}
        self._tidying = Tidying(store)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="folkmoot-writer", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str:
        """Why the last signing or deriving failed that nobody waited for; empty if it did not."""
        return "; ".join(self._failures.values())

    def append(self, group: list[Submission]) -> Future[list[Receipt]]:
        """Appends to the own log; the result comes when it is durable. A group is written whole or not at all."""
        future: Future[list[Receipt]] = Future()
        if self.own is None:
            future.set_exception(NotSigningError("this store has no log of its own"))
        elif len(group) > GROUP_ENTRIES:
            future.set_exception(ValueError(f"a group has at most {GROUP_ENTRIES} entries"))
        else:
            self._put(_Append(group, future))
        return future

    def run(self, function: Callable[[Transaction], _Result]) -> Future[_Result]:
        """Runs a function in a transaction of its own; the result comes when it is durable."""

        def transaction() -> _Result:
            with self._store.write() as change:
                before = change.rows_changed
                result = function(change)
                bulk = change.rows_changed - before > BULK_ROWS
            self._ahead.forget()
            self._behind = True
            if bulk:
                self._bulk_at = time.monotonic()
            return result

        return self._call(transaction)

    def change_own(self, function: Callable[[OwnLog, Transaction], Recovery]) -> Future[Recovery]:
        """Runs one of the own log's changes that are no appends; what follows for it comes when it is durable."""

        def transaction() -> Recovery:
            own = self.own
            if own is None:
                raise NotSigningError("this store has no log of its own")
            with self._store.write() as change:
                recovery = function(own, change)
            with self._store.read() as reads:
                own.load(reads, recovery)
            self._ahead.forget()
            self._behind = True
            if own.cut_records:
                self._deriver.forget()
                self.derivations += 1
                self.on_derived(Derived(own.tree, 0, own.cut_records, erased=False))
                own.cut_records = ()
            own.vouch(self._store)
            return own.recovery

        return self._call(transaction)

    def settle(self) -> None:
        """Waits until all that was asked before is done, signed and derived."""

        def drain() -> None:
            self._sign()
            while self._derive() or self._state():
                pass
            self._sign()
            self._quietly("tidy", self._tidying.tidy)

        self._call(drain).result()

    def close(self) -> None:
        """Finishes what was asked, signs, and ends the thread. What is asked afterwards is refused."""
        if self._thread.is_alive():
            with contextlib.suppress(LedgerError):
                self._call(self._sign).result()
            self._put(_Stop())
            self._thread.join()
            self._ahead.close()

    def _put(self, job: _Job) -> None:
        """Queues a job: first come, first served, but a few entries need not wait behind an import."""
        urgent = isinstance(job, _Append) and len(job.group) <= URGENT_ENTRIES
        if urgent:
            self._urgent_at = time.monotonic()
        self._jobs.put((0 if urgent else 1, next(self._numbers), job))
        if self._ended.is_set():
            self._refuse_rest()

    def _refuse_rest(self) -> None:
        """Answers what was asked too late: nobody will do it."""
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()[2]
                if not isinstance(job, _Stop) and job.future.set_running_or_notify_cancel():
                    job.future.set_exception(StoreUnusableError("the store has been closed: nothing was written"))

    def _call(self, function: Callable[[], _Result]) -> Future[_Result]:
        future: Future[_Result] = Future()
        self._put(_Call(function, future))  # type: ignore[arg-type] # the future takes what the function gives
        return future

    def _run(self) -> None:
        carried: _Job | None = None
        while True:
            job, carried = carried or self._next(), None
            if isinstance(job, _Stop):
                self._ended.set()
                self._refuse_rest()
                return
            if isinstance(job, _Append):
                carried = self._write_groups(job)
            else:
                _answer(job)
            if time.monotonic() - self._signed_at > CHECKPOINT_EVERY_S:
                self._quietly("sign", self._sign)

    def _next(self) -> _Job:
        """The next job; while there is none, signs and derives."""
        while True:
            overdue = self._behind and time.monotonic() - self._derived_at > DERIVE_WAIT_S
            if not overdue:
                pause = self._bulk_at + BULK_PAUSE_S - time.monotonic()
                with contextlib.suppress(queue.Empty):
                    return (self._jobs.get(timeout=pause) if pause > 0 else self._jobs.get_nowait())[2]
            derive = partial(self._derive, DERIVE_ENTRIES_OVERDUE, DERIVE_ENTRIES_OVERDUE) if overdue else self._derive
            if (
                self._quietly("sign", self._sign)
                or self._quietly("derive", derive)
                or self._quietly("state", self._state)
            ):
                continue
            self._behind = False
            if not self._quietly("tidy", self._tidying.tidy):
                return self._jobs.get()[2]
            with contextlib.suppress(queue.Empty):
                return self._jobs.get(timeout=TIDY_EVERY_S)[2]

    def _quietly(self, what: str, work: Callable[[], bool]) -> bool:
        """Does what nobody waits for.

        Whether there was anything to do. A failure is kept to be shown until it works.
        """
        try:
            done = work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread must go on writing
            self._failures[what] = str(error)
            return False
        self._failures.pop(what, None)
        return done

    def _write_groups(self, first: _Append) -> _Job | None:
        """Writes a job with as many waiting ones as fit; the job taken from the queue that did not fit, if any.

        What is urgent goes without those that are not, and those stay small while something urgent comes every now and
        then.
        """
        jobs, entries = [first], len(first.group)
        urgent = entries <= URGENT_ENTRIES
        shared = not urgent and time.monotonic() - self._urgent_at < URGENT_LATELY_S
        most = COMMIT_ENTRIES_SHARED if shared else COMMIT_ENTRIES
        carried: _Job | None = None
        while carried is None and entries < most:
            try:
                job = self._jobs.get_nowait()[2]
            except queue.Empty:
                break
            if (
                isinstance(job, _Append)
                and entries + len(job.group) <= most
                and not (urgent and len(job.group) > URGENT_ENTRIES)
            ):
                jobs.append(job)
                entries += len(job.group)
            else:
                carried = job
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        if len(jobs) == 1 or not self._write_group(jobs, alone=False):
            for job in jobs:  # one that cannot be written must not take the others with it
                self._write_group([job], alone=True)
        return carried

    def _write_group(self, jobs: list[_Append], *, alone: bool) -> bool:
        """Writes jobs in one transaction and answers them; False if it failed and they can be tried one by one."""
        assert self.own is not None
        try:
            with self._store.write() as change:
                group = [item for job in jobs for item in job.group]
                appended = self.own.append(change, group, int(self._clock()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who asked must hear of it
            if alone:
                jobs[0].future.set_exception(error)
            return False
        self.own.settle(appended)
        self._behind = True
        if len(group) > URGENT_ENTRIES:
            self._bulk_at = time.monotonic()
        receipts = iter(appended.receipts)
        for job in jobs:
            job.future.set_result([next(receipts) for _ in job.group])
        return True

    def _sign(self) -> bool:
        """Signs a checkpoint over what is new; whether there was anything."""
        self._signed_at = time.monotonic()
        if self.own is None or self.own.signing_refused or self.own.signed_size == self.own.size:
            return False
        with self._store.write() as change:
            self.own.checkpoint(change)
        self.on_checkpoint()
        return True

    def _state(self) -> bool:
        """States in the own log what follows from it for members and accounts; whether there was anything new."""
        own = self.own
        if own is None or own.signing_refused or not self._stating:
            return False
        with self._store.write() as change:
            tree = change.tree_numbered(own.tree)
            body = self._deriver.state_body(change, tree, own.key.public)
            self._stating = tree.derived != tree.size
            if body is None:
                return False
            now = int(self._clock())
            said = stated(own.key, tree.origin.log_id, Said("state", body), now)
            appended = own.append(change, [said], now)
        own.settle(appended)
        self._behind = True
        return True

    def _derive(self, limit: int = DERIVE_ENTRIES, most: int = DERIVE_ENTRIES_MAX) -> bool:
        """Folds chunks of at most `limit` entries into the derived tables; whether there was anything to do.

        They are written together up to `most` entries, or until somebody waits to write something else.
        """
        steps: list[Derived] = []
        try:
            with self._store.write() as change:
                while tree := next_behind(change, self.own.tree if self.own else -1, self._derived_last):
                    self._derived_last = tree.tree
                    steps.append(self._deriver.step(change, tree, limit))
                    enough = sum(step.entries for step in steps) >= most
                    if enough or steps[-1].erased or not self._jobs.empty():
                        break
        except BaseException:
            self._deriver.forget()
            raise
        finally:
            self._derived_at = time.monotonic()
        self.derivations += len(steps)
        if any(step.erased for step in steps):
            self._tidying.erased()
        for step in steps:
            self._stating |= self.own is not None and step.tree == self.own.tree
            self.on_derived(step)
        return bool(steps)


def _answer(job: _Call) -> None:
    """Does a job, unless nobody waits for it any more; once begun, it cannot be given up."""
    if not job.future.set_running_or_notify_cancel():
        return
    try:
        result = job.function()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the one who asked must hear of it
        job.future.set_exception(error)
    else:
        job.future.set_result(result)
