# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles that a steward has sent: taken in beside everything else, one after the other, also after a restart.

A file is worked on when all of it has come; each range is verified and stored by itself (spec 14 §3), so that whatever
interrupts it leaves what was taken, and beginning again goes on from there.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from ledger.carried.intake import Importer, Intake, Outcome, intake_object
from ledger.errors import LedgerError
from node.web.kept_files import KeptFile, KeptFiles, tidy_name
from node.web.words import message
from protocol.bundle import read_header, read_items
from protocol.errors import Malformed
from protocol.identity import Origin, show_log_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.ledger import Ledger
    from node.web.kept_files import Receiving
    from protocol.bundle import Part

log = logging.getLogger("folkmoot.carrying")

BUNDLE_BYTES_MAX, BUNDLES_MAX = 256 * 2**20, 3
RESUMED_MAX = 2
STOPPED_WITH_NODE = message("The node has stopped several times while it worked on this. Split the file, or try again.")
_FAULT = "The node has a fault; its log says more."


class Carried(KeptFile, frozen=True):
    """A bundle and what has become of it so far. `phase` is `taking`, `done` or `stopped`.

    `total` is the number of entries that it says it holds, `before` how many of each log were held when it came, by
    "log/epoch"; `logs` and `broken` are those of `intake_object`. `resumed` is how often it was begun anew.
    """

    total: int = 0
    before: dict[str, int] = msgspec.field(default_factory=dict)
    logs: tuple[dict[str, Any], ...] = ()
    broken: dict[str, str] | None = None
    resumed: int = 0


class CarriedFiles(KeptFiles[Carried]):
    """The bundles that wait or were taken in during the last day."""

    sort = Carried
    working = frozenset({"taking"})

    def room(self) -> tuple[int, int]:
        """How many may wait, and how large each may be."""
        return BUNDLES_MAX, BUNDLE_BYTES_MAX

    def receive(self) -> Receiving:
        """Begins to take one in. What is done with makes room for it."""
        for one in [one for one in self.all() if one.phase == "done"][BUNDLES_MAX - 1 :]:
            self.drop(one.id)
        return super().receive()

    def begin(self, receiving: Receiving, name: str, parts: Sequence[Part], before: dict[str, int]) -> Carried:
        """One that has come whole."""
        total = sum(part.to - part.from_ for part in parts)
        digest, size, at = receiving.finish(), receiving.size, int(self._clock())
        one = Carried(receiving.folder.name, tidy_name(name), size, digest, at, "taking", total=total, before=before)
        self.store(one)
        return one


class _Stopping(Exception):  # noqa: N818 - not an error: the node stops
    pass


class Carrying:
    """Takes bundles in, in a thread of its own. Its methods may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.files = CarriedFiles(ledger.directory.bundles, ledger.clock)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="folkmoot-bundle")
        self._futures: dict[str, Future[None]] = {}
        self._progress: dict[str, int] = {}
        self._stopping = threading.Event()

    def resume(self) -> None:
        """Takes up again what was under way when the node stopped."""
        self.files.sweep()
        for one in reversed(self.files.all()):
            if one.phase == "taking" and one.resumed < RESUMED_MAX:
                self.start(self.files.change_anyway(one.id, resumed=one.resumed + 1))
            elif one.phase == "taking":
                self.files.change_anyway(one.id, phase="stopped", fault=STOPPED_WITH_NODE)

    def stop(self) -> None:
        """Stops after the range that is being stored."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self, receiving: Receiving, name: str) -> Carried:
        """Begins to take in a file that has come whole. Raises Malformed, and forgets it, if it is no bundle."""
        path = receiving.folder / "file"
        try:
            receiving.flush()
            with path.open("rb") as file:
                parts = read_header(file.read)
            with self.ledger.store.read() as reads:
                held = {part.origin: reads.tree(part.origin) for part in parts}
        except BaseException:
            receiving.give_up()
            raise
        before = {_key(origin): tree.size if tree else 0 for origin, tree in held.items()}
        one = self.files.begin(receiving, name, parts, before)
        self.start(one)
        return one

    def start(self, one: Carried) -> None:
        """Begins the work, or begins it again."""
        self._progress[one.id] = 0
        self._futures[one.id] = self._pool.submit(self._work, one.id)

    def again(self, one: Carried) -> None:
        """Begins again what has stopped."""
        self.start(self.files.change(one.id, phase="taking", fault="", resumed=1))

    def wait(self, file_id: str, seconds: float) -> None:
        """Waits until it is done, but not longer than that."""
        future = self._futures.get(file_id)
        if future is not None:
            wait([future], seconds)

    def progress(self, one: Carried) -> tuple[int, int]:
        """How many entries have been looked at, of how many."""
        return self._progress.get(one.id, 0), one.total

    def _work(self, file_id: str) -> None:
        try:
            self._take(self.files.get(file_id))
        except _Stopping:
            pass  # it goes on at the next start
        except (LedgerError, Malformed, OSError) as fault:
            self.files.change_anyway(file_id, phase="stopped", fault=str(fault))
        except Exception:
            log.exception("fault while taking in a bundle")
            self.files.change_anyway(file_id, phase="stopped", fault=_FAULT)
        finally:
            self._progress.pop(file_id, None)

    def _take(self, one: Carried) -> None:
        ledger, outcomes = self.ledger, list[Outcome]()

        def advance(entries: int) -> None:
            if self._stopping.is_set():
                raise _Stopping
            self._progress[one.id] += entries

        def decided(outcome: Outcome) -> None:
            outcomes.append(_since_it_came(outcome, one))

        importer = Importer(ledger.store, ledger.writer, ledger.log_id)
        with self.files.path(one).open("rb") as file:
            fault = Intake(read_header(file.read), importer, decided, advance).run(read_items(file.read))
        told = intake_object(outcomes, fault)
        ledger.writer.on_checkpoint()  # peers are told of what is now complete
        self.files.change(one.id, phase="done", logs=tuple(told["logs"]), broken=told["broken"])
        self.files.path(one).unlink(missing_ok=True)


def _key(origin: Origin) -> str:
    return f"{show_log_id(origin.log_id)}/{origin.epoch}"


def _since_it_came(outcome: Outcome, one: Carried) -> Outcome:
    """An outcome that counts what was taken before an interruption, too."""
    taken = max(outcome.taken, outcome.held - one.before.get(_key(outcome.origin), outcome.held))
    state = "taken" if taken and outcome.state == "held" else outcome.state
    return outcome._replace(taken=taken, state=state) if one.resumed else outcome


CARRYING = web.AppKey("carrying", Carrying)
