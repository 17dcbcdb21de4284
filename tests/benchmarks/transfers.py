# SPDX-License-Identifier: AGPL-3.0-or-later
"""Transfers: inside one log, durable and in groups; and between two node processes over loopback, one at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

from ledger.data_directory import DataDirectory
from ledger.deriving.books import open_book
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.keys import read_key
from ledger.reciprocity.state import Outgoing
from ledger.sqlite.store import SqliteStore
from protocol.signature import SigningKey
from protocol.statement import make_payload, make_statement, sign_statement
from tests.benchmarks.measure import current_mb, percentile
from tests.builders import seeded
from tests.ledger.organising import account, member, post, ready, say, unit

if TYPE_CHECKING:
    from ledger.own.log import Submission

LOCAL, GROUP = 20_000, 64
BETWEEN = 200


def _found(path: Path, name: str) -> DataDirectory:
    fields = {"name": {"en": name}, "kind": "coop", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    directory = DataDirectory(path)
    found_log(directory, fields, [seeded(name)], 1, int(time.time()))
    return directory


def _people(ledger: Ledger, count: int = 8) -> list[tuple[bytes, SigningKey]]:
    """Accounts of members who may owe, with their owners' keys."""
    unit(ledger)
    people = []
    for number in range(count):
        one, key = member(ledger, f"{number}")
        body = {"owner": one, "unit": "EUR", "type": "member", "floor": -(10**12)}
        people.append((say(ledger, "account.open", body, ledger.key, key), key))
    ledger.writer.settle()
    return people


def local(folder: Path) -> dict[str, float]:
    """Transfers that members have signed, through the writer, until they are durable; and until they are folded."""
    with Ledger(_found(folder, "Local")) as ledger:
        people = _people(ledger)
        ready_made: list[Submission] = []
        for number in range(LOCAL):
            (payer, key), (payee, _) = people[number % 8], people[(number * 5 + 1) % 8]
            body = post("transfer", {payer: -1 - number % 7, payee: 1 + number % 7})
            ready_made.append(ready(ledger, "post", body, key, label=f"transfer {number}"))
        begun = time.perf_counter()
        for future in [ledger.writer.append(ready_made[n : n + GROUP]) for n in range(0, LOCAL, GROUP)]:
            future.result()
        durable = time.perf_counter() - begun
        ledger.writer.settle()
        folded = time.perf_counter() - begun
        return {
            "local transfers, durable, in groups, /s": LOCAL / durable,
            "the same until folded and stated, /s": LOCAL / folded,
            "memory MB": current_mb(),
        }


class _Process:
    """A node in a process of its own."""

    def __init__(self, directory: DataDirectory, *seeds: str) -> None:
        command = [
            sys.executable,
            "-m",
            "cli.main",
            "--data-dir",
            str(directory.path),
            "serve",
            "--port",
            "0",
            "--no-mdns",
        ]
        environment = {**os.environ, "FOLKMOOT_SEEDS": ",".join(seeds)} if seeds else dict(os.environ)
        self.directory = directory
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().rsplit(" ", 1)[1].strip().rstrip("/")
        self._open = build_opener(ProxyHandler({})).open

    def post(self, path: str, value: object) -> Any:
        """What its API answers."""
        token = self.directory.token.read_text().strip()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = Request(self.url + path, json.dumps(value).encode(), headers)
        with self._open(request, timeout=30) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


def between(folder: Path) -> dict[str, float]:
    """From the request to reserve until the payer's log has posted, which takes the payee's answer in between."""
    directories = [_found(folder / name, name) for name in ("payer", "payee")]
    accounts: list[tuple[bytes, bytes, bytes]] = []
    logs = []
    for directory in directories:
        with Ledger(directory) as ledger:
            logs.append(ledger.log_id)
    for directory, peer in zip(directories, logs[::-1], strict=True):
        with Ledger(directory) as ledger:
            unit(ledger)
            till = account(ledger, type_="pool", floor=-(10**9))
            connector = account(ledger, type_="connector", peer=peer, floor=-(10**9))
            accounts.append((ledger.log_id, till, connector))
            ledger.writer.settle()
    payer = _Process(directories[0])
    payee = _Process(directories[1])
    try:
        payer.post("/v1/peers", {"url": payee.url})
        store = SqliteStore(directories[0].store, writable=False)
        took = [_one(payer, store, accounts, number) for number in range(BETWEEN + 5)][5:]
        store.close()
    finally:
        payer.stop()
        payee.stop()
    return {
        "between two nodes p50 ms": 1000 * percentile(took, 0.5),
        "between two nodes p99 ms": 1000 * percentile(took, 0.99),
        "transfers": float(len(took)),
    }


def _one(payer: _Process, store: SqliteStore, accounts: list[tuple[bytes, bytes, bytes]], number: int) -> float:
    (own, till, connector), (peer, target, _) = accounts
    body: dict[str, Any] = {
        "account": till,
        "connector": connector,
        "log": peer,
        "to": target,
        "amount": 1,
        "unit": "EUR",
        "scale": 2,
        "deadline": int(time.time()) + 3600,
    }
    key = read_key(payer.directory.key)
    one = seeded(f"between {number}", 16)
    statement = make_statement(own, "xfer.reserve", one, int(time.time()), key.public, body)
    payload = make_payload(seeded(f"salt {number}"), statement, [sign_statement(statement, key)])
    begun = time.perf_counter()
    payer.post("/v1/entries", {"payloads": [b64encode(payload).decode()]})
    while time.perf_counter() - begun < 30:
        with store.read() as reads:
            found = open_book(reads, reads.tree_numbered(1)).get(Outgoing, one)
        if found is not None and found.state == "posted":
            return time.perf_counter() - begun
        time.sleep(0.002)
    raise AssertionError("a transfer was not answered in 30 s")


def run() -> dict[str, float]:
    """The figures."""
    with tempfile.TemporaryDirectory() as name:
        return {**local(Path(name) / "local"), **between(Path(name))}
