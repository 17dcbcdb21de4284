# SPDX-License-Identifier: AGPL-3.0-or-later
"""The derived state of one log while it is folded: cells read on demand, changed in memory, given back to be kept."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, TypeVar

import msgspec

from ledger.reciprocity.state import Account, AnyCell, Cell, Leaf, Member, Progress
from protocol.chain import extend, link_end
from protocol.reciprocity_bodies import ReciprocityBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.reciprocity.state_tree import StateTree

CELLS_KEPT = 20_000
"""Cells that stay in memory between chunks."""
PROGRESS = b""
"""The key of the one cell of its sort."""
_ID_BYTES = 16
_AT_START = Progress()
_encode = msgspec.msgpack.Encoder().encode
AnyBody = TypeVar("AnyBody", bound=ReciprocityBody)


class Refused(Exception):  # noqa: N818 - it is a verdict, not a fault of anybody's
    """A statement has no effect; `code` is its verdict (spec 17 §5)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def refuse(code: str) -> NoReturn:
    """Ends the statement at hand with that verdict."""
    raise Refused(code)


class Said(NamedTuple):
    """Where an id was used first, the digest of what was said with it, and whether that had an effect."""

    position: int
    digest: bytes
    applied: bool


class Rules(NamedTuple):
    """What the charter in force says of assemblies: quorum and majority as fractions (numerator, denominator)."""

    quorum: tuple[int, int] = (1, 2)
    majority: tuple[int, int] = (1, 2)


class Changes(NamedTuple):
    """What is to be written: cells (encoded), chains (id, position), and where ids were first used."""

    cells: list[tuple[str, bytes, bytes]]
    links: list[tuple[bytes, int]]
    said: list[tuple[bytes, Said]]


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
        self._voters: dict[bytes, bytes] | None = None
        self._cells: dict[str, dict[bytes, Cell | Leaf | None]] = defaultdict(dict)
        self._overlay: dict[tuple[str, bytes], Cell | Leaf] = {}
        self._changed: set[tuple[str, bytes]] = set()
        self._links: list[tuple[bytes, int]] = []
        self._said: dict[bytes, Said] = {}
        self._moved = -1
        """The position of the last entry that concerned anybody, if it is not in the cell yet."""
        self._concerned: set[bytes] = set()
        self._legs: Sequence[tuple[bytes, int]] = ()
        """What the statement at hand moves, once it is kept."""
        self.dirty: set[bytes] = set()
        """Members and accounts whose leaves have changed since the state's tree was brought up."""

    def get(self, cell: type[AnyCell], key: bytes) -> AnyCell | None:
        """The cell of that sort under a key, if there is one."""
        sort = cell.SORT
        found = self._overlay.get((sort, key))
        if found is None:
            try:
                found = self._cells[sort][key]
            except KeyError:
                data = self.source.cell(sort, key)
                found = None if data is None else msgspec.msgpack.decode(data, type=cell)
                self._cells[sort][key] = found
        return found  # type: ignore[return-value] # the sort says the type

    def need(self, cell: type[AnyCell], key: bytes | None) -> AnyCell:
        """The same; where there is none, the statement at hand names something unknown."""
        found = self.get(cell, key) if key else None
        if found is None:
            refuse("unknown_ref")
        return found

    def put(self, key: bytes, value: Cell | Leaf) -> None:
        """Sets a cell."""
        self._overlay[value.SORT, key] = value

    def set_amounts(self, account_id: bytes, account: Account, posted: int, reserved: int) -> None:
        """Sets what is posted on an account and reserved of it, which concerns it and its owner."""
        self._overlay[Account.SORT, account_id] = msgspec.structs.replace(account, posted=posted, reserved=reserved)
        self._concerned.add(account_id)
        if len(account.owner) == _ID_BYTES:
            self._concerned.add(account.owner)

    def move_legs(self, legs: Sequence[tuple[bytes, int]], accounts: Mapping[bytes, Account]) -> None:
        """Adds legs to what is posted, as the last thing that the statement at hand does: no `get` tells of it before.

        Posts are nearly all that is folded, so accounts are changed in place, as chains are, instead of being replaced.
        """
        self._legs = legs
        for account_id, _ in legs:
            self._concerned.add(account_id)
            owner = accounts[account_id].owner
            if len(owner) == _ID_BYTES:
                self._concerned.add(owner)

    def scan(self, cell: type[AnyCell], prefix: bytes = b"") -> Iterator[tuple[bytes, AnyCell]]:
        """All cells of a sort whose keys begin so, ascending by key, as they were before the statement at hand."""
        sort = cell.SORT
        mine = {key: value for key, value in self._cells[sort].items() if key.startswith(prefix)}
        kept = {key: data for key, data in self.source.cells(sort, prefix) if key not in mine}
        for key in sorted({*mine, *kept}):
            value = mine[key] if key in mine else msgspec.msgpack.decode(kept[key], type=cell)
            if value is not None:
                yield key, value  # type: ignore[misc] # the sort says the type

    @property
    def progress(self) -> Progress:
        """How far the ledger has come."""
        progress = self.get(Progress, PROGRESS) or _AT_START
        return progress if self._moved < 0 else msgspec.structs.replace(progress, moved=self._moved)

    def count_leaf(self) -> int:
        """The number of the next leaf of the state, which is taken."""
        progress = self.progress
        self.put(PROGRESS, msgspec.structs.replace(progress, leaves=progress.leaves + 1))
        return progress.leaves

    def voters(self) -> dict[bytes, bytes]:
        """Who has a vote, and whom each has named as delegate (empty: nobody)."""
        if self._voters is None:
            self._voters = {}
            for key, member in self.scan(Member):
                self._count_voter(key, member)
        return self._voters

    def _count_voter(self, key: bytes, member: Member) -> None:
        if self._voters is not None:
            self._voters.pop(key, None)
            if member.votes and member.status == "active":
                self._voters[key] = member.delegate

    def said(self, statement_id: bytes) -> Said | None:
        """Where an id was used before."""
        return self._said.get(statement_id) or self.source.said(statement_id)

    def made(self, body: type[AnyBody], statement_id: bytes | None) -> AnyBody:
        """What a statement that was applied says; `unknown_ref` if there is none of that kind."""
        said = self.said(statement_id) if statement_id else None
        found = self.source.recall(said.position) if said and said.applied else None
        if not isinstance(found, body):
            refuse("unknown_ref")
        return found

    def recall(self, position: int) -> ReciprocityBody | None:
        """What the entry at a position says, whatever came of it."""
        return self.source.recall(position)

    def burn(self, statement_id: bytes, said: Said) -> None:
        """An id has been used, whatever the verdict."""
        self._said[statement_id] = said

    def accounts(self, legs: Iterable[tuple[bytes, int]]) -> dict[bytes, Account]:
        """The accounts of legs."""
        known, found = self._cells[Account.SORT], dict[bytes, Account]()
        for one, _ in legs:
            found[one] = known.get(one) or self.need(Account, one)  # type: ignore[assignment] # the sort says the type
        return found

    def concern(self, *ids: bytes | None) -> None:
        """The statement at hand concerns members and accounts; what is neither, or none, is passed over."""
        for one in ids:
            if one and len(one) == _ID_BYTES:
                self._concerned.add(one)

    def keep(self, position: int, leaf: bytes) -> None:
        """Takes over what the statement at hand has changed, and adds it to the chains of those it concerns."""
        if self._overlay:
            self._take_over()
        if self._legs:
            accounts, sort = self._cells[Account.SORT], Account.SORT
            for account_id, amount in self._legs:
                accounts[account_id].posted += amount  # type: ignore[union-attr] # the sort says the type
                self._changed.add((sort, account_id))
        if self._concerned:
            self._go_on(link_end(leaf, position), position)
        self.drop()

    def _take_over(self) -> None:
        cells = self._cells
        self._changed.update(self._overlay)
        for (sort, key), value in self._overlay.items():
            cells[sort][key] = value
            if isinstance(value, Member):
                self._count_voter(key, value)

    def _go_on(self, end: bytes, position: int) -> None:
        """Adds an entry to the chains of all that it concerns."""
        accounts, members, links = self._cells[Account.SORT], self._cells[Member.SORT], self._links
        for one in self._concerned:
            kept: Leaf | None = members.get(one) or accounts.get(one)  # type: ignore[assignment] # the sorts say the type
            thing = kept or self.get(Account, one) or self.get(Member, one)
            if thing is not None:
                thing.count += 1
                thing.head = extend(thing.head, end)
                links.append((one, position))
                self._moved = position
        self.dirty |= self._concerned

    def drop(self) -> None:
        """Forgets what the statement at hand would have changed."""
        self._overlay.clear()
        self._concerned.clear()
        self._legs = ()

    def changes(self) -> Changes:
        """What has changed since the last call, to be kept by whoever asked."""
        if self._moved >= 0:
            self._cells[Progress.SORT][PROGRESS] = self.progress
            self._changed.add((Progress.SORT, PROGRESS))
            self._moved = -1
        for one in {one for one, _ in self._links}:
            self._changed.add((Account.SORT if self._cells[Account.SORT].get(one) else Member.SORT, one))
        cells = [(sort, key, _encode(self._cells[sort][key])) for sort, key in sorted(self._changed)]
        changes = Changes(cells, self._links, list(self._said.items()))
        self._changed, self._links, self._said = set(), [], {}
        if sum(map(len, self._cells.values())) > CELLS_KEPT:
            self._cells.clear()
        return changes
