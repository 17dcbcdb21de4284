# SPDX-License-Identifier: AGPL-3.0-or-later
"""One statement as the ledger hears it: what is said, by whose keys, and for whom that counts (spec 17 §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ledger.reciprocity.book import refuse
from ledger.reciprocity.state import Account, Holder, Member
from protocol.reciprocity_bodies import ReciprocityBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.reciprocity.book import Book
    from protocol.statement import Statement

AnyBody = TypeVar("AnyBody", bound=ReciprocityBody)
DAY_S = 86_400


class Heard(NamedTuple, Generic[AnyBody]):
    """A statement in its place. `at` is the entry's time; `signers` are keys whose signatures hold."""

    statement: Statement
    body: AnyBody
    signers: frozenset[bytes]
    position: int
    at: int
    may_write: Callable[[bytes], bool]

    @property
    def id(self) -> bytes:
        """The id of the statement, and of what it makes."""
        return self.statement.id

    @property
    def day(self) -> int:
        """The entry's day."""
        return self.at // DAY_S

    @property
    def by_org(self) -> bool:
        """Whether it is signed for the organisation."""
        return any(map(self.may_write, self.signers))

    def is_by(self, book: Book, party: bytes) -> bool:
        """Whether it is signed for a party: an active member, or the organisation."""
        if party == book.log_id:
            return self.by_org
        member = book.get(Member, party)
        return member is not None and member.status == "active" and member.key in self.signers

    def is_by_owner(self, book: Book, account: Account) -> bool:
        """Whether it is signed for the owner of an account."""
        return self.is_by(book, account.owner)

    def parties(self, book: Book) -> Iterator[bytes]:
        """All parties for whom it is signed, the members in ascending order, then the organisation."""
        holders = [holder.member for key in self.signers if (holder := book.get(Holder, key)) is not None]
        yield from (member for member in sorted(holders) if self.is_by(book, member))
        if self.by_org:
            yield book.log_id


def need_known(book: Book, *parties: bytes) -> None:
    """A party that is named must be the organisation or a member (`unknown_ref`)."""
    for party in parties:
        if party != book.log_id:
            book.need(Member, party)


def allow_active(book: Book, *parties: bytes) -> None:
    """A party that is named must be active (`not_authorised`)."""
    for party in parties:
        if party != book.log_id and book.need(Member, party).status != "active":
            refuse("not_authorised")


def allow(*, holds: bool) -> None:
    """Refuses what is not signed as it must be."""
    if not holds:
        refuse("not_authorised")
