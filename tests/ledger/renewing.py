# SPDX-License-Identifier: AGPL-3.0-or-later
"""A data directory whose keys are changed and whose epochs are opened, and a store that holds what it tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.data_directory import DataDirectory
from ledger.held.replica import Replica, accept_head, store_range, verify_head
from ledger.held.tree import root_at
from ledger.ledger import Ledger
from ledger.own.amending import Applied, apply, draft, read_own
from ledger.own.operating import make_coming_key
from ledger.sqlite.store import SqliteStore
from protocol.charter import LogKeys, Opens
from protocol.signature import SigningKey
from tests.builders import START, seeded
from tests.ledger.making import record

NewStore = Callable[[], SqliteStore]
SECRETS = [seeded(f"holder {number}") for number in range(3)]
NOW = START + 7200


def put(directory: DataDirectory, *numbers: int) -> list[int]:
    """Puts records into the own log; their positions."""
    with Ledger(directory, lambda: float(NOW)) as ledger:
        group = [ledger.state("record.put", {"record": record(number, f"record {number}")}) for number in numbers]
        receipts = ledger.writer.append(group).result()
        ledger.writer.settle()
        return [receipt.position for receipt in receipts]


def prepared(directory: DataDirectory, author: SigningKey, secrets: list[bytes] | None = None, **changes: Any) -> bytes:
    """The payload of an amendment, signed by holders."""
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        amendment = draft(read_own(reads), changes, author, [], NOW)
    store.close()
    for secret in secrets or SECRETS[:2]:
        amendment = amendment.sign(secret)
    return amendment.payload(seeded("amendment salt"))


def rotate(directory: DataDirectory, secrets: list[bytes] | None = None) -> Applied:
    """Puts a new operating key in the place of the present one."""
    new = make_coming_key(directory)
    return apply(directory, prepared(directory, new, secrets, keys=[new.public]), NOW)


def opens(directory: DataDirectory, size: int) -> Opens:
    """The opening of the second epoch that accepts so many entries."""
    store = SqliteStore(directory.store, writable=False)
    with store.read() as reads:
        own = read_own(reads)
        root = root_at(reads, own.tree.tree, size)
    store.close()
    return Opens(own.keys.epoch + 1, size, root)


def open_epoch(directory: DataDirectory, size: int) -> Applied:
    """Opens the next epoch."""
    new = make_coming_key(directory)
    payload = prepared(directory, new, keys=[new.public], opens=opens(directory, size))
    return apply(directory, payload, NOW)


def replicate(directory: DataDirectory, target: SqliteStore) -> None:
    """Has a store take what a data directory tells of its logs."""
    source = SqliteStore(directory.store, writable=False)
    replicate_trees(source, target)
    source.close()


def replicate_trees(source: SqliteStore, target: SqliteStore, epoch: int | None = None) -> None:
    """Has a store take what another one holds of all logs, or of one epoch of them."""
    with source.read() as reads:
        for tree in reads.trees():
            if not tree.checkpoint or epoch not in {None, tree.origin.epoch}:
                continue
            head = verify_head(tree.checkpoint, reads.charters(tree.tree))
            with target.write() as change:
                mine = accept_head(change, head)
            if mine.size < tree.checkpoint_size:
                pairs = [
                    (row.entry, row.payload or b"") for row in reads.entries(tree.tree, mine.size, tree.checkpoint_size)
                ]
                with target.read() as seen:
                    verified = Replica(mine, seen).verify_range(head, mine.size, pairs, [])
                with target.write() as change:
                    store_range(change, verified)


def keys_of(directory: DataDirectory) -> LogKeys:
    store = SqliteStore(directory.store, writable=False)
    try:
        with store.read() as reads:
            return read_own(reads).keys
    finally:
        store.close()
