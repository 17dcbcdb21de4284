# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs as a folder of files that any web server can offer: written from what is held, read as frames (spec 14 §5)."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ledger.carried.bundle import Chosen
from ledger.held.serving import serve_range
from ledger.held.tree import read_tile
from protocol.bundle import LOGS_MAX, RANGE_BYTES, Item, Part
from protocol.charter import CHARTERS_MAX
from protocol.checkpoint import parse_checkpoint
from protocol.encoding import LIMITS
from protocol.errors import Malformed
from protocol.frames import RANGE_BYTES_MAX, Entries, HeadField, Heads, Want
from protocol.identity import Origin
from protocol.merkle import HASH_BYTES, Node, consistency_nodes, fold_nodes, root_of
from protocol.note import NOTE_BYTES_MAX
from protocol.statement import PAYLOAD_BYTES_MAX
from protocol.tile import ENTRY_BYTES_MAX, TILE_HEIGHT, TILE_WIDTH, Tile, decode_entries, tile_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ledger.sqlite.store import SqliteStore

    Get: TypeAlias = Callable[[str, int], bytes | None]
    """Gives the content of a file of the folder, None if there is none; of one longer than the limit, one byte more."""

FOLDER_INDEX = "logs"
_LENGTH_BYTES = 4
_PAIR_BYTES = 12
_TILES_KEPT = 64


class Opened(NamedTuple):
    """A source of logs: what it says it holds, and its frames."""

    parts: Sequence[Part]
    items: Iterable[Item]


def log_path(origin: Origin) -> str:
    """Where the files of a log lie (spec 07)."""
    return f"log/{str(origin).partition('/')[2]}"


class FolderFile(NamedTuple):
    """A file of a folder: its path, what makes its content, how many entries it brings; `lasting` never changes."""

    path: str
    make: Callable[[], bytes]
    entries: int = 0
    lasting: bool = False


def folder_files(store: SqliteStore, chosen: Sequence[Chosen]) -> Iterator[FolderFile]:
    """The files of these logs, in the order in which they are written."""
    for one in chosen:
        yield from _log_files(store, one, log_path(one.part.origin))
    index = "".join(f"{one.part.origin}\n" for one in sorted(chosen, key=lambda one: str(one.part.origin)))
    yield FolderFile(FOLDER_INDEX, index.encode)


def _log_files(store: SqliteStore, one: Chosen, base: str) -> Iterator[FolderFile]:
    size = one.part.to
    with store.read() as reads:
        tree = reads.tree(one.part.origin)
        assert tree is not None
    number = tree.tree

    def hashes(tile: Tile) -> bytes:
        with store.read() as reads:
            return read_tile(reads, number, tile, size)

    for tile in _tiles(size):
        yield FolderFile(f"{base}/tile/{tile.path}", partial(hashes, tile), lasting=tile.width == TILE_WIDTH)
        if tile.level is None:
            path = f"{base}/payload/{tile.path.partition('/')[2]}"
            yield FolderFile(path, partial(_payload_file, store, one, tile), tile.width)
    yield FolderFile(f"{base}/charters", partial(encode_blobs, one.head.charters))
    yield FolderFile(f"{base}/checkpoint", partial(bytes, one.head.checkpoint))


def write_folder(
    store: SqliteStore, chosen: Sequence[Chosen], folder: Path, advance: Callable[[int], None] = lambda _: None
) -> int:
    """Writes these logs as files, or brings a folder up to date; how many bytes were written."""
    written = 0
    for file in folder_files(store, chosen):
        path = folder / file.path
        if not file.lasting or not path.exists():
            if file.entries:  # what was erased meanwhile must not stay in the file of an earlier, smaller tile
                plain = path.parent if path.parent.name.endswith(".p") else path.with_name(f"{path.name}.p")
                shutil.rmtree(plain, ignore_errors=True)
            written += _write(path, file.make())
        advance(file.entries)
    return written


def _tiles(size: int) -> Iterator[Tile]:
    """All tiles of a tree, entries last."""
    level = 0
    while size >> TILE_HEIGHT * level:
        count = -(-(size >> TILE_HEIGHT * level) // TILE_WIDTH)
        yield from (Tile(level, number, tile_width(level, number, size)) for number in range(count))
        level += 1
    for number in range(-(-size // TILE_WIDTH)):
        yield Tile(None, number, tile_width(0, number, size))


def _payload_file(store: SqliteStore, one: Chosen, tile: Tile) -> bytes:
    """The public payloads of the entries in a tile."""
    payloads: list[bytes] = []
    end = tile.begin + tile.width
    while len(payloads) < tile.width:
        begin = tile.begin + len(payloads)
        want = Want(one.part.log, one.part.epoch, one.part.to, begin, end, RANGE_BYTES_MAX, payloads=True)
        with store.read() as reads:
            answer = serve_range(reads, want)
        assert isinstance(answer, Entries), answer
        payloads += [payload for _, payload in answer.entries]
    return encode_blobs(payloads)


def _write(path: Path, content: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    coming = path.with_name(path.name + ".part")
    coming.write_bytes(content)
    coming.replace(path)
    return len(content)


def encode_blobs(blobs: Iterable[bytes]) -> bytes:
    """Each with its length before it."""
    return b"".join(len(blob).to_bytes(_LENGTH_BYTES, "big") + blob for blob in blobs)


def decode_blobs(data: bytes) -> list[bytes] | None:
    """What `encode_blobs` was given; None if that cannot be told."""
    blobs, offset = [], 0
    while offset < len(data):
        begin = offset + _LENGTH_BYTES
        offset = begin + int.from_bytes(data[begin - _LENGTH_BYTES : begin], "big")
        if begin > len(data) or offset > len(data):
            return None
        blobs.append(data[begin:offset])
    return blobs


def read_disk(folder: Path) -> Get:
    """The files of a folder on a disk."""

    def get(path: str, limit: int) -> bytes | None:
        try:
            with (folder / path).open("rb") as file:
                return file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    return get


def read_folder(get: Get) -> Opened:
    """What a folder says it holds, and its frames. Raises Malformed (`missing`, and those of a checkpoint)."""
    index = _file(get, FOLDER_INDEX, LOGS_MAX * 80)
    origins = [Origin.parse(line) for line in index.decode("ascii", "replace").splitlines()]
    if len(origins) > LOGS_MAX or [str(one) for one in origins] != sorted({str(one) for one in origins}):
        raise Malformed("header", "the logs of the folder are too many or not in order")
    logs = [_FolderLog(get, origin) for origin in origins]
    return Opened([log.part for log in logs], (item for log in logs for item in log.items()))


def _file(get: Get, path: str, limit: int) -> bytes:
    content = get(path, limit)
    if content is None or len(content) > limit:
        raise Malformed("missing", f"{path} is not there" if content is None else f"{path} is too long")
    return content


class _FolderLog:
    """One log of a folder, read as the frames that a session would have carried."""

    def __init__(self, get: Get, origin: Origin) -> None:
        self._get = get
        self._base = log_path(origin)
        self._hashes: OrderedDict[Tile, bytes] = OrderedDict()
        self._problem: Malformed | None = None
        size = 0
        try:
            self._note = _file(get, f"{self._base}/checkpoint", NOTE_BYTES_MAX)
            size = parse_checkpoint(self._note)[0].size
        except Malformed as error:
            self._problem = error
        self.part = Part(*origin, 0, size)

    def items(self) -> Iterator[Item]:
        """Its head and its entries, or what is wrong."""
        try:
            if self._problem is not None:
                raise self._problem
            charters = decode_blobs(_file(self._get, f"{self._base}/charters", CHARTERS_MAX * (LIMITS.input_bytes + 4)))
            if not charters:
                raise Malformed("missing", f"{self._base}/charters holds no charters")
            yield Heads([HeadField(self.part.log, self.part.epoch, self._note, charters)])
            for number in range(-(-self.part.to // TILE_WIDTH)):
                yield from self._tile(number)
        except Malformed as error:
            yield error

    def _tile(self, number: int) -> Iterator[Entries]:
        tile = Tile(None, number, tile_width(0, number, self.part.to))
        entries = decode_entries(_file(self._get, f"{self._base}/tile/{tile.path}", TILE_WIDTH * (ENTRY_BYTES_MAX + 2)))
        if len(entries) != tile.width:
            raise Malformed("missing", f"tile {tile.path} holds {len(entries)} entries")
        path = f"{self._base}/payload/{tile.path.partition('/')[2]}"
        limit = TILE_WIDTH * (PAYLOAD_BYTES_MAX + _LENGTH_BYTES)
        content = self._get(path, limit) or b""
        payloads = decode_blobs(content) if len(content) <= limit else None
        if payloads is None or len(payloads) != tile.width:
            payloads = [b""] * tile.width
        begin = tile.begin
        for pairs in _runs(entries, payloads):
            end = begin + len(pairs)
            yield Entries(*self.part.origin, self.part.to, begin, pairs, self._prove(end))
            begin = end

    def _prove(self, end: int) -> list[bytes]:
        """The consistency proof from the end of a range, out of the hash tiles."""
        wanted = consistency_nodes(end, self.part.to)
        return fold_nodes(wanted, {node: self._node(node) for nodes in wanted for node in nodes})

    def _node(self, node: Node) -> bytes:
        """The root of a full subtree: from the hashes of one tile."""
        level, below = divmod(node.level, TILE_HEIGHT)
        begin, count = node.number << below, 1 << below
        number = begin // TILE_WIDTH
        tile = Tile(level, number, tile_width(level, number, self.part.to))
        content = self._hashes.get(tile)
        if content is None:
            content = _file(self._get, f"{self._base}/tile/{tile.path}", TILE_WIDTH * HASH_BYTES)
            if len(content) != tile.width * HASH_BYTES:
                raise Malformed("missing", f"tile {tile.path} is of {len(content)} bytes")
        self._hashes[tile] = content
        self._hashes.move_to_end(tile)
        if len(self._hashes) > _TILES_KEPT:
            self._hashes.popitem(last=False)
        at = (begin - tile.begin) * HASH_BYTES
        return root_of(content[n : n + HASH_BYTES] for n in range(at, at + count * HASH_BYTES, HASH_BYTES))


def _runs(entries: Sequence[bytes], payloads: Sequence[bytes]) -> Iterator[list[tuple[bytes, bytes]]]:
    """Pairs in ranges as a bundle would hold them."""
    pairs: list[tuple[bytes, bytes]] = []
    room = RANGE_BYTES
    for pair in zip(entries, payloads, strict=True):
        needed = len(pair[0]) + len(pair[1]) + _PAIR_BYTES
        if pairs and needed > room:
            yield pairs
            pairs, room = [], RANGE_BYTES
        pairs.append(pair)
        room -= needed
    if pairs:
        yield pairs
