# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was erased leaves the files of a store as well, not only its answers (spec 03 §5). For the writing thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ledger.errors import StoreUnusableError

if TYPE_CHECKING:
    from ledger.sqlite.store import SqliteStore, Transaction

AT_ONCE_BYTES = 64 * 2**20
"""A store up to this size is rewritten whenever something was erased: that takes less than a second. A larger one is
rewritten once a day at most, as whoever wants to write waits for so long."""

AGAIN_S = 86_400.0
AFTER_FAILURE_S = 3_600.0

_FACT = "scattered"


def note_erasure(change: Transaction) -> None:
    """Remembers, also across a crash, that pieces of what is erased here may be left in the file."""
    change.set_fact(_FACT, b"1")


class Tidying:
    """Takes what was erased out of the journal, and out of the gaps of the file.

    SQLite overwrites what it deletes. But when it moves rows from one page to another, a copy stays behind in the gap
    between the rows of the first, where nothing is deleted any more: only rewriting the whole file takes it away.
    """

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._lingers = True  # a process that was killed may have left in the journal what it had just erased
        self._scattered: bool | None = None
        self._rewrite_at = 0.0
        self._failure: StoreUnusableError | None = None

    def erased(self) -> None:
        """Something was erased: leaves nothing of it in the journal, if nobody reads there."""
        self._lingers = self._scattered = True
        self._empty_journal()

    def tidy(self) -> bool:
        """Does what there is to do while nothing else is; whether it has to be tried again.

        Raises StoreUnusableError while the file cannot be rewritten, such as for want of room.
        """
        if self._scattered is None:
            with self._store.read() as reads:
                self._scattered = bool(reads.fact(_FACT))
        try:
            if self._scattered:
                self._rewrite_when_due()
        finally:
            self._empty_journal()
        return self._lingers or self._scattered

    def _rewrite_when_due(self) -> None:
        now = time.monotonic()
        if now < self._rewrite_at:
            if self._failure:
                raise self._failure
            return
        try:
            size = self._store.rewrite()
            with self._store.write() as change:
                change.set_fact(_FACT, b"")
        except StoreUnusableError as error:
            self._failure, self._rewrite_at = error, now + AFTER_FAILURE_S
            raise
        self._failure, self._scattered, self._lingers = None, False, True
        self._rewrite_at = now + AGAIN_S if size > AT_ONCE_BYTES else 0.0

    def _empty_journal(self) -> None:
        if self._lingers:
            self._lingers = not self._store.truncate_journal()
