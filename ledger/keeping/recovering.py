# SPDX-License-Identifier: AGPL-3.0-or-later
"""A data directory out of a copy of a store: one's own backup, or what a peer holds of one's log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.own.log import submission
from ledger.sqlite.store import SqliteStore
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from ledger.sqlite.store import Transaction
    from ledger.values import Tree

_PART = 1_000


def take_store(directory: DataDirectory, file: Path, prefix: str) -> Tree:
    """Makes an empty data directory the home of a log that the copied store holds; `prefix` begins its id.

    Raises RefusedError if there is a node already, NotFoundError if the copy does not hold such a log.
    """
    from ledger.keeping.audit import find_tree  # noqa: PLC0415 - audit loads what only this command and `log` need

    if directory.exists() or directory.head.exists():
        raise RefusedError(
            f"{directory.path} holds a node already: nothing was changed; leave --store out to go on with it"
        )
    copy = SqliteStore(file, writable=False)
    try:
        with copy.read() as reads:
            find_tree(reads, prefix)
        for folder in (directory.store, directory.head, directory.key):
            folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy.back_up(directory.store)
    finally:
        copy.close()
    store = SqliteStore(directory.store)
    try:
        with store.write() as change:
            tree = find_tree(change, prefix)
            if int(change.fact("own") or 0) != tree.tree:
                change.set_fact("own", str(tree.tree).encode())
                change.set_fact("recovery", b"")
                for part in _accepted(change, tree):
                    change.add_accepted(tree.tree, part)
            change.forget_member_links()  # some may have been used since
            change.set_fact("store", os.urandom(16))
    finally:
        store.close()
    return tree


def _accepted(change: Transaction, tree: Tree) -> Iterator[list[tuple[bytes, int, bytes]]]:
    """The idempotency keys of a log that was a peer's replica: it kept none."""
    for begin in range(0, tree.size, _PART):
        rows = {}
        for position, _, payload in change.entries(tree.tree, begin, min(tree.size, begin + _PART)):
            try:
                item = submission(payload or b"")
            except Malformed:
                continue
            rows[item.id] = (item.id, position, item.digest)
        yield [row for row in rows.values() if not change.accepted(tree.tree, [row[0]])]
