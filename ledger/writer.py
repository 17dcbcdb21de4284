# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one thread that writes: it groups appends, answers after the commit, and in between signs and derives."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from ledger.derive import Deriver
from ledger.errors import LedgerError, NotSigningError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.derive import Derived
    from ledger.own import OwnLog, Receipt, Submission
    from ledger.sqlite.store import SqliteStore, Transaction

GROUP_ENTRIES = 256
"""Entries written in one transaction: large enough to share its cost, small enough not to keep a single one waiting."""

CHECKPOINT_EVERY_S = 1.0
"""A checkpoint is signed when writing pauses, and at the latest after this time."""

DERIVE_WAIT_S = 2.0
"""Derived tables are brought up when writing pauses, and a chunk at the latest after this time."""

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
        self._store = store
        self.own = own
        self._clock = clock
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._deriver = Deriver()
        self._behind = True
        self._signed_at = self._derived_at = time.monotonic()
        self.on_checkpoint: Callable[[], None] = lambda: None
        self.on_derived: Callable[[Derived], None] = lambda _: None
        self.failure = ""
        self._thread = threading.Thread(target=self._run, name="folkmoot-writer", daemon=True)
        self._thread.start()

    def append(self, group: list[Submission]) -> Future[list[Receipt]]:
        """Appends to the own log; the result comes when it is durable. A group is written whole or not at all."""
        future: Future[list[Receipt]] = Future()
        if self.own is None:
            future.set_exception(NotSigningError("this store has no log of its own"))
        elif len(group) > GROUP_ENTRIES:
            future.set_exception(ValueError(f"a group has at most {GROUP_ENTRIES} entries"))
        else:
            self._jobs.put(_Append(group, future))
        return future

    def run(self, function: Callable[[Transaction], _Result]) -> Future[_Result]:
        """Runs a function in a transaction of its own; the result comes when it is durable."""

        def transaction() -> _Result:
            with self._store.write() as change:
                result = function(change)
            self._behind = True
            return result

        return self._call(transaction)

    def settle(self) -> None:
        """Waits until all that was asked before is done, signed and derived."""

        def drain() -> None:
            self._sign()
            while self._derive():
                pass

        self._call(drain).result()

    def close(self) -> None:
        """Finishes what was asked, signs, and ends the thread."""
        if self._thread.is_alive():
            with contextlib.suppress(LedgerError):
                self._call(self._sign).result()
            self._jobs.put(_Stop())
            self._thread.join()

    def _call(self, function: Callable[[], _Result]) -> Future[_Result]:
        future: Future[_Result] = Future()
        self._jobs.put(_Call(function, future))  # type: ignore[arg-type] # the future takes what the function gives
        return future

    def _run(self) -> None:
        carried: _Job | None = None
        while True:
            job, carried = carried or self._next(), None
            if isinstance(job, _Stop):
                return
            if isinstance(job, _Append):
                carried = self._write_groups(job)
            else:
                _answer(job)
            if time.monotonic() - self._signed_at > CHECKPOINT_EVERY_S:
                self._quietly(self._sign)

    def _next(self) -> _Job:
        """The next job; while there is none, signs and derives."""
        while True:
            overdue = self._behind and time.monotonic() - self._derived_at > DERIVE_WAIT_S
            if not overdue:
                with contextlib.suppress(queue.Empty):
                    return self._jobs.get_nowait()
            if not self._quietly(self._sign) and not self._quietly(self._derive):
                self._behind = False
                return self._jobs.get()

    def _quietly(self, work: Callable[[], bool]) -> bool:
        """Does what nobody waits for; whether there was anything to do. A failure is kept to be shown."""
        try:
            return work()
        except LedgerError as error:
            self.failure = str(error)
            return False

    def _write_groups(self, first: _Append) -> _Job | None:
        """Writes a job with as many waiting ones as fit; the job taken from the queue that did not fit, if any."""
        jobs, count = [first], len(first.group)
        carried: _Job | None = None
        while carried is None and count < GROUP_ENTRIES:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if isinstance(job, _Append) and count + len(job.group) <= GROUP_ENTRIES:
                jobs.append(job)
                count += len(job.group)
            else:
                carried = job
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

    def _derive(self) -> bool:
        """Folds one chunk of one log into the derived tables; whether there was one."""
        self._derived_at = time.monotonic()
        with self._store.write() as change:
            tree = next((tree for tree in change.trees() if tree.derived < tree.size), None)
            if tree is None:
                return False
            derived = self._deriver.step(change, tree)
        if derived.erased:
            self._store.truncate_journal()
        self.on_derived(derived)
        return True


def _answer(job: _Call) -> None:
    try:
        result = job.function()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the one who asked must hear of it
        job.future.set_exception(error)
    else:
        job.future.set_result(result)
