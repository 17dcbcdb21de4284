# SPDX-License-Identifier: AGPL-3.0-or-later
"""Laws that hold after every statement, whoever says what (spec 17): over invented ledgers."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger.reciprocity.book import Book
from ledger.reciprocity.contracts import is_party
from ledger.reciprocity.state import (
    Account,
    Bookings,
    ClaimState,
    Commitment,
    Contract,
    DividendState,
    EventState,
    Member,
    Outgoing,
    PostMark,
    Totals,
    Used,
)
from ledger.reciprocity.state_check import leaf_of, state_tree
from protocol.chain import START, link
from protocol.merkle import leaf_hash, root_of
from protocol.reciprocity_bodies import Post, TransferReserve, TransferVoid
from protocol.statement import Statement, parse_statement
from tests.ledger.reciprocity.inventing import Invented, Inventor
from tests.ledger.reciprocity.inventing import Statement as Said
from tests.ledger.reciprocity.town import Kept, Town, post_body

Cells = dict[tuple[str, bytes], bytes]
seeds = st.integers(0, 2**32 - 1)


def accounts_of(book: Book) -> dict[bytes, Account]:
    return dict(book.scan(Account))


def replayed(town: Town, size: int, kept: Kept | None = None, begin: int = 0) -> Cells:
    """The cells after all entries of a town from `begin` on are folded again, in chunks of so many."""
    again = Town(town.log_id)
    again.kept = kept or Kept()
    again.book = Book(town.log_id, again.kept)
    again.position = begin
    for number, entry in enumerate(town.entries[begin:], 1):
        again.at = entry.at
        again.hear(entry.data, entry.signers, entry.leaf)
        if number % size == 0:
            again.kept.take(again.book)
            again.book = Book(town.log_id, again.kept)
    return again.snapshot()


def standing(cells: Cells) -> dict[Any, Any]:
    """What is left of a post when it is taken back: nothing but chains and marks may differ."""
    found: dict[Any, Any] = {}
    shapes: tuple[type[Any], ...] = (Account, ClaimState, Commitment, EventState, DividendState, Totals, Used, Contract)
    decoders = {shape.SORT: msgspec.msgpack.Decoder(shape) for shape in shapes}
    for (sort, key), data in cells.items():
        if sort not in decoders:
            continue
        cell: Any = decoders[sort].decode(data)
        if isinstance(cell, Account):
            cell = msgspec.structs.replace(cell, count=0, head=START)
        if (isinstance(cell, Totals) and cell == Totals()) or (isinstance(cell, Used) and not cell.by):
            continue
        found[sort, key] = cell
    return found


class Watched(Invented):
    """Each entry is checked by itself, as soon as it has been heard."""

    def hear(self, data: bytes, signers: frozenset[bytes], leaf: bytes) -> None:
        before, changed = accounts_of(self.book), self._changed()
        super().hear(data, signers, leaf)
        if self.verdict == "applied":
            self._check(self.kept.bodies[self.position - 1], signers, before)
        else:
            assert self._changed() == changed, "what is rejected changes nothing"

    def _changed(self) -> dict[tuple[str, bytes], object]:
        """What is to be written."""
        return {(sort, key): self.book._cells[sort][key] for sort, key in self.book._changed}

    def _check(self, body: object, signers: frozenset[bytes], before: dict[bytes, Account]) -> None:
        for which, account in accounts_of(self.book).items():
            was = before.get(which, account)
            _check_limits(was, account)
            if account.reserved != was.reserved:
                assert isinstance(body, TransferReserve | TransferVoid)
            if account.posted == was.posted:
                continue
            assert isinstance(body, Post)
            assert dict(body.legs)[which] == account.posted - was.posted
            if account.posted < was.posted:
                assert self._has_agreed(account, body, signers), (body, account)
                if account.type == "reserve":
                    assert body.basis is not None
                    assert body.basis.decision is not None
        if isinstance(body, Post) and body.basis is not None:
            events = [*(body.basis.events or ()), *([body.basis.event] if body.basis.event else ())]
            assert not any(self.cell(EventState, event).gift for event in events), "a gift moves no balance"

    def _has_agreed(self, account: Account, body: Post, signers: frozenset[bytes]) -> bool:
        """Whether the owner signed this post, or a contract that it rests on, or a decision corrects it."""
        basis = body.basis
        if self.key(account.owner).public in signers:
            return True
        if basis is None:
            return False
        if basis.contract is None:
            return body.code == "correction" and basis.decision is not None
        contract = self.cell(Contract, basis.contract)
        return is_party(self.book, basis.contract, contract, account.owner, 0)


class Ledger(RuleBasedStateMachine):
    """An organisation in which anything may be said, kept and begun again at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.town = Watched()

    @rule(seed=seeds, times=st.integers(1, 16))
    def say(self, seed: int, times: int) -> None:
        """Statements, one after the other."""
        inventor = Inventor(self.town, Random(seed))
        for _ in range(times):
            self.town.apply(inventor.draw())

    @rule(seed=seeds)
    def say_again(self, seed: int) -> None:
        """What was said before has no effect a second time, in the same words or in others."""
        town = self.town
        entry = Random(seed).choice(town.entries)
        statement = parse_statement(entry.data)
        assert isinstance(statement, Statement)
        said = town.book.said(statement.id)
        assert said is not None
        first = town.entries[said.position]
        town.hear(first.data, first.signers, leaf_hash(b"again"))
        assert town.verdict == "duplicate"
        town.say("dispute.open", {"about": bytes(16)}, statement_id=statement.id)
        assert town.verdict == "id_reused"

    @rule(seed=seeds)
    def reverse(self, seed: int) -> None:
        """Taking back what was taken back restores."""
        town, chance = self.town, Random(seed)
        marks = {one: town.book.get(PostMark, one) or PostMark() for one in town.known.get("post", [])}
        posts = [one for one, mark in marks.items() if not mark.corrected]
        if not posts:
            return
        before, which = standing(town.snapshot()), chance.choice(posts[-6:])
        keys = tuple(town.keys[one] for one in (*town.people, town.group))
        legs = {account: -amount for account, amount in town.book.made(Post, which).legs}
        back = town.apply(Said("post", post_body("correction", legs, post=which), (town.org, *keys)))
        if town.verdict != "applied":
            return
        restored = {account: -amount for account, amount in legs.items()}
        town.apply(Said("post", post_body("correction", restored, post=back), (town.org, *keys)))
        if town.verdict == "applied":
            assert standing(town.snapshot()) == before
        else:
            assert town.verdict in {"floor", "ceiling", "frozen", "closed", "indivisible", "not_authorised"}

    @rule()
    def keep(self) -> None:
        """A chunk ends."""
        self.town.kept.take(self.town.book)

    @rule()
    def begin_again(self) -> None:
        """The process is killed after a chunk."""
        self.town.kept.take(self.town.book)
        self.town.book = Book(self.town.log_id, self.town.kept)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        """The sum of all accounts is 0 in each unit."""
        sums: dict[str, int] = {}
        for account in accounts_of(self.town.book).values():
            sums[account.unit] = sums.get(account.unit, 0) + account.posted
        assert not any(sums.values())

    @invariant()
    def reserved_is_what_is_on_its_way(self) -> None:
        """Of each account, and of each neighbour's."""
        held: dict[bytes, int] = {}
        for _, transfer in self.town.book.scan(Outgoing):
            if transfer.state == "reserved":
                for account in (transfer.account, transfer.connector):
                    held[account] = held.get(account, 0) + transfer.amount
        for which, found in accounts_of(self.town.book).items():
            connector = found.type == "connector"
            assert (found.pending if connector else found.reserved) == held.get(which, 0)
            assert (found.reserved if connector else found.pending) == 0

    @invariant()
    def claims_are_what_was_paid(self) -> None:
        """Never more than is owed, and closed if all of it."""
        for _, claimed in self.town.book.scan(ClaimState):
            assert 0 <= claimed.paid <= claimed.amount
            assert (claimed.closed == "paid") == (claimed.paid == claimed.amount)

    @invariant()
    def nothing_is_booked_twice(self) -> None:
        """Calendars hold active bookings, which do not overlap."""
        for _, calendar in self.town.book.scan(Bookings):
            assert all(first[1] <= second[0] for first, second in pairwise(calendar.times))
            assert all(self.town.cell(Commitment, time[2]).state == "active" for time in calendar.times)

    @invariant()
    def the_root_is_that_of_all_leaves(self) -> None:
        """Brought up bit by bit, or made anew."""
        book = self.town.book
        things = {thing.number: which for sort in (Member, Account) for which, thing in book.scan(sort)}
        leaves = [leaf_of(book, things[number]) for number in range(len(things))]
        assert state_tree(book).root() == root_of(leaf_hash(leaf.encode()) for leaf in leaves)

    def teardown(self) -> None:
        """The same entries give the same state, in whatever chunks, from the beginning or from anything kept."""
        cells = self.town.snapshot()
        assert replayed(self.town, 7) == cells
        middle = len(self.town.entries) // 2
        half = Town(self.town.log_id)
        for entry in self.town.entries[:middle]:
            half.at = entry.at
            half.hear(entry.data, entry.signers, entry.leaf)
        half.kept.take(half.book)
        assert replayed(self.town, 10**6, half.kept, middle) == cells


def _check_limits(before: Account, after: Account) -> None:
    """What is worse than before is within the limits."""
    free, free_before = after.posted - after.reserved, before.posted - before.reserved
    if after.floor is not None and free < free_before:
        assert free >= after.floor
    if after.ceiling is not None and after.posted > before.posted:
        assert after.posted <= after.ceiling


def test_the_laws_hold_after_every_statement() -> None:
    few = settings(max_examples=12, stateful_step_count=10, deadline=None)
    run_state_machine_as_test(Ledger, settings=few)


@pytest.mark.long
def test_the_laws_hold_after_very_many() -> None:
    many = settings(max_examples=300, stateful_step_count=40, deadline=None, phases=[Phase.generate])
    run_state_machine_as_test(Ledger, settings=many)


def test_chains_are_those_of_the_entries() -> None:
    town = Invented()
    inventor = Inventor(town, Random(5))
    for _ in range(150):
        town.apply(inventor.draw())
    links = town.book.changes().links
    chains: dict[bytes, tuple[int, bytes]] = {}
    for which, position in links:
        count, head = chains.get(which, (0, START))
        chains[which] = (count + 1, link(head, town.entries[position].leaf, position))
    for which, chain in chains.items():
        leaf = leaf_of(town.book, which)
        assert (leaf.count, leaf.head) == chain
