# SPDX-License-Identifier: AGPL-3.0-or-later
"""What has to be on the disk, not only in the file system's memory, before it counts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes sure of the names in a folder: what was renamed or removed in it stays so after a crash. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
