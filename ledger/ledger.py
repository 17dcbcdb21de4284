# SPDX-License-Identifier: AGPL-3.0-or-later
"""A data directory in use: the store, the own log, the writing thread; and founding one."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ledger.errors import RefusedError, StoreLockedError, StoreUnusableError
from ledger.held.tally import Tally
from ledger.held.tree import root_at
from ledger.held.witness import COSIGNED
from ledger.own.head import Head, HeadFile
from ledger.own.keys import witness_key, write_key
from ledger.own.log import OwnLog, Said, stated, submission
from ledger.own.operating import operating_key
from ledger.own.watchers import watchers_of
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from protocol.charter import Charter, LogKeys, coming_sets, establish, found, recovery_key, recovery_set
from protocol.encoding import encode
from protocol.identity import Origin
from protocol.kinds import check_body
from protocol.merkle import EMPTY_ROOT
from protocol.signature import SigningKey
from protocol.statement import SIGNATURES_MAX, make_payload, make_statement, sign_statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.own.log import Submission
    from ledger.sqlite.store import Snapshot
    from protocol.encoding import Value

FIRST_EPOCH = 1


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


def found_log(
    directory: DataDirectory, fields: dict[str, Any], secrets: list[bytes], threshold: int, now: int
) -> LogKeys:
    """Founds an organisation in an empty data directory: keys, charter, log, head.

    `fields` are those of the charter but for the keys (spec 04 §2); `secrets` are the recovery holders'. Raises
    RefusedError if there
    is something already, Malformed if a field is wrong.
    """
    if directory.exists() or directory.head.exists() or directory.key.exists():
        raise RefusedError(f"{directory.path} holds a node already: nothing was changed")
    key = SigningKey.from_seed(os.urandom(32))
    charter = Charter(
        **fields,
        keys=[key.public],
        recovery=recovery_set(secrets, threshold, 0),
        next=recovery_set(secrets, threshold, 1).digest(),
        witnesses=[],
        quorum=0,
        kseq=0,
    )
    statement = make_statement(b"", "charter", os.urandom(16), now, key.public, charter.body())
    signers = [key, *(recovery_key(secret, 0) for secret in secrets[: SIGNATURES_MAX - 1])]
    payload = make_payload(os.urandom(32), statement, [sign_statement(statement, signer) for signer in signers])
    keys = found(payload)
    for folder in (directory.store, directory.head, directory.key):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_key(directory.key, key)
    witness_key(directory.witness_key)
    origin = Origin(keys.log_id, FIRST_EPOCH)
    store = SqliteStore(directory.store)
    try:
        head = HeadFile.create(directory.head, Head(str(origin), 0, EMPTY_ROOT))
        with store.write() as change:
            tree = change.add_tree(origin)
            change.set_fact("own", str(tree.tree).encode())
            change.set_charters(tree.tree, [payload])
            change.set_fact("recovery", encode(coming_sets(secrets)))
        with store.read() as reads:
            own = OwnLog(reads.tree_numbered(tree.tree), head, key, reads)
        writer = Writer(store, own)
        writer.append([submission(payload)]).result()
        writer.settle()
        writer.close()
    finally:
        store.close()
    return keys


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
