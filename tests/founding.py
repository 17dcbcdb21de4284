# SPDX-License-Identifier: AGPL-3.0-or-later
"""Founded data directories, made once and then copied: founding waits for the disk, and many tests begin with it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class File(NamedTuple):
    """A file as it was made."""

    mode: int
    content: bytes


Files = dict[str, File]
"""What founding leaves, by the path below the folder that holds the data directory."""


@cache
def founded(found: Callable[..., object], *arguments: str) -> Files:
    """What a function makes of a path for a data directory; it stands alone in a folder."""
    with TemporaryDirectory() as folder:
        found(Path(folder) / "moot", *arguments)
        return {
            file.relative_to(folder).as_posix(): File(file.stat().st_mode, file.read_bytes())
            for file in Path(folder).rglob("*")
            if file.is_file()
        }


def copy(files: Files, path: Path) -> None:
    """Puts a founded data directory, and what was written beside it, at a path."""
    for name, (mode, content) in files.items():
        file = Path(f"{path}{name.removeprefix('moot')}")
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(content)
        file.chmod(mode)
