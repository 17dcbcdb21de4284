# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member statement of 1,000 entries in a log of 20,000: how large, how long to make, how long to verify."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nacl.bindings import crypto_sign_open

from ledger.ledger import Ledger
from ledger.proofs.member_statement import make_member_statement
from protocol.member_statement import parse_member_statement
from protocol.member_verdict import judge_member
from protocol.statement import parse_payload, signed_message
from tests.benchmarks.peer import found
from tests.ledger.organising import account, member, post, ready, say, unit

if TYPE_CHECKING:
    from protocol.signature import SigningKey

ENTRIES, TOLD, REPEATS = 20_000, 1_000, 7


def run() -> dict[str, Any]:
    """The figures; times in milliseconds, in this process but for the command line's."""
    with tempfile.TemporaryDirectory() as name, Ledger(found(Path(name) / "data", "Mutual")) as ledger:
        one = _fill(ledger)
        with ledger.store.read() as reads:
            tree = reads.tree_numbered(ledger.own.tree)
            begun = time.perf_counter()
            made = make_member_statement(reads, tree, one)
            took = 1000 * (time.perf_counter() - begun)
        file = Path(name) / "statement"
        file.write_bytes(made.data)
        raw = statistics.median(_raw(made.data) for _ in range(REPEATS))
        judged = statistics.median(_timed(lambda: judge_member(made.data)) for _ in range(REPEATS))
        program = [str(Path(sys.executable).with_name("folkmoot")), "verify", str(file)]
        alone = [_timed(lambda: subprocess.run(program, check=True, capture_output=True)) for _ in range(REPEATS)]
        return {
            "entries in the log": tree.size,
            "entries in the statement": made.entries,
            "bytes": len(made.data),
            "make ms": took,
            "verify ms": judged,
            "raw signatures and hashes ms": raw,
            "verify, as a ratio to raw": judged / raw,
            "folkmoot verify ms": statistics.median(alone),
        }


def _fill(ledger: Ledger) -> bytes:
    """20,000 entries of forty members, of which 1,000 concern the first one: work, and payments between them."""
    unit(ledger)
    people = [member(ledger, f"{number}") for number in range(40)]
    bank = account(ledger, type_="external")
    wallets = [account(ledger, one) for one, _ in people]
    say(ledger, "post", post("opening", {bank: -len(wallets) * 10**6, **dict.fromkeys(wallets, 10**6)}))
    begun = ledger.own.size
    group = []
    for number in range(ENTRIES - begun):
        payer = 1 + number % 39
        payee = 1 + (number * 7 + 3) % 39
        if number % 20 == 0:
            payer, payee = (0, payee) if number % 40 else (payer, 0)
        if payer == payee:
            payee = payer % 39 + 1
        key: SigningKey = people[payer][1]
        if number % 2 and number % 20:
            body = {
                "action": "work", "provider": people[payer][0], "receiver": people[payee][0], "on": 20_000,
                "stream": "livelihood", "expects": "reciprocity",
            }  # fmt: skip
            group.append(ready(ledger, "event", body, key, label=f"{number}"))
        else:
            legs = {wallets[payer]: -1 - number % 50, wallets[payee]: 1 + number % 50}
            group.append(ready(ledger, "post", post("transfer", legs), key, label=f"{number}"))
        if len(group) == 250:
            ledger.writer.append(group).result()
            group = []
    if group:
        ledger.writer.append(group).result()
    ledger.writer.settle()
    return people[0][0]


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begun)


def _raw(data: bytes) -> float:
    """What libsodium and SHA-256 alone take for all signatures and hashes of the file."""
    statement = parse_member_statement(data)
    payloads = [parse_payload(payload) for *_, payload, _ in statement.entries]
    signed = [
        (one.signature + signed_message(payload.statement), one.key)
        for payload in payloads
        for one in payload.signatures
    ]
    hashes = 4 * len(statement.entries) + len(statement.hashes)

    def work() -> None:
        for message, key in signed:
            crypto_sign_open(message, key)
        for _ in range(hashes):
            sha256(data[:90]).digest()

    return _timed(work)
