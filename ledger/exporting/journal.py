# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one log's ledger says, in order, as every export tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.deriving.books import open_book
from ledger.errors import NotFoundError
from ledger.jsonform import to_json
from ledger.reciprocity.state import Account, Member, Outgoing, Unit
from protocol.amounts import show_amount, show_day
from protocol.charter import establish
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.reciprocity import PERSONAL_KINDS, RECIPROCITY_BODIES, read_reciprocity
from protocol.reciprocity_bodies import Event, Post, TransferAccept, TransferPost
from protocol.statement import Entry, Statement, parse_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reciprocity.book import Book
    from ledger.sqlite.store import Snapshot
    from ledger.values import Stored, Tree
    from protocol.reciprocity_bodies import ReciprocityBody

_CHUNK = 1_000
_DAY_S = 86_400


class Movement(NamedTuple):
    """A zero-sum movement: legs are (account, amount); `on` is a day, `basis` what it rests on, as JSON."""

    position: int
    id: bytes
    on: int
    code: str
    legs: list[tuple[bytes, int]]
    basis: object


class Told(NamedTuple):
    """One applied statement: where it stands, when it was taken in (UTC seconds), what it says."""

    position: int
    at: int
    statement: Statement
    said: ReciprocityBody

    @property
    def body(self) -> object:
        """What it says, as JSON."""
        return to_json(self.statement.read_body())


class Journal(NamedTuple):
    """The ledger of one log: who, its units, members and accounts as they are, and all that was said, in order."""

    log: str
    log_id: bytes
    name: str
    units: dict[str, Unit]
    members: dict[bytes, Member]
    accounts: dict[bytes, Account]
    told: list[Told]
    movements: list[Movement]

    def amount(self, account: bytes, amount: int) -> str:
        """An amount with exactly its unit's decimals."""
        return show_amount(amount, self.units[self.accounts[account].unit].scale)

    def quantity(self, amount: int, unit: str) -> str:
        """The same, for a unit."""
        return show_amount(amount, self.units[unit].scale)


def read_journal(reads: Snapshot, tree: Tree) -> Journal:
    """What is derived from a log, and what was applied to come there. Profiles and notes are in no export."""
    return _journal(reads, tree, applied(reads, tree, 0, tree.derived))


def read_member_journal(reads: Snapshot, tree: Tree, member: bytes) -> Journal:
    """The same with only what concerns a member: what is said of them, and moves what they hold.

    Raises NotFoundError.
    """
    if open_book(reads, tree).get(Member, member) is None:
        raise NotFoundError(f"no member {member.hex()} in this ledger")
    positions = reads.chain(tree.tree, member)
    return _journal(reads, tree, (told for one in positions for told in applied(reads, tree, one, one + 1)))


def _journal(reads: Snapshot, tree: Tree, found: Iterator[Told]) -> Journal:
    book = open_book(reads, tree)
    told = list(found)
    movements = [movement for one in told if (movement := movement_of(book, one)) is not None]
    return Journal(
        show_log_id(tree.origin.log_id),
        tree.origin.log_id,
        establish(reads.charters(tree.tree)).charter.title(),
        {key.decode(): unit for key, unit in book.scan(Unit)},
        dict(book.scan(Member)),
        dict(book.scan(Account)),
        told,
        movements,
    )


def applied(reads: Snapshot, tree: Tree, begin: int, end: int) -> Iterator[Told]:
    """What the entries begin..end of a log have applied, in order; profiles and notes are left out."""
    for start in range(begin, end, _CHUNK):
        stop = min(end, start + _CHUNK)
        verdicts = reads.verdicts(tree.tree, start, stop)
        for stored in reads.entries(tree.tree, start, stop):
            told = None if stored.position in verdicts else _told(stored)
            if told is not None:
                yield told


def _told(stored: Stored) -> Told | None:
    entry = parse_entry(stored.entry)
    if stored.payload is None or not isinstance(entry, Entry):
        return None
    try:
        statement = parse_statement(parse_payload(stored.payload).statement)
        if not isinstance(statement, Statement) or statement.kind not in RECIPROCITY_BODIES.keys() - PERSONAL_KINDS:
            return None
        said = read_reciprocity(statement)
    except Malformed:
        return None
    return Told(stored.position, entry.at, statement, said)


def movement_of(book: Book, told: Told) -> Movement | None:
    """What a statement has moved between accounts, if it has."""
    match told.said:
        case Post(code=code, legs=legs, on=on) if legs:
            basis = told.body.get("basis") if isinstance(told.body, dict) else None
            return Movement(told.position, told.statement.id, on, code, legs, basis)
        case TransferAccept(account=account, connector=connector, amount=amount, transfer=transfer):
            legs = sorted([(connector, -amount), (account, amount)])
        case TransferPost(transfer=transfer):
            outgoing = book.get(Outgoing, transfer)
            assert outgoing is not None, "a transfer that was posted had been reserved"
            legs = sorted([(outgoing.account, -outgoing.amount), (outgoing.connector, outgoing.amount)])
        case _:
            return None
    basis = {"transfer": transfer.hex()}
    return Movement(told.position, told.statement.id, told.at // _DAY_S, told.statement.kind, legs, basis)


def balances(journal: Journal) -> dict[bytes, int]:
    """The sum of all movements for each account that exists: what is posted on it."""
    sums = dict.fromkeys(journal.accounts, 0)
    for movement in journal.movements:
        for account, amount in movement.legs:
            sums[account] += amount
    return sums


def day_of(told: Told) -> str:
    """The day that a statement names, or that on which it was taken in."""
    on = told.said.on if isinstance(told.said, Event | Post) else told.at // _DAY_S
    return show_day(on)
