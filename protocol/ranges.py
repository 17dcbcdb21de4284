# SPDX-License-Identifier: AGPL-3.0-or-later
"""The set of checkpoints that a node holds, as a radix-16 tree over the log ids with fingerprints (spec 13 §1, §2)."""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from protocol.identity import Origin

LEAF_ITEMS_MAX = 64
"""A part of the tree with no more items than this is told item by item, and is not divided further here."""
DEPTH_MAX = 64
"""A log id has this many hexadecimal digits."""
FINGERPRINT_BYTES, SHORT_BYTES = 16, 6

_SUM_MASK = 2**256 - 1
_LOG_BYTES, _KEY_BYTES, _SIZE_END = 32, 36, 44


class Item(NamedTuple):
    """The checkpoint up to which one log is held: its size and root."""

    origin: Origin
    size: int
    root: bytes


class Part(NamedTuple):
    """What a fingerprint is made of: the sum of the digests of some items, and how many they are."""

    digests: int
    items: int


class _Node:
    """All items whose log ids share a prefix: sorted in `items`, or if they are many, in the 16 `children`."""

    __slots__ = ("children", "count", "items", "sum")

    def __init__(self, items: list[bytes]) -> None:
        self.items = items
        self.children: list[_Node] = []
        self.sum, self.count = _sum(items)


_Place: TypeAlias = _Node | list[bytes]
"""Where a prefix leads: to a node, or to some of the items of one that is not divided."""


def pack_item(item: Item) -> bytes:
    """The 76 bytes of an item, which sort by log id and epoch."""
    (log_id, epoch), size, root = item
    return log_id + epoch.to_bytes(4, "big") + size.to_bytes(8, "big") + root


def fingerprint(part: Part) -> bytes:
    """The 16 bytes that stand for a set of items."""
    return sha256(part.digests.to_bytes(32, "big") + part.items.to_bytes(8, "big")).digest()[:FINGERPRINT_BYTES]


EMPTY_FINGERPRINT = fingerprint(Part(0, 0))


def short_item(salt: bytes, packed: bytes) -> bytes:
    """The 6 bytes that stand for an item in one session."""
    return sha256(b"folkmoot/short/1\0" + salt + packed).digest()[:SHORT_BYTES]


class Index:
    """A set of items, at most one for each origin. Not for two threads at once."""

    def __init__(self) -> None:
        self._root = _Node([])

    def __len__(self) -> int:
        return self._root.count

    def put(self, item: Item) -> None:
        """Adds an item, in the place of the one of the same origin."""
        packed = pack_item(item)
        path = self._path(packed)
        items = path[-1].items
        at, held = _find(items, packed[:_KEY_BYTES])
        if held is None:
            items.insert(at, packed)
        else:
            items[at] = packed
        _count(path, _digest(packed) - (_digest(held) if held else 0), int(held is None))
        if len(items) > LEAF_ITEMS_MAX:
            _divide(path[-1], len(path) - 1)

    def remove(self, origin: Origin) -> None:
        """Takes the item of an origin out, if there is one."""
        key = _key(origin)
        path = self._path(key)
        at, held = _find(path[-1].items, key)
        if held is None:
            return
        del path[-1].items[at]
        _count(path, -_digest(held), -1)
        for node in path[:-1]:
            if node.count <= LEAF_ITEMS_MAX // 2:  # half, so that one more and one less do not divide and join in turn
                node.items, node.children = _all_items(node), []
                return

    def size(self, origin: Origin) -> int | None:
        """The size of the item of an origin, None if there is none."""
        key = _key(origin)
        _, held = _find(self._path(key)[-1].items, key)
        return None if held is None else _size(held)

    def items(self, prefix: str) -> list[bytes]:
        """The packed items whose log ids begin with these hexadecimal digits, in order."""
        return _all_items(self._place(prefix))

    def part(self, prefix: str) -> Part:
        """Sum and count of the items below a prefix."""
        return _part(self._place(prefix))

    def parts(self, prefix: str, levels: int) -> list[Part]:
        """Sum and count of each of the 16^levels parts below a prefix, in order."""
        places = [self._place(prefix)]
        for depth in range(len(prefix), len(prefix) + levels):
            places = [child for place in places for child in _children(place, depth)]
        return [_part(place) for place in places]

    def _path(self, packed: bytes) -> list[_Node]:
        """The nodes from the root to where an item belongs."""
        path = [self._root]
        while path[-1].children:
            path.append(path[-1].children[_digit(packed, len(path) - 1)])
        return path

    def _place(self, prefix: str) -> _Place:
        node = self._root
        for depth, digit in enumerate(prefix):
            if not node.children:
                rest = prefix[depth:]
                return [item for item in node.items if item[:_LOG_BYTES].hex().startswith(rest, depth)]
            node = node.children[int(digit, 16)]
        return node


def unpack_origin(packed: bytes) -> Origin:
    """The origin of a packed item."""
    return Origin(packed[:_LOG_BYTES], int.from_bytes(packed[_LOG_BYTES:_KEY_BYTES], "big"))


def _size(packed: bytes) -> int:
    return int.from_bytes(packed[_KEY_BYTES:_SIZE_END], "big")


def unpack_size(packed: bytes) -> tuple[bytes, int, int]:
    """Log id, epoch and size of a packed item."""
    return *unpack_origin(packed), _size(packed)


def _key(origin: Origin) -> bytes:
    return origin.log_id + origin.epoch.to_bytes(4, "big")


def _digest(packed: bytes) -> int:
    return int.from_bytes(sha256(b"folkmoot/item/1\0" + packed).digest(), "big")


def _sum(items: list[bytes]) -> Part:
    return Part(sum(map(_digest, items)) & _SUM_MASK, len(items))


def _digit(packed: bytes, depth: int) -> int:
    """The hexadecimal digit of a log id at a depth."""
    pair = packed[depth >> 1]
    return pair & 15 if depth & 1 else pair >> 4


def _find(items: list[bytes], key: bytes) -> tuple[int, bytes | None]:
    """Where an item with this key is or would be, and the item if it is there."""
    at = bisect_left(items, key)
    return at, items[at] if at < len(items) and items[at].startswith(key) else None


def _count(path: list[_Node], digest: int, count: int) -> None:
    for node in path:
        node.sum = (node.sum + digest) & _SUM_MASK
        node.count += count


def _divide(node: _Node, depth: int) -> None:
    """Gives a node with many items children; one log's epochs cannot be divided."""
    if depth < DEPTH_MAX:
        node.children = [_Node(items) for items in _split(node.items, depth)]
        node.items = []
        for child in node.children:
            if len(child.items) > LEAF_ITEMS_MAX:
                _divide(child, depth + 1)


def _split(items: list[bytes], depth: int) -> list[list[bytes]]:
    """Sorted items by their digit at a depth."""
    parts: list[list[bytes]] = [[] for _ in range(16)]
    for item in items:
        parts[_digit(item, depth)].append(item)
    return parts


def _children(place: _Place, depth: int) -> list[_Node] | list[list[bytes]]:
    if isinstance(place, list):
        return _split(place, depth)
    return place.children or _split(place.items, depth)


def _part(place: _Place) -> Part:
    return _sum(place) if isinstance(place, list) else Part(place.sum, place.count)


def _all_items(place: _Place) -> list[bytes]:
    if isinstance(place, list):
        return place
    found, waiting = [], [place]
    while waiting:
        node = waiting.pop()
        found += node.items
        waiting += reversed(node.children)
    return found
