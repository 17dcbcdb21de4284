# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node's disk in memory: the real store and the real own log, with a writer that does at once what it is asked."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from contextlib import contextmanager
from copy import copy
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ledger.data_directory import DataDirectory
from ledger.held.tally import COSIGNED
from ledger.ledger import Ledger
from ledger.own.head import Head
from ledger.own.log import OwnLog, submission
from ledger.own.watchers import watchers_of
from ledger.own.writer import Writer
from ledger.sqlite.database import APPLICATION_ID, migrations
from ledger.sqlite.store import Snapshot, SqliteStore, Transaction
from protocol.charter import establish
from protocol.merkle import EMPTY_ROOT
from protocol.statement import make_payload, make_statement, sign_statement
from tests.builders import found_organisation, signing_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from ledger.own.log import Receipt, Submission
    from ledger.own.recovery import Recovery
    from protocol.encoding import Value
    from protocol.signature import SigningKey
    from tests.builders import Organisation

_Result = TypeVar("_Result")
PAGE_BYTES = 1024
NOWHERE = Path("/nowhere")

organisation_of = cache(found_organisation)
"""An organisation by its label: made once for all runs."""


@cache
def _empty() -> bytes:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    for number, sql in migrations():
        connection.executescript(f"BEGIN; {sql} PRAGMA user_version = {number}; COMMIT;")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return connection.serialize()


class MemoryStore(SqliteStore):
    """The store in memory. `on_write` is called before and after each commit and may kill the process there.

    With a `store_id` it counts as another store than the one in the image.
    """

    def __init__(self, image: bytes, store_id: bytes = b"") -> None:
        self.path = NOWHERE / "ledger.db"
        self._memory = sqlite3.connect(":memory:", isolation_level=None, cached_statements=64)
        self._memory.deserialize(image)
        self._memory.execute("PRAGMA cache_size = -256")
        self.on_write: Callable[[str], None] = lambda _: None
        if store_id:
            with self.write() as change:
                change.set_fact("store", store_id)

    @property
    def written(self) -> int:
        """How many rows were ever changed."""
        return self._memory.total_changes

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, undone when it raises."""
        before = self.written
        self._memory.execute("BEGIN")
        try:
            yield Transaction(self._memory)
            changed = self.written > before
            if changed:
                self.on_write("before")
            self._memory.execute("COMMIT")
        except BaseException:
            self._memory.execute("ROLLBACK")
            raise
        if changed:
            self.on_write("after")

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """What is there now: nothing else happens while the block runs."""
        yield Snapshot(self._memory)

    def image(self) -> bytes:
        """A copy, as a backup takes it."""
        return self._memory.serialize()

    def close(self) -> None:
        """Gives the memory back."""
        self._memory.close()


class MemoryHead:
    """The head file, which is not in the backup."""

    def __init__(self, head: Head) -> None:
        self.path = NOWHERE / "head.db"
        self.head = head
        self._nonce = sha256(head.origin.encode()).digest()[:16]
        self.on_write: Callable[[str], None] = lambda _: None

    def read(self, origin: str) -> Head:
        """The head of an origin."""
        assert origin == self.head.origin
        return self.head

    def nonce(self, origin: str) -> bytes:
        """What tells this instance from others."""
        assert origin == self.head.origin
        return self._nonce

    def make_anew(self, head: Head, nonce: bytes) -> None:
        """Replaces the head."""
        self.on_write("before")
        self.load(head, nonce)
        self.on_write("after")

    def load(self, head: Head, nonce: bytes) -> None:
        """Is what it was when it was copied."""
        self.head, self._nonce = head, nonce

    def advance(self, old: Head, new: Head, nonce: bytes) -> None:
        """Compare and swap."""
        assert (self.head, self._nonce) == (old, nonce)
        self.on_write("before")
        self.head = new
        self.on_write("after")


class MemoryTally:
    """How often the witness has cosigned, which is not in the backup either."""

    def __init__(self, count: int = 0) -> None:
        self.count = count

    def put(self, count: int) -> None:
        """Sets the number."""
        self.count = count


class Image(NamedTuple):
    """A copy of a whole disk: with what no backup takes."""

    store: bytes
    head: Head
    nonce: bytes
    tally: int


class SynchronousWriter(Writer):
    """Writes in the calling thread, at once."""

    _store: MemoryStore

    def __init__(self, store: MemoryStore, own: OwnLog | None) -> None:
        self._store = store
        self.own = own
        self.on_checkpoint: Callable[[], None] = lambda: None
        self.derivations = 0

    def run(self, function: Callable[[Transaction], _Result]) -> Future[_Result]:
        """Runs a function in a transaction of its own."""
        future: Future[_Result] = Future()
        try:
            with self._store.write() as change:
                result = function(change)
        except Exception as error:  # noqa: BLE001 - as the thread does
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    def change_own(self, function: Callable[[OwnLog, Transaction], Recovery]) -> Future[Recovery]:
        """Runs one of the own log's changes that are no appends."""
        own, written = self.own, self._store.written
        assert own is not None
        future = self.run(lambda change: function(own, change))
        if future.exception() is None:
            if self._store.written == written:  # there is nothing to load: mostly somebody said what was known
                own.recovery = future.result()
                own.vouch(self._store)
                return future
            with self._store.read() as reads:
                own.load(reads, future.result())
            own.cut_records = ()
            own.vouch(self._store)
        return future

    def append(self, group: list[Submission], now: int = 0) -> Future[list[Receipt]]:
        """Appends to the own log."""
        own = self.own
        assert own is not None
        future = self.run(lambda change: own.append(change, group, now))
        if error := future.exception():
            failed: Future[list[Receipt]] = Future()
            failed.set_exception(error)
            return failed
        own.settle(future.result())
        done: Future[list[Receipt]] = Future()
        done.set_result(future.result().receipts)
        return done

    def sign(self) -> None:
        """Signs a checkpoint over what is new."""
        own = self.own
        assert own is not None
        if not own.signing_refused and own.signed_size < own.size:
            with self._store.write() as change:
                own.checkpoint(change)
            self.on_checkpoint()


class Disk:
    """What outlives a process: store, head file and key of one organisation.

    A log that is not signed is told to nobody: the many nodes of a large run only pass on what others say.
    """

    def __init__(self, label: str, random: Random, *, signed: bool = True) -> None:
        self.organisation: Organisation = organisation_of(label)
        self.key = self.organisation.key
        self.signed = signed
        self.tally = MemoryTally()
        self.witness_keys = 1
        """How many it has made: one more after each time that a backup was put back."""
        self.store = MemoryStore(_empty(), random.randbytes(16))
        self.head = MemoryHead(Head(str(self.organisation.origin), 0, EMPTY_ROOT))
        with self.store.write() as change:
            tree = change.add_tree(self.organisation.origin)
            change.set_fact("own", str(tree.tree).encode())
            change.set_charters(tree.tree, [self.organisation.payload])
        ledger = VirtualLedger(self, lambda: 0)
        ledger.writer.append([submission(self.organisation.payload)]).result()
        if signed:
            ledger.writer.sign()

    def restore(self, image: bytes, random: Random) -> None:
        """Puts a backup back: the head file stays, and the store counts as another one (spec 09 §4)."""
        self._replace_store(MemoryStore(image, random.randbytes(16)))

    def image(self) -> Image:
        """A copy of all that is on it but the keys."""
        return Image(self.store.image(), self.head.head, self.head.nonce(self.head.head.origin), self.tally.count)

    def put_back(self, image: Image) -> None:
        """Makes the disk what it was: nothing on it tells that."""
        self._replace_store(MemoryStore(image.store))
        self.head.load(image.head, image.nonce)
        self.tally = MemoryTally(image.tally)

    def copy(self) -> Disk:
        """A second one with the same content."""
        other = copy(self)
        other.store = MemoryStore(self.store.image())
        other.head = copy(self.head)
        other.tally = MemoryTally(self.tally.count)
        return other

    @property
    def witness_key(self) -> SigningKey:
        """The key with which the node cosigns."""
        return signing_key(f"{self.organisation.label} witness {self.witness_keys}")

    def _replace_store(self, store: MemoryStore) -> None:
        store.on_write = self.store.on_write
        self.store.close()
        self.store = store


class VirtualLedger(Ledger):
    """An open data directory on a disk in memory."""

    writer: SynchronousWriter

    def __init__(self, disk: Disk, clock: Callable[[], float]) -> None:
        self.directory = DataDirectory(NOWHERE)
        self.clock = clock
        self.store = disk.store
        self.key = disk.key
        with self.store.read() as reads:
            tree = reads.tree_numbered(int(reads.fact("own") or 0))
            self.keys = establish(reads.charters(tree.tree))
            watchers = watchers_of(reads, self.keys)
            self.own = OwnLog(tree, disk.head, self.key, reads, watchers)  # type: ignore[arg-type] # as it is used
            if disk.tally.count > int(reads.fact(COSIGNED) or 0):  # what it has cosigned since is not known here
                disk.witness_keys += 1
                disk.tally.put(0)
        self.tally = disk.tally  # type: ignore[assignment] # as it is used
        self.witness_key = disk.witness_key
        self.writer = SynchronousWriter(self.store, self.own)

    def claim(self, number: int, random: Random) -> Submission:
        """A small statement, with chance from the run."""
        statement_id = random.randbytes(16)
        body: dict[str, Value] = {"subject": {"log": self.log_id, "id": statement_id}, "note": f"entry {number}"}
        now = max(0, int(self.clock()))
        statement = make_statement(self.log_id, "claim.endorse", statement_id, now, self.key.public, body)
        return submission(make_payload(random.randbytes(32), statement, [sign_statement(statement, self.key)]))
