# SPDX-License-Identifier: AGPL-3.0-or-later
"""Replication of 100,000 entries from one node process to another over loopback, beside the raw limits of the receiver.

To compare with other programs in the same run, give tests/benchmarks/peer.py to a comparison that knows its three
verbs.
"""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ledger.sqlite.rows import insert
from tests.benchmarks.measure import synthetic_records

COUNT = 100_000
RUNS = 3


def _payload_file(path: Path) -> None:
    """Records in the form that the verb `write` takes."""
    with path.open("wb") as file:
        for number, record in enumerate(synthetic_records(COUNT)):
            told = {
                "name": record["name"]["en"],
                "about": record["description"]["en"],
                "lat": record["point"]["lat"] / 10**7,
                "lon": record["point"]["lon"] / 10**7,
                "ref": record["id"].hex() * 2,
                "amount": number,
            }
            data = json.dumps(told).encode()
            file.write(struct.pack("<I", len(data)) + data)


def _verb(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.peer", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    value: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return value


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _raw_store(path: Path, folder: Path) -> float:
    """SQLite alone, writing the receiver's rows in transactions of 500."""
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = source.execute("SELECT tree, position, entry, payload FROM entry").fetchall()
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE entry (tree, position, entry, payload, PRIMARY KEY (tree, position)) WITHOUT ROWID")
    begun = time.perf_counter()
    for start in range(0, len(rows), 500):
        db.execute("BEGIN IMMEDIATE")
        insert(db, "INSERT INTO entry (tree, position, entry, payload)", rows[start : start + 500])
        db.execute("COMMIT")
    return len(rows) / (time.perf_counter() - begun)


def _median(pulls: list[dict[str, Any]], name: str) -> float:
    return float(statistics.median(pull[name] for pull in pulls))


def run() -> dict[str, Any]:
    """The figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _payload_file(folder / "records")
        wrote = _verb("write", str(folder / "a"), str(COUNT), str(folder / "records"))
        raw = _raw_store(folder / "a" / "store" / "ledger.db", folder)
        port = _free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.peer", "serve", str(folder / "a"), str(port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        key = json.loads(server.stdout.readline())["key"]
        time.sleep(2)
        pulls = [_verb("pull", str(folder / f"b{n}"), str(port), key, str(COUNT)) for n in range(RUNS)]
        server.send_signal(signal.SIGTERM)
        served = json.loads(server.stdout.readline())
        server.wait(20)
    rate = _median(pulls, "rate")
    return {
        "written, signed on the way, entries/s": wrote["rate"],
        "replicated, verified, durable, entries/s": rate,
        "raw SQLite rows/s": raw,
        "ratio to raw": rate / raw,
        "replicating, processor us/entry": 1e6 * _median(pulls, "cpu_replicating_s") / COUNT,
        "first search complete after, s": _median(pulls, "searchable_after_s"),
        "until then, processor us/entry": 1e6 * _median(pulls, "cpu_until_searchable_s") / COUNT,
        "receiver after replication MB": max(pull["held_mb"] for pull in pulls),
        "receiver peak MB": max(pull["peak_mb"] for pull in pulls),
        "sender peak MB": served["peak_mb"],
    }
