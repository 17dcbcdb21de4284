# SPDX-License-Identifier: AGPL-3.0-or-later
"""The laws of the ledger over real stores: whatever the chunks, the way and the moment of a kill, the same bytes."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.deriving.books import open_book
from ledger.deriving.derive import Deriver, next_behind
from ledger.deriving.fold import read_entry
from ledger.held.private import take_payloads
from ledger.keeping.audit import rebuild
from ledger.ledger import Ledger
from ledger.own.log import submission
from ledger.reciprocity.state import Account, Cell, Leaf
from ledger.reciprocity.state_check import state_tree
from protocol.statement import SCOPE_PRIVATE, make_payload, make_statement, parse_payload, sign_statement
from tests.builders import Log, seeded
from tests.ledger.carried.test_bundle import bundle_of, take
from tests.ledger.conftest import BACK_ENDS
from tests.ledger.making import derive, derived_state, hold, record
from tests.ledger.making import rebuild as derive_anew
from tests.ledger.reciprocity.inventing import Invented, Inventor
from tests.ledger.reciprocity.neighbours import Moot
from tests.ledger.reciprocity.town import Town

if TYPE_CHECKING:
    from ledger.sqlite.store import SqliteStore
    from protocol.signature import SigningKey
    from tests.ledger.conftest import OpenStore

Cells = dict[tuple[str, bytes], bytes]


class InventedMoot(Invented, Moot):
    """An organisation with everything in it, and a log with other things in between."""

    def enter(self, data: bytes, keys: tuple[SigningKey, ...]) -> None:
        super().enter(data, keys)
        if self.position % 7 == 0:
            self._say_something_else(self.position)

    def _say_something_else(self, number: int) -> None:
        """A record, private words, and a statement of the ledger that nobody can read."""
        others: list[tuple[str, dict[str, Any], int]] = [
            ("record.put", {"record": record(number, "Bakery")}, 0),
            ("note", {"about": bytes(16), "text": "?"}, SCOPE_PRIVATE),
            ("post", {"code": "gift", "legs": []}, 0),
        ]
        kind, body, scope = others[number % 3]
        one = seeded(f"something else {number}", 16)
        data = make_statement(self.log_id, kind, one, self.at, self.org.public, body)
        self.log.append(make_payload(seeded(f"salt {number}"), data, [sign_statement(data, self.org)]), scope)
        self.position += 1


def story(seed: int, size: int) -> InventedMoot:
    """A log with so many invented statements."""
    moot = InventedMoot(f"moot {seed}")
    inventor = Inventor(moot, Random(seed))
    for _ in range(size):
        moot.apply(inventor.draw())
    return moot


def cells_of(store: SqliteStore, tree: int = 1) -> Cells:
    with store.read() as reads:
        shapes: list[type[Cell | Leaf]] = [*Cell.__subclasses__(), *Leaf.__subclasses__()]
        sorts = {shape.SORT for shape in shapes}
        return {(sort, key): value for sort in sorts for key, value in reads.cells(tree, sort)}


def root_in(store: SqliteStore, tree: int = 1) -> bytes:
    with store.read() as reads:
        return state_tree(open_book(reads, reads.tree_numbered(tree))).root()


@pytest.mark.parametrize("seed", range(2))
def test_a_store_derives_what_the_pure_fold_does(open_store: OpenStore, seed: int) -> None:
    moot, store = story(seed, 40), open_store()
    hold(store, moot.log)
    chance = Random(seed)
    deriver = Deriver()
    derive(store, chance.randint(1, 40), deriver)
    assert cells_of(store) == moot.snapshot()
    assert root_in(store) == state_tree(moot.book).root()


def test_chunks_kills_and_rebuilding_leave_the_same_bytes(open_store: OpenStore, tmp_path: Path) -> None:
    moot, chance = story(11, 40), Random(11)
    store = open_store()
    hold(store, moot.log)
    derive(store, 10_000)
    path = next(tmp_path.glob("*.db"))
    once = derived_state(path)
    for limit in (1, 7):
        derive_anew(store, limit)
        assert derived_state(path) == once
    with store.write() as change:
        change.clear_derived()
    while _step(store, chance.randint(1, 9)):
        store.close()
        store = open_store()
    assert derived_state(path) == once


def _step(store: SqliteStore, limit: int) -> bool:
    """One chunk by a deriver that remembers nothing; half of them are lost before they are written."""
    with store.write() as change:
        tree = change.tree_numbered(1)
        if tree.derived >= tree.size:
            return False
    try:
        with store.write() as change:
            Deriver().step(change, tree, limit)
            if limit % 2:
                raise KilledError
    except KilledError:
        with store.write() as change:
            Deriver().step(change, tree, limit)
    return True


class KilledError(Exception):
    """A process ends in the middle of a chunk."""


def test_a_log_that_costs_a_lot_is_folded_step_by_step(open_store: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    moot, other, store = story(5, 20), story(6, 20), open_store()
    for one in (moot, other):
        hold(store, one.log)
    monkeypatch.setattr("ledger.deriving.derive.STEP_S", 0)
    deriver, turns = Deriver(), list[int]()
    for _ in range(9):
        with store.write() as change:
            tree = next_behind(change, after=turns[-1] if turns else -1)
            assert tree is not None
            turns.append(tree.tree)
            assert deriver.step(change, tree, 100).entries == 1
    assert turns == [1, 2, 1, 2, 1, 2, 1, 2, 1]
    with store.read() as reads:
        assert [next_behind(reads, own=2, after=after) for after in (1, 2)] == [reads.tree_numbered(2)] * 2
    derive(store, 100, deriver)
    assert cells_of(store, 1) == moot.snapshot()
    assert cells_of(store, 2) == other.snapshot()


def test_over_another_way_the_same_state_arrives(open_store: OpenStore, tmp_path: Path) -> None:
    """As the log grew, or all at once, or in a file, after another log."""
    moot, store = story(23, 40), open_store()
    sizes = sorted(Random(23).sample(range(2, moot.log.size), 5))
    partial = Log(moot.log.organisation)
    for entry, payload in moot.log.entries[1:]:
        partial.add(entry, payload)
        if partial.size in sizes:
            hold(store, partial)
            derive(store, 13)
    hold(store, partial)
    derive(store, 13)
    other = _new(tmp_path / "other.db")
    take(other, bundle_of(_holding(tmp_path / "source.db", story(24, 20), moot)))
    derive(other, 100)
    with other.read() as reads:
        tree = next(tree.tree for tree in reads.trees() if tree.origin.log_id == moot.log_id)
    assert cells_of(other, tree) == cells_of(store) == moot.snapshot()
    assert root_in(other, tree) == root_in(store)
    other.close()


def _new(path: Path) -> SqliteStore:
    path.mkdir()
    return BACK_ENDS["sqlite"](path)


def _holding(path: Path, *moots: InventedMoot) -> SqliteStore:
    store = _new(path)
    for moot in moots:
        hold(store, moot.log)
    return store


def test_what_came_late_is_folded_as_if_it_had_been_there(open_store: OpenStore) -> None:
    """Payloads that a peer kept back at first."""
    moot, store = story(31, 50), open_store()
    withheld = set(Random(31).sample(range(1, moot.log.size), 9))
    hold(store, moot.log, withheld)
    derive(store, 20)
    assert cells_of(store) != moot.snapshot()
    with store.write() as change:
        given = [(at, moot.log.entries[at][1]) for at in sorted(withheld)]
        take_payloads(change, moot.log.organisation.origin, given)
    derive(store, 20)
    assert cells_of(store) == moot.snapshot()


class Written(Town):
    """An organisation whose statements are written to a real data directory, in groups, and folded there."""

    def __init__(self, ledger: Ledger) -> None:
        self.payloads: list[bytes] = []
        super().__init__(ledger.log_id)
        self.org = ledger.key

    def enter(self, data: bytes, keys: tuple[SigningKey, ...]) -> None:
        salt = seeded(f"salt {len(self.payloads)} {data.hex()}")
        self.payloads.append(make_payload(salt, data, [sign_statement(data, key) for key in keys]))
        super().enter(data, keys)


class InventedThere(Invented, Written):
    """The same with everything in it."""


def refolded(ledger: Ledger) -> Town:
    """What the pure fold makes of the entries of the own log."""
    town = Town(ledger.log_id)
    town.org = ledger.key
    with ledger.store.read() as reads:
        held = reads.tree_numbered(ledger.own.tree)
        for position, entry, payload in reads.entries(held.tree, 0, held.size):
            reading = read_entry(ledger.log_id, position, entry, payload)
            if reading.spoken is not None and reading.statement is not None:
                town.position, town.at = position, reading.spoken.at
                assert payload is not None
                town.hear(parse_payload(payload).statement, reading.spoken.signers, reading.spoken.leaf)
    return town


def test_what_an_organisation_writes_in_groups_is_folded_as_it_stands(directory: DataDirectory) -> None:
    _write_and_compare(directory, 1, 30)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_groups(directory: DataDirectory, seed: int) -> None:
    _write_and_compare(directory, seed, 300)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_long_stories_are_derived_alike(open_store: OpenStore, tmp_path: Path, seed: int) -> None:
    moot, store = story(seed, 600), open_store()
    hold(store, moot.log)
    derive(store, 97)
    assert cells_of(store) == moot.snapshot()
    once = derived_state(next(tmp_path.glob("*.db")))
    derive_anew(store, 11)
    assert derived_state(next(tmp_path.glob("*.db"))) == once


def _write_and_compare(directory: DataDirectory, seed: int, size: int) -> None:
    """Groups of chance, kills in between; what is derived is what the pure fold makes of what was written."""
    chance, clock = Random(seed), [1_800_000_000.0]

    def now() -> float:
        clock[0] += 1
        return clock[0]

    ledger = Ledger(directory, now)
    town = InventedThere(ledger)
    inventor, sent = Inventor(town, Random(seed)), 0
    for _ in range(size):
        town.apply(inventor.draw())
    while sent < len(town.payloads):
        group = town.payloads[sent : sent + chance.randint(1, 30)]
        ledger.writer.append([submission(payload) for payload in group]).result()
        sent += len(group)
        if chance.random() < 0.3:
            ledger.writer.settle()
        elif chance.random() < 0.3:
            ledger.close()
            ledger = Ledger(directory, now)
    ledger.writer.settle()
    pure = refolded(ledger)
    assert cells_of(ledger.store, ledger.own.tree) == pure.snapshot()
    assert sum(account.posted for _, account in pure.book.scan(Account)) == 0
    before, after = rebuild(ledger.store, ledger.writer)
    assert before == after
    ledger.close()
