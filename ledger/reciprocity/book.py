# SPDX-License-Identifier: AGPL-3.0-or-later
"""The derived state of one log while it is folded: cells read on demand, changed in memory, given back to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol

import msgspec

from ledger.reciprocity.state import Account, AnyCell, Cell, Member, Progress
from protocol.chain import link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.reciprocity.state_tree import StateTree
    from protocol.reciprocity_bodies import ReciprocityBody

_AT_START = Progress()

CELLS_KEPT = 20_000
"""Cells that stay in memory between chunks."""


class Refused(Exception):  # noqa: N818 - it is a verdict, not a fault of anybody's
    """A statement has no effect; `code` is its verdict (spec 17 §5)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def refuse(code: str) -> NoReturn:
    """Ends the statement at hand with that verdict."""
    raise Refused(code)


class Said(NamedTuple):
    """Where an id was used first, and the digest of what was said with it."""

    position: int
    digest: bytes


class Rules(NamedTuple):
    """What the charter in force says of assemblies: quorum and majority as fractions (numerator, denominator)."""

    quorum: tuple[int, int] = (1, 2)
    majority: tuple[int, int] = (1, 2)


class Changes(NamedTuple):
    """What is to be written: cells (encoded), chains (id, position), ids with where they were first used."""

    cells: list[tuple[str, bytes, bytes]]
    links: list[tuple[bytes, int]]
    said: list[tuple[bytes, int, bytes]]


class Source(Protocol):
    """What was derived before, and the log itself."""

    def cell(self, sort: str, key: bytes) -> bytes | None:
        """The encoded cell under a key."""

    def cells(self, sort: str, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        """All encoded cells of a sort whose keys begin so."""

    def said(self, statement_id: bytes) -> Said | None:
        """Where an id was used first."""

    def recall(self, position: int) -> ReciprocityBody | None:
        """What the entry at a position says."""


class Book:
    """Cells of one log. `source` gives what was kept before, and can be exchanged for another view of the same.

    The statement at hand changes an overlay: `keep` takes it over, `drop` forgets it.
    """

    def __init__(self, log_id: bytes, source: Source) -> None:
        self.log_id = log_id
        self.source = source
        self.rules = Rules()
        self.tree: StateTree | None = None
        """The state's tree, once somebody has asked for it."""
        self._cells: dict[tuple[str, bytes], Cell | None] = {}
        self._overlay: dict[tuple[str, bytes], Cell] = {}
        self._changed: set[tuple[str, bytes]] = set()
        self._links: list[tuple[bytes, int]] = []
        self._said: dict[bytes, Said] = {}
        self.concerned: set[bytes] = set()
        self.dirty: set[bytes] = set()
        """Members and accounts whose leaves have changed since the state's tree was brought up."""

    def get(self, cell: type[AnyCell], key: bytes) -> AnyCell | None:
        """The cell of that sort under a key, if there is one."""
        name = (cell.SORT, key)
        found = self._overlay.get(name)
        if found is None:
            if name in self._cells:
                found = self._cells[name]
            else:
                data = self.source.cell(*name)
                found = self._cells[name] = None if data is None else msgspec.msgpack.decode(data, type=cell)
        return found  # type: ignore[return-value] # the sort says the type

    def need(self, cell: type[AnyCell], key: bytes | None) -> AnyCell:
        """The same; where there is none, the statement at hand names something unknown."""
        found = self.get(cell, key) if key else None
        if found is None:
            refuse("unknown_ref")
        return found

    def put(self, key: bytes, value: Cell) -> None:
        """Sets a cell."""
        self._overlay[value.SORT, key] = value

    def scan(self, cell: type[AnyCell], prefix: bytes = b"") -> Iterator[tuple[bytes, AnyCell]]:
        """All cells of a sort whose keys begin so, ascending by key."""
        sort = cell.SORT
        mine = {
            key: value
            for cells in (self._cells, self._overlay)
            for (name, key), value in cells.items()
            if name == sort and key.startswith(prefix)
        }
        kept = {key: data for key, data in self.source.cells(sort, prefix) if key not in mine}
        for key in sorted({*mine, *kept}):
            value = mine[key] if key in mine else msgspec.msgpack.decode(kept[key], type=cell)
            if value is not None:
                yield key, value  # type: ignore[misc] # the sort says the type

    def said(self, statement_id: bytes) -> Said | None:
        """Where an id was used before."""
        return self._said.get(statement_id) or self.source.said(statement_id)

    def recall(self, position: int) -> ReciprocityBody | None:
        """What the entry at a position says."""
        return self.source.recall(position)

    def burn(self, statement_id: bytes, position: int, digest: bytes) -> None:
        """An id has been used, whatever the verdict."""
        self._said[statement_id] = Said(position, digest)

    def concern(self, *ids: bytes | None) -> None:
        """The statement at hand concerns members and accounts; what is neither, or none, is passed over."""
        for one in ids:
            if one and len(one) == 16:
                self.concerned.add(one)

    def keep(self, position: int, leaf: bytes) -> None:
        """Takes over what the statement at hand has changed, and adds it to the chains of those it concerns."""
        for one in self.concerned:
            thing = self.get(Account, one) or self.get(Member, one)
            if thing is not None:
                head = link(thing.head, leaf, position)
                self.put(one, msgspec.structs.replace(thing, count=thing.count + 1, head=head))
                self._links.append((one, position))
                self.dirty.add(one)
                self.put(b"", Progress(position, (self.get(Progress, b"") or _AT_START).stated))
        self._cells.update(self._overlay)
        self._changed.update(self._overlay)
        self.drop()

    def drop(self) -> None:
        """Forgets what the statement at hand would have changed."""
        self._overlay.clear()
        self.concerned.clear()

    def changes(self) -> Changes:
        """What has changed since the last call, to be kept by whoever asked."""
        encode = msgspec.msgpack.encode
        cells = [(sort, key, encode(self._cells[sort, key])) for sort, key in sorted(self._changed)]
        said = [(key, position, digest) for key, (position, digest) in self._said.items()]
        changes = Changes(cells, self._links, said)
        self._changed, self._links, self._said = set(), [], {}
        if len(self._cells) > CELLS_KEPT:
            self._cells.clear()
        return changes
