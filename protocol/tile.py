# SPDX-License-Identifier: AGPL-3.0-or-later
"""C2SP tiles: how the hashes and entries of a log are cut into immutable files (spec 07)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from protocol.errors import Malformed

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LEVEL_MAX = 63
ENTRY_BYTES_MAX = 65_535
_LEVEL = re.compile(r"entries|0|[1-9][0-9]?")
_NUMBER = re.compile(r"(?!x000)(?:x[0-9]{3}/){0,6}[0-9]{3}")
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")


class Tile(NamedTuple):
    """One tile: of hashes at `level` 0..63, or of entries (level None); `width` 1..256, 256 being full."""

    level: int | None
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The path below `<log>/tile/`."""
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{level}/{'/'.join(reversed(groups))}{partial}"

    @property
    def begin(self) -> int:
        """The first item of this tile: an entry's position, or the index of a hash at its level."""
        return self.number * TILE_WIDTH


def parse_tile_path(path: str) -> Tile:
    """The tile that a path below `<log>/tile/` names. Raises Malformed (`level`, `number`, `width`)."""
    level, _, rest = path.partition("/")
    number, partial, width = rest.partition(".p/")
    if not _LEVEL.fullmatch(level) or (level != "entries" and int(level) > LEVEL_MAX):
        raise Malformed("level", f"no tile level {level[:40]!r}")
    if not _NUMBER.fullmatch(number):
        raise Malformed("number", f"not the number of a tile: {number[:60]!r}")
    if partial and (not _WIDTH.fullmatch(width) or int(width) >= TILE_WIDTH):
        raise Malformed("width", f"no partial tile of width {width[:40]!r}")
    return Tile(
        None if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        int(width) if partial else TILE_WIDTH,
    )


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes the tile has in a tree of that size: 0 (none) to 256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH))


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """An entries tile: each entry as a big-endian uint16 length and its bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_entries(data: bytes) -> list[bytes]:
    """The entries of an entries tile. Raises Malformed (`entries`)."""
    entries, offset = [], 0
    while offset < len(data):
        end = offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
        if offset + 2 > len(data) or end > len(data):
            raise Malformed("entries", "an entries tile that ends within an entry")
        entries.append(data[offset + 2 : end])
        offset = end
    if len(entries) > TILE_WIDTH:
        raise Malformed("entries", f"an entries tile of more than {TILE_WIDTH} entries")
    return entries
