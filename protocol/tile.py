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
_PATH = re.compile(r"(entries|[0-9]{1,3})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


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
    match = _PATH.fullmatch(path)
    if not match:
        raise Malformed("number", f"not the path of a tile: {path[:100]!r}")
    level = None if match[1] == "entries" else int(match[1])
    if level is not None and (level > LEVEL_MAX or str(level) != match[1]):
        raise Malformed("level", f"no tile level {match[1]!r}")
    groups = match[2].replace("x", "").split("/")
    if len(groups) > 1 and groups[0] == "000":
        raise Malformed("number", f"a tile number with needless zeros: {match[2]!r}")
    width = TILE_WIDTH if match[3] is None else int(match[3])
    if match[3] is not None and (not 1 <= width < TILE_WIDTH or str(width) != match[3]):
        raise Malformed("width", f"no partial tile of width {match[3]!r}")
    return Tile(level, int("".join(groups)), width)


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
