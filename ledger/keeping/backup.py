# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backups: a folder with the store, its hashes and, if asked for, the keys under a passphrase; and putting one back.

A backup is read as what it may be: something that somebody else made. Only files of fixed names are looked at, under
caps, and nothing counts before every hash and every signature in it was checked.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tarfile
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from ledger.directory.images import Images
from ledger.disk import sync_folder
from ledger.errors import RefusedError, StoreDamagedError, StoreUnusableError
from ledger.keeping.audit import audit
from ledger.sealed import seal, unseal
from ledger.sqlite.database import check_foreign
from ledger.sqlite.store import SqliteStore
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.statement import open_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.data_directory import DataDirectory

SCHEMA = "folkmoot.backup/2"
STORE, CONFIGURATION, KEYS, MANIFEST = "ledger.db", "folkmoot.toml", "keys.sealed", "manifest.json"
IMAGES = "images.tar"
KEY_FILES = ("operating.key",)
"""What is sealed of `keys/`, beside the keys kept for members. A witness's is not: put back, it could cosign twice."""
MANIFEST_BYTES_MAX, SMALL_BYTES_MAX = 16_384, 4 * 2**20
_CHUNK = 2**20
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY_NAME = re.compile(r"operating\.key|members/[0-9a-f]{64}\.key")


class Manifest(NamedTuple):
    """What a backup says of itself: own log, its entries and those signed, when it was taken, files with hashes."""

    log: str
    size: int
    signed: int
    at: int
    files: dict[str, tuple[int, str]]


def take_backup(directory: DataDirectory, target: Path, passphrase: str | None, now: int) -> Manifest:
    """Writes a backup into a new folder, while the store may be in use. With a passphrase, the keys go along.

    Raises RefusedError if there is something already.
    """
    if target.exists():
        raise RefusedError(f"{target} exists already: name another folder")
    partial = target.with_name(target.name + ".part")
    try:
        partial.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise RefusedError(f"{partial} is left over from a backup that was interrupted: delete it") from None
    live = SqliteStore(directory.store, writable=False)
    try:
        live.back_up(partial / STORE)
    finally:
        live.close()
    with _store(partial / STORE, writable=False) as copy:
        _check(copy, lambda _: None, signatures=False)
        seen = _look(copy)
    if directory.configuration.exists():
        _write_new(partial / CONFIGURATION, directory.configuration.read_bytes())
    if passphrase is not None:
        _write_new(partial / KEYS, _seal(directory, passphrase))
    if directory.images.exists():
        Images(directory.images).pack(partial / IMAGES)
    names = [name for name in (STORE, CONFIGURATION, KEYS, IMAGES) if (partial / name).exists()]
    files = {}
    for name in names:
        with _opened(partial / name, 2**62) as file:
            files[name] = _measure(file)
            os.fsync(file.fileno())
    manifest = Manifest(*seen, now, files)
    shown = {
        "schema": SCHEMA,
        **manifest._asdict(),
        "files": {n: {"bytes": b, "sha256": h} for n, (b, h) in files.items()},
    }
    _write_new(partial / MANIFEST, json.dumps(shown, indent=1).encode())
    partial.rename(target)
    _sync_if_possible(target.parent)
    taken = {"folder": str(target.absolute()), "at": now, "keys": passphrase is not None}
    with suppress(OSError):  # it is a note to the operator: the backup is there without it
        directory.last_backup.parent.mkdir(mode=0o700, exist_ok=True)
        directory.last_backup.write_text(json.dumps(taken), "utf-8")
    return manifest


class LastBackup(NamedTuple):
    """The last backup that was taken of a data directory: where it was put, when (UTC seconds), whether with keys."""

    folder: str
    at: int
    keys: bool


def last_backup(directory: DataDirectory) -> LastBackup | None:
    """The last one, whoever took it; None if there is none, or none is known of."""
    try:
        value = json.loads(directory.last_backup.read_bytes()[:SMALL_BYTES_MAX])
        return LastBackup(str(value["folder"]), int(value["at"]), bool(value["keys"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def restore(
    directory: DataDirectory, source: Path, passphrase: str | None, advance: Callable[[int], None] = lambda _: None
) -> Manifest:
    """Puts a backup into a data directory that holds no node. The head file is not made: the log is not signed yet.

    Raises RefusedError if something would be overwritten or the passphrase is wrong, StoreDamagedError if the backup is
    not what it was. `advance` hears of entries that were checked.
    """
    manifest = read_manifest(source)
    taken = [path for path in (directory.store, directory.head, directory.configuration) if path.exists()]
    if KEYS in manifest.files:
        taken += [path for name in KEY_FILES if (path := directory.key.parent / name).exists()]
    if taken:
        raise RefusedError(f"{taken[0]} exists already: nothing was overwritten. Name an empty --data-dir")
    secrets: dict[str, bytes] = {}
    if KEYS in manifest.files:
        if passphrase is None:
            raise RefusedError("this backup holds keys: their passphrase is needed")
        secrets = _unseal(_read_small(source, KEYS, manifest), passphrase)
    made: list[Path] = []
    partial = directory.store.with_name(STORE + ".restoring")
    directory.store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial.unlink(missing_ok=True)
    try:
        made += [partial.with_name(partial.name + suffix) for suffix in ("", "-wal", "-shm")]
        _copy(source, STORE, manifest, partial)
        check_foreign(partial)
        with _store(partial, writable=True) as store:
            if _look(store) != (manifest.log, manifest.size, manifest.signed):
                raise StoreDamagedError(f"{source}: the store is not the one that the manifest speaks of")
            _check(store, advance, signatures=True)
            with store.write() as change:  # what follows from the logs is made anew: nobody has to believe the backup
                change.clear_derived()
                change.forget_member_links()  # some may have been used since
                change.set_fact("store", os.urandom(16))  # cursors of peers stand further than this store
        if CONFIGURATION in manifest.files:
            made.append(directory.configuration)
            _write_new(directory.configuration, _read_small(source, CONFIGURATION, manifest))
        for name, content in secrets.items():
            path = directory.key.parent / name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made.append(path)
            _write_new(path, content)
        made.append(directory.images.with_name(IMAGES + ".restoring"))
        _put_images(directory, source, manifest, made[-1])
        partial.rename(directory.store)
        _sync_if_possible(directory.store.parent)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    return manifest


def _put_images(directory: DataDirectory, source: Path, manifest: Manifest, packed: Path) -> None:
    """Takes the pictures out of a backup, if it has any."""
    if IMAGES not in manifest.files:
        return
    _copy(source, IMAGES, manifest, packed)
    try:
        Images(directory.images).unpack(packed)
    except tarfile.TarError as error:
        raise StoreDamagedError(f"{source / IMAGES} holds no pictures: {error}") from None
    packed.unlink()


def read_manifest(source: Path) -> Manifest:
    """What a backup says of itself, checked for its form alone. Raises StoreDamagedError."""
    with _opened(source / MANIFEST, MANIFEST_BYTES_MAX) as file:
        data = file.read(MANIFEST_BYTES_MAX + 1)
    try:
        value: Any = json.loads(data)
        files = {name: (file["bytes"], file["sha256"]) for name, file in value["files"].items()}
        manifest = Manifest(value["log"], value["size"], value["signed"], value["at"], files)
        known = value["schema"] == SCHEMA and {STORE} <= files.keys() <= {STORE, CONFIGURATION, KEYS, IMAGES}
        numbers = [manifest.size, manifest.signed, manifest.at, *(size for size, _ in files.values())]
        formed = isinstance(value["log"], str) and all(type(number) is int and number >= 0 for number in numbers)
        hashed = all(isinstance(digest, str) and _HASH.fullmatch(digest) for _, digest in files.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        known = formed = hashed = False
    if not (known and formed and hashed):
        raise StoreDamagedError(f"{source / MANIFEST} is not the manifest of a backup that this program knows")
    return manifest


def _look(store: SqliteStore) -> tuple[str, int, int]:
    """Own log, entries and signed entries of a store."""
    with store.read() as reads:
        own = int(reads.fact("own") or 0)
        if own not in {tree.tree for tree in reads.trees()}:
            raise StoreDamagedError(f"{store.path} holds no log of its own")
        tree = reads.tree_numbered(own)
        return show_log_id(tree.origin.log_id), tree.size, tree.checkpoint_size


def _check(store: SqliteStore, advance: Callable[[int], None], *, signatures: bool) -> None:
    """Goes through everything in a store. Raises StoreDamagedError."""
    broken = store.check_integrity()
    if broken:
        raise StoreDamagedError(f"{store.path} is damaged: {broken[0]}")
    found = audit(store, advance, signatures=signatures)
    if found.faults:
        first = found.faults[0]
        raise StoreDamagedError(f"{store.path}: log {first.log}, position {first.position}: {first.what}")
    with store.read() as reads:
        tree = reads.tree_numbered(int(reads.fact("own") or 0))
        try:
            for item in reads.queued(tree.tree):
                if item.payload is not None:
                    open_payload(item.payload, item.commitment, tree.origin.log_id, 1).verify()
        except Malformed as error:
            raise StoreDamagedError(f"{store.path}: what waits to be signed: {error}") from None


@contextmanager
def _store(path: Path, *, writable: bool) -> Iterator[SqliteStore]:
    """A store that is opened alone; nothing but its file is left of it."""
    store = SqliteStore(path, writable=writable)
    try:
        yield store
    finally:
        store.close()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, bytes_max: int) -> Iterator[BinaryIO]:
    """An ordinary file, not through a link, of at most that size. Raises StoreDamagedError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise StoreUnusableError(f"{path} cannot be read: {error.strerror or error}") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > bytes_max:
            raise StoreDamagedError(f"{path} is not a file of at most {bytes_max} bytes")
        yield file


def _measure(file: BinaryIO) -> tuple[int, str]:
    digest, size = sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _copy(source: Path, name: str, manifest: Manifest, target: Path) -> None:
    """Copies a file of a backup, checked against the manifest."""
    size, wanted = manifest.files[name]
    disk = os.statvfs(target.parent)
    if size > disk.f_bavail * disk.f_frsize:
        raise StoreUnusableError(f"there is no room at {target.parent} for the {size / 2**20:.0f} MiB of {name}")
    digest, left = sha256(), size
    with _opened(source / name, size) as file, os.fdopen(_new(target), "wb") as copy:
        while left and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            copy.write(chunk)
            left -= len(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if left or digest.hexdigest() != wanted:
        raise StoreDamagedError(f"{source / name} is not what it was when the backup was taken: use another backup")


def _read_small(source: Path, name: str, manifest: Manifest) -> bytes:
    with _opened(source / name, SMALL_BYTES_MAX) as file:
        data = file.read(SMALL_BYTES_MAX)
    if (len(data), sha256(data).hexdigest()) != manifest.files[name]:
        raise StoreDamagedError(f"{source / name} is not what it was when the backup was taken: use another backup")
    return data


def _seal(directory: DataDirectory, passphrase: str) -> bytes:
    """The keys of a data directory under a passphrase."""
    folder = directory.key.parent
    paths = [folder / name for name in KEY_FILES] + sorted(directory.member_keys.glob("*.key"))
    content = {path.relative_to(folder).as_posix(): path.read_text("ascii") for path in paths if path.exists()}
    return seal(json.dumps(content).encode(), passphrase)


def _unseal(data: bytes, passphrase: str) -> dict[str, bytes]:
    value = json.loads(unseal(data, passphrase, "the keys in this backup"))
    known = isinstance(value, dict) and KEY_FILES[0] in value and all(map(_KEY_NAME.fullmatch, value))
    if not known:
        raise StoreDamagedError("the keys in this backup are not those of a node")
    return {name: str(text).encode("ascii") for name, text in value.items()}


def _new(path: Path) -> int:
    """A new file that is its owner's alone; never over another one."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _write_new(path: Path, data: bytes) -> None:
    with os.fdopen(_new(path), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_if_possible(folder: Path) -> None:
    with suppress(OSError):  # some file systems, such as a stick's, cannot
        sync_folder(folder)
