# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every store does, whatever its back end: one suite, run through the fixture `open_store`."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ledger.errors import StoreUnusableError
from ledger.sqlite.store import SqliteStore
from ledger.values import Fork, HistoryRow, RecordIndex, RecordRow, Stored
from protocol.identity import Origin
from protocol.merkle import Node
from tests.builders import seeded
from tests.ledger.conftest import OpenStore

ORIGIN, OTHER = Origin(seeded("log"), 1), Origin(seeded("log"), 2)


def rows(begin: int, end: int) -> list[Stored]:
    return [Stored(n, b"entry %d" % n, None if n % 3 == 0 else b"payload %d" % n) for n in range(begin, end)]


def row(rid: int, **fields: Any) -> RecordRow:
    plain = RecordRow(
        rid=rid,
        tree=rid >> 32,
        id=seeded(f"record {rid}", 16),
        put=rid & 0xFFFFFFFF,
        latest=rid & 0xFFFFFFFF,
        kind="place",
        status="active",
        sort_key=bytes(24),
        lat=None,
        lon=None,
        country="",
        licence="CC0-1.0",
        source="",
        outside_id="",
        checked_at=None,
    )
    return plain._replace(**fields)


def add_tree(store: SqliteStore, origin: Origin = ORIGIN) -> int:
    with store.write() as change:
        return change.add_tree(origin).tree


class StoreSuite:
    """Tests that use nothing but the interface of a store."""

    def test_facts(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.write() as change:
            assert change.fact("own") is None
            change.set_fact("own", b"1")
            change.set_fact("own", b"2")
            assert change.fact("own") == b"2"
            change.set_fact("kept:b", b"")
            change.set_fact("kept:a", b"")
            assert change.fact_names("kept:") == ["kept:a", "kept:b"]
        store.close()
        with open_store().read() as reads:
            assert reads.fact("own") == b"2"

    def test_a_store_has_a_random_name_that_lasts(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.read() as reads:
            name = reads.fact("store")
        assert name is not None
        assert len(name) == 16
        store.close()
        with open_store().read() as reads:
            assert reads.fact("store") == name

    def test_trees_in_the_order_in_which_they_were_heard_of(self, open_store: OpenStore) -> None:
        store = open_store()
        first, second = add_tree(store, OTHER), add_tree(store, ORIGIN)
        with store.write() as change:
            assert [tree.origin for tree in change.trees()] == [OTHER, ORIGIN]
            change.set_size(first, 7)
            change.set_derived(first, 5)
            change.set_head(first, b"head", 9)
            tree = change.tree(OTHER)
            assert tree == change.tree_numbered(first)
            assert tree is not None
            assert (tree.size, tree.derived, tree.head, tree.head_size) == (7, 5, b"head", 9)
            assert (tree.checkpoint, tree.checkpoint_size, tree.arrival) == (b"", 0, 0)
            assert change.tree_numbered(second).size == 0
            assert change.tree(Origin(seeded("unknown"), 1)) is None

    def test_a_log_is_held_once(self, open_store: OpenStore) -> None:
        store = open_store()
        add_tree(store)
        with pytest.raises(StoreUnusableError):
            add_tree(store)
        with store.read() as reads:
            assert len(reads.trees()) == 1

    def test_entries_and_their_payloads(self, open_store: OpenStore) -> None:
        store = open_store()
        tree, other = add_tree(store), add_tree(store, OTHER)
        with store.write() as change:
            change.add_entries(tree, rows(0, 200))
            change.add_entries(tree, rows(200, 300))
            change.add_entries(other, rows(0, 3))
        with store.read() as reads:
            assert list(reads.entries(tree, 0, 1000)) == rows(0, 300)
            assert list(reads.entries(tree, 127, 129)) == rows(127, 129)
            assert list(reads.entries(tree, 300, 400)) == []
            assert list(reads.leaves(other, 1, 9)) == [b"entry 1", b"entry 2"]

    def test_a_position_is_taken_once(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_entries(tree, rows(0, 3))
        with pytest.raises(StoreUnusableError), store.write() as change:
            change.add_entries(tree, rows(2, 4))
        with store.read() as reads:
            assert list(reads.entries(tree, 0, 9)) == rows(0, 3)

    def test_subtrees(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_subtrees(tree, [(8, n, b"%032d" % n) for n in range(300)] + [(16, 0, b"x" * 32)])
        with store.read() as reads:
            assert reads.subtree(tree, Node(8, 299)) == b"%032d" % 299
            assert reads.subtree(tree, Node(16, 0)) == b"x" * 32
            assert reads.subtree(tree, Node(16, 1)) is None
            assert reads.subtree(tree + 1, Node(8, 0)) is None
            assert reads.subtrees(tree, 8, 254, 257) == [b"%032d" % n for n in (254, 255, 256)]

    def test_charters(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.set_charters(tree, [b"first"])
            change.set_charters(tree, [b"first", b"second"])
            assert change.charters(tree) == [b"first", b"second"]
            assert change.charters(tree + 1) == []

    def test_accepted_ids(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        ids = [seeded(f"id {n}", 16) for n in range(300)]
        with store.write() as change:
            change.add_accepted(tree, [(one, n, b"digest %d" % n) for n, one in enumerate(ids)])
        with store.read() as reads:
            assert reads.accepted(tree, [ids[7], seeded("other", 16), ids[299]]) == {
                ids[7]: (7, b"digest 7"),
                ids[299]: (299, b"digest 299"),
            }
            assert reads.accepted(tree + 1, ids) == {}
            assert reads.accepted(tree, []) == {}

    def test_what_is_lacking_and_why(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_entries(tree, rows(0, 9))
            change.add_lacking(tree, [(3, "withheld"), (6, "bad_signature")])
            change.drop_payload(tree, 6, 8)
            change.drop_payload(tree, 7, 8)
        with store.read() as reads:
            assert reads.lacking(tree, 0, 9) == {3: "withheld", 6: "erased", 7: "erased"}
            assert reads.lacking(tree, 4, 7) == {6: "erased"}
            assert reads.lacking(tree + 1, 0, 9) == {}
            assert list(reads.entries(tree, 7, 8)) == [Stored(7, b"entry 7", None)]
            assert [reads.erased_by(tree, position) for position in (2, 3, 6, 7)] == [None, None, 8, 8]

    def test_the_first_erasure_counts(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_entries(tree, rows(0, 9))
            change.drop_payload(tree, 4, 7)
            change.drop_payload(tree, 4, 8)
            assert change.erased_by(tree, 4) == 7

    def test_what_is_erased_cannot_be_found_by_trial(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_entries(tree, rows(0, 3))
            change.add_accepted(tree, [(seeded("a", 16), 1, b"digest"), (seeded("b", 16), 2, b"digest")])
            change.drop_payload(tree, 1, 2)
            kept = change.accepted(tree, [seeded("a", 16), seeded("b", 16)])
        assert kept == {seeded("a", 16): (1, b""), seeded("b", 16): (2, b"digest")}

    def test_peers(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.write() as change:
            change.add_peer("https://b.example", 1)
            change.add_peer("https://a.example", 2)
            change.add_peer("https://b.example", 3)
            assert change.peers() == ["https://b.example", "https://a.example"]
            assert change.remove_peer("https://b.example")
            assert not change.remove_peer("https://b.example")
            assert change.peers() == ["https://a.example"]
            change.meet("https://a.example", seeded("peer"))
            for name in ("peer", "caller"):
                change.set_cursor(seeded(name), seeded("store", 16), 5)
            assert change.forget_peer(seeded("caller"))
            assert not change.forget_peer(seeded("caller"))
            assert change.met() == [("https://a.example", seeded("peer"))]
            assert change.remove_peer("https://a.example")
            assert change.met() == []

    def test_cursors(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.write() as change:
            assert change.cursor(seeded("peer")) == (b"", 0)
            change.set_cursor(seeded("peer"), b"store", 4)
            change.set_cursor(seeded("peer"), b"store", 2**62)
            assert change.cursor(seeded("peer")) == (b"store", 2**62)

    def test_arrival_numbers_follow_the_order_of_completion(self, open_store: OpenStore) -> None:
        store = open_store()
        first, second = add_tree(store), add_tree(store, OTHER)
        with store.write() as change:
            for tree, size in ((second, 1), (first, 1), (second, 2)):
                change.set_checkpoint(tree, b"note", size)
        with store.read() as reads:
            assert [tree.tree for tree in reads.changed_since(0)] == [first, second]
            assert [tree.arrival for tree in reads.changed_since(0)] == [2, 3]
            assert [tree.tree for tree in reads.changed_since(2)] == [second]
            assert reads.changed_since(3) == []
            assert reads.tree_numbered(second).checkpoint_size == 2

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_a_transaction_is_whole_or_not_at_all(self, open_store: OpenStore, error: type[BaseException]) -> None:
        store = open_store()
        tree = add_tree(store)
        with pytest.raises(error), store.write() as change:
            change.set_fact("half", b"done")
            change.add_entries(tree, rows(0, 200))
            change.put_records([row(tree << 32)], [RecordIndex(tree << 32, "half", "", ("a:b",))], [])
            raise error
        with store.write() as change:
            assert change.fact("half") is None
            assert list(change.entries(tree, 0, 9)) == []
            assert change.record_count() == 0
            assert change.matching('"half"*').tolist() == []

    def test_a_reader_cannot_write(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.read() as reads:
            assert not hasattr(reads, "set_fact")

    def test_a_reader_sees_one_state_while_the_writer_goes_on(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        began, written = threading.Event(), threading.Event()
        seen: list[list[Stored]] = []

        def look() -> None:
            with store.read() as reads:
                seen.append(list(reads.entries(tree, 0, 9)))
                began.set()
                assert written.wait(30)
                seen.append(list(reads.entries(tree, 0, 9)))
                with store.read() as nested:
                    seen.append(list(nested.entries(tree, 0, 9)))
            with store.read() as reads:
                seen.append(list(reads.entries(tree, 0, 9)))

        reader = threading.Thread(target=look)
        reader.start()
        assert began.wait(30)
        with store.write() as change:
            change.add_entries(tree, rows(0, 3))
        written.set()
        reader.join(30)
        assert seen == [[], [], [], rows(0, 3)]

    def test_a_reader_does_not_see_what_is_not_committed(self, open_store: OpenStore) -> None:
        store = open_store()
        with store.write() as change:
            change.set_fact("new", b"1")
            with store.read() as reads:
                assert reads.fact("new") is None

    def test_a_first_reader_need_not_wait_for_the_writer(self, open_store: OpenStore) -> None:
        store = open_store()
        found: list[object] = []

        def look() -> None:
            with store.read() as reads:
                found.append(reads.fact("new"))

        with store.write() as change:
            change.set_fact("new", b"1")
            reader = threading.Thread(target=look)
            reader.start()
            reader.join(30)
            assert found == [None]

    def test_records_and_what_they_are_found_by(self, open_store: OpenStore) -> None:
        store = open_store()
        first, second, third = 1 << 32 | 4, 1 << 32 | 9, 2 << 32 | 1
        with store.write() as change:
            put = [row(first, lat=5, lon=6), row(second, source="shops"), row(third, lat=-7, lon=8)]
            texts = [
                RecordIndex(first, "bakery", "bread", ("a:b", "c:d")),
                RecordIndex(second, "forge", "iron bread", ()),
                RecordIndex(third, "baker", "", ("a:b",)),
            ]
            change.put_records(put, texts, [])
        with store.read() as reads:
            assert reads.record_count() == 3
            assert reads.records([third, first, 77]) == {first: put[0], third: put[2]}
            assert reads.records_by_id(1, [put[0].id, put[2].id]) == {put[0].id: put[0]}
            assert put[1] in reads.records_with_id(put[1].id[:6])
            assert reads.records_from(1, "shops") == [put[1]]
            assert reads.all_records(first, 1) == [put[1]]
            assert reads.categories_between(first, second) == [(first, "a:b"), (first, "c:d")]
            assert sorted(reads.categories_of([third, first])) == [(first, "a:b"), (first, "c:d"), (third, "a:b")]
            assert sorted(reads.matching('"bak"*')) == [first, third]
            assert sorted(reads.matching('"bread"*')) == [first, second]
            assert reads.matching('{name} : ("bread"*)').tolist() == []

    def test_a_record_is_replaced_whole(self, open_store: OpenStore) -> None:
        store = open_store()
        rid = 1 << 32 | 4
        with store.write() as change:
            change.put_records([row(rid, lat=5, lon=6)], [RecordIndex(rid, "old", "words", ("a:b",))], [])
        with store.write() as change:
            change.put_records([row(rid, status="paused")], [RecordIndex(rid, "new", "text", ("c:d",))], [rid])
        with store.read() as reads:
            assert reads.records([rid]) == {rid: row(rid, status="paused")}
            assert reads.matching('"old"*').tolist() == []
            assert reads.matching('"text"*').tolist() == [rid]
            assert reads.categories_of([rid]) == [(rid, "c:d")]

    def test_a_new_state_leaves_the_text_alone(self, open_store: OpenStore) -> None:
        store = open_store()
        rid = 1 << 32 | 4
        with store.write() as change:
            change.put_records([row(rid, lat=5, lon=6)], [RecordIndex(rid, "old", "words", ("a:b",))], [])
            change.put_records([row(rid, lat=5, lon=6, status="closed")], [], [rid])
        with store.read() as reads:
            assert reads.records([rid])[rid].status == "closed"
            assert reads.matching('"words"*').tolist() == [rid]

    @pytest.mark.parametrize("word", ["किताब", "がっこう", "ไทย", "ελλην", "книг", "\U0001e900\U0001e901", "中文"])
    def test_words_of_every_script_are_whole(self, open_store: OpenStore, word: str) -> None:
        store = open_store()
        rid = 1 << 32
        with store.write() as change:
            change.put_records([row(rid)], [RecordIndex(rid, f"x {word}", "", ())], [])
            assert change.matching(f'"{word}"*').tolist() == [rid]
            assert change.matching(f'"{word[:-1]}"*').tolist() == [rid]
            assert change.matching(f'"{word[1:]}"*').tolist() == []

    def test_history_is_linked_backwards(self, open_store: OpenStore) -> None:
        store = open_store()
        rid = 1 << 32 | 4
        present = row(rid, latest=9)
        made = [
            HistoryRow(1, 4, present.id, None, None),
            HistoryRow(1, 6, present.id, 4, b"import"),
            HistoryRow(1, 9, present.id, 6, b"import"),
        ]
        with store.write() as change:
            change.put_records([present], [RecordIndex(rid, "name", "", ("a:b",))], [])
            change.add_history(made)
            assert change.history(1, present.id) == made[::-1]
            assert change.history(2, present.id) == []
            assert change.history_at(1, 6) == made[1]
            assert change.history_at(1, 5) is None
            assert change.history_of_import(1, b"import") == made[1:]
            change.drop_record(present)
            assert change.history_at(1, 6) is None
            assert change.records([rid]) == {}
            assert change.matching('"name"*').tolist() == []
            assert change.categories_of([rid]) == []

    def test_verdicts_roles_and_imports(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_verdicts(tree, {3: "opaque", 5: "malformed"})
            change.add_verdicts(tree, {5: "erased"})
            change.set_role(tree, 1, b"key", "steward", "Sasha")
            change.set_role(tree, 2, b"other", "steward", "Kim")
            change.set_role(tree, 6, b"other", "none", "")
            change.start_import(tree, b"import", 7, "shops", b"file")
            change.start_import(tree, b"import", 8, "other", b"file")
            change.end_import(tree, b"import", 9, undone=False)
        with store.read() as reads:
            assert reads.verdicts(tree, 0, 9) == {3: "opaque", 5: "erased"}
            assert reads.verdicts(tree, 4, 5) == {}
            assert reads.stewards(tree) == {b"key": "Sasha"}
            row_of = reads.import_row(tree, b"import")
            assert row_of is not None
            assert (row_of.start, row_of.done, row_of.undone, row_of.source) == (7, 9, None, "shops")
            assert reads.imports(tree) == [row_of]
            assert reads.import_row(tree, b"none") is None

    def test_derived_tables_of_one_log_are_emptied_without_the_others(self, open_store: OpenStore) -> None:
        store = open_store()
        tree, other = add_tree(store), add_tree(store, OTHER)
        with store.write() as change:
            for number in (tree, other):
                rid = number << 32
                change.put_records([row(rid, lat=1, lon=1)], [RecordIndex(rid, "name", "", ("a:b",))], [])
                change.add_claim(number, 3, "claim.same", b"log", b"id")
                change.add_verdicts(number, {1: "opaque"})
                change.set_derived(number, 4)
        with store.read() as reads:
            full = reads.derived_digest()
        with store.write() as change:
            change.clear_derived(tree)
            assert change.tree_numbered(tree).derived == 0
            assert change.tree_numbered(other).derived == 4
            assert change.matching('"name"*').tolist() == [other << 32]
            assert (change.record_ids(tree), change.record_ids(other)) == ([], [other << 32])
            assert change.categories_of([tree << 32, other << 32]) == [(other << 32, "a:b")]
            assert change.verdicts(tree, 0, 9) == {}
            assert change.verdicts(other, 0, 9) == {1: "opaque"}
            half = change.derived_digest()
            change.clear_derived()
            assert change.record_count() == 0
            assert len({full, half, change.derived_digest()}) == 3

    def test_witnessing(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        digest = seeded("origin")
        with store.write() as change:
            assert change.cosigned(digest) is None
            change.set_cosigned(digest, "origin", 3, seeded("root"), b"note")
            change.set_cosigned(digest, "origin", 5, seeded("later"), b"later note")
            assert change.published(tree) == (0, b"")
            change.set_published(tree, 4, b"cosigned")
            change.set_published(tree, 5, b"cosigned later")
            for key, url in (("south", ""), ("north", "https://north.example"), ("south", "https://south.example")):
                change.add_witness(key, url, 7)
            assert change.remove_witness("north")
            assert not change.remove_witness("north")
            change.add_witness("north", "", 6)
        with store.read() as reads:
            assert reads.cosigned(digest) == (5, seeded("later"), b"later note")
            assert reads.published(tree) == (5, b"cosigned later")
            assert reads.witnesses() == [("south", "https://south.example"), ("north", "")], "in order of choice"

    def test_forks_are_kept_in_the_order_in_which_they_came(self, open_store: OpenStore) -> None:
        store = open_store()
        trees = [add_tree(store, Origin(seeded("log"), epoch)) for epoch in (1, 2, 3)]
        with store.write() as change:
            assert change.fork(trees[0]) is None
            change.set_fork(trees[1], b"first")
            change.set_fork(trees[1], b"second")
            change.set_healed(trees[0], b"digest")
            change.set_fork(trees[2], b"third")
            assert change.fork(trees[1]) == Fork(trees[1], 1, b"first", None)
            assert change.fork(trees[0]) == Fork(trees[0], 2, b"", b"digest")
            assert [fork.tree for fork in change.forks_since(0)] == [trees[1], trees[0], trees[2]]
            assert [fork.tree for fork in change.forks_since(2)] == [trees[2]]
            change.set_fork(trees[0], b"late")
            change.set_healed(trees[1], b"other digest")
            assert change.fork(trees[0]) == Fork(trees[0], 4, b"late", b"digest")
            assert change.fork(trees[1]) == Fork(trees[1], 1, b"first", b"other digest")
            change.drop_fork(trees[2])
            assert [fork.tree for fork in change.forks_since(0)] == [trees[1], trees[0]]

    def test_checkpoints_to_compare_and_when_heads_were_seen(self, open_store: OpenStore) -> None:
        store = open_store()
        tree, other = add_tree(store), add_tree(store, OTHER)
        with store.write() as change:
            for note, size in ((b"b", 7), (b"a", 5), (b"c", 7), (b"d", 9)):
                change.add_unproved(tree, note, size)
            change.add_unproved(other, b"e", 1)
            assert change.unproved(tree) == [b"a", b"b", b"d"]
            change.drop_unproved(tree, 7)
            assert (change.unproved(tree), change.unproved(other)) == ([b"d"], [b"e"])
            change.set_head(tree, b"note", 7)
            assert change.seen(tree) == 0
            change.set_seen([(ORIGIN, 6)], 100, 50)
            assert change.seen(tree) == 0
            change.set_seen([(ORIGIN, 7), (OTHER, 0)], 100, 50)
            change.set_seen([(ORIGIN, 7)], 120, 100)
            assert (change.seen(tree), change.seen(other)) == (100, 100)

    def test_what_was_written_is_there_after_a_restart(self, open_store: OpenStore) -> None:
        store = open_store()
        tree = add_tree(store)
        with store.write() as change:
            change.add_entries(tree, rows(0, 3))
        store.close()
        store.close()
        with open_store().read() as reads:
            assert list(reads.entries(tree, 0, 9)) == rows(0, 3)

    def test_a_store_that_was_closed_says_so(self, open_store: OpenStore) -> None:
        store = open_store()
        store.close()
        with pytest.raises(StoreUnusableError), store.read():
            pass
        with pytest.raises(StoreUnusableError), store.write():
            pass
