# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where files that others have published lie: in folders that the environment names, else beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).parents[2] / "shared"


def published(variable: str, folder: str) -> Path | None:
    """The folder that an environment variable names, else the one of that name in `shared/`, or None."""
    named = os.environ.get(variable)
    found = Path(named) if named else _BESIDE / folder
    return found if found.is_dir() else None


DATA = published("FOLKMOOT_DATA", "data")
NO_DATA = "no data sets: FOLKMOOT_DATA names no folder, and there is no ../shared/data"
VECTORS = published("FOLKMOOT_VECTORS", "vectors")
NO_VECTORS = "no published vectors: FOLKMOOT_VECTORS names no folder, and there is no ../shared/vectors"
