# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is admitted, held and shown: from vouches, choices, regions and denials; and what a log takes in bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.errors import NotFoundError, RefusedError
from ledger.held.denying import denied_logs, denied_records, follow_denials, label_objects
from ledger.held.federation import federation_object, moderation_log
from ledger.held.replica import accept_head, verify_head
from ledger.held.scopes import (
    WAITING_MAX,
    Policy,
    ScopeBook,
    Standing,
    decide,
    find_log,
    let_wait,
    over_quota,
    read_scopes,
    vouch_chains,
)
from ledger.ledger import Ledger
from ledger.sqlite.store import SqliteStore
from protocol.identity import show_log_id
from tests.builders import Log, found_organisation, seeded, signing_key
from tests.ledger.making import Scribe, derive, hold, rebuild, record_id
from tests.ledger.organising import account, unit

NewStore = Callable[[], SqliteStore]
VOUCHED = Policy(open=False)
A, B, C, D, E, F = (seeded(name) for name in "abcdef")


def standing(store: SqliteStore, scribe: Scribe, policy: Policy = VOUCHED) -> Standing:
    with store.read() as reads:
        return read_scopes(reads, policy).standing(scribe.log_id, [scribe.organisation.payload])


def run(store: SqliteStore, action: str, subject: bytes | str) -> None:
    with store.write() as change:
        decide(change, action, subject)


def test_chains_are_the_shortest_and_of_three_at_most() -> None:
    vouches = {A: {B, D}, B: {C}, C: {D}, D: {E}, E: {F}}
    assert vouch_chains({A}, vouches, set()) == {B: (A,), D: (A,), C: (A, B), E: (A, D), F: (A, D, E)}
    assert vouch_chains({B}, vouches, set()) == {C: (B,), D: (B, C), E: (B, C, D)}
    assert vouch_chains({A}, vouches, {D}) == {B: (A,), C: (A, B)}, "who is denied vouches for nobody"
    assert vouch_chains(set(), vouches, set()) == {}
    assert vouch_chains({A, B}, {A: {B}, B: {A}}, set()) == {}, "circles end"


def test_statements_vouch_until_they_are_taken_back(new_store: NewStore) -> None:
    store, alder, birch = new_store(), Scribe("alder"), Scribe("birch")
    alder.say("vouch", {"log": birch.log_id, "vouched": True})
    hold(store, alder.log)
    derive(store)
    assert standing(store, birch) == Standing(admitted=False, whole=False, why="waiting")
    run(store, "follow", alder.log_id)
    assert standing(store, alder).why == "follow"
    assert standing(store, birch) == Standing(admitted=True, whole=True, why="vouched", through=(alder.log_id,))
    run(store, "mirror", alder.log_id)
    assert standing(store, birch).why == "waiting", "a mirror says nothing about others"
    with store.write() as change:
        change.set_met(alder.log_id)
    run(store, "unfollow", alder.log_id)
    assert (standing(store, alder).why, standing(store, birch).why) == ("met", "vouched")
    alder.say("vouch", {"log": birch.log_id, "vouched": False})
    hold(store, alder.log)
    derive(store)
    assert standing(store, birch).why == "waiting"
    assert standing(store, birch, Policy()) == Standing(admitted=True, whole=True, why="open")
    rebuild(store)
    assert standing(store, birch).why == "waiting"


def test_only_operating_keys_vouch(new_store: NewStore) -> None:
    store, alder = new_store(), Scribe("alder")
    alder.appoint(signing_key("steward"))
    alder.say("vouch", {"log": B, "vouched": True}, by=signing_key("steward"))
    alder.say("label", {"subject": {"log": B}, "label": "x", "set": True}, by=signing_key("steward"))
    hold(store, alder.log)
    derive(store)
    with store.read() as reads:
        assert reads.vouches() == {}
        assert [label.label for label in reads.labels(B)] == ["x"]


def test_an_erased_word_is_as_if_never_said(new_store: NewStore) -> None:
    store, alder = new_store(), Scribe("alder")
    position = alder.say("vouch", {"log": B, "vouched": True})
    said = alder.say("deny", {"log": C, "denied": True, "reason": "spam"})
    hold(store, alder.log)
    derive(store)
    run(store, "subscribe", alder.log_id)
    with store.read() as reads:
        assert (reads.vouches(), denied_logs(reads)) == ({alder.log_id: {B}}, {C})
    alder.erase(position)
    alder.erase(said)
    hold(store, alder.log)
    derive(store)
    with store.read() as reads:
        assert (reads.vouches().get(alder.log_id, set()), denied_logs(reads)) == (set(), set())


@pytest.mark.parametrize(
    ("region", "whole"),
    [("lille", True), ("LILLE métropole", True), ("Metropole, Lille", True), ("Lill", False), ("Lille Nord", False)],
)
def test_a_region_is_words_of_the_territory(new_store: NewStore, region: str, whole: bool) -> None:  # noqa: FBT001 - a table
    store = new_store()
    organisation = found_organisation("alder", territory="Métropole européenne de Lille")
    run(store, "region", region)
    run(store, "admit", organisation.log_id)
    with store.read() as reads:
        found = read_scopes(reads, Policy(open=False, whole=False)).standing(
            organisation.log_id, [organisation.payload]
        )
        stranger = read_scopes(reads, VOUCHED).standing(B, [organisation.payload])
    assert (found.whole, found.why) == (whole, "region" if whole else "admit")
    assert not stranger.admitted, "a region admits nobody"
    run(store, "unregion", region)
    with store.read() as reads:
        assert reads.regions() == []


def test_decisions_that_make_no_sense_are_refused(ledger: Ledger) -> None:
    for action in ("follow", "deny", "subscribe"):
        with pytest.raises(RefusedError), ledger.store.write() as change:
            decide(change, action, ledger.log_id)
    with pytest.raises(RefusedError), ledger.store.write() as change:
        decide(change, "region", " -- ")


def test_logs_are_found_by_the_beginning_of_their_id(ledger: Ledger) -> None:
    with ledger.store.write() as change:
        decide(change, "deny", A)
    with ledger.store.read() as reads:
        assert find_log(reads, show_log_id(A)[:6]) == A
        assert find_log(reads, show_log_id(F)) == F, "also one that nothing is known of"
        for text in ("", "0", show_log_id(F)[:10]):
            with pytest.raises(NotFoundError):
                find_log(reads, text)


def test_the_operators_own_word_wins(new_store: NewStore) -> None:
    store, alder, birch = new_store(), Scribe("alder"), Scribe("birch")
    birch.put(1, "Mill")
    alder.say("deny", {"log": birch.log_id, "denied": True, "reason": "spam"})
    for scribe in (alder, birch):
        hold(store, scribe.log)
    derive(store)

    def hidden() -> bool:
        with store.read() as reads:
            return reads.epochs(birch.log_id)[0].hidden

    assert not hidden()
    run(store, "subscribe", alder.log_id)
    assert hidden()
    run(store, "allow", birch.log_id)
    assert not hidden()
    run(store, "deny", birch.log_id)
    assert hidden()
    with store.read() as reads:
        before = reads.epochs(birch.log_id)[0].arrival
    run(store, "allow", birch.log_id)
    with store.read() as reads:
        assert reads.epochs(birch.log_id)[0].arrival > before, "what is shown again is told of again"


def test_a_denied_log_is_not_taken_in_by_any_way(new_store: NewStore) -> None:
    store, alder = new_store(), Scribe("alder")
    run(store, "deny", alder.log_id)
    with pytest.raises(RefusedError, match="denied"):
        hold(store, alder.log)


def test_denied_records_and_labels_of_those_subscribed_to(new_store: NewStore) -> None:
    store, alder, birch = new_store(), Scribe("alder"), Scribe("birch")
    birch.put(1, "Mill")
    alder.say("deny", {"log": birch.log_id, "id": record_id(1), "denied": True, "reason": "false"})
    subject = {"log": birch.log_id, "id": record_id(1)}
    alder.say("label", {"subject": subject, "label": "old", "set": True})
    alder.say("label", {"subject": subject, "label": "big", "set": True})
    alder.say("label", {"subject": subject, "label": "old", "set": False})
    for scribe in (alder, birch):
        hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert (denied_records(reads), label_objects(reads, birch.log_id, record_id(1))) == (set(), [])
    run(store, "subscribe", alder.log_id)
    with store.read() as reads:
        assert len(denied_records(reads)) == 1
        (label,) = label_objects(reads, birch.log_id, record_id(1))
        assert label == {"label": "big", "by": show_log_id(alder.log_id), "by_name": "alder"}
        assert label_objects(reads, birch.log_id) == []
        assert denied_logs(reads) == set()
        decisions = moderation_log(reads, reads.epochs(alder.log_id)[0])
        assert [row["kind"] for row in decisions] == ["label", "label", "label", "deny"]
        assert decisions[-1]["body"]["reason"] == "false"


def test_the_moderation_log_is_of_every_decision(new_store: NewStore) -> None:
    store, alder = new_store(), Scribe("alder")
    alder.put(1, "Mill")
    alder.put(2, "Barn")
    alder.close(1)
    alder.erase(2)
    alder.check(1)
    hold(store, alder.log)
    derive(store)
    with store.read() as reads:
        decisions = moderation_log(reads, reads.epochs(alder.log_id)[0])
    assert [(row["kind"], row["position"]) for row in decisions] == [("erase", 4), ("record.close", 3)]


def test_the_pool_is_capped_and_nobody_fills_it_alone(new_store: NewStore) -> None:
    store = new_store()
    head = verify_head(bytes(Log(found_organisation("quiet")).note()), [found_organisation("quiet").payload])

    def wait(log_id: bytes, told_by: bytes, at: int) -> None:
        with store.write() as change:
            let_wait(change, head._replace(origin=head.origin._replace(log_id=log_id)), told_by, at)

    wait(A, B, 1)
    for number in range(WAITING_MAX + 20):
        wait(seeded(f"flood {number}"), C, 2 + number)
    with store.read() as reads:
        rows = reads.waiting()
        assert len(rows) == WAITING_MAX
        assert rows[0].log_id == A, "another peer's log stays"
        assert rows[0].charters == head.charters
        assert rows[1].log_id == seeded("flood 21"), "the oldest of whoever told most gives way"
    wait(A, C, 1_000)
    with store.read() as reads:
        assert (reads.waiting()[0].told_by, len(reads.waiting())) == (B, WAITING_MAX)


def test_the_newest_head_of_a_log_that_waits_stays(new_store: NewStore) -> None:
    """Else a node that was put back, and tells its old head before it asks, would never hear what it has signed."""
    store, quiet = new_store(), found_organisation("quiet")
    old, new = (verify_head(bytes(Log(quiet).grow(size).note()), [quiet.payload]) for size in (3, 5))
    renewed = old._replace(charters=(*old.charters, b"amendment"))  # by the rule of page 16, more charters are newer
    for head, told, newest in ((old, 1, old), (new, 2, new), (old, 3, new), (renewed, 4, renewed), (new, 5, renewed)):
        with store.write() as change:
            assert let_wait(change, head, A, told) is (told == 1)
            (row,) = change.waiting()
        assert (row.note, row.charters, row.at) == (newest.note, newest.charters, 1)


def test_bytes_are_counted(new_store: NewStore) -> None:
    store, alder = new_store(), Scribe("alder")
    alder.put(1, "Mill")
    alder.put(2, "Barn")
    hold(store, alder.log, withheld=[2])

    def counted() -> tuple[int, int]:
        with store.read() as reads:
            tree = reads.epochs(alder.log_id)[0]
            rows = reads.entries(tree.tree, 0, tree.size)
            assert reads.held_bytes() == tree.bytes
            return tree.bytes, sum(len(row.entry) + len(row.payload or b"") for row in rows)

    assert counted()[0] == counted()[1] > 0
    with store.write() as change:
        change.add_payload(1, 2, alder.log.entries[2][1])
    assert counted()[0] == counted()[1]
    alder.erase(1)
    hold(store, alder.log)
    derive(store)
    assert counted()[0] == counted()[1]
    with store.read() as reads:
        tree = reads.epochs(alder.log_id)[0]
        assert over_quota(reads, tree, Policy()) == ""
        assert over_quota(reads, tree, Policy(log_bytes=tree.bytes)) == "log"
        assert over_quota(reads, tree, Policy(log_bytes=tree.bytes + 1, total_bytes=10)) == "total"


def test_all_of_it_as_json(ledger: Ledger) -> None:
    alder, birch = Scribe("alder"), Scribe("birch")
    hold(ledger.store, alder.log)
    with ledger.store.write() as change:
        decide(change, "follow", alder.log_id)
        decide(change, "deny", C)
        decide(change, "allow", D)
        decide(change, "subscribe", alder.log_id)
        follow_denials(change)
        head = verify_head(bytes(birch.log.note()), [birch.organisation.payload])
        let_wait(change, head, alder.log_id, 7)
    own = ledger.state("vouch", {"log": birch.log_id, "vouched": True})
    with ledger.store.read() as reads:
        held = federation_object(reads, VOUCHED, 10)
    assert [(log["mode"], log["whole"], log["quota"]) for log in held["logs"]] == [
        ("own", True, ""),
        ("follow", True, ""),
    ]
    assert [(row["log"], row["told_by_name"]) for row in held["waiting"]] == [(show_log_id(birch.log_id), "alder")]
    assert [row["log"] for row in held["denied"]] == [show_log_id(C)]
    assert held["allowed"] == [show_log_id(D)]
    assert [row["name"] for row in held["subscriptions"]] == ["alder"]
    assert held["vouched"] == []
    ledger.writer.append([own]).result()
    ledger.writer.settle()
    with ledger.store.read() as reads:
        assert [row["log"] for row in federation_object(reads, VOUCHED, 10)["vouched"]] == [show_log_id(birch.log_id)]
        assert read_scopes(reads, VOUCHED).standing(birch.log_id, []).why == "vouched"
    with ledger.store.write() as change:
        accept_head(change, head)


def test_a_neighbour_with_whom_accounts_are_kept_is_admitted_and_held_whole(ledger: Ledger) -> None:
    peer = seeded("a neighbour's log")
    book = ScopeBook(Policy(open=False, whole=False))
    with ledger.store.read() as reads:
        assert not book.current(reads).standing(peer, []).admitted
    unit(ledger)
    account(ledger, type_="connector", peer=peer)
    ledger.writer.settle()
    with ledger.store.read() as reads:
        standing = book.current(reads).standing(peer, [])
    assert (standing.admitted, standing.whole, standing.why) == (True, True, "neighbour")
