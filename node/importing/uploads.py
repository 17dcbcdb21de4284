# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that were sent to be imported: kept in the data directory for a day, with how far each of them has got."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ledger.errors import NotFoundError
from node.web.kept_files import KeptFile, KeptFiles, replace, tidy_name

if TYPE_CHECKING:
    from node.web.kept_files import Receiving

UPLOAD_BYTES_MAX = 64 * 2**20
UPLOADS_MAX = 12

Phase = Literal[
    "reading", "unreadable", "mapping", "checking", "checked", "writing", "done", "undoing", "undone", "stopped"
]
"""`reading`, `checking`, `writing` and `undoing` are work of the node; the others wait for a person, or are the end."""
WORKING: frozenset[Phase] = frozenset({"reading", "checking", "writing", "undoing"})


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


class Upload(KeptFile, frozen=True):
    """A file, what was decided about it, and how far it has got: `phase` is a Phase.

    `encoding` and `delimiter` are empty where they are to be detected; `mapping` is TOML; `edition_of` is the data set
    whose earlier mapping is to be used. `likely` says what is done with rows that are likely to be here: "propose",
    "apart" or "leave_out", `single` the same for single rows. `seen` is what the plan was that somebody was shown.
    `resumed` is how often a start of the node took it up again. `key` is the import's id, once it is known; an upload
    that is undone has no file, only that.
    """

    encoding: str = ""
    delimiter: str = ""
    edition_of: str = ""
    found: Found | None = None
    mapping: str = ""
    lost: tuple[str, ...] = ()
    close: bool = True
    close_many: bool = False
    likely: str = "propose"
    single: dict[str, str] = msgspec.field(default_factory=dict)
    seen: str = ""
    changed: bool = False
    key: str = ""
    resumed: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=dict)


class Uploads(KeptFiles[Upload]):
    """The uploads of a node. Its methods may be called from any thread."""

    sort = Upload
    working = WORKING

    def room(self) -> tuple[int, int]:
        """How many may wait, and how large each may be."""
        return UPLOADS_MAX, UPLOAD_BYTES_MAX

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
        self.store(upload)
        return upload

    def begin_undo(self, key: str, name: str) -> Upload:
        """The undoing of an import, which has no file."""
        self.sweep()
        upload = Upload(secrets.token_hex(16), tidy_name(name), 0, "", int(self._clock()), "undoing", key=key)
        (self._folder / upload.id).mkdir(parents=True, mode=0o700)
        self.store(upload)
        return upload

    def data(self, upload: Upload) -> bytes:
        """What the file holds. Raises NotFoundError."""
        try:
            return self.path(upload).read_bytes()
        except OSError:
            raise NotFoundError("the file is gone: send it again") from None

    def keep(self, upload: Upload, name: Literal["report", "preview"], value: object) -> None:
        """Keeps something large beside an upload."""
        replace(self._folder / upload.id / f"{name}.json", msgspec.json.encode(value))

    def kept(self, upload: Upload, name: Literal["report", "preview"]) -> Any:  # noqa: ANN401 - any JSON value
        """What was kept. Raises NotFoundError."""
        try:
            return msgspec.json.decode((self._folder / upload.id / f"{name}.json").read_bytes())
        except (OSError, msgspec.MsgspecError):
            raise NotFoundError("it was not checked yet") from None
