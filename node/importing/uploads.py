# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that were sent to be imported: kept in the data directory for a day, with how far each of them has got."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ledger.errors import NotFoundError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UPLOAD_BYTES_MAX = 64 * 2**20
UPLOADS_MAX = 12
KEPT_S = 86_400
NAME_CHARACTERS_MAX = 200

Phase = Literal[
    "reading", "unreadable", "mapping", "checking", "checked", "writing", "done", "undoing", "undone", "stopped"
]
"""`reading`, `checking`, `writing` and `undoing` are work of the node; the others wait for a person, or are the end."""
WORKING: frozenset[Phase] = frozenset({"reading", "checking", "writing", "undoing"})

_ID = re.compile(r"[0-9a-f]{32}")


class Found(msgspec.Struct, frozen=True):
    """How a file was read. `columns` are (name, some values)."""

    format: str
    encoding: str
    delimiter: str
    decimal: str
    rows: int
    refused: int
    notes: tuple[str, ...]
    columns: tuple[tuple[str, tuple[str, ...]], ...]


class Upload(msgspec.Struct, frozen=True):
    """A file, what was decided about it, and how far it has got; `version` grows with every change.

    `encoding` and `delimiter` are empty where they are to be detected; `mapping` is TOML; `edition_of` is the data set
    whose earlier mapping is to be used. `likely` says what is done with rows that are likely to be here: "propose",
    "apart" or "leave_out", `single` the same for single rows. `seen` is what the plan was that somebody was shown.
    `resumed` is how often a start of the node took it up again. `key` is the import's id, once it is known; an upload
    that is undone has no file, only that.
    """

    id: str
    name: str
    size: int
    digest: str
    at: int
    phase: Phase
    version: int = 0
    fault: str = ""
    encoding: str = ""
    delimiter: str = ""
    edition_of: str = ""
    found: Found | None = None
    mapping: str = ""
    lost: tuple[str, ...] = ()
    close: bool = True
    close_many: bool = False
    likely: str = "propose"
    single: dict[str, str] = {}
    seen: str = ""
    changed: bool = False
    key: str = ""
    resumed: int = 0
    counts: dict[str, int] = {}


class Uploads:
    """The uploads of a node. Its methods may be called from any thread."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._lock = threading.Lock()

    def receive(self) -> Receiving:
        """Begins to take a file in. Raises RefusedError if there are too many."""
        self.sweep()
        if len(self.all()) >= UPLOADS_MAX:
            raise RefusedError(f"{UPLOADS_MAX} files are waiting here already: finish or drop one of them first")
        folder = self._folder / secrets.token_hex(16)
        folder.mkdir(parents=True, mode=0o700)
        return Receiving(folder)

    def begin(self, receiving: Receiving, name: str, **more: Any) -> Upload:  # noqa: ANN401 - the fields of an Upload
        """A file that has come whole."""
        upload = Upload(
            id=receiving.folder.name,
            name=tidy_name(name),
            size=receiving.size,
            digest=receiving.finish(),
            at=int(self._clock()),
            phase="reading",
            **more,
        )
        self._store(upload)
        return upload

    def begin_undo(self, key: str, name: str) -> Upload:
        """The undoing of an import, which has no file."""
        self.sweep()
        upload = Upload(secrets.token_hex(16), tidy_name(name), 0, "", int(self._clock()), "undoing", key=key)
        (self._folder / upload.id).mkdir(parents=True, mode=0o700)
        self._store(upload)
        return upload

    def get(self, upload_id: str) -> Upload:
        """One upload. Raises NotFoundError."""
        if _ID.fullmatch(upload_id):
            with suppress(OSError, msgspec.MsgspecError):
                return msgspec.json.decode((self._folder / upload_id / "state.json").read_bytes(), type=Upload)
        raise NotFoundError("there is no such file here: it may have been dropped, or a day may have passed")

    def all(self) -> list[Upload]:
        """All of them, the latest first."""
        found = []
        for folder in self._folder.glob("*/state.json"):
            with suppress(NotFoundError):
                found.append(self.get(folder.parent.name))
        return sorted(found, key=lambda upload: (-upload.at, upload.id))

    def change(self, upload_id: str, **values: Any) -> Upload:  # noqa: ANN401 - the fields of an Upload
        """Changes what is known of an upload. Raises NotFoundError."""
        with self._lock:
            upload = self.get(upload_id)
            changed: Upload = msgspec.structs.replace(upload, version=upload.version + 1, **values)
            self._store(changed)
            return changed

    def drop(self, upload_id: str) -> None:
        """Removes a file and what is known of it. Raises NotFoundError, or RefusedError while it is being worked on."""
        with self._lock:
            if self.get(upload_id).phase in WORKING:
                raise RefusedError("the node is working on it: wait until that is done")
            shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def data(self, upload: Upload) -> bytes:
        """What the file holds. Raises NotFoundError."""
        try:
            return (self._folder / upload.id / "file").read_bytes()
        except OSError:
            raise NotFoundError("the file is gone: send it again") from None

    def keep(self, upload: Upload, name: Literal["report", "preview"], value: object) -> None:
        """Keeps something large beside an upload."""
        _replace(self._folder / upload.id / f"{name}.json", msgspec.json.encode(value))

    def kept(self, upload: Upload, name: Literal["report", "preview"]) -> Any:  # noqa: ANN401 - any JSON value
        """What was kept. Raises NotFoundError."""
        try:
            return msgspec.json.decode((self._folder / upload.id / f"{name}.json").read_bytes())
        except (OSError, msgspec.MsgspecError):
            raise NotFoundError("it was not checked yet") from None

    def sweep(self) -> None:
        """Removes what is older than a day, and what never came whole."""
        now = self._clock()
        for folder in self._folder.glob("*"):
            if not _ID.fullmatch(folder.name):
                continue
            try:
                upload = self.get(folder.name)
                old = now - upload.at > KEPT_S and upload.phase not in WORKING
            except NotFoundError:
                old = abs(now - folder.stat().st_mtime) > KEPT_S / 24
            if old:
                shutil.rmtree(folder, ignore_errors=True)

    def _store(self, upload: Upload) -> None:
        _replace(self._folder / upload.id / "state.json", msgspec.json.encode(upload))


class Receiving:
    """A file that comes in, piece by piece."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.size = 0
        self._hash = sha256()
        self._file = (folder / "file").open("wb")

    def write(self, piece: bytes) -> None:
        """Takes a piece. Raises RefusedError once there is too much."""
        self.size += len(piece)
        if self.size > UPLOAD_BYTES_MAX:
            raise RefusedError(
                f"The file is larger than {UPLOAD_BYTES_MAX >> 20} MiB. Split it, or take it in on the command line."
            )
        self._hash.update(piece)
        self._file.write(piece)

    def finish(self) -> str:
        """Closes the file; the SHA-256 of it, in hexadecimal."""
        self._file.close()
        return self._hash.hexdigest()

    def give_up(self) -> None:
        """Forgets what has come."""
        self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def tidy_name(name: str) -> str:
    """A file's name without the path, on one line."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in last if c.isprintable())[:NAME_CHARACTERS_MAX] or "file"


def _replace(path: Path, content: bytes) -> None:
    coming = path.with_suffix(".coming")
    coming.write_bytes(content)
    coming.replace(path)
