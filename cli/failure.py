# SPDX-License-Identifier: AGPL-3.0-or-later
"""From an error to what it means and the exit code of the operator's contract."""

from __future__ import annotations

import errno
import os
import traceback

from ledger.errors import LedgerError, NotFoundError, NotSigningError, StoreUnusableError

FAILED, USAGE, FALSE, NOT_FOUND, NETWORK, STORE, CANNOT_VERIFY = 1, 2, 3, 4, 5, 6, 7


class CommandError(Exception):
    """A command ends with this text and code."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.code = code


def explain(error: Exception) -> tuple[str, int]:
    """What to print for an error, and the exit code. A fault of ours shows where it is with FOLKMOOT_DEBUG=1."""
    if isinstance(error, CommandError):
        return str(error), error.code
    if isinstance(error, NotFoundError):
        return str(error), NOT_FOUND
    if isinstance(error, StoreUnusableError | NotSigningError):
        return str(error), STORE
    if isinstance(error, OSError):
        codes = {errno.ENOENT: NOT_FOUND} | dict.fromkeys((errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT), STORE)
        code = codes.get(error.errno or 0, FAILED)
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", code
    if isinstance(error, LedgerError | ValueError):
        return str(error), FAILED
    if os.environ.get("FOLKMOOT_DEBUG"):
        traceback.print_exception(error)
    fault = f"{type(error).__name__}: {str(error)[:300]}"
    return f"a fault in the program ({fault}); run again with FOLKMOOT_DEBUG=1 and report it", FAILED
