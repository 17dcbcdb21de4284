# SPDX-License-Identifier: AGPL-3.0-or-later
"""Durable append of signed statements through the store, beside what SQLite alone does with the same rows."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.ledger import Ledger
from ledger.own.writer import COMMIT_ENTRIES
from ledger.sqlite.rows import insert
from protocol.statement import make_entry
from tests.benchmarks.measure import current_mb, percentile, synthetic_records
from tests.benchmarks.peer import append_all, found, members, signed

if TYPE_CHECKING:
    from ledger.own.log import Submission

COUNT = 50_000


def raw_rate(submissions: list[Submission], folder: Path) -> tuple[float, list[float]]:
    """SQLite alone: the same rows, in groups of the same size, WAL and synchronous=FULL; seconds of each commit."""
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cache_size = -49152"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE entry (tree, position, entry, payload, PRIMARY KEY (tree, position)) WITHOUT ROWID")
    db.execute("CREATE TABLE accepted (tree, id, position, digest, PRIMARY KEY (tree, id)) WITHOUT ROWID")
    commits: list[float] = []
    begun = time.perf_counter()
    for start in range(0, len(submissions), COMMIT_ENTRIES):
        part = list(enumerate(submissions[start : start + COMMIT_ENTRIES], start))
        db.execute("BEGIN IMMEDIATE")
        entries = [(1, position, make_entry(1, 0, item.commitment), item.payload) for position, item in part]
        insert(db, "INSERT INTO entry (tree, position, entry, payload)", entries)
        keys = [(1, item.id, position, item.digest) for position, item in part]
        insert(db, "INSERT INTO accepted (tree, id, position, digest)", keys)
        written = time.perf_counter()
        db.execute("COMMIT")
        commits.append(time.perf_counter() - written)
    rate = len(submissions) / (time.perf_counter() - begun)
    db.close()
    return rate, commits


def store_rate(ledger: Ledger, submissions: list[Submission]) -> float:
    """The same statements, already signed, through the writer."""
    begun = time.perf_counter()
    half = COMMIT_ENTRIES // 2
    waiting = [ledger.writer.append(submissions[n : n + half]) for n in range(0, len(submissions), half)]
    for future in waiting:
        future.result()
    return len(submissions) / (time.perf_counter() - begun)


def signed_rate(ledger: Ledger, records: list[dict[str, Any]]) -> tuple[float, list[float]]:
    """Making, signing and appending, while somebody else appends one by one; seconds that each of those took."""
    singles: list[float] = []
    stop = threading.Event()

    def one_by_one() -> None:
        for record in synthetic_records(100_000, seed=3):
            if stop.wait(0.02):
                return
            begun = time.perf_counter()
            ledger.writer.append([ledger.state("record.put", {"record": record})]).result()
            singles.append(time.perf_counter() - begun)

    other = threading.Thread(target=one_by_one)
    other.start()
    begun = time.perf_counter()
    append_all(ledger, records)
    rate = len(records) / (time.perf_counter() - begun)
    stop.set()
    other.join()
    return rate, singles


def run() -> dict[str, Any]:
    """The figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Ledger(found(folder / "a", "Store")) as ledger:
            keys = members(ledger)
            submissions = [signed(ledger, record, n, keys) for n, record in enumerate(synthetic_records(COUNT))]
            raws = [raw_rate(submissions[: COUNT // 2], _folder(folder, n)) for n in range(3)]
            stored = store_rate(ledger, submissions)
        with Ledger(found(folder / "b", "Signed")) as ledger:
            records = list(synthetic_records(COUNT, seed=2))
            made, singles = signed_rate(ledger, records)
            memory = current_mb()
    raw = statistics.median(rate for rate, _ in raws)
    raw_commits = [seconds for _, commits in raws for seconds in commits]
    return {
        "raw SQLite rows/s": raw,
        "store, already signed, entries/s": stored,
        "ratio to raw": stored / raw,
        "store, made and signed on the way, entries/s": made,
        "single append meanwhile p50 ms": 1000 * percentile(singles, 0.5),
        "single append meanwhile p99 ms": 1000 * percentile(singles, 0.99),
        "singles": len(singles),
        "raw SQLite commit p99 ms": 1000 * percentile(raw_commits, 0.99),
        "memory MB": memory,
    }


def _folder(folder: Path, number: int) -> Path:
    path = folder / f"raw{number}"
    path.mkdir()
    return path
