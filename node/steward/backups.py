# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backups that are made by the running node, one at a time, into the folder that its configuration names."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from ledger.errors import LedgerError, RefusedError
from ledger.keeping.backup import STORE, last_backup, read_manifest, take_backup

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from ledger.keeping.backup import LastBackup, Manifest

OLD_S = 7 * 86_400
"""A backup that is older is one to be made anew."""
LISTED = 8


class Kept(NamedTuple):
    """A backup in the folder: its name, what it says of itself."""

    name: str
    manifest: Manifest

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(size for size, _ in self.manifest.files.values())


class Backups:
    """What is being backed up now, and what came of the last one. Its methods may run in any thread."""

    def __init__(self, directory: DataDirectory, folder: str) -> None:
        self.directory = directory
        self.folder = Path(folder) if folder else None
        self.problem = ""
        self._target: Path | None = None
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether one is being made."""
        return self._target is not None

    def percent(self) -> int:
        """How much of the store is copied, so far as that can be seen; then it is checked."""
        target = self._target
        if target is None:
            return 100
        try:
            copied = (target.with_name(f"{target.name}.part") / STORE).stat().st_size
            return min(99, 100 * copied // max(1, self.directory.store.stat().st_size))
        except OSError:
            return 0

    def begin(self, passphrase: str | None, now: int) -> None:
        """Begins one. Raises RefusedError if there is no folder, or one is being made."""
        if self.folder is None or not self.folder.is_absolute():
            raise RefusedError("no folder for backups is configured, or it is no absolute path: backup_folder")
        if not self.folder.is_dir():
            raise RefusedError(f"{self.folder} is not there: is the disk connected?")
        target = self.folder / time.strftime("folkmoot-%Y-%m-%d-%H%M%S", time.gmtime(now))
        with self._lock:
            if self._target is not None:
                raise RefusedError("a backup is being made already")
            self._target, self.problem = target, ""
        threading.Thread(target=self._run, args=(target, passphrase, now), name="backup", daemon=True).start()

    def _run(self, target: Path, passphrase: str | None, now: int) -> None:
        try:
            take_backup(self.directory, target, passphrase, now)
        except (LedgerError, OSError) as error:
            self.problem = str(error)
            rmtree(target.with_name(f"{target.name}.part"), ignore_errors=True)  # half a backup only takes room
        finally:
            self._target = None

    def last(self) -> LastBackup | None:
        """The last one that was taken, also by a command."""
        return last_backup(self.directory)

    def kept(self) -> list[Kept]:
        """The backups in the folder, the newest first."""
        found = []
        try:
            paths = sorted(self.folder.glob("folkmoot-*/manifest.json"), reverse=True) if self.folder else []
        except OSError:
            paths = []
        for path in paths[:LISTED]:
            try:
                found.append(Kept(path.parent.name, read_manifest(path.parent)))
            except (LedgerError, OSError):
                continue
        return found


BACKUPS = web.AppKey("backups", Backups)
