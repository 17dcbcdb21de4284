# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reciprocity ledger of each log on its store: what was kept is read where the fold asks for it (spec 17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.reciprocity.applying import apply
from ledger.reciprocity.book import Book, Rules, Said
from ledger.reciprocity.hearing import Heard
from ledger.reciprocity.state import Connector, Incoming, Outgoing
from ledger.reciprocity.state_check import state_body
from protocol.errors import Malformed
from protocol.reciprocity import PERSONAL_KINDS, RECIPROCITY_BODIES, read_reciprocity
from protocol.reciprocity_bodies import MemberProfile, Remark
from protocol.statement import SCOPE_PUBLIC, Entry, Statement, parse_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ledger.deriving.fold import Authority, Reading
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.encoding import Value
    from protocol.reciprocity_bodies import ReciprocityBody


_TRANSFER_SORTS = frozenset({Outgoing.SORT, Incoming.SORT})


class StoreSource:
    """The cells of one log in a store. `ids` are looked up at once, because they are about to be asked for."""

    def __init__(self, reads: Snapshot, tree: int, ids: Collection[bytes] = ()) -> None:
        self._reads = reads
        self._tree = tree
        self._known: dict[bytes, Said | None] = dict.fromkeys(ids)
        self._known |= {key: Said(*row) for key, row in reads.said(tree, ids).items()}

    def cell(self, sort: str, key: bytes) -> bytes | None:
        """The encoded cell under a key."""
        return self._reads.cell(self._tree, sort, key)

    def cells(self, sort: str, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        """All encoded cells of a sort whose keys begin so."""
        return self._reads.cells(self._tree, sort, prefix)

    def said(self, statement_id: bytes) -> Said | None:
        """Where an id was used first."""
        if statement_id not in self._known:
            row = self._reads.said(self._tree, [statement_id]).get(statement_id)
            self._known[statement_id] = Said(*row) if row else None
        return self._known[statement_id]

    def recall(self, position: int) -> ReciprocityBody | None:
        """What the entry at a position says; None if it is not of the ledger, or not here."""
        said = read_said(self._reads, self._tree, position)
        return said.body if said else None


class LedgerStatement(NamedTuple):
    """A statement of the ledger as it stands in the log, whatever came of it."""

    id: bytes
    body: ReciprocityBody
    signers: frozenset[bytes]
    public: bool


def read_said(reads: Snapshot, tree: int, position: int) -> LedgerStatement | None:
    """The statement at a position; None if it is not one of the ledger, or not here."""
    row = next(reads.entries(tree, position, position + 1), None)
    if row is None or row.payload is None:
        return None
    try:
        header, payload = parse_entry(row.entry), parse_payload(row.payload)
        statement = parse_statement(payload.statement)
        if not isinstance(statement, Statement) or statement.kind not in RECIPROCITY_BODIES:
            return None
        signers = frozenset(signature.key for signature in payload.signatures)
        public = isinstance(header, Entry) and header.scope == SCOPE_PUBLIC
        return LedgerStatement(statement.id, read_reciprocity(statement), signers, public)
    except Malformed:
        return None


def open_book(reads: Snapshot, tree: Tree) -> Book:
    """The ledger of a log as it has been derived, to look at."""
    return Book(tree.origin.log_id, StoreSource(reads, tree.tree))


class Books:
    """The books of the logs that are being folded; between two chunks they keep what they have read."""

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}

    def open(self, change: Transaction, tree: Tree, readings: Sequence[Reading]) -> OpenBook:
        """The book of a log for one chunk."""
        ids = [reading.statement.id for reading in readings if reading.spoken and reading.statement]
        if tree.derived == 0:
            self.forget(tree.tree)
        book = self._books.get(tree.tree)
        if ids:
            source = StoreSource(change, tree.tree, ids)
            if book is None:
                book = self._books[tree.tree] = Book(tree.origin.log_id, source)
            book.source = source
        return OpenBook(change, tree, book)

    def state_body(self, change: Transaction, tree: Tree, author: bytes) -> dict[str, Value] | None:
        """What a log that is folded to its end has to state by a key; None if there is nothing new."""
        book = self._books.get(tree.tree)
        if book is None:
            book = self._books[tree.tree] = Book(tree.origin.log_id, StoreSource(change, tree.tree))
        book.source = StoreSource(change, tree.tree)
        return state_body(book, tree.size, author)

    def forget(self, tree: int | None = None) -> None:
        """Forgets a log, or all: what was learnt in a transaction that has failed is not so."""
        if tree is None:
            self._books.clear()
        else:
            self._books.pop(tree, None)


class OpenBook:
    """The ledger of one log while a chunk of it is folded."""

    def __init__(self, change: Transaction, tree: Tree, book: Book | None) -> None:
        self._change = change
        self._tree = tree.tree
        self._book = book
        self.transfers: tuple[tuple[str, bytes], ...] = ()
        """Cells of payments between logs that have changed: sort and key."""

    def hear(self, authority: Authority, position: int, reading: Reading) -> str:
        """The verdict on a statement of the ledger, whose effect is taken in."""
        book, spoken, statement = self._book, reading.spoken, reading.statement
        assert book is not None
        assert spoken is not None
        assert statement is not None
        authority.reach(position)
        book.rules = rules_of(authority)
        heard = Heard(statement, spoken.body, spoken.signers, position, spoken.at, authority.may_write)
        verdict = apply(book, heard, spoken.leaf)
        if verdict == "applied" and statement.kind in PERSONAL_KINDS:
            body = spoken.body
            assert isinstance(body, MemberProfile | Remark)
            about = body.member if isinstance(body, MemberProfile) else body.about
            self._change.add_remark(self._tree, about, position)
        return verdict

    def write(self) -> None:
        """Writes what has changed."""
        if self._book is not None:
            cells, links, said = self._book.changes()
            self.transfers = tuple((sort, key) for sort, key, _ in cells if sort in _TRANSFER_SORTS)
            if any(sort == Connector.SORT for sort, _, _ in cells):
                self._change.touch_scopes()  # a neighbour's log is admitted
            self._change.put_cells(self._tree, cells)
            self._change.add_links(self._tree, links)
            self._change.add_said(self._tree, [(one_id, *row) for one_id, row in said])


def rules_of(authority: Authority) -> Rules:
    """What the charter in force says of the assembly."""
    charter = authority.keys.charter if authority.keys else None
    said = charter.assembly if charter else None
    return Rules(said.quorum, said.majority) if said else Rules()
