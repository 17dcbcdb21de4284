# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that is killed, or whose disk fails: writes to a data directory, tells what was acknowledged.

`python -m tests.ledger.crashing load FOLDER SEED` writes without end, `... scenario FOLDER` does some of everything.
Lines on standard output: `ack ID POSITION`, `erased POSITION`, `refused CLASS`, `read COUNT`, `done`.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.errors import StoreUnusableError
from ledger.ledger import DataDirectory, Ledger
from ledger.own import Submission
from tests.builders import START, seeded
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


if __name__ == "__main__":
    if sys.argv[1] == "load":
        load(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        scenario(Path(sys.argv[2]))
