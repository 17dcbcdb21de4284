# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong with a ledger. Texts say whose fault it is and what to do; the edge turns classes into codes."""

from __future__ import annotations


class LedgerError(Exception):
    """Anything that this layer refuses or cannot do."""


class StoreUnusableError(LedgerError):
    """The store is locked, full, damaged or of another version: nothing was written."""


class StoreLockedError(StoreUnusableError):
    """Another process has the data directory."""


class StoreFullError(StoreUnusableError):
    """No room left: reading goes on, writing does not."""


class StoreDamagedError(StoreUnusableError):
    """What is stored is not what was stored: named is what differs."""


class NotFoundError(LedgerError):
    """There is no such log, entry, record or import here."""


class IdReusedError(LedgerError):
    """An idempotency key came again with something else to say."""


class NotSigningError(LedgerError):
    """The head file is missing or ahead of the log: a restored or copied store must not sign."""


class RefusedError(LedgerError):
    """The request makes no sense in the present state; the text says why."""


class TooMuchError(RefusedError):
    """More than is kept or taken in such a time: it can be tried again later."""


class NotOpenError(RefusedError):
    """Whoever runs this node does not take that from whoever asks."""


class ForkedError(RefusedError):
    """A log has signed two histories: nothing more of it is taken in. `proof` shows it (spec 12), and is stored."""

    def __init__(self, text: str, proof: bytes) -> None:
        super().__init__(text)
        self.proof = proof
