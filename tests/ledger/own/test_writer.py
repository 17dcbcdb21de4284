# SPDX-License-Identifier: AGPL-3.0-or-later
"""The writing thread: nothing is acknowledged that is not durable, nobody waits in vain, nothing ends it but
`close`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest

from ledger.deriving.derive import Derived, Deriver
from ledger.errors import IdReusedError, LedgerError, NotSigningError, StoreFullError, StoreUnusableError
from ledger.keeping.audit import audit
from ledger.ledger import Ledger
from ledger.own import writer
from ledger.own.log import Receipt, Submission
from ledger.own.writer import COMMIT_ENTRIES, COMMIT_ENTRIES_SHARED, DERIVE_ENTRIES, GROUP_ENTRIES, Writer
from ledger.sqlite.store import SqliteStore, Transaction
from ledger.values import Tree
from tests.builders import START, seeded, signing_key
from tests.ledger.making import record, record_id

WAIT_S = 60


def ready(ledger: Ledger, number: int, name: str = "Bakery") -> Submission:
    return ledger.state("record.put", {"record": record(number, name)}, seeded(f"statement {number}", 16))


@contextmanager
def writing_held_up(ledger: Ledger) -> Iterator[None]:
    """While the block runs, the thread is busy and all that is asked waits in its queue."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: Transaction) -> None:
        begun.set()
        assert go_on.wait(WAIT_S)

    held = ledger.writer.run(wait)
    assert begun.wait(WAIT_S)
    try:
        yield
    finally:
        go_on.set()
        held.result(WAIT_S)


def stored(ledger: Ledger) -> Tree:
    with ledger.store.read() as reads:
        return reads.tree_numbered(ledger.own.tree)


def test_what_waits_is_written_in_groups_and_in_order(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    append = ledger.own.append

    def count(change: Transaction, group: list[Submission], now: int) -> Any:
        groups.append(len(group))
        return append(change, group, now)

    monkeypatch.setattr(ledger.own, "append", count)
    with writing_held_up(ledger):
        futures = [ledger.writer.append([ready(ledger, 2 * n), ready(ledger, 2 * n + 1)]) for n in range(150)]
    receipts = [receipt for future in futures for receipt in future.result(WAIT_S)]
    assert receipts == [Receipt(position, repeated=False) for position in range(1, 301)]
    assert groups == [COMMIT_ENTRIES, COMMIT_ENTRIES, 300 - 2 * COMMIT_ENTRIES]


def test_what_is_urgent_goes_alone_and_others_stay_small_for_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    append = ledger.own.append

    def count(change: Transaction, group: list[Submission], now: int) -> Any:
        groups.append(len(group))
        return append(change, group, now)

    monkeypatch.setattr(ledger.own, "append", count)
    monkeypatch.setattr("ledger.own.writer.URGENT_LATELY_S", WAIT_S)
    items = [ready(ledger, n) for n in range(2 + 4 * COMMIT_ENTRIES_SHARED // 2)]
    half = COMMIT_ENTRIES_SHARED // 2
    with writing_held_up(ledger):
        bulk = [ledger.writer.append(items[2 + n * half : 2 + (n + 1) * half]) for n in range(4)]
        singles = [ledger.writer.append([item]) for item in items[:2]]
    assert [future.result(WAIT_S)[0].position for future in singles] == [1, 2]
    assert [len(future.result(WAIT_S)) for future in bulk] == [half] * 4
    assert groups == [2, COMMIT_ENTRIES_SHARED, COMMIT_ENTRIES_SHARED]


def test_what_is_acknowledged_is_in_the_store(ledger: Ledger) -> None:
    ledger.writer.append([ready(ledger, 1)]).result(WAIT_S)
    with closing(sqlite3.connect(ledger.directory.store)) as other:
        assert other.execute("SELECT size FROM tree").fetchone() == (2,)


def test_one_bad_submission_takes_no_other_with_it(ledger: Ledger) -> None:
    ledger.writer.append([ready(ledger, 0)]).result(WAIT_S)
    with writing_held_up(ledger):
        good = [ledger.writer.append([ready(ledger, n)]) for n in (1, 2)]
        bad = ledger.writer.append([ready(ledger, 3), ready(ledger, 0, "Forge")])
        good += [ledger.writer.append([ready(ledger, n)]) for n in (4, 5)]
    with pytest.raises(IdReusedError):
        bad.result(WAIT_S)
    assert [future.result(WAIT_S) for future in good] == [[Receipt(n, repeated=False)] for n in (2, 3, 4, 5)]


def test_a_group_repeated_while_it_waits_is_written_once(ledger: Ledger) -> None:
    with writing_held_up(ledger):
        futures = [ledger.writer.append([ready(ledger, 1)]) for _ in range(3)]
    assert [future.result(WAIT_S)[0] for future in futures] == [
        Receipt(1, repeated=False),
        Receipt(1, repeated=True),
        Receipt(1, repeated=True),
    ]


def test_what_was_given_up_in_time_is_not_written(ledger: Ledger) -> None:
    calls: list[str] = []
    with writing_held_up(ledger):
        given_up = ledger.writer.append([ready(ledger, 1)])
        call = ledger.writer.run(lambda _: calls.append("called"))
        kept = ledger.writer.append([ready(ledger, 2)])
        assert given_up.cancel()
        assert call.cancel()
    assert kept.result(WAIT_S) == [Receipt(1, repeated=False)]
    with pytest.raises(CancelledError):
        given_up.result(WAIT_S)
    assert calls == []
    assert ledger.writer.append([ready(ledger, 1)]).result(WAIT_S) == [Receipt(2, repeated=False)]


def test_groups_have_a_limit(ledger: Ledger) -> None:
    group = [ready(ledger, n) for n in range(GROUP_ENTRIES)]
    with pytest.raises(ValueError, match="at most"):
        ledger.writer.append([*group, ready(ledger, GROUP_ENTRIES)]).result(WAIT_S)
    assert len(ledger.writer.append(group).result(WAIT_S)) == GROUP_ENTRIES
    assert ledger.writer.append([]).result(WAIT_S) == []


def test_a_store_without_a_log_takes_no_statements(open_store: Any) -> None:
    writer = Writer(open_store(), None)
    with pytest.raises(NotSigningError):
        writer.append([]).result(WAIT_S)
    assert writer.run(lambda change: change.trees()).result(WAIT_S) == []
    writer.settle()
    writer.close()


def test_run_is_a_transaction(ledger: Ledger) -> None:
    def fail(change: Transaction) -> None:
        change.set_fact("half", b"done")
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        ledger.writer.run(fail).result(WAIT_S)
    assert ledger.writer.run(lambda change: change.fact("half")).result(WAIT_S) is None
    assert ledger.writer.run(lambda _: 7).result(WAIT_S) == 7


def test_settle_signs_and_derives_all_that_was_asked_before(ledger: Ledger) -> None:
    with writing_held_up(ledger):
        futures = [ledger.writer.append([ready(ledger, n)]) for n in range(10)]
        settled = ThreadPoolExecutor(1).submit(ledger.writer.settle)
    settled.result(WAIT_S)
    assert all(future.done() for future in futures)
    tree = stored(ledger)
    assert tree.size == tree.checkpoint_size == tree.derived == 11


def test_a_log_longer_than_a_chunk_is_derived(ledger: Ledger) -> None:
    group = [ready(ledger, n) for n in range(GROUP_ENTRIES)]
    with writing_held_up(ledger):
        for begin in range(0, 5 * GROUP_ENTRIES, GROUP_ENTRIES):
            again = [item._replace(id=seeded(f"{begin} {n}", 16)) for n, item in enumerate(group)]
            ledger.writer.append(again)
    ledger.writer.settle()
    assert stored(ledger).derived == 1 + 5 * GROUP_ENTRIES


def test_chunks_are_written_together_until_somebody_waits(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []  # derived by the step, and before it as all others see it
    waiting: list[Future[int]] = []
    half_way = threading.Event()
    step = Deriver.step

    def follow(deriver: Deriver, change: Transaction, tree: Tree, limit: int) -> Derived:
        derived = step(deriver, change, tree, limit)
        seen.append((derived.entries, stored(ledger).derived))
        if len(seen) == 2:
            waiting.append(ledger.writer.run(lambda change: change.tree_numbered(ledger.own.tree).derived))
            half_way.set()
        return derived

    ledger.writer.settle()
    monkeypatch.setattr(Deriver, "step", follow)
    monkeypatch.setattr("ledger.deriving.derive.STEP_S", WAIT_S)
    count = 4 * DERIVE_ENTRIES
    with writing_held_up(ledger):
        for begin in range(0, count, 250):
            ledger.writer.append([ready(ledger, number) for number in range(begin, begin + 250)])
    assert half_way.wait(WAIT_S)
    assert waiting[0].result(WAIT_S) == 1 + 2 * DERIVE_ENTRIES
    ledger.writer.settle()
    assert seen[:3] == [(DERIVE_ENTRIES, 1)] * 2 + [(DERIVE_ENTRIES, 1 + 2 * DERIVE_ENTRIES)]
    assert [entries for entries, _ in seen[3:]] == [DERIVE_ENTRIES], "with the one before it, or after whoever settles"


def test_what_changes_a_few_rows_is_folded_without_a_pause(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BULK_PAUSE_S", 60.0)
    ledger.writer.append([ready(ledger, 1)]).result()
    ledger.writer.run(lambda change: change.set_fact("a few", b"rows")).result()
    until = time.monotonic() + WAIT_S
    while stored(ledger).derived < 2:
        assert time.monotonic() < until, "it waited as if more were coming in"
        time.sleep(0.001)


def test_close_finishes_what_was_asked(ledger: Ledger) -> None:
    with writing_held_up(ledger):
        futures = [ledger.writer.append([ready(ledger, n)]) for n in range(10)]
        closing_down = threading.Thread(target=ledger.close)
        closing_down.start()
    closing_down.join(WAIT_S)
    assert [future.result(0)[0].position for future in futures] == list(range(1, 11))
    with Ledger(ledger.directory) as again:
        assert again.own.size == again.own.signed_size == 11
        again.writer.settle()
        with again.store.read() as reads:
            assert reads.record_count() == 10


def test_whoever_comes_after_the_close_is_told(ledger: Ledger) -> None:
    ledger.close()
    ledger.writer.close()
    with pytest.raises(StoreUnusableError, match="closed"):
        ledger.writer.append([]).result(WAIT_S)
    with pytest.raises(StoreUnusableError, match="closed"):
        ledger.writer.run(lambda _: 1).result(WAIT_S)


def test_many_threads_append_at_once_while_it_is_closed(ledger: Ledger) -> None:
    submissions = [ready(ledger, n) for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda item: ledger.writer.append([item]), submissions[:100]))
        late = pool.map(lambda item: ledger.writer.append([item]), submissions[100:])
        ledger.writer.close()
        futures += list(late)
    answers = [_answer(future) for future in futures]
    positions = [answer[0].position for answer in answers if isinstance(answer, list)]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert len(positions) >= 100
    assert all(isinstance(answer, list | StoreUnusableError) for answer in answers)


def _answer(future: Future[list[Receipt]]) -> list[Receipt] | LedgerError:
    try:
        return future.result(WAIT_S)
    except LedgerError as error:
        return error


def test_a_failure_in_the_background_is_shown_and_ends_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()

    def fail(*_: object) -> Derived:
        failed.set()
        raise RuntimeError("the fold fell over")

    ledger.writer.settle()
    with monkeypatch.context() as patched:
        patched.setattr(Deriver, "step", fail)
        ledger.writer.append([ready(ledger, 1)]).result(WAIT_S)
        assert failed.wait(WAIT_S)
        assert ledger.writer.run(lambda _: 1).result(WAIT_S) == 1
        assert ledger.writer.failure == "the fold fell over"
    ledger.writer.append([ready(ledger, 2)]).result(WAIT_S)
    ledger.writer.settle()
    assert stored(ledger).derived == 3
    caught_up = threading.Event()
    ledger.writer.on_derived = lambda _: caught_up.set()
    ledger.writer.append([ready(ledger, 3)]).result(WAIT_S)
    assert caught_up.wait(WAIT_S)
    assert ledger.writer.run(lambda _: ledger.writer.failure).result(WAIT_S) == ""


def test_listeners_that_fail_end_nothing(ledger: Ledger) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("not my day")

    ledger.writer.settle()
    ledger.writer.on_checkpoint = ledger.writer.on_derived = fail
    for number in range(3):
        ledger.writer.append([ready(ledger, number)]).result(WAIT_S)
    ledger.writer.on_checkpoint = lambda: None
    ledger.writer.on_derived = lambda _: None
    ledger.writer.settle()
    assert stored(ledger).checkpoint_size == 4


def test_roles_are_judged_right_after_a_step_that_failed(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a failed step had learnt of keys and roles must not be used for the entries before it."""
    steward = signing_key("steward")
    step = Deriver.step

    def fail_late(self: Deriver, change: Transaction, tree: Tree, limit: int) -> Derived:
        step(self, change, tree, limit)
        raise StoreFullError("full at the last moment")

    ledger.writer.settle()
    with monkeypatch.context() as patched:
        patched.setattr(Deriver, "step", fail_late)
        ledger.writer.append([ready(ledger, 1), _appointed(ledger, steward)]).result(WAIT_S)
        with pytest.raises(StoreFullError):
            ledger.writer.settle()
        assert stored(ledger).derived == 1
        known = ledger.writer.run(lambda _: _known_stewards(ledger)).result(WAIT_S)  # not in the middle of a step
        assert steward.public not in known
    ledger.writer.settle()
    assert steward.public in _known_stewards(ledger)


def _appointed(ledger: Ledger, key: Any) -> Submission:
    return ledger.state("role", {"key": key.public, "role": "steward", "name": "Sasha"})


def _known_stewards(ledger: Ledger) -> set[bytes]:
    deriver = ledger.writer._deriver
    return {key for authority in deriver._authorities.values() for key in authority.stewards}


def test_a_full_disk_refuses_writing_and_goes_on_reading(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.writer.append([ready(ledger, 1)]).result(WAIT_S)
    ledger.writer.settle()
    with monkeypatch.context() as patched:
        patched.setattr("ledger.sqlite.store.RESERVE_BYTES", 2**62)
        with pytest.raises(StoreFullError, match="nothing was lost"):
            ledger.writer.append([ready(ledger, 2)]).result(WAIT_S)
        with ledger.store.read() as reads:
            assert reads.records_by_id(ledger.own.tree, [record_id(1)])
    assert ledger.writer.append([ready(ledger, 2)]).result(WAIT_S) == [Receipt(2, repeated=False)]


def test_a_ledger_can_be_opened_and_read_while_the_disk_is_full(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.writer.append([ready(ledger, 1)]).result(WAIT_S)
    ledger.writer.settle()
    ledger.close()
    monkeypatch.setattr("ledger.sqlite.store.RESERVE_BYTES", 2**62)
    with Ledger(ledger.directory) as again:
        assert again.own.signing_refused == ""
        with again.store.read() as reads:
            assert reads.record_count() == 1


def test_a_clock_that_jumps_changes_nothing_but_times(ledger: Ledger) -> None:
    clock = iter([START + 10.0, START - 3e8, START + 3e8, 0.0, START + 5.0] * 20)
    ledger.writer._clock = lambda: next(clock)
    for number in range(20):
        ledger.writer.append([ready(ledger, number)]).result(WAIT_S)
    ledger.writer.settle()
    assert audit(ledger.store).faults == []


def test_what_was_erased_leaves_the_journal_when_its_last_reader_has_gone(ledger: Ledger) -> None:
    journal = ledger.directory.store.with_name("ledger.db-wal")
    ledger.writer.append([ready(ledger, 1, "Canary")]).result(WAIT_S)
    ledger.writer.settle()
    with ledger.store.read() as reads:
        assert reads.record_count() == 1
        ledger.writer.append([ledger.state("erase", {"position": 1, "reason": "law"})]).result(WAIT_S)
        ledger.writer.settle()
        assert b"Canary" in journal.read_bytes()
    ledger.writer.settle()
    assert journal.stat().st_size == 0
    assert isinstance(ledger.store, SqliteStore)
