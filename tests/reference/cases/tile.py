# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 07: paths, which tiles a tree has, and what is in them."""

import hashlib
from collections.abc import Iterator

from tests.reference.cases.tree import counted_leaves
from tests.reference.tile import Tile, bundle_of, full_counts, hashes_of, parse_bundle, parse_path, partial_tiles
from tests.reference.vector import Fields, Group, hexes, vector_file

SIZES = (0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 65_793, 70_000, 256**3, 256**3 + 256 + 1)


def generate() -> bytes:
    """The file 07-tiles.json."""
    return vector_file("07", "Tiles", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield paths(
        Group(
            "path",
            "Read a path under <log>/. Gives level (a number, or the text `entries`), number (decimal text) and"
            " width (256 when"
            " full); writing them gives the path again.",
            check_path,
        )
    )
    sizes = Group(
        "tiles_of_size",
        "The tiles of a tree of `size`: full_counts, how many full hash tiles each level has from level 0 up"
        " (there are as"
        " many full bundles of entries as on level 0), and the paths of the partial tiles: hash tiles from level"
        " 0 up, then"
        " the bundle.",
        check_size,
    )
    for size in SIZES:
        sizes.valid(f"size {size}", size=size)
    yield sizes
    yield hash_tiles(
        Group(
            "hash_tile",
            "The content of the hash tile `path` in the tree of `size` entries, where entry i is the text `entry"
            " <i>` (as in"
            " 05): content_sha256_hex, its SHA-256, and, where it is short, content_hex.",
            check_hash_tile,
        )
    )
    bundles = Group("bundle", "The bundle content_hex of the entries entries_hex.", check_bundle)
    for name, entries in (
        ("one entry", ["00ff"]),
        ("an empty entry", [""]),
        ("three entries", ["", "00", "0102" * 150]),
        ("a full bundle", [f"{number:02x}" for number in range(256)]),
    ):
        bundles.valid(name, entries_hex=entries)
    yield bundles
    yield torn_bundles(
        Group(
            "bundle_form",
            "Read the bundle content_hex of width entries. Gives entries_hex. The page has no reason word; here"
            " it is bundle.",
            check_bundle_form,
        )
    )


def check_path(inputs: Fields) -> Fields:
    tile = parse_path(inputs["path"])
    assert str(tile) == inputs["path"]
    level = "entries" if tile.level is None else tile.level
    return {"level": level, "number": str(tile.number), "width": tile.width}


def check_size(inputs: Fields) -> Fields:
    partial = [str(tile) for tile in partial_tiles(inputs["size"])]
    return {"full_counts": full_counts(inputs["size"]), "partial": partial}


def check_hash_tile(inputs: Fields) -> Fields:
    content = hashes_of(parse_path(inputs["path"]), counted_leaves(inputs["size"]))
    short = {"content_hex": content.hex()} if len(content) <= 128 else {}
    return {"content_sha256_hex": hashlib.sha256(content).hexdigest(), **short}


def check_bundle(inputs: Fields) -> Fields:
    content = bundle_of([bytes.fromhex(entry) for entry in inputs["entries_hex"]])
    return {"content_hex": content.hex()}


def check_bundle_form(inputs: Fields) -> Fields:
    return {"entries_hex": hexes(parse_bundle(bytes.fromhex(inputs["content_hex"]), inputs["width"]))}


def paths(group: Group) -> Group:
    for level in (0, 1, 9, 10, 63, None):
        for number in (0, 5, 999, 1000, 999_999, 1_000_000, 1_234_067):
            tile = Tile(level, number)
            group.valid(str(tile), path=str(tile))
    for width in (1, 9, 10, 99, 100, 255):
        for tile in (Tile(0, 1_234_067, width), Tile(None, 0, width)):
            group.valid(str(tile), path=str(tile))
    for written in ("x001/x000/000", "x100/000", "x999/x999/x999/999"):
        group.valid(f"number {written}", path=f"tile/0/{written}")
    for word in ("64", "00", "01", "-1", "+1", "", "a", "1.0", "100", "Entries", "\u0661", " 1", "data", "x1"):
        group.invalid(f"level {word!r}", "level", path=f"tile/{word}/000")
    for written in (
        *("", "5", "05", "0005", "1000", "x005", "x000/005", "x000/x000/005", "x000/x001/005", "001/002", "x001/x002"),
        *("x001", "001/x002", "x1/002", "x0001/002", "x001/2", "00a", "-01", "+01", "X001/002", "x001//002", "/000"),
        *(
            "000/",
            "x001/002/",
            "\u0660\u0660\u0661",
            "00\uff11",
            " 000",
            "000 ",
            "000\n",
            "000.p",
            "xx001/002",
            "000.P/1",
        ),
    ):
        group.invalid(f"number {written!r}", "number", path=f"tile/0/{written}")
    group.invalid("number 5 of a partial tile", "number", path="tile/0/5.p/3")
    group.invalid("number x001 of a partial tile", "number", path="tile/0/x001.p/3")
    for text in (
        "",
        "0",
        "00",
        "01",
        "001",
        "256",
        "257",
        "1000",
        "-1",
        "+1",
        "a",
        "1/",
        "1 ",
        "1\n",
        "\u0661",
        "1.p/1",
    ):
        group.invalid(f"width {text!r}", "width", path=f"tile/0/000.p/{text}")
        if text in ("0", "256"):
            group.invalid(f"width {text!r} of a bundle", "width", path=f"tile/entries/000.p/{text}")
    return group


def hash_tiles(group: Group) -> Group:
    for size, tile in (
        (1, Tile(0, 0, 1)),
        (3, Tile(0, 0, 3)),
        (3, Tile(0, 0, 2)),
        (256, Tile(0, 0)),
        (256, Tile(1, 0, 1)),
        (600, Tile(0, 0)),
        (600, Tile(0, 1)),
        (600, Tile(0, 2, 88)),
        (600, Tile(0, 2, 4)),
        (600, Tile(1, 0, 2)),
        (65_793, Tile(0, 257, 1)),
        (65_793, Tile(1, 0)),
        (65_793, Tile(1, 1, 1)),
        (65_793, Tile(2, 0, 1)),
    ):
        group.valid(f"{tile} of {size}", size=size, path=str(tile))
    return group


def torn_bundles(group: Group) -> Group:
    group.valid("two entries", content_hex="0001ff0000", width=2)
    group.valid("width one", content_hex="0003aabbcc", width=1)
    for name, content, width in (
        ("empty", "", 1),
        ("one byte", "00", 1),
        ("length without its entry", "0001", 1),
        ("entry torn", "0003aabb", 1),
        ("fewer entries than the width", "0001ff", 2),
        ("more entries than the width", "0001ff0001ff", 1),
        ("a byte behind", "0001ff00", 1),
        ("length little-endian", "0100ff", 1),
    ):
        group.invalid(name, "bundle", content_hex=content, width=width)
    return group
