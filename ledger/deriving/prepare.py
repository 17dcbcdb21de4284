# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading entries for the derived tables, without regard to who may say what: one chunk ahead of the writing."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from ledger.deriving.fold import Reading, read_entry
from ledger.deriving.records import prepare_record
from protocol.directory import RecordPut

if TYPE_CHECKING:
    from ledger.deriving.records import Prepared
    from ledger.sqlite.store import Snapshot
    from ledger.values import Stored, Tree
    from protocol.identity import Origin
    from protocol.record import Record


class Chunk(NamedTuple):
    """Entries of one log that have been read and checked by themselves, and what their records come to."""

    origin: Origin
    begin: int
    readings: list[Reading]
    prepared: dict[int, Prepared]


class Rows(NamedTuple):
    """The next entries of one log as they are stored, and which payloads are lacking, and why."""

    tree: Tree
    entries: list[Stored]
    lacking: dict[int, str]


def read_rows(reads: Snapshot, tree: Tree, limit: int) -> Rows:
    """The next entries of one log, at most `limit`."""
    begin, end = tree.derived, min(tree.size, tree.derived + limit)
    return Rows(tree, list(reads.entries(tree.tree, begin, end)), reads.lacking(tree.tree, begin, end))


def prepare(rows: Rows) -> Chunk:
    """What entries say, and the rows of the records among them."""
    tree, lacking = rows.tree, rows.lacking
    readings: list[Reading] = []
    prepared: dict[int, Prepared] = {}
    for position, entry, payload in rows.entries:
        held = None if position in lacking else payload
        reading = read_entry(tree.origin.log_id, position, entry, held, tree.origin.epoch)
        if reading.verdict == "withheld":
            reading = Reading(lacking.get(position, "withheld"))
        if isinstance(reading.body, RecordPut):
            prepared[position] = _prepared(tree, position, reading, reading.body.record)
        readings.append(reading)
    return Chunk(tree.origin, tree.derived, readings, prepared)


def _prepared(tree: Tree, position: int, reading: Reading, record: Record) -> Prepared:
    at = reading.statement.at if reading.statement else 0
    return prepare_record(tree.tree, position, record, reading.scope, at)


def prepare_now(reads: Snapshot, tree: Tree, limit: int) -> Chunk:
    """The chunk at which a log stands."""
    return prepare(read_rows(reads, tree, limit))


class Ahead:
    """Prepares the next chunk in a thread of its own, while SQLite writes the last one.

    The rows are read by the writing thread, when nobody else wants the interpreter: sqlite3 gives it up at each row,
    and two threads that hand it to and fro a thousand times are slower than one.

    What has been prepared stays right while it waits: entries do not change, and a payload is only dropped at the word
    of a later entry. Whoever writes anything else to the log tables calls `forget`.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="folkmoot-prepare")
        self._next: Future[Chunk] | None = None

    def take(self, reads: Snapshot, tree: Tree, limit: int) -> Chunk:
        """The chunk at which a log stands; the one after it is begun."""
        ahead, self._next = self._next, None
        chunk = ahead.result() if ahead else None
        if chunk is None or (chunk.origin, chunk.begin) != (tree.origin, tree.derived) or len(chunk.readings) > limit:
            chunk = prepare_now(reads, tree, limit)
        after = tree._replace(derived=tree.derived + len(chunk.readings))
        if after.derived < tree.size:
            self._next = self._thread.submit(prepare, read_rows(reads, after, limit))
        return chunk

    def forget(self) -> None:
        """Forgets what was prepared."""
        self._next = None

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown(cancel_futures=True)
