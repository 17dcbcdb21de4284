# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tiles of the static log, spec 07."""

import re
from dataclasses import dataclass

from tests.reference import tree
from tests.reference.rejection import require


@dataclass(frozen=True)
class Tile:
    """A tile's place; level `None` is a bundle of entries, width 256 is a full tile."""

    level: int | None
    number: int
    width: int = 256

    def __str__(self) -> str:
        level = "entries" if self.level is None else str(self.level)
        suffix = "" if self.width == 256 else f".p/{self.width}"
        return f"tile/{level}/{spell_number(self.number)}{suffix}"


def spell_number(number: int) -> str:
    """A tile number in groups of three digits."""
    if number < 1000:
        return f"{number:03}"
    *before, last = spell_number(number // 1000).split("/")
    return "/".join([*before, f"x{last}", f"{number % 1000:03}"])


def parse_path(path: str) -> Tile:
    """The tile of a path under `<log>/`, or `level`, `number`, `width`."""
    level, _, rest = path.removeprefix("tile/").partition("/")
    require(level == "entries" or re.fullmatch(r"0|[1-9]|[1-5][0-9]|6[0-3]", level), "level")
    number, partial, width = rest.partition(".p/")
    require(re.fullmatch(r"(x(?!000)[0-9]{3}/(x[0-9]{3}/)*)?[0-9]{3}", number), "number")
    if partial:
        require(re.fullmatch(r"[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]", width), "width")
    digits = number.replace("x", "").replace("/", "")
    return Tile(None if level == "entries" else int(level), int(digits), int(width) if partial else 256)


def partial_tiles(size: int) -> list[Tile]:
    """The tiles that are not full in a tree of this size, from level 0 up, then the bundle of entries."""
    tiles, hashes, level = [], size, 0
    while hashes:
        if hashes % 256:
            tiles.append(Tile(level, hashes // 256, hashes % 256))
        hashes, level = hashes // 256, level + 1
    return tiles + ([Tile(None, size // 256, size % 256)] if size % 256 else [])


def full_counts(size: int) -> list[int]:
    """How many full tiles each level has, from level 0 up to the last that has any."""
    return [size // 256, *full_counts(size // 256)] if size >= 256 else []


def hashes_of(tile: Tile, leaves: list[bytes]) -> bytes:
    """The content of a hash tile: each hash by its definition."""
    assert tile.level is not None
    step = 256**tile.level
    starts = [(256 * tile.number + i) * step for i in range(tile.width)]
    assert starts[-1] + step <= len(leaves)
    return b"".join(tree.root(leaves[start : start + step]) for start in starts)


def bundle_of(entries: list[bytes]) -> bytes:
    """The content of a bundle of entries."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of this width, or `bundle`."""
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        require(len(data) >= 2 + length and len(data) >= 2, "bundle")
        entries.append(data[2 : 2 + length])
        data = data[2 + length :]
    require(len(entries) == width, "bundle")
    return entries
