# SPDX-License-Identifier: AGPL-3.0-or-later
"""The node's work on uploads: reading, checking, writing, undoing; one after the other, beside everything else.

What was begun goes on after a restart, and needs nobody who looks on.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from aiohttp import web

from ledger.errors import LedgerError, NotFoundError, RefusedError
from ledger.importing.assess import DAY_S, Assessment, assess
from ledger.importing.convert import Converted, convert_table, missing_columns
from ledger.importing.listing import keep_mapping, kept_mapping
from ledger.importing.mapping import Mapping, from_toml, to_toml
from ledger.importing.plan import counts
from ledger.importing.problem import ImportFileError, MappingError
from ledger.importing.read import read_table
from ledger.importing.report import report_object
from ledger.importing.suggest import suggest
from ledger.importing.table import Table
from ledger.importing.write import find_import, import_parts, plan_undo_of, undo_parts, write_statements
from node.importing.apart import different
from node.importing.preview import preview_object
from node.importing.uploads import WORKING, Found, Upload, Uploads
from node.web.words import message
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ledger.importing.plan import Statement
    from ledger.ledger import Ledger

log = logging.getLogger("folkmoot.importing")

SAMPLES, SAMPLE_CHARACTERS_MAX = 3, 80
COLUMNS_SHOWN_MAX = 300
RESUMED_MAX = 2
"""What ends the node each time, because there is not enough memory say, is not begun for ever."""
STOPPED_WITH_NODE = message("The node has stopped several times while it worked on this. Split the file, or try again.")
CACHED_S = 600.0
"""How long a table stays in memory after its last use."""


class Progress(NamedTuple):
    """How much of the work is done; `total` is 0 while that is not known."""

    done: int
    total: int


class _Stopping(Exception):  # noqa: N818 - not an error: the node stops
    pass


class _Read(NamedTuple):
    """A table in memory, and its records for one mapping."""

    upload: str
    how: tuple[str, str]
    table: Table
    mapping: str
    converted: list[Converted]
    used: float


class _Assessed(NamedTuple):
    """What an import would do, and of what: the decisions about the file, and the state of the store."""

    of: tuple[object, ...]
    found: Assessment


class Jobs:
    """Works on uploads in a thread of its own. Its methods may be called from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.uploads = Uploads(ledger.directory.imports, ledger.clock)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="folkmoot-import")
        self._futures: dict[str, Future[None]] = {}
        self._progress: dict[str, Progress] = {}
        self._read: _Read | None = None
        self._assessed: _Assessed | None = None
        self._stopping = threading.Event()

    def resume(self) -> None:
        """Takes up again what was under way when the node stopped."""
        self.uploads.sweep()
        for upload in reversed(self.uploads.all()):
            if upload.phase in WORKING and upload.resumed < RESUMED_MAX:
                self.start(self.uploads.change_anyway(upload.id, resumed=upload.resumed + 1))
            elif upload.phase in WORKING:
                self.uploads.change_anyway(upload.id, phase="stopped", fault=STOPPED_WITH_NODE)

    def stop(self) -> None:
        """Stops at the next place at which it can be taken up again."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def tidy(self) -> None:
        """Removes what is too old, from disk and from memory."""
        self.uploads.sweep()
        if self._read is not None and time.monotonic() - self._read.used > CACHED_S:
            self._read = self._assessed = None

    def start(self, upload: Upload) -> None:
        """Begins the work that the phase of an upload says."""
        self._progress[upload.id] = Progress(0, 0)
        self._futures[upload.id] = self._pool.submit(self._work, upload.id)

    def wait(self, upload_id: str, seconds: float) -> None:
        """Waits until the work on an upload is done, but not longer than that."""
        future = self._futures.get(upload_id)
        if future is not None:
            with_timeout(future, seconds)

    def progress(self, upload_id: str) -> Progress:
        """How far the work is."""
        return self._progress.get(upload_id, Progress(0, 0))

    def _work(self, upload_id: str) -> None:
        steps: dict[str, Callable[[Upload], None]] = {
            "reading": self._reading,
            "checking": self._checking,
            "writing": self._writing,
            "undoing": self._undoing,
        }
        try:
            upload = self.uploads.get(upload_id)
            if upload.phase in steps:
                steps[upload.phase](upload)
        except _Stopping:
            pass  # it goes on at the next start
        except (ImportFileError, MappingError) as fault:
            phase = "unreadable" if upload.phase == "reading" else "mapping"
            self.uploads.change_anyway(upload_id, phase=phase, fault=str(fault))
        except NotFoundError:
            log.info("an upload was dropped before it was worked on")
        except (LedgerError, Malformed, OSError) as fault:
            self.uploads.change_anyway(upload_id, phase="stopped", fault=str(fault))
        except Exception:
            log.exception("fault while working on an import")
            self.uploads.change_anyway(upload_id, phase="stopped", fault="The node has a fault; its log says more.")
        finally:
            self._progress.pop(upload_id, None)

    def _table(self, upload: Upload) -> Table:
        how = (upload.encoding, upload.delimiter)
        read = self._read
        if read is None or (read.upload, read.how) != (upload.id, how):
            self._read = self._assessed = None  # there is one table in memory at most
            data = self.uploads.data(upload)
            table = read_table(data, encoding=upload.encoding or None, delimiter=upload.delimiter or None)
            read = _Read(upload.id, how, table, "", [], 0)
        self._read = read._replace(used=time.monotonic())
        return read.table

    def _converted(self, upload: Upload, mapping: Mapping) -> list[Converted]:
        table, read = self._table(upload), self._read
        retrieved = upload.at // DAY_S * DAY_S
        assert read is not None, "a table was read"
        if read.mapping != upload.mapping or not read.converted:
            converted, total = [], len(table.rows)
            for number, row in enumerate(convert_table(table, mapping, self.ledger.log_id, retrieved)):
                if number % 200 == 0:
                    self._advance(upload.id, number, total)
                converted.append(row)
            self._read = read = read._replace(mapping=upload.mapping, converted=converted)
        return read.converted

    def _advance(self, upload_id: str, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _Stopping
        self._progress[upload_id] = Progress(done, total)

    def _reading(self, upload: Upload) -> None:
        table = self._table(upload)
        with self.ledger.store.read() as reads:
            kept = kept_mapping(reads, upload.edition_of) if upload.edition_of else None
            taken = {row.source for row in reads.imports(self.ledger.own.tree)}
        mapping = suggest(table, upload.edition_of or set_name(upload.name)) if kept is None else kept
        if not upload.edition_of:
            mapping = msgspec.structs.replace(mapping, set=unused(mapping.set, taken))
        lost = missing_columns(table, mapping)[:COLUMNS_SHOWN_MAX]
        told = to_toml(mapping)
        self.uploads.change(upload.id, phase="mapping", fault="", found=found_of(table), mapping=told, lost=lost)

    def _assess(self, upload: Upload) -> tuple[Table, Assessment]:
        mapping = from_toml(upload.mapping)
        table, converted = self._table(upload), self._converted(upload, mapping)
        self.ledger.writer.settle()
        with self.ledger.store.read() as reads:
            folded = (reads.scopes_version(), *((tree.tree, tree.derived) for tree in reads.trees()))
            of = (upload.id, upload.encoding, upload.delimiter, upload.mapping, upload.close, folded)
            if self._assessed is None or self._assessed.of != of:
                digest = bytes.fromhex(upload.digest)
                found = assess(reads, converted, mapping, name=upload.name, digest=digest, close=upload.close)
                self._assessed = _Assessed(of, found)
        return table, self._assessed.found

    def _checking(self, upload: Upload) -> None:
        table, found = self._assess(upload)
        self._show(upload, table, found, changed=False)

    def _show(self, upload: Upload, table: Table, found: Assessment, *, changed: bool) -> None:
        """Keeps what would happen, to be looked at."""
        self.uploads.keep(upload, "report", report_object(table, found, dry_run=True))
        self.uploads.keep(upload, "preview", preview_object(found, self.ledger.log_id))
        self.uploads.change(
            upload.id,
            phase="checked",
            fault="",
            changed=changed,
            seen=plan_digest(found),
            key=found.key.hex(),
            counts={**counts(found.steps), "there": found.there, "too_much": int(found.too_much)},
        )

    def _writing(self, upload: Upload) -> None:
        table, found = self._assess(upload)
        if not found.begun and plan_digest(found) != upload.seen:
            self._show(upload, table, found, changed=True)
            return
        if found.too_much and not upload.close_many:
            raise RefusedError("so many records would be closed that this has to be asked for")
        choice = {pair["row"]: upload.single.get(str(pair["row"]), upload.likely) for pair in found.likely}
        left_out = frozenset(row for row, chosen in choice.items() if chosen == "leave_out")
        chosen = found.leaving_out(left_out)
        mapping = from_toml(upload.mapping)
        self.ledger.writer.run(lambda change: keep_mapping(change, mapping)).result()
        apart = [pair for pair in found.likely if choice[pair["row"]] == "apart"]
        parts = [*import_parts(chosen), different(apart, chosen, self.ledger.log_id)]
        self._write(upload, parts)
        self.uploads.keep(upload, "report", report_object(table, chosen, dry_run=False))
        self.uploads.change(upload.id, phase="done", fault="", key=found.key.hex(), counts=counts(chosen.steps))
        self._read = self._assessed = None

    def _undoing(self, upload: Upload) -> None:
        tree = self.ledger.own.tree
        self.ledger.writer.settle()
        with self.ledger.store.read() as reads:
            row = find_import(reads, tree, upload.key)
            undoing = plan_undo_of(reads, row)
        self._write(upload, list(undo_parts(undoing, row.id)))
        told = {"restored": len(undoing.statements), "left": len(undoing.changed_since)}
        self.uploads.change(upload.id, phase="undone", fault="", counts=told)

    def _write(self, upload: Upload, parts: list[list[Statement]]) -> None:
        total = sum(map(len, parts))
        done = 0

        def advance(more: int) -> None:
            nonlocal done
            done += more
            self._advance(upload.id, done, total)

        for part in parts:
            write_statements(self.ledger, part, advance)
        self.ledger.writer.settle()


JOBS = web.AppKey("import_jobs", Jobs)


def with_timeout(future: Future[None], seconds: float) -> None:
    """Waits for a future, whatever becomes of it, and not longer than that."""
    from concurrent.futures import wait  # noqa: PLC0415 - its name says too little anywhere else

    wait([future], seconds)


def found_of(table: Table) -> Found:
    """What a person is told of a table."""
    samples: dict[str, list[str]] = {column: [] for column in table.columns[:COLUMNS_SHOWN_MAX]}
    for row in table.rows:
        for column, value in row.values.items():
            seen = samples.get(column)
            if seen is not None and len(seen) < SAMPLES:
                short = " ".join(value[: 4 * SAMPLE_CHARACTERS_MAX].split())[:SAMPLE_CHARACTERS_MAX]
                if short and short not in seen:
                    seen.append(short)
    return Found(
        format=table.format,
        encoding=table.encoding,
        delimiter=table.delimiter,
        decimal=table.decimal,
        rows=len(table.rows),
        refused=len(table.refused),
        notes=table.notes[:20],
        columns=tuple((column, tuple(values)) for column, values in samples.items()),
    )


def set_name(file_name: str) -> str | None:
    """A short name for the data set in a file."""
    import re  # noqa: PLC0415 - of this function only

    stem = file_name.rpartition(".")[0] or file_name
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-")[:64] or None


def unused(name: str, taken: Collection[str]) -> str:
    """A set's name that none has yet: many files are called export.csv, and may not close each other's records."""
    numbered = (f"{name[:60]}-{number}" for number in count(2))
    return name if not name or name not in taken else next(one for one in numbered if one not in taken)


def plan_digest(found: Assessment) -> str:
    """Tells one plan from another."""
    digest = sha256(found.key)
    for step in found.steps:
        digest.update(msgspec.json.encode((step.row, step.action, step.record_id.hex())))
    return digest.hexdigest()
