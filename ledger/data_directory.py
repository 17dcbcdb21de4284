# SPDX-License-Identifier: AGPL-3.0-or-later
"""The data directory of a node: where each thing lies, and the lock of whoever writes."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.errors import StoreLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class DataDirectory:
    """Where things lie. `store/` is what a backup takes; `instance/` and `keys/` stay behind."""

    path: Path

    @property
    def store(self) -> Path:
        """The database."""
        return self.path / "store" / "ledger.db"

    @property
    def head(self) -> Path:
        """The head file: outside of the backup."""
        return self.path / "instance" / "head.db"

    @property
    def imports(self) -> Path:
        """Files that were sent to be imported, for a day; no part of a backup."""
        return self.path / "imports"

    @property
    def bundles(self) -> Path:
        """Bundles that were sent to be taken in, until they are; no part of a backup."""
        return self.path / "bundles"

    @property
    def images(self) -> Path:
        """Pictures of the records of the own log; part of a backup."""
        return self.path / "images"

    @property
    def lock(self) -> Path:
        """Locked by the process that writes."""
        return self.path / "instance" / "lock"

    @property
    def key(self) -> Path:
        """The operating key."""
        return self.path / "keys" / "operating.key"

    def coming_key(self, public: bytes) -> Path:
        """An operating key that an amendment on its way names."""
        return self.key.with_name(f"operating-{public.hex()[:16]}.key")

    def removed_key(self, public: bytes) -> Path:
        """An operating key that was in use, kept aside."""
        return self.key.with_name(f"removed-{public.hex()[:16]}.key")

    @property
    def amendment(self) -> Path:
        """The amendment that waits for signatures: outside of the backup, as the key that it may name."""
        return self.path / "instance" / "amendment.json"

    @property
    def member_keys(self) -> Path:
        """The keys that this node keeps for members."""
        return self.path / "keys" / "members"

    @property
    def witness_key(self) -> Path:
        """The key with which this node cosigns others' checkpoints."""
        return self.path / "keys" / "witness.key"

    @property
    def tally(self) -> Path:
        """How often the witness has cosigned: outside of the backup."""
        return self.path / "instance" / "witness-tally"

    @property
    def calendar_secret(self) -> Path:
        """What the addresses of members' own calendars are made of."""
        return self.path / "instance" / "calendar-secret"

    @property
    def certificate(self) -> Path:
        """The certificate that the node made for itself, with its private key."""
        return self.path / "instance" / "tls.pem"

    @property
    def configuration(self) -> Path:
        """folkmoot.toml."""
        return self.path / "folkmoot.toml"

    @property
    def url(self) -> Path:
        """Where the running node can be reached from this machine."""
        return self.path / "instance" / "url"

    @property
    def token(self) -> Path:
        """The steward's token for the running node's API."""
        return self.path / "instance" / "steward-token"

    @property
    def last_backup(self) -> Path:
        """When the last backup was taken, and where it lies: outside of the backup."""
        return self.path / "instance" / "last-backup.json"

    @property
    def last_audit(self) -> Path:
        """When all was last checked entry by entry, and what came of it: outside of the backup."""
        return self.path / "instance" / "last-audit.json"

    def exists(self) -> bool:
        """Whether a node was founded here."""
        return self.store.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the data directory for writing. Raises StoreLockedError if another process has it."""
        self.lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise StoreLockedError(
                    f"{self.path} is in use by process {file.read().strip() or 'unknown'}: stop that process, or use "
                    "its API"
                ) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield
