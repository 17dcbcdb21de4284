# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checking every entry again while the node runs: one check at a time, half of the time asleep, behind all else."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from ledger.errors import LedgerError, RefusedError
from ledger.keeping.audit import audit
from ledger.own.keys import write_private

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.keeping.audit import Fault
    from ledger.ledger import Ledger

log = logging.getLogger("folkmoot.audits")

FAULTS_KEPT_MAX = 200
_NICENESS = 15
_NAP_S_MAX = 5.0


class KeptFault(msgspec.Struct, frozen=True):
    """Something that is not as it should be: which log and where (-1: as a whole), as the program says it."""

    log: str
    position: int
    what: str


class Checked(msgspec.Struct, frozen=True):
    """A check that ended: when (UTC seconds), what it went through, the first faults of how many.

    `file` is what SQLite says of the file itself; `problem` is why the check could not be carried to its end.
    """

    begun: int
    ended: int
    logs: int = 0
    entries: int = 0
    signatures: int = 0
    faults: list[KeptFault] = []
    faulty: int = 0
    file: list[str] = []
    problem: str = ""

    @property
    def fine(self) -> bool:
        """Whether all was as it should be."""
        return not (self.faulty or self.file or self.problem)


class _Kept(msgspec.Struct, frozen=True):
    """What stands on the disk: the last check that ended, and when one began that has not."""

    last: Checked | None = None
    begun: int = 0


class _Stopping(Exception):  # noqa: N818 - not an error: the node stops
    pass


class Audits:
    """What is being checked now, and what came of the last check. Its methods may run in any thread."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float] = time.time) -> None:
        self._ledger, self._clock = ledger, clock
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.done = self.total = 0

    @property
    def running(self) -> bool:
        """Whether everything is being checked just now."""
        return self._thread is not None and self._thread.is_alive()

    def last(self) -> tuple[Checked | None, bool]:
        """The last check that ended; and whether one was begun since that was interrupted."""
        kept = self._kept()
        return kept.last, bool(kept.begun) and not self.running

    def begin(self) -> None:
        """Begins a check. Raises RefusedError if one is under way."""
        with self._lock:
            if self.running:
                raise RefusedError("all is being checked already")
            with self._ledger.store.read() as reads:
                self.done, self.total = 0, sum(tree.size for tree in reads.trees())
            begun = int(self._clock())
            self._keep(_Kept(self._kept().last, begun))
            self._thread = threading.Thread(target=self._run, args=(begun,), name="folkmoot-audit", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Waits until the check is done, but not longer than that."""
        if self._thread is not None:
            self._thread.join(seconds)

    def stop(self) -> None:
        """Gives a check up: the node stops."""
        self._stopping.set()
        self.wait(_NAP_S_MAX)

    def _run(self, begun: int) -> None:
        with suppress(OSError, AttributeError):  # where threads have a niceness of their own, as on Linux
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        try:
            checked = self._check(begun)
        except _Stopping:
            return
        except (LedgerError, OSError) as error:
            checked = Checked(begun, int(self._clock()), problem=str(error))
        except Exception:
            log.exception("fault while checking every entry")
            checked = Checked(begun, int(self._clock()), problem="The node has a fault; its log says more.")
        try:
            self._keep(_Kept(checked))
        except OSError:
            log.exception("what came of checking every entry could not be kept")

    def _check(self, begun: int) -> Checked:
        since = time.monotonic()

        def advance(entries: int) -> None:
            nonlocal since
            self.done += entries
            if self._stopping.wait(min(_NAP_S_MAX, time.monotonic() - since)):
                raise _Stopping
            since = time.monotonic()

        store = self._ledger.store
        found = audit(store, advance)
        return Checked(
            begun,
            int(self._clock()),
            found.logs,
            found.entries,
            found.signatures,
            [_kept_fault(fault) for fault in found.faults[:FAULTS_KEPT_MAX]],
            len(found.faults),
            store.check_integrity(),
        )

    def _kept(self) -> _Kept:
        try:
            return msgspec.json.decode(self._ledger.directory.last_audit.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return _Kept()

    def _keep(self, kept: _Kept) -> None:
        write_private(self._ledger.directory.last_audit, msgspec.json.encode(kept))


def _kept_fault(fault: Fault) -> KeptFault:
    return KeptFault(fault.log, fault.position, fault.what[:1_000])


AUDITS = web.AppKey("audits", Audits)
