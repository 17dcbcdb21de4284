# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures of records: read under limits, made anew without what cameras hide in them, kept under their hash.

What is sent is hostile until it was decoded: only three formats are tried, the size is known before anything is
decoded, one is decoded at a time, and only what was drawn anew is ever served. A picture that no statement names yet
waits, unseen by the public, for a day.
"""

from __future__ import annotations

import os
import re
import struct
import tarfile
import threading
import time
import zlib
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from ledger.disk import sync_folder
from ledger.errors import NotFoundError, RefusedError, StoreFullError
from protocol.record import is_image_path

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from pathlib import Path

    from PIL import Image

BYTES_MAX, PIXELS_MAX = 8 * 2**20, 40_000_000
SIDE_MAX = 1_600
KEPT_BYTES_MAX = 2**30
"""Of all pictures together: a small machine's disk is not for pictures alone."""
WAITING_MAX = 50
_WAITS_S = 86_400
_QUALITY = 82
_ORIENTATION = 0x0112
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""What Exif calls an orientation, and what sets it right (`PIL.Image.Transpose`)."""
_USE = re.compile(r"uses/([0-9a-f]{64}\.(?:jpg|webp))/([0-9a-f]{32})")
_PACKED = (struct.error, zlib.error)
_DECODING = threading.Lock()
REASONS = {
    "large": f"The picture is larger than {BYTES_MAX >> 20} MiB: make it smaller first.",
    "kind": "This is no JPEG, PNG or WebP picture. Save it as one of these first.",
    "pixels": f"The picture has more than {PIXELS_MAX // 1_000_000} megapixels: make it smaller first.",
    "broken": "The picture is damaged or was cut off on its way: send it again, or save it anew.",
    "full": f"The pictures kept here fill {KEPT_BYTES_MAX >> 20} MiB, which is all the room they have: remove some.",
    "waiting": "Too many pictures wait to be described here: describe some of them, or try again tomorrow.",
}


class PictureError(RefusedError):
    """A picture that is not taken; `reason` is one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


def redraw(data: bytes) -> bytes:
    """The same picture as WebP, upright, of at most SIDE_MAX pixels each way, and nothing beside it.

    Raises PictureError.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - large, and most commands do without

    if len(data) > BYTES_MAX:
        raise PictureError("large")
    Image.MAX_IMAGE_PIXELS = None  # the limit below is stricter, and an error where Pillow would only warn
    with _DECODING:
        try:
            with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
                if opened.width * opened.height > PIXELS_MAX:
                    raise PictureError("pixels")
                turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
                opened.draft("RGB", (SIDE_MAX, SIDE_MAX))
                opened.load()
                see_through = opened.mode in {"RGBA", "LA", "PA"} or "transparency" in opened.info
                mode = "RGBA" if see_through else "RGB"
                drawn = opened if opened.mode == mode else opened.convert(mode)
                drawn.thumbnail((SIDE_MAX, SIDE_MAX))
                return _encoded(drawn if turn is None else drawn.transpose(Image.Transpose(turn)))
        except UnidentifiedImageError:
            raise PictureError("kind") from None
        except (OSError, ValueError, SyntaxError, LookupError, TypeError, ArithmeticError, EOFError, *_PACKED):
            raise PictureError("broken") from None
        except MemoryError:
            raise PictureError("pixels") from None


def _encoded(drawn: Image.Image) -> bytes:
    from PIL import Image  # noqa: PLC0415 - as above

    clean = Image.new(drawn.mode, drawn.size)  # without what the file said beside the picture
    clean.paste(drawn)
    out = BytesIO()
    clean.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()


class Images:
    """The pictures in a data directory. Its methods may be called from any thread, and beside a running node."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._waiting, self._uses = folder, folder / "waiting", folder / "uses"

    def take(self, data: bytes) -> str:
        """Keeps a picture until it is described; its path (spec 10). Raises PictureError."""
        self._sweep()
        drawn = redraw(data)
        name = f"{sha256(drawn).hexdigest()}.webp"
        if not (self._folder / name).exists():
            if sum(1 for _ in self._waiting.glob("*")) >= WAITING_MAX:
                raise PictureError("waiting")
            kept = (file.stat().st_size for place in (self._folder, self._waiting) for file in place.glob("*.*"))
            if sum(kept) + len(drawn) > KEPT_BYTES_MAX:
                raise PictureError("full")
        self._waiting.mkdir(parents=True, exist_ok=True, mode=0o700)
        _keep(drawn, self._waiting / name)
        return f"/images/{name}"

    def look(self, path: str) -> bytes:
        """A picture that waits, or is served already. Raises NotFoundError."""
        return self._read(path, (self._waiting, self._folder))

    def read(self, path: str) -> bytes:
        """A picture that everybody may see. Raises NotFoundError."""
        return self._read(path, (self._folder,))

    def _read(self, path: str, folders: Iterable[Path]) -> bytes:
        if is_image_path(path):
            for folder in folders:
                try:
                    content = (folder / _name(path)).read_bytes()
                except OSError:
                    continue
                if sha256(content).hexdigest() == _name(path).partition(".")[0]:  # whole, as it was kept
                    return content
        raise NotFoundError("there is no such picture here")

    def note(self, path: str, record: bytes) -> None:
        """A record is about to name a picture: `settle` brings it to an end if that is broken off."""
        (self._uses / _name(path)).mkdir(parents=True, exist_ok=True, mode=0o700)
        (self._uses / _name(path) / record.hex()).touch()

    def settle(self, named: Callable[[bytes], Container[str] | None]) -> None:
        """Brings the files in step with what was signed. `named`: what a record names, None if it is not known."""
        for use in sorted(self._uses.glob("*/*")):
            path, record = f"/images/{use.parent.name}", bytes.fromhex(use.name)
            paths = named(record)
            if paths is not None and path in paths:
                self.publish(path, record)
            elif paths is not None:
                self.retire(path, record)

    def publish(self, path: str, record: bytes) -> None:
        """Lets everybody see a picture that a record names now."""
        self.note(path, record)
        waiting = self._waiting / _name(path)
        if waiting.exists():
            waiting.replace(self._folder / _name(path))

    def retire(self, path: str, record: bytes) -> None:
        """Deletes a picture once no record names it any more."""
        uses = self._uses / _name(path)
        (uses / record.hex()).unlink(missing_ok=True)
        if not any(uses.glob("*")):
            (self._folder / _name(path)).unlink(missing_ok=True)
            if uses.exists():
                uses.rmdir()

    def sizes(self, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Width and height of those that are here for everybody."""
        there = [path for path in paths if is_image_path(path) and (self._folder / _name(path)).is_file()]
        found = {path: _size(self._folder / _name(path)) for path in there}
        return {path: size for path, size in found.items() if size is not None}

    def pack(self, target: Path) -> None:
        """Writes what everybody may see, and which records name it, as a tar file."""
        with tarfile.open(target, "w") as tar:
            for file in sorted(self._folder.glob("*.*")) + sorted(self._uses.glob("*/*")):
                with suppress(FileNotFoundError):  # it was removed meanwhile
                    tar.add(file, file.relative_to(self._folder).as_posix(), recursive=False)

    def unpack(self, source: Path) -> None:
        """Takes out of a tar file what is as `pack` writes it: pictures whose hash is their name, and their uses."""
        with tarfile.open(source, "r:") as tar:
            for member in tar:
                if not member.isfile() or member.size > BYTES_MAX:
                    continue
                if is_image_path(f"/images/{member.name}"):
                    content = _content(tar, member)
                    if sha256(content).hexdigest() == member.name.partition(".")[0]:
                        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                        (self._folder / member.name).write_bytes(content)
                elif (use := _USE.fullmatch(member.name)) and not member.size:
                    self.publish(f"/images/{use[1]}", bytes.fromhex(use[2]))

    def _sweep(self) -> None:
        for file in self._waiting.glob("*"):
            with suppress(FileNotFoundError):  # somebody else was quicker
                if abs(time.time() - file.stat().st_mtime) > _WAITS_S and not (self._uses / file.name).exists():
                    file.unlink()


def _keep(content: bytes, file: Path) -> None:
    """Writes a file: all of it, on the disk, or nothing. Raises StoreFullError."""
    coming = file.with_name(f"{file.name}.coming")
    try:
        with coming.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        coming.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        coming.unlink(missing_ok=True)
        raise StoreFullError(f"the picture could not be kept: {error.strerror}") from None


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file is not None else b""


def _name(path: str) -> str:
    return path.rpartition("/")[2]


@lru_cache(4_096)  # a name says what is in the file
def _size(file: Path) -> tuple[int, int] | None:
    from PIL import Image  # noqa: PLC0415 - as above

    try:
        with Image.open(file, formats=("JPEG", "WEBP")) as opened:
            return opened.size
    except OSError:
        return None
