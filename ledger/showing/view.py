# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger of one log to look at: with the names that are known here, and amounts as people write them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ledger.deriving.books import open_book
from ledger.directory.present import read_record
from ledger.errors import NotFoundError
from ledger.reciprocity.book import Rules
from ledger.reciprocity.state import Account, Contract, Member, ProposalState, Unit
from ledger.showing.known import SHORT_DIGITS
from protocol.amounts import parse_amount, show_amount
from protocol.charter import establish
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity
from protocol.reciprocity_bodies import MemberProfile
from protocol.statement import (
    SCOPE_PUBLIC,
    Entry,
    Statement,
    parse_entry,
    parse_payload,
    parse_statement,
)

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from protocol.charter import Charter
    from protocol.reciprocity_bodies import ReciprocityBody

ID_BYTES = 16


class Found(NamedTuple):
    """A statement of the ledger in its place. `at` is when the log took it in, UTC seconds."""

    position: int
    at: int
    scope: int
    statement: Statement
    body: ReciprocityBody
    signers: tuple[bytes, ...]


class LedgerView:
    """One log's ledger as it stands. `private`: whoever looks may see what is not public.

    `reader` is a member who may see what is said of themselves; `languages` are those that whoever looks prefers.
    """

    def __init__(
        self,
        reads: Snapshot,
        tree: Tree,
        *,
        private: bool = False,
        reader: bytes = b"",
        languages: tuple[str, ...] = (),
    ) -> None:
        self.reads = reads
        self.tree = tree
        self.private = private
        self.reader = reader
        self.languages = languages
        self._names: dict[bytes, str] = {}
        self._units: dict[str, Unit] = {}

    @cached_property
    def book(self) -> Book:
        """What was derived, under the assembly's rules in force."""
        book = open_book(self.reads, self.tree)
        said = self.charter.assembly
        book.rules = Rules(said.quorum, said.majority) if said else Rules()
        return book

    @property
    def log_id(self) -> bytes:
        """The log, which as a party is the organisation."""
        return self.tree.origin.log_id

    @cached_property
    def charter(self) -> Charter:
        """The organisation's charter in force."""
        return establish(self.reads.charters(self.tree.tree)).charter

    @property
    def organisation(self) -> str:
        """What the organisation calls itself."""
        return self.charter.title()

    @property
    def language(self) -> str:
        """The language that the organisation's texts are in unless they say otherwise."""
        return self.charter.languages[0]

    def member(self, member_id: bytes) -> Member:
        """A member. Raises NotFoundError."""
        found = self.book.get(Member, member_id)
        if found is None:
            raise NotFoundError(f"no member {member_id.hex()} in this ledger")
        return found

    def unit(self, code: str) -> Unit:
        """What is counted under a code. Raises NotFoundError."""
        if code not in self._units:
            unit = self.book.get(Unit, code.encode())
            if unit is None:
                known = ", ".join(key.decode() for key, _ in self.book.scan(Unit)) or "none yet: `folkmoot unit add`"
                raise NotFoundError(f"no unit {code[:20]!r} in this ledger; its units are {known}")
            self._units[code] = unit
        return self._units[code]

    def show(self, amount: int, unit: str) -> str:
        """An amount with its unit's decimals."""
        return show_amount(amount, self.unit(unit).scale)

    def read_amount(self, text: str, unit: str) -> int:
        """The amount that somebody wrote. Raises Malformed."""
        return parse_amount(text, self.unit(unit).scale)

    def found(self, position: int) -> Found | None:
        """What the ledger's statement at a position says, if it is one and is here."""
        stored = next(self.reads.entries(self.tree.tree, position, position + 1), None)
        if stored is None or stored.payload is None:
            return None
        try:
            payload = parse_payload(stored.payload)
            statement, header = parse_statement(payload.statement), parse_entry(stored.entry)
            known = isinstance(statement, Statement) and statement.kind in RECIPROCITY_BODIES
            if not known or not isinstance(header, Entry):
                return None
            assert isinstance(statement, Statement)
            signers = tuple(signature.key for signature in payload.signatures)
            return Found(position, header.at, header.scope, statement, read_reciprocity(statement), signers)
        except Malformed:
            return None

    def said(self, statement_id: bytes) -> Found:
        """The statement that made a thing. Raises NotFoundError."""
        said = self.book.said(statement_id)
        found = self.found(said.position) if said else None
        if found is None:
            raise NotFoundError(f"nothing here has the id {statement_id.hex()}")
        return found

    def may_see(self, scope: int, member: bytes) -> bool:
        """Whether whoever looks may see what is said of a member in an entry of this scope."""
        return self.private or scope == SCOPE_PUBLIC or (bool(member) and member == self.reader)

    def profile(self, member: bytes) -> tuple[MemberProfile, int] | None:
        """The newest profile of a member that whoever looks may see, and its scope."""
        for position in reversed(self.reads.remarks(self.tree.tree, member)):
            found = self.found(position)
            if found and isinstance(found.body, MemberProfile) and self.may_see(found.scope, member):
                return found.body, found.scope
        return None

    def name(self, party: bytes) -> str:
        """What a party is called, for people: its name if it is known here, or else the beginning of its id."""
        if party not in self._names:
            self._names[party] = self._find_name(party)
        return self._names[party]

    def _find_name(self, party: bytes) -> str:
        if party == self.log_id:
            return self.organisation
        profile = self.profile(party) if self.book.get(Member, party) is not None else None
        return profile[0].name if profile and profile[0].name else party.hex()[:SHORT_DIGITS]

    def called(self, one: bytes) -> str:
        """What a party, account, contract, proposal or resource is called; empty if that is not known here."""
        if one == self.log_id or self.book.get(Member, one) is not None:
            return self.name(one)
        if self.book.get(Account, one) is not None:
            return self.account_name(one)
        titled = self.book.get(Contract, one) or self.book.get(ProposalState, one)
        if titled is not None:
            return self.words(titled.title)
        return self.resource_name(one) if len(one) == ID_BYTES else ""

    def resource_name(self, resource: bytes) -> str:
        """What the directory calls a resource; empty if it has no record here."""
        row = self.reads.records_by_id(self.tree.tree, [resource], private=False).get(resource)
        if row is None and self.private:
            row = self.reads.records_by_id(self.tree.tree, [resource], private=True).get(resource)
        return self.words(read_record(self.reads, row)[0].name) if row else ""

    def unit_of(self, account: bytes) -> str:
        """The unit of an account; empty if there is no such account."""
        found = self.book.get(Account, account)
        return found.unit if found else ""

    def scale_of(self, unit: str) -> int | None:
        """The decimals of a unit, or None."""
        found = self.book.get(Unit, unit.encode())
        return found.scale if found else None

    def account_name(self, account_id: bytes) -> str:
        """What an account is called, for people: its title, or whose it is."""
        account = self.book.get(Account, account_id)
        if account is None:
            return account_id.hex()[:SHORT_DIGITS]
        if account.title:
            return self.words(account.title)
        return f"{self.name(account.owner)}/{account.unit}"

    def words(self, texts: dict[str, str]) -> str:
        """A text in one of several languages: that of whoever looks, or else the organisation's own."""
        wanted = (*(tag.partition("-")[0].lower() for tag in self.languages), self.language)
        return next(filter(None, map(texts.get, wanted)), "") or next(iter(texts.values()), "")

    def party_object(self, party: bytes) -> dict[str, str]:
        """A party as JSON."""
        if party == self.log_id:
            return {"kind": "organisation", "id": show_log_id(party), "name": self.name(party)}
        return {"kind": "member", "id": party.hex(), "name": self.name(party)}

    def quantity_object(self, amount: int, unit: str) -> dict[str, str]:
        """An amount of a unit as JSON: a text with exactly the unit's decimals."""
        return {"amount": self.show(amount, unit), "unit": unit}


def own_tree(reads: Snapshot) -> Tree:
    """The log that this node writes. Raises NotFoundError where there is none."""
    number = int(reads.fact("own") or 0)
    if not number:
        raise NotFoundError("this data directory has no log of its own: run `folkmoot init`")
    return reads.tree_numbered(number)


def held_ledger(reads: Snapshot, log_id: bytes) -> Tree:
    """The newest epoch of a log that is held here and may be shown. Raises NotFoundError."""
    trees = [tree for tree in reads.epochs(log_id) if not tree.hidden]
    if not trees:
        raise NotFoundError(f"the log {show_log_id(log_id)[:SHORT_DIGITS]} is not held here")
    return max(trees, key=lambda tree: tree.origin.epoch)
