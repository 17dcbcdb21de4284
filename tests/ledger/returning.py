# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process that is killed on its way back: `python -m tests.ledger.returning FOLDER WATCHERS LABEL`.

Opens a data directory that was put back, writes, hears watchers, fetches, writes again, signs. It prints
`ack LABEL` for each statement that was acknowledged, `signed SIZE ROOT` for each checkpoint, `done`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.recovery import State
from protocol.checkpoint import parse_checkpoint
from tests.ledger.watching import Watcher, opened, recover, write


def tell(line: str) -> None:
    """One line, in one system call, at once."""
    os.write(1, f"{line}\n".encode())


def say(ledger: Ledger, label: str) -> None:
    """Writes a statement and tells of it when it is acknowledged; and what is signed then."""
    write(ledger, label)
    tell(f"ack {label}")
    if ledger.own.recovery.state is State.SIGNING:
        with ledger.store.read() as reads:
            checkpoint, _ = parse_checkpoint(reads.tree_numbered(ledger.own.tree).checkpoint)
        tell(f"signed {checkpoint.size} {checkpoint.root.hex()}")


def main(folder: Path, watchers: Path, label: str) -> None:
    """The whole way."""
    with opened(DataDirectory(folder)) as ledger:
        say(ledger, f"{label} unsure")
        recover(ledger, [Watcher(watchers, f"watcher {number}", writable=False) for number in range(2)])
        say(ledger, f"{label} sure")
    tell("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
