# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that is killed, or whose disk fails: writes to a data directory, tells what was acknowledged.

`python -m tests.ledger.crashing load FOLDER SEED` writes without end, `... scenario FOLDER` does some of everything,
`... cosign`, `rotate`, `backup` and `migrate FOLDER` do that one thing.
Lines on standard output: `ack ID POSITION`, `erased POSITION`, `refused CLASS`, `read COUNT`, `cosigned SIZE ROOT`,
`key PUBLIC`, `backup`, `done`.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.data_directory import DataDirectory
from ledger.errors import StoreUnusableError
from ledger.held.witness import Witness, origin_digest
from ledger.keeping.backup import take_backup
from ledger.ledger import Ledger
from ledger.own.keys import read_key
from ledger.own.log import Submission
from tests.builders import START, seeded
from tests.ledger import renewing
from tests.ledger.cosigning import ask, grown, request
from tests.ledger.making import record


def tell(line: str) -> None:
    """One line, in one system call, at once."""
    os.write(1, f"{line}\n".encode())


def ready(ledger: Ledger, label: str, number: int) -> Submission:
    """A statement named by its label."""
    body: dict[str, Any] = {"record": record(number, f"{label} bakery", description={"en": label * 40})}
    return ledger.state("record.put", body, seeded(label, 16))


def append(ledger: Ledger, labels: list[str]) -> list[int]:
    """Writes a group and tells of it when it is acknowledged."""
    group = [ready(ledger, label, number) for number, label in enumerate(labels)]
    positions = [receipt.position for receipt in ledger.writer.append(group).result()]
    for label, position in zip(labels, positions, strict=True):
        tell(f"ack {label} {position}")
    return positions


def erase(ledger: Ledger, position: int) -> None:
    """Erases an entry and tells of it when the payload is gone."""
    ledger.writer.append([ledger.state("erase", {"position": position, "reason": "law"})]).result()
    ledger.writer.settle()
    tell(f"erased {position}")


def load(folder: Path, seed: int) -> None:
    """Groups of all sizes, checkpoints and erasures, without end."""
    rng = random.Random(seed)
    ledger = Ledger(DataDirectory(folder), lambda: float(START))
    turn = 0
    while True:
        turn += 1
        positions = append(ledger, [f"{seed}-{turn}-{n}" for n in range(rng.choice([1, 1, 3, 40]))])
        if rng.random() < 0.2:
            ledger.writer.settle()
        if rng.random() < 0.1:
            erase(ledger, rng.choice(positions))


def scenario(folder: Path) -> None:
    """Appends, signs, erases and closes; every refusal is told, and reading is tried after it."""
    try:
        ledger = Ledger(DataDirectory(folder), lambda: float(START))
    except StoreUnusableError as error:
        tell(f"refused {type(error).__name__}")
        return
    steps: list[Callable[[], object]] = [
        lambda: append(ledger, ["a", "b"]),
        ledger.writer.settle,
        lambda: append(ledger, ["c"]),
        lambda: erase(ledger, 1),
        lambda: append(ledger, ["d", "e", "f"]),
        ledger.writer.settle,
    ]
    for step in steps:
        try:
            step()
        except StoreUnusableError as error:
            tell(f"refused {type(error).__name__}")
            with ledger.store.read() as reads:
                tell(f"read {len(list(reads.entries(ledger.own.tree, 0, 100)))}")
    ledger.close()
    tell("done")


BRANCHES = ("", "a", "b")


def cosign(folder: Path) -> None:
    """Is asked to cosign several histories of one log, one after the other."""
    with Ledger(DataDirectory(folder), lambda: float(START)) as ledger:
        witness = Witness(ledger)
        for size, branch in ((4, ""), (6, "a"), (7, ""), (9, "b")):
            log = grown(size, branch=branch)
            with ledger.store.read() as reads:
                found = reads.cosigned(origin_digest(str(log.organisation.origin)))
            old = found[0] if found else 0
            if old <= size and ask(witness, ledger, request(log, old)).code == 200:
                tell(f"cosigned {size} {log.checkpoint().root.hex()}")
    tell("done")


def rotate(folder: Path) -> None:
    """Puts a new operating key in the place of the present one."""
    renewing.rotate(DataDirectory(folder))
    tell(f"key {read_key(DataDirectory(folder).key).public.hex()}")
    tell("done")


def backup(folder: Path) -> None:
    """Takes a backup, as of a node that runs."""
    take_backup(DataDirectory(folder), backup_of(folder), None, START)
    tell("backup")
    tell("done")


def backup_of(folder: Path) -> Path:
    """Where the backup of a data directory goes."""
    return folder.with_name(f"{folder.name}-backup")


def migrate(folder: Path) -> None:
    """Opens a store of an older version, and writes."""
    with Ledger(DataDirectory(folder), lambda: float(START)) as ledger:
        append(ledger, ["c"])
    tell("done")


WORKS = {work.__name__: work for work in (scenario, cosign, rotate, backup, migrate)}

if __name__ == "__main__":
    if sys.argv[1] == "load":
        load(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        WORKS[sys.argv[1]](Path(sys.argv[2]))
