# SPDX-License-Identifier: AGPL-3.0-or-later
"""A data directory in use: the store, the own log, the writing thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from ledger.errors import RefusedError, StoreUnusableError
from ledger.held.tally import COSIGNED, Tally
from ledger.held.tree import root_at
from ledger.own.head import HeadFile
from ledger.own.keys import witness_key
from ledger.own.log import OwnLog, Said, stated
from ledger.own.operating import operating_key
from ledger.own.watchers import watchers_of
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from protocol.charter import establish
from protocol.kinds import check_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.data_directory import DataDirectory
    from ledger.own.log import Submission
    from ledger.sqlite.store import Snapshot
    from protocol.encoding import Value


class Ledger:
    """An open data directory: what the node and the writing commands work on. Close it after use."""

    def __init__(self, directory: DataDirectory, clock: Callable[[], float] = time.time) -> None:
        if not directory.exists():
            raise StoreUnusableError(
                f"no node at {directory.path}: run `folkmoot init` first, or name the right --data-dir"
            )
        self.directory = directory
        self.clock = clock
        self._locked = directory.locked()
        self._locked.__enter__()
        try:
            self.store = SqliteStore(directory.store)
            try:
                with self.store.read() as reads:
                    own = self._open_own(reads)
                    cosigned = int(reads.fact(COSIGNED) or 0)
                self.tally = Tally(directory.tally)
                self.witness_renewed = not self.tally.holds(cosigned)
                if self.witness_renewed:
                    directory.witness_key.unlink(missing_ok=True)
                self.witness_key = witness_key(directory.witness_key)
                if self.witness_renewed:
                    self.tally.put(cosigned)
            except BaseException:
                self.store.close()
                raise
            self.writer = Writer(self.store, own, clock)
        except BaseException:
            self._locked.__exit__(None, None, None)
            raise
        self.own = own

    def _open_own(self, reads: Snapshot) -> OwnLog:
        number = int(reads.fact("own") or 0)
        tree = reads.tree_numbered(number) if number else None
        if tree is None or not tree.size:
            raise StoreUnusableError(
                f"the founding of the node at {self.directory.path} was interrupted, so it has no charter: move that "
                "folder "
                "away and run `folkmoot init` again"
            )
        self.keys = establish(reads.charters(number))
        self.key = operating_key(self.directory, self.keys)
        watchers = watchers_of(reads, self.keys)
        return OwnLog(tree, HeadFile(self.directory.head), self.key, reads, watchers)

    @property
    def log_id(self) -> bytes:
        """The identity of the own log."""
        return self.keys.log_id

    def state(self, kind: str, body: dict[str, Value], statement_id: bytes | None = None, scope: int = 0) -> Submission:
        """A statement of the organisation itself, signed by its operating key, ready for `writer.append`."""
        return stated(self.key, self.log_id, Said(kind, body, statement_id, scope), int(self.clock()))

    def override(self, reason: str) -> int:
        """Has the own log signed although not enough of those who watch it have answered; says so in the log itself.

        The position of the statement. Raises RefusedError if nothing is in question, or if it could only do harm.
        """
        if not self.own.signing_refused:
            raise RefusedError("this log is signed: there is nothing to override")
        self.own.override()
        with self.store.read() as reads:
            root = root_at(reads, self.own.tree, self.own.signed_size)
        body: dict[str, Value] = {"size": self.own.signed_size, "root": root, "reason": reason}
        check_body("override", body)
        (receipt,) = self.writer.append([self.state("override", body)]).result()
        self.writer.change_own(lambda own, _: own.override()).result()
        self.writer.settle()
        return receipt.position

    def close(self) -> None:
        """Finishes writing, signs, closes."""
        self.writer.close()
        self.store.close()
        self._locked.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
