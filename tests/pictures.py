# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures for tests: plain ones, and those that mean harm."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def drawn(form: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: Any) -> bytes:
    """A picture, its left half red."""
    image = Image.new(mode, size, "blue" if mode == "RGB" else 0)
    if mode == "RGB":
        image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def with_position() -> bytes:
    """A photograph that lies on its side, and says where it was taken, and by what."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of Ada"
    exif.get_ifd(0x8825)[2] = (50.0, 38.0, 2.0)
    return drawn("JPEG", (60, 40), exif=exif, comment=b"Ada at home")


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A small PNG that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
