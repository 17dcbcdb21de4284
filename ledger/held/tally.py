# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often this node's witness has cosigned, kept outside of what a backup takes.

A witness that is put back to an older state and keeps its key can be brought to cosign a second history. The tally is
raised after what was cosigned is stored and before the cosignature is given, so that a store with fewer in it is known
to be an older one; then the witness gets another key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.disk import sync_folder
from ledger.errors import StoreUnusableError

if TYPE_CHECKING:
    from pathlib import Path


COSIGNED = "cosigned"
"""The fact of a store that says how often."""


class Tally:
    """A number in a file that only grows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, stored: int) -> bool:
        """Whether a store with so many cosignatures in it has lost none."""
        try:
            text = self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return stored == 0
        except (OSError, UnicodeDecodeError):
            return False
        return text.isdigit() and int(text) <= stored

    def put(self, count: int) -> None:
        """Sets the number, for one thread at a time; it is on the disk when this returns. Raises StoreUnusableError."""
        partial = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with partial.open("w") as file:
                file.write(f"{count}\n")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise StoreUnusableError(f"{self._path} cannot be written ({error}): nothing is cosigned") from None
