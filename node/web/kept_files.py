# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that were sent to be worked on: kept in a folder for a day, with how far each of them has got."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import msgspec

from ledger.errors import NotFoundError, RefusedError, StoreFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

KEPT_S = 86_400
NAME_CHARACTERS_MAX = 200

_ID = re.compile(r"[0-9a-f]{32}")


class KeptFile(msgspec.Struct, frozen=True):
    """A file and the phase that work on it has reached; `version` grows with every change, `at` is when it came."""

    id: str
    name: str
    size: int
    digest: str
    at: int
    phase: str
    version: int = 0
    fault: str = ""


T = TypeVar("T", bound=KeptFile)


class KeptFiles(Generic[T]):
    """The files of one sort. Its methods may be called from any thread."""

    sort: type[T]
    working: ClassVar[Collection[str]]
    """Phases in which the node works on a file, which stays meanwhile."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._lock = threading.Lock()
        self._unkept: dict[str, T] = {}

    def room(self) -> tuple[int, int]:
        """How many files may wait, and how many bytes each may have."""
        raise NotImplementedError

    def receive(self) -> Receiving:
        """Begins to take a file in. Raises RefusedError if there are too many, StoreFullError."""
        self.sweep()
        most, bytes_max = self.room()
        if len(self.all()) >= most:
            raise RefusedError(f"{most} files are waiting here already: finish or drop one of them first")
        folder = self._folder / secrets.token_hex(16)
        try:
            folder.mkdir(parents=True, mode=0o700)
            return Receiving(folder, bytes_max)
        except OSError as error:
            raise StoreFullError(f"the file could not be kept: {error.strerror}") from None

    def get(self, file_id: str) -> T:
        """One file. Raises NotFoundError."""
        if file_id in self._unkept:
            return self._unkept[file_id]
        if _ID.fullmatch(file_id):
            with suppress(OSError, msgspec.MsgspecError):
                return msgspec.json.decode((self._folder / file_id / "state.json").read_bytes(), type=self.sort)
        raise NotFoundError("there is no such file here: it may have been dropped, or a day may have passed")

    def all(self) -> list[T]:
        """All of them, the latest first."""
        found = []
        for folder in self._folder.glob("*/state.json"):
            with suppress(NotFoundError):
                found.append(self.get(folder.parent.name))
        return sorted(found, key=lambda one: (-one.at, one.id))

    def change(self, file_id: str, **values: Any) -> T:  # noqa: ANN401 - the fields of the struct
        """Changes what is known of a file. Raises NotFoundError, StoreFullError."""
        with self._lock:
            one = self.get(file_id)
            changed: T = msgspec.structs.replace(one, version=one.version + 1, **values)
            self.store(changed)
            return changed

    def change_anyway(self, file_id: str, **values: Any) -> T:  # noqa: ANN401 - as above
        """The same on a full disk, too: it is kept in mind until the node stops, or a change finds room.

        Raises NotFoundError.
        """
        try:
            return self.change(file_id, **values)
        except StoreFullError:
            with self._lock:
                one = self.get(file_id)
                self._unkept[file_id] = msgspec.structs.replace(one, version=one.version + 1, **values)
                return self._unkept[file_id]

    def drop(self, file_id: str) -> None:
        """Removes a file and what is known of it. Raises NotFoundError, or RefusedError while it is being worked on."""
        with self._lock:
            if self.get(file_id).phase in self.working:
                raise RefusedError("the node is working on it: wait until that is done")
            shutil.rmtree(self._folder / file_id, ignore_errors=True)
            self._unkept.pop(file_id, None)

    def path(self, one: T) -> Path:
        """Where the file lies."""
        return self._folder / one.id / "file"

    def sweep(self) -> None:
        """Removes what is older than a day, and what never came whole."""
        now = self._clock()
        for folder in self._folder.glob("*"):
            if not _ID.fullmatch(folder.name):
                continue
            try:
                one = self.get(folder.name)
                old = now - one.at > KEPT_S and one.phase not in self.working
            except NotFoundError:
                old = abs(now - folder.stat().st_mtime) > KEPT_S / 24
            if old:
                shutil.rmtree(folder, ignore_errors=True)
                self._unkept.pop(folder.name, None)

    def store(self, one: T) -> None:
        """Keeps what is known of a file. Raises StoreFullError."""
        replace(self._folder / one.id / "state.json", msgspec.json.encode(one))
        self._unkept.pop(one.id, None)


class Receiving:
    """A file that comes in, piece by piece."""

    def __init__(self, folder: Path, bytes_max: int) -> None:
        self.folder = folder
        self.size = 0
        self._bytes_max = bytes_max
        self._hash = sha256()
        self._file = (folder / "file").open("wb")

    def write(self, piece: bytes) -> None:
        """Takes a piece. Raises RefusedError once there is too much."""
        self.size += len(piece)
        if self.size > self._bytes_max:
            raise RefusedError(
                f"The file is larger than {self._bytes_max >> 20} MiB. Split it, or take it in on the command line."
            )
        self._hash.update(piece)
        self._file.write(piece)

    def flush(self) -> None:
        """Sees to it that what has come can be read."""
        self._file.flush()

    def finish(self) -> str:
        """Closes the file; the SHA-256 of it, in hexadecimal. Raises StoreFullError."""
        try:
            self._file.close()
        except OSError as error:
            self.give_up()
            raise StoreFullError(f"the file could not be kept: {error.strerror}") from None
        return self._hash.hexdigest()

    def give_up(self) -> None:
        """Forgets what has come."""
        with suppress(OSError):
            self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def tidy_name(name: str) -> str:
    """A file's name without the path, on one line."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in last if c.isprintable())[:NAME_CHARACTERS_MAX] or "file"


def replace(path: Path, content: bytes) -> None:
    """Puts a file in the place of another, whole. Raises StoreFullError."""
    coming = path.with_suffix(".coming")
    try:
        coming.write_bytes(content)
        coming.replace(path)
    except OSError as error:
        coming.unlink(missing_ok=True)
        raise StoreFullError(f"{path.name} could not be written: {error.strerror}") from None
