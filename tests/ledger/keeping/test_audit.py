# SPDX-License-Identifier: AGPL-3.0-or-later
"""One flipped bit anywhere in a log is named by audit or scrub, or what is served is what it was."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger.errors import LedgerError, NotFoundError, StoreUnusableError
from ledger.held.tree import prove_inclusion
from ledger.keeping.audit import Fault, audit, find_tree, rebuild
from ledger.keeping.scrub import Place, scrub_step
from ledger.ledger import Ledger
from ledger.sqlite.store import SqliteStore
from protocol.identity import show_log_id
from protocol.note import Note, sign_note
from protocol.proof import parse_proof
from tests.builders import Log, found_organisation, seeded, signing_key
from tests.ledger.making import Scribe, derive, derived_state, hold, record

NewStore = Callable[[], SqliteStore]


def scrub(store: SqliteStore) -> list[str]:
    """What a whole round of the scrub finds."""
    found, place = [], Place()
    with store.read() as reads:
        while True:
            place, wrong = scrub_step(reads, place)
            if wrong:
                found.append(wrong)
            if place == Place():
                return found


class Column(NamedTuple):
    """A column that bits are flipped in."""

    table: str
    name: str
    where: str = "true"


COLUMNS = (
    Column("entry", "entry"),
    Column("entry", "payload", "payload IS NOT NULL"),
    Column("subtree", "hash"),
    Column("tree", "checkpoint"),
    Column("entry", "position"),
    Column("tree", "checkpoint_size"),
    Column("tree", "size"),
    Column("subtree", "number"),
    Column("charter", "payload"),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with two logs, one of them with subtrees, something erased and something set aside."""
    path = tmp_path_factory.mktemp("audit") / "ledger.db"
    store = SqliteStore(path)
    scribe = Scribe()
    for number in range(5):
        scribe.put(number, f"Bakery {number}")
    scribe.erase(3)
    hold(store, scribe.log, withheld={4})
    hold(store, Log(found_organisation("coop")).grow(700))
    derive(store)
    store.close()
    yield path


def served(store: SqliteStore) -> list[object]:
    """All that others are given of the logs."""
    with store.read() as reads:
        content: list[object] = []
        for tree in reads.trees():
            content += [tree.origin, tree.checkpoint, reads.charters(tree.tree)]
            content += reads.entries(tree.tree, 0, tree.size)
            content += [reads.subtrees(tree.tree, level, 0, 100) for level in (8, 16)]
            content += [prove_inclusion(reads, tree.tree, at, tree.checkpoint_size) for at in (0, tree.size - 1)]
        return content


def flip(path: Path, column: Column, rng: random.Random) -> str:
    """Flips one bit in one row of a column, behind the store's back; what was flipped."""
    with closing(sqlite3.connect(path)) as raw, raw:
        key = {"entry": "tree, position", "subtree": "tree, level, number", "charter": "tree, kseq"}.get(
            column.table, "tree"
        )
        rows = raw.execute(f"SELECT {key}, {column.name} FROM {column.table} WHERE {column.where} ORDER BY {key}")
        *keys, value = rng.choice(rows.fetchall())
        if isinstance(value, int):
            bit = rng.randrange(20)
            changed: object = value ^ 1 << bit
        else:
            bit = rng.randrange(8 * len(value))
            changed = value[: bit // 8] + bytes([value[bit // 8] ^ 1 << bit % 8]) + value[bit // 8 + 1 :]
        names = " AND ".join(f"{name} = ?" for name in key.split(", "))
        raw.execute(f"UPDATE OR REPLACE {column.table} SET {column.name} = ? WHERE {names}", (changed, *keys))
        return f"{column.table}.{column.name} of {keys}, bit {bit}"


@pytest.mark.parametrize("seed", range(7))
@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: f"{column.table}.{column.name}")
def test_a_flipped_bit_is_named(sound: Path, tmp_path: Path, column: Column, seed: int) -> None:
    path = tmp_path / "ledger.db"
    shutil.copy(sound, path)
    before = SqliteStore(path, writable=False)
    content = served(before)
    before.close()
    what = flip(path, column, random.Random(seed))
    store = SqliteStore(path, writable=False)
    try:
        named = audit(store, signatures=False).faults or scrub(store)
    except LedgerError as error:
        named = [str(error)]
    assert named or served(store) == content, what
    store.close()


def test_a_sound_store_has_no_faults(sound: Path) -> None:
    store = SqliteStore(sound, writable=False)
    advanced: list[int] = []
    found = audit(store, advanced.append)
    assert found.faults == []
    assert scrub(store) == []
    assert (found.logs, found.entries) == (2, 7 + 700)
    assert sum(advanced) == found.entries
    # A charter with three signatures in each log, one statement erased, one withheld.
    assert found.signatures == 2 * 3 + 4 + 699
    store.close()


def test_faults_say_where(new_store: NewStore) -> None:
    log = Log(found_organisation()).grow(300)
    name = str(log.organisation.origin)
    store = new_store()
    hold(store, log)
    with store.write() as change:
        change._db.execute("UPDATE entry SET payload = NULL WHERE position = 7")
    assert audit(store).faults == [Fault(name, 7, "the payload is gone, and nothing says why [payload]")]
    with store.write() as change:
        change._db.execute("DELETE FROM entry WHERE position = 299")
    assert Fault(name, 299, "300 entries are said to be here, 299 are") in audit(store).faults
    assert any("after 256 are missing" in found for found in scrub(store))
    with store.write() as change:
        change._db.execute("DELETE FROM entry WHERE position = 100")
    assert Fault(name, 100, "the entry is missing") in audit(store).faults
    assert any("entries" in found for found in scrub(store))


@pytest.mark.parametrize(
    "flip_one",
    [
        # The time of an entry: its payload still matches.
        "UPDATE entry SET entry = CAST(substr(entry, 1, 5) || x'07' || substr(entry, 7) AS BLOB) WHERE position = 9",
        "UPDATE subtree SET hash = zeroblob(32) WHERE number = 0",
        "DELETE FROM subtree WHERE number = 0",
    ],
)
def test_the_scrub_compares_entries_with_their_subtree(new_store: NewStore, flip_one: str) -> None:
    store = new_store()
    hold(store, Log(found_organisation()).grow(600))
    with store.write() as change:
        assert change._db.execute(flip_one).rowcount == 1
    assert [found.partition(": ")[2] for found in scrub(store)] == ["entries 0 to 256 are not what they were"]


def test_a_checkpoint_of_a_stranger_or_of_another_size_is_a_fault(new_store: NewStore) -> None:
    log, store = Log(found_organisation()).grow(5), new_store()
    hold(store, log)
    checkpoint = log.checkpoint()
    strange = Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, signing_key("stranger")),))
    for note, size in ((bytes(strange), 5), (bytes(log.note()), 4), (b"nonsense", 5)):
        with store.write() as change:
            change.set_checkpoint(1, note, size)
        assert [fault.position for fault in audit(store).faults] == [-1]


def test_the_scrub_goes_round(new_store: NewStore) -> None:
    store, place, places = new_store(), Place(), []
    hold(store, Log(found_organisation()).grow(600))
    hold(store, Log(found_organisation("coop")).grow(3))
    with store.read() as reads:
        for _ in range(12):
            place, wrong = scrub_step(reads, place)
            places.append(place)
            assert wrong == ""
    assert places[:6] == [Place(1, 1), Place(1, 2), Place(1, 3), Place(2, 0), Place(2, 1), Place(3, 0)]
    assert places[6] == Place()
    assert places[7:9] == [Place(1, 1), Place(1, 2)]


def test_rebuild_says_whether_the_tables_were_right(ledger: Ledger) -> None:
    for number in range(5):
        ledger.writer.append(
            [ledger.state("record.put", {"record": record(number, "Bakery")}, seeded(f"{number}", 16))]
        )
    before, after = rebuild(ledger.store, ledger.writer)
    assert before == after
    right = derived_state(ledger.directory.store)
    ledger.writer.run(lambda change: change.add_verdicts(1, {2: "opaque"})).result(60)
    before, after = rebuild(ledger.store, ledger.writer)
    assert before != after
    assert derived_state(ledger.directory.store) == right


def test_logs_are_named_by_the_beginning_of_their_ids(new_store: NewStore) -> None:
    store, organisation = new_store(), found_organisation()
    hold(store, Log(organisation))
    hold(store, Log(found_organisation("coop")))
    with store.read() as reads:
        for length in (8, 52):
            tree = find_tree(reads, show_log_id(organisation.log_id)[:length].upper())
            assert tree.origin == organisation.origin
        for prefix in ("", "zzzzzzzz"):
            with pytest.raises(NotFoundError):
                find_tree(reads, prefix)


def test_a_faulty_entry_can_be_shown_and_proved(new_store: NewStore) -> None:
    from ledger.proofs.proving import entry_object, prove_entry  # noqa: PLC0415 - beside its one use

    log, store = Log(found_organisation()).grow(3), new_store()
    hold(store, log)
    with store.write() as change:
        change._db.execute("UPDATE entry SET entry = x'00', payload = NULL WHERE position = 2")
        change.add_lacking(1, [(2, "entry_form")])
    with store.read() as reads:
        (tree,) = reads.trees()
        assert entry_object(reads, tree, 2)["payload_missing"] == "entry_form"
        assert parse_proof(prove_entry(reads, tree, 2)).position == 2
        for position in (3, -1, 2**63, 10**30):
            with pytest.raises(NotFoundError):
                entry_object(reads, tree, position)


def test_errors_are_of_this_layer(tmp_path: Path) -> None:
    """What is not a store at all is no audit's fault list."""
    (tmp_path / "ledger.db").write_bytes(b"x" * 9_000)
    with pytest.raises(StoreUnusableError):
        audit(SqliteStore(tmp_path / "ledger.db", writable=False))
