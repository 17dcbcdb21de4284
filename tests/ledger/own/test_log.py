# SPDX-License-Identifier: AGPL-3.0-or-later
"""The own log: groups, idempotency keys, times, checkpoints; and when nothing may be signed (spec 06 §3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import IdReusedError, NotSigningError, StoreDamagedError, StoreUnusableError
from ledger.held.tree import root_at
from ledger.keeping.audit import audit
from ledger.ledger import Ledger
from ledger.own.head import Head, HeadFile
from ledger.own.log import OwnLog, Receipt, Submission, submission
from ledger.values import Tree
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.merkle import leaf_hash, root_of
from protocol.note import verified_by
from protocol.statement import Entry, make_payload, parse_entry
from tests.builders import START, seeded, signing_key
from tests.ledger.making import record

TEN_YEARS = 10 * 365 * 86_400


def ready(ledger: Ledger, number: int, name: str = "Bakery") -> Submission:
    body: dict[str, Any] = {"record": record(number, name)}
    return ledger.state("record.put", body, seeded(f"statement {number}", 16))


@pytest.fixture(autouse=True)
def _alone(ledger: Ledger) -> None:
    """These tests work on the log directly, as the writing thread does; it must not sign beside them."""
    ledger.writer.close()


def append(ledger: Ledger, group: Sequence[Submission], now: int = START) -> list[Receipt]:
    with ledger.store.write() as change:
        appended = ledger.own.append(change, group, now)
    ledger.own.settle(appended)
    return appended.receipts


def sign(ledger: Ledger) -> Checkpoint | None:
    with ledger.store.write() as change:
        return ledger.own.checkpoint(change)


def own_tree(ledger: Ledger) -> Tree:
    with ledger.store.read() as reads:
        return reads.tree_numbered(ledger.own.tree)


def times(ledger: Ledger) -> list[int]:
    with ledger.store.read() as reads:
        entries = [parse_entry(entry) for entry in reads.leaves(ledger.own.tree, 0, 1000)]
    return [entry.at for entry in entries if isinstance(entry, Entry)]


def test_a_group_is_one_after_the_other(ledger: Ledger) -> None:
    assert append(ledger, [ready(ledger, n) for n in range(3)]) == [Receipt(n, repeated=False) for n in (1, 2, 3)]
    assert append(ledger, [ready(ledger, 3)]) == [Receipt(4, repeated=False)]
    assert append(ledger, []) == []
    assert ledger.own.size == 5


def test_a_repetition_is_told_where_it_stands(ledger: Ledger) -> None:
    first = ready(ledger, 1)
    append(ledger, [first])
    again = ready(ledger, 1)
    assert again.payload != first.payload
    assert append(ledger, [again, ready(ledger, 2), ready(ledger, 2)]) == [
        Receipt(1, repeated=True),
        Receipt(2, repeated=False),
        Receipt(2, repeated=True),
    ]
    assert ledger.own.size == 3


def test_an_id_is_not_used_for_something_else(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, 1)])
    with pytest.raises(IdReusedError, match="position 1"):
        append(ledger, [ready(ledger, 2), ready(ledger, 1, "Forge")])
    with pytest.raises(IdReusedError, match="position 2"):
        append(ledger, [ready(ledger, 3), ready(ledger, 3, "Forge")])
    other_kind = ledger.state("record.close", {"record": record(1, "Bakery")}, seeded("statement 1", 16))
    with pytest.raises(IdReusedError):
        append(ledger, [other_kind])
    assert ledger.own.size == 2
    assert append(ledger, [ready(ledger, 2)]) == [Receipt(2, repeated=False)]


def test_ids_are_known_after_a_restart(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, 1)])
    ledger.close()
    with Ledger(ledger.directory) as again:
        assert append(again, [ready(again, 1)]) == [Receipt(1, repeated=True)]
        with pytest.raises(IdReusedError):
            append(again, [ready(again, 1, "Forge")])


def test_what_was_erased_can_be_repeated_and_is_not_written_again(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, 1)])
    append(ledger, [ledger.state("erase", {"position": 1, "reason": "request"})])
    ledger.close()
    with Ledger(ledger.directory, lambda: float(START)) as again:
        again.writer.settle()
        assert append(again, [ready(again, 1)]) == [Receipt(1, repeated=True)]
        assert again.own.size == 3


def test_times_never_decrease(ledger: Ledger) -> None:
    for now in (START + TEN_YEARS, START, 0, -1, START + TEN_YEARS + 5):
        append(ledger, [ready(ledger, len(times(ledger)))], now)
    later = START + TEN_YEARS
    assert times(ledger)[1:] == [later, later, later, later, later + 5]
    ledger.close()
    with Ledger(ledger.directory, lambda: 7.0) as again:
        append(again, [ready(again, 99)], 7)
        assert times(again)[-1] == later + 5
        assert audit(again.store).faults == []


def test_a_group_that_was_not_committed_leaves_no_trace(ledger: Ledger) -> None:
    with pytest.raises(KeyboardInterrupt), ledger.store.write() as change:
        ledger.own.append(change, [ready(ledger, 1)], START + TEN_YEARS)
        raise KeyboardInterrupt
    assert append(ledger, [ready(ledger, 2)]) == [Receipt(1, repeated=False)]
    assert sign(ledger) is not None
    assert audit(ledger.store).faults == []


def test_checkpoints_are_true_and_signed(ledger: Ledger) -> None:
    for count in (1, 300, 2):
        append(ledger, [ready(ledger, ledger.own.size + n) for n in range(count)])
        checkpoint = sign(ledger)
        tree = own_tree(ledger)
        assert checkpoint is not None
        parsed, note = parse_checkpoint(tree.checkpoint)
        assert parsed == checkpoint
        assert verified_by(note, ledger.keys.verifier_keys(1))
        assert tree.checkpoint == tree.head
        assert tree.checkpoint_size == tree.head_size == checkpoint.size == ledger.own.size
        with ledger.store.read() as reads:
            leaves = [leaf_hash(entry) for entry in reads.leaves(tree.tree, 0, tree.size)]
        assert checkpoint.root == root_of(leaves)
        assert HeadFile(ledger.directory.head).read(checkpoint.origin) == Head(*checkpoint)
    assert sign(ledger) is None


def test_what_the_disk_changed_is_not_signed(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, n) for n in range(5)])
    with closing(sqlite3.connect(ledger.directory.store)) as other, other:
        other.execute("UPDATE entry SET entry = CAST(substr(entry, 1, 38) || x'00' AS BLOB) WHERE position = 3")
    with pytest.raises(StoreDamagedError, match="nothing is signed"):
        sign(ledger)
    assert own_tree(ledger).checkpoint_size == 1
    assert HeadFile(ledger.directory.head).read(str(ledger.own.origin)).size == 1


def reopened(directory: DataDirectory) -> Ledger:
    ledger = Ledger(directory, lambda: float(START))
    ledger.writer.close()
    return ledger


def assert_signs_nothing(ledger: Ledger, match: str) -> None:
    size = ledger.own.size
    assert append(ledger, [ready(ledger, 77)]) == [Receipt(size, repeated=False, state="queued")]
    with pytest.raises(NotSigningError, match=match):
        sign(ledger)
    assert append(ledger, [ready(ledger, 77)]) == [Receipt(size, repeated=True, state="queued")]
    assert ledger.own.size == size + 1
    with ledger.store.read() as reads:
        assert reads.record_count() >= 0


def test_nothing_is_signed_without_a_head_file(ledger: Ledger) -> None:
    ledger.close()
    ledger.directory.head.unlink()
    with reopened(ledger.directory) as again:
        assert_signs_nothing(again, "is missing")
    assert not ledger.directory.head.exists()


@pytest.mark.parametrize("content", [b"", b"not a database" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_nothing_is_signed_with_a_head_file_that_is_not_one(ledger: Ledger, content: bytes) -> None:
    ledger.close()
    ledger.directory.head.write_bytes(content)
    with reopened(ledger.directory) as again:
        assert_signs_nothing(again, "head")


def test_nothing_is_signed_with_the_head_of_another_log(ledger: Ledger) -> None:
    ledger.close()
    with closing(sqlite3.connect(ledger.directory.head)) as head, head:
        head.execute("UPDATE head SET origin = 'folkmoot/other/1'")
    with reopened(ledger.directory) as again:
        assert_signs_nothing(again, "another log")


def test_nothing_is_signed_by_a_store_that_is_behind_its_head(ledger: Ledger) -> None:
    copy = ledger.directory.path / "copy.db"
    append(ledger, [ready(ledger, 1)])
    sign(ledger)
    ledger.store.back_up(copy)
    append(ledger, [ready(ledger, 2)])
    sign(ledger)
    ledger.close()
    copy.replace(ledger.directory.store)
    with reopened(ledger.directory) as again:
        assert_signs_nothing(again, "3 entries were signed, but this store has 2")


def test_nothing_is_signed_by_a_store_with_another_history(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, 1)])
    sign(ledger)
    ledger.close()
    with closing(sqlite3.connect(ledger.directory.head)) as head, head:
        head.execute("UPDATE head SET root = ?", (seeded("root"),))
    with reopened(ledger.directory) as again:
        assert_signs_nothing(again, "different histories")


@pytest.mark.parametrize("size", [1, 2, 50])
def test_nothing_is_signed_once_another_process_has_advanced_the_head(ledger: Ledger, size: int) -> None:
    append(ledger, [ready(ledger, 1)])
    sign(ledger)
    append(ledger, [ready(ledger, 2)])
    head = HeadFile(ledger.directory.head)
    origin = str(ledger.own.origin)
    head.advance(head.read(origin), Head(origin, size, seeded("their root")), head.nonce(origin))
    with pytest.raises(NotSigningError, match="another process"):
        sign(ledger)
    assert own_tree(ledger).checkpoint_size == 2
    assert head.read(origin) == Head(origin, size, seeded("their root"))
    assert_signs_nothing(ledger, "another process")


def test_nothing_is_signed_once_the_head_file_is_gone(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, 1)])
    ledger.directory.head.unlink()
    with pytest.raises(NotSigningError, match="is missing"):
        sign(ledger)
    assert not ledger.directory.head.exists()
    assert own_tree(ledger).checkpoint_size == 1


def test_a_checkpoint_that_was_not_stored_is_made_again(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, 1)])
    with pytest.raises(KeyboardInterrupt), ledger.store.write() as change:
        ledger.own.checkpoint(change)
        raise KeyboardInterrupt
    ledger.close()
    with reopened(ledger.directory) as again:
        assert HeadFile(again.directory.head).read(str(again.own.origin)).size == 2
        assert append(again, [ready(again, 2)]) == [Receipt(2, repeated=False)]
        checkpoint = sign(again)
        assert checkpoint is not None
        assert checkpoint.size == 3
        assert audit(again.store).faults == []


def test_a_head_that_could_not_be_written_is_tried_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = HeadFile.advance

    def fail_after(self: HeadFile, old: Head, new: Head, nonce: bytes) -> None:
        advance(self, old, new, nonce)
        raise StoreUnusableError("the disk failed, but after it had written")

    append(ledger, [ready(ledger, 1)])
    with monkeypatch.context() as patched, pytest.raises(StoreUnusableError):
        patched.setattr(HeadFile, "advance", fail_after)
        sign(ledger)
    append(ledger, [ready(ledger, 2)])
    checkpoint = sign(ledger)
    assert checkpoint is not None
    assert checkpoint.size == 3


def test_two_ledgers_over_one_head_file_cannot_both_sign(ledger: Ledger) -> None:
    """The lock on the data directory is not all: a copied store may share the head file."""
    with ledger.store.read() as reads:
        twin = OwnLog(reads.tree_numbered(ledger.own.tree), HeadFile(ledger.directory.head), ledger.key, reads)
    append(ledger, [ready(ledger, 1)])
    with pytest.raises(KeyboardInterrupt), ledger.store.write() as change:
        twin.settle(twin.append(change, [], START))
        ledger.own.checkpoint(change)
        raise KeyboardInterrupt
    append(ledger, [ready(ledger, 2)])
    assert sign(ledger) is not None
    assert twin.signed_size == 1


def test_statements_of_a_later_version_are_not_submitted() -> None:
    key = signing_key("moot")
    later = make_payload(seeded("salt"), encode([2, bytes(32), "anything"]), [(key.public, bytes(64))])
    with pytest.raises(Malformed, match="statement_version"):
        submission(later)
    with pytest.raises(Malformed):
        submission(b"nonsense")


def test_the_root_is_that_of_the_store(ledger: Ledger) -> None:
    append(ledger, [ready(ledger, n) for n in range(255)])
    append(ledger, [ready(ledger, n) for n in range(255, 260)])
    checkpoint = sign(ledger)
    assert checkpoint is not None
    with ledger.store.read() as reads:
        assert root_at(reads, ledger.own.tree, ledger.own.size) == checkpoint.root
