# SPDX-License-Identifier: AGPL-3.0-or-later
"""Replication (spec 09 §5, spec 03 §4): what is true is stored, lies are refused, a faulty entry harms no other."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import pytest

from ledger.errors import RefusedError
from ledger.held.replica import Replica, VerifiedHead, accept_head, head_of, store_range, verify_head
from ledger.held.serving import heads_since, serve_range
from ledger.keeping.audit import audit
from ledger.sqlite.store import SqliteStore
from protocol.checkpoint import Checkpoint
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.frames import Entries, Missing, Want
from protocol.merkle import Node, Peaks, leaf_hash
from protocol.note import Note, sign_note
from protocol.signature import SigningKey
from protocol.statement import commit, make_entry, parse_payload
from tests.builders import START, Log, Organisation, amend, found_organisation, make_charter, seeded, signing_key
from tests.ledger.making import Scribe, derive, derived_state, hold

NewStore = Callable[[], SqliteStore]
Pair = tuple[bytes, bytes]


@cache
def grown(size: int = 600, label: str = "moot") -> Log:
    return Log(found_organisation(label)).grow(size)


def head_at(log: Log, size: int, key: SigningKey | None = None, charters: Sequence[bytes] = ()) -> VerifiedHead:
    """The head of a log when it had that many entries."""
    return head_of_entries(log.organisation, [entry for entry, _ in log.entries[:size]], key, charters)


def head_of_entries(
    organisation: Organisation, entries: Sequence[bytes], key: SigningKey | None = None, charters: Sequence[bytes] = ()
) -> VerifiedHead:
    peaks = Peaks()
    for entry in entries:
        peaks.append(leaf_hash(entry))
    checkpoint = Checkpoint(str(organisation.origin), peaks.size, peaks.root())
    note = Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, key or organisation.key),))
    return verify_head(bytes(note), charters or [organisation.payload])


def accept(store: SqliteStore, head: VerifiedHead) -> None:
    with store.write() as change:
        accept_head(change, head)


def begin(store: SqliteStore, head: VerifiedHead) -> Replica:
    accept(store, head)
    with store.read() as reads:
        tree = reads.tree(head.origin)
        assert tree is not None
        return Replica(tree, reads)


def size_of(store: SqliteStore) -> int:
    with store.read() as reads:
        return reads.trees()[0].size


def entry_dump(store: SqliteStore) -> list[Pair]:
    with store.read() as reads:
        tree = reads.trees()[0]
        return [(entry, payload or b"") for _, entry, payload in reads.entries(tree.tree, 0, tree.size)]


def transfer(source: SqliteStore, target: SqliteStore, head: VerifiedHead, *, room: int, ranges: int = 10**6) -> None:
    """Fetches ranges of at most so many bytes, as a session does."""
    replica = begin(target, head)
    want_from = replica.peaks.size
    while want_from < head.checkpoint.size and ranges:
        want = Want(*head.origin, head.checkpoint.size, want_from, head.checkpoint.size, room, payloads=True)
        with source.read() as reads:
            answer = serve_range(reads, want)
        assert isinstance(answer, Entries)
        verified = replica.verify_range(head, answer.from_, answer.entries, answer.proof)
        with target.write() as change:
            want_from = store_range(change, verified).size
        ranges -= 1


@pytest.mark.parametrize("room", [1, 3_000, 262_144])
def test_a_replica_is_the_log(new_store: NewStore, room: int) -> None:
    log, source, target = grown(600 if room > 1 else 40), new_store(), new_store()
    hold(source, log)
    transfer(source, target, head_at(log, log.size), room=room)
    assert entry_dump(target) == log.entries
    with target.read() as reads:
        (tree,) = reads.trees()
        assert (tree.size, tree.checkpoint_size, tree.head_size) == (log.size, log.size, log.size)
        assert tree.checkpoint == bytes(log.note())
        assert head_of(reads, tree) == head_at(log, log.size)
    derive(source)
    derive(target)
    assert derived_state(source.path) == derived_state(target.path)
    assert audit(target).faults == []


def test_a_transfer_goes_on_where_it_stopped(new_store: NewStore) -> None:
    log, source, target = grown(), new_store(), new_store()
    hold(source, log)
    head = head_at(log, log.size)
    rng = random.Random(3)
    accept(target, head)
    while size_of(target) < log.size:
        transfer(source, target, head, room=rng.choice([500, 20_000]), ranges=rng.randrange(1, 4))
        with target.read() as reads:
            tree = reads.trees()[0]
            assert tree.checkpoint_size in {0, log.size}
    assert entry_dump(target) == log.entries
    assert audit(target).faults == []


def test_a_log_grows_in_steps_under_newer_checkpoints(new_store: NewStore) -> None:
    log, source, target = grown(), new_store(), new_store()
    hold(source, log)
    for arrival, size in enumerate((1, 255, 256, 257, 599, 600), 1):
        transfer(source, target, head_at(log, size), room=9_000)
        with target.read() as reads:
            (tree,) = reads.trees()
        assert (tree.size, tree.checkpoint_size, tree.arrival) == (size, size, arrival)
    assert audit(target).faults == []


def test_a_verified_range_that_is_not_stored_leaves_the_store_as_it_was(new_store: NewStore) -> None:
    log, store = grown(), new_store()
    head = head_at(log, 600)
    verified = begin(store, head).verify_range(head, 0, log.entries, [])
    with pytest.raises(KeyboardInterrupt), store.write() as change:
        store_range(change, verified)
        raise KeyboardInterrupt
    assert size_of(store) == 0
    with store.write() as change:
        store_range(change, verified)
    with pytest.raises(RefusedError, match="does not follow"), store.write() as change:
        store_range(change, verified)
    assert entry_dump(store) == log.entries


class Offer(NamedTuple):
    """A range as somebody sends it, for a receiver that holds the first 10 entries and wants those up to 100."""

    head: VerifiedHead
    begin: int
    pairs: list[Pair]
    proof: list[bytes]


def honest() -> Offer:
    log = grown(300)
    return Offer(head_at(log, 300), 10, log.entries[10:100], log.prove_consistency(100))


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def lie_altered_entry(offer: Offer) -> Offer:
    entry, payload = offer.pairs[7]
    return offer._replace(pairs=[*offer.pairs[:7], (flipped(entry, 30), payload), *offer.pairs[8:]])


def lie_dropped_entry(offer: Offer) -> Offer:
    return offer._replace(pairs=offer.pairs[:7] + offer.pairs[8:])


def lie_dropped_last_entry(offer: Offer) -> Offer:
    return offer._replace(pairs=offer.pairs[:-1])


def lie_swapped_entries(offer: Offer) -> Offer:
    pairs = offer.pairs.copy()
    pairs[3], pairs[4] = pairs[4], pairs[3]
    return offer._replace(pairs=pairs)


def lie_repeated_entry(offer: Offer) -> Offer:
    return offer._replace(pairs=[*offer.pairs, offer.pairs[-1]])


def lie_invented_entry(offer: Offer) -> Offer:
    return offer._replace(pairs=[*offer.pairs[:-1], (make_entry(START, 0, seeded("none")), b"")])


def lie_no_proof(offer: Offer) -> Offer:
    return offer._replace(proof=[])


def lie_wrong_proof(offer: Offer) -> Offer:
    return offer._replace(proof=[flipped(offer.proof[0], 5), *offer.proof[1:]])


def lie_proof_of_another_size(offer: Offer) -> Offer:
    return offer._replace(proof=grown(300).prove_consistency(101))


def lie_longer_proof(offer: Offer) -> Offer:
    return offer._replace(proof=[*offer.proof, seeded("more")])


def lie_odd_hash(offer: Offer) -> Offer:
    return offer._replace(proof=[*offer.proof[:-1], b"short"])


def lie_gap(offer: Offer) -> Offer:
    return offer._replace(begin=11, pairs=offer.pairs[1:])


def lie_overlap(offer: Offer) -> Offer:
    return offer._replace(begin=9, pairs=[grown(300).entries[9], *offer.pairs])


def lie_beginning_again(offer: Offer) -> Offer:
    return offer._replace(begin=0, pairs=grown(300).entries[:100])


def lie_nothing(offer: Offer) -> Offer:
    return offer._replace(pairs=[])


def lie_more_than_the_checkpoint(offer: Offer) -> Offer:
    return offer._replace(head=head_at(grown(300), 50), proof=[])


def lie_older_checkpoint(offer: Offer) -> Offer:
    return offer._replace(head=head_at(grown(300), 299))


def lie_forked_checkpoint(offer: Offer) -> Offer:
    entries = [entry for entry, _ in grown(300).entries]
    entries[200] = make_entry(START, 0, seeded("fork"))
    return offer._replace(head=head_of_entries(grown(300).organisation, entries))


def lie_checkpoint_of_another_log(offer: Offer) -> Offer:
    return offer._replace(head=head_at(grown(300, "coop"), 300))


def lie_same_root_under_another_name(offer: Offer) -> Offer:
    entries = [entry for entry, _ in grown(300).entries]
    return offer._replace(head=head_of_entries(found_organisation("coop"), entries))


def lie_endless_entry(offer: Offer) -> Offer:
    return offer._replace(pairs=[*offer.pairs[:-1], (bytes(65_536), b"")])


LIES = [lie for name, lie in sorted(globals().items()) if name.startswith("lie_")]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__[4:])
def test_a_lie_is_refused_and_nothing_is_stored(new_store: NewStore, lie: Callable[[Offer], Offer]) -> None:
    store, log, offer = new_store(), grown(300), lie(honest())
    transfer_first_ten = begin(store, head_at(log, 10)).verify_range(head_at(log, 10), 0, log.entries[:10], [])
    with store.write() as change:
        store_range(change, transfer_first_ten)
    replica = begin(store, head_at(log, 300))
    with store.read() as reads:
        before = reads.trees()
    with pytest.raises(Malformed):
        replica.verify_range(offer.head, offer.begin, offer.pairs, offer.proof)
    with store.read() as reads:
        assert reads.trees() == before
        assert len(list(reads.entries(1, 0, 1000))) == 10
    # The lie has not confused the replica: the truth still fits.
    truth = honest()
    verified = replica.verify_range(truth.head, truth.begin, truth.pairs, truth.proof)
    with store.write() as change:
        assert store_range(change, verified).size == 100
    assert audit(store).faults == []


def test_heads_that_do_not_hold_are_refused() -> None:
    log, other = grown(300), found_organisation("coop")
    note = bytes(log.note())
    with pytest.raises(Malformed):
        verify_head(note, [other.payload])
    with pytest.raises(Malformed):
        verify_head(note, [])
    with pytest.raises(Malformed):
        verify_head(note.replace(b"\n300\n", b"\n301\n"), [log.organisation.payload])
    with pytest.raises(Malformed):
        head_at(log, 300, signing_key("stranger"))


def test_an_older_or_equal_head_changes_nothing(new_store: NewStore) -> None:
    log, store = grown(300), new_store()
    hold(store, log)
    with store.read() as reads:
        before = reads.trees()
    for size in (0, 1, 299, 300):
        accept(store, head_at(log, size))
    with store.read() as reads:
        assert reads.trees() == before


def test_a_head_between_what_is_complete_and_what_is_held_completes_it(new_store: NewStore) -> None:
    log, source, store = grown(300), new_store(), new_store()
    hold(source, log)
    transfer(source, store, head_at(log, 100), room=10**5)
    transfer(source, store, head_at(log, 300), room=30_000, ranges=1)
    held = size_of(store)
    assert 101 < held < 300
    accept(store, head_at(log, held - 1))
    with store.read() as reads:
        (tree,) = reads.trees()
    assert (tree.checkpoint_size, tree.head_size) == (held - 1, 300)


@pytest.mark.parametrize("size", [1, 99, 100])
def test_a_fork_of_what_is_held_is_refused(new_store: NewStore, size: int) -> None:
    log, store = grown(300), new_store()
    small = Log(log.organisation).grow(100)
    hold(store, small)
    entries = [entry for entry, _ in small.entries[:size]]
    entries[size - 1] = make_entry(START, 0, seeded("fork"))
    with store.read() as reads:
        before = reads.trees()
    with pytest.raises(RefusedError, match="forked"):
        accept(store, head_of_entries(log.organisation, entries))
    with store.read() as reads:
        assert reads.trees() == before


def test_a_key_that_was_replaced_signs_nothing_new(new_store: NewStore) -> None:
    moot, new_key, store = found_organisation(), signing_key("new key"), new_store()
    log = Log(moot).grow(5)
    amendment = amend(moot, make_charter("moot", 1, keys=[new_key.public]))
    log.append(amendment)
    log.grow(9)
    charters = [moot.payload, amendment]
    head = head_at(log, 9, new_key, charters)
    verified = begin(store, head).verify_range(head, 0, log.entries, [])
    with store.write() as change:
        store_range(change, verified)
    stale = head_at(Log(moot).grow(50), 50)
    with pytest.raises(RefusedError, match="replaced"):
        accept(store, stale)
    accept(store, head_at(log, 5))
    with store.read() as reads:
        (tree,) = reads.trees()
        assert (tree.head_size, tree.size, reads.charters(1)) == (9, 9, charters)
        assert head_of(reads, tree) == head


def crooked(position: int, entry: bytes, payload: bytes) -> tuple[list[Pair], VerifiedHead]:
    """A log of 20 entries, one of which is not as the others, under a checkpoint that covers it."""
    log = Log(found_organisation()).grow(20)
    pairs = log.entries.copy()
    pairs[position] = (entry, payload)
    return pairs, head_of_entries(log.organisation, [entry for entry, _ in pairs])


def at_its_place(payload: bytes) -> Pair:
    return make_entry(START + 60 * 7, 0, commit(payload)), payload


def member_payload() -> bytes:
    """A statement of a member, at position 7."""
    scribe = Scribe()
    scribe.log.grow(7)
    return scribe.payload("record.put", {"record": {}}, by=signing_key("member"))


def fault_bad_signature() -> Pair:
    payload = member_payload()
    return at_its_place(flipped(payload, 8 * (len(payload) - 10)))


def fault_commitment() -> Pair:
    return make_entry(START + 60 * 7, 0, seeded("other")), member_payload()


def fault_wrong_log() -> Pair:
    scribe = Scribe("coop")
    scribe.log.grow(7)
    return at_its_place(scribe.payload("record.put", {"record": {}}))


def fault_author_signature() -> Pair:
    statement = parse_payload(member_payload()).statement
    return at_its_place(encode([seeded("salt"), statement, [[signing_key("other").public, bytes(64)]]]))


def fault_signature_order() -> Pair:
    statement = parse_payload(member_payload()).statement
    keys = [signing_key("member").public, *sorted((seeded("a"), seeded("b")), reverse=True)]
    return at_its_place(encode([seeded("salt"), statement, [[key, bytes(64)] for key in keys]]))


def fault_payload_form() -> Pair:
    return at_its_place(b"nonsense")


def fault_statement_form() -> Pair:
    return at_its_place(encode([seeded("salt"), b"nonsense", [[seeded("key"), bytes(64)]]]))


def fault_entry_form() -> Pair:
    return b"nonsense", member_payload()


def fault_scope() -> Pair:
    payload = member_payload()
    return make_entry(START + 60 * 7, 3, commit(payload)), payload


def fault_at_decreases() -> Pair:
    payload = member_payload()
    return make_entry(START + 60 * 5, 0, commit(payload)), payload


def fault_withheld() -> Pair:
    return make_entry(START + 60 * 7, 1, seeded("private")), b""


FAULTS = [fault for name, fault in sorted(globals().items()) if name.startswith("fault_")]


@pytest.mark.parametrize("split", [20, 8, 7, 1])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__[6:])
def test_one_faulty_entry_is_set_aside_and_the_rest_goes_on(
    new_store: NewStore, fault: Callable[[], Pair], split: int
) -> None:
    store, reason = new_store(), fault.__name__[6:]
    pairs, head = crooked(7, *fault())
    for first in range(0, 20, split):
        replica = begin(store, head)
        part = pairs[first : first + split]
        proof = _proof(pairs, first + len(part))
        verified = replica.verify_range(head, first, part, proof)
        with store.write() as change:
            store_range(change, verified)
    assert entry_dump(store) == [(entry, payload if at != 7 else b"") for at, (entry, payload) in enumerate(pairs)]
    derive(store)
    with store.read() as reads:
        assert reads.lacking(1, 0, 20) == {7: reason}
        assert reads.verdicts(1, 0, 20) == {7: reason}
    assert audit(store).faults == []


def _proof(pairs: list[Pair], old: int) -> list[bytes]:
    """A consistency proof for entries of any kind."""
    log = Log(found_organisation())
    log.entries = []
    log._peaks, log._hashes = Peaks(), {}
    for entry, _ in pairs:
        _append_entry(log, entry)
    return log.prove_consistency(old)


def _append_entry(log: Log, entry: bytes) -> None:
    leaf = leaf_hash(entry)
    log._hashes[Node(0, log.size)] = leaf
    log.entries.append((entry, b""))
    log._peaks.append(leaf, lambda level, number, value: log._hashes.update({Node(level, number): value}))


def test_a_faulty_signature_among_hundreds_is_found(new_store: NewStore) -> None:
    member, scribe = signing_key("member"), Scribe()
    for number in range(300):
        scribe.put(number, "Bakery", by=member)
    pairs = scribe.log.entries.copy()
    for position in (1, 64, 65, 200, 300):
        payload = flipped(pairs[position][1], 8 * (len(pairs[position][1]) - 10))
        pairs[position] = (make_entry(START + 60 * position, 0, commit(payload)), payload)
    head = head_of_entries(scribe.organisation, [entry for entry, _ in pairs])
    store = new_store()
    verified = begin(store, head).verify_range(head, 0, pairs, [])
    assert dict(verified.lacking) == dict.fromkeys((1, 64, 65, 200, 300), "bad_signature")
    assert [row.position for row in verified.rows if row.payload is None] == [1, 64, 65, 200, 300]


def test_the_key_of_the_checkpoint_covers_its_own_signatures(new_store: NewStore) -> None:
    """Spec 03 §4: they need no check of their own; an audit checks all of them."""
    scribe, store = Scribe(), new_store()
    payload = scribe.payload("claim.endorse", {"subject": {"log": bytes(32), "id": bytes(16)}})
    scribe.log.append(flipped(payload, 8 * (len(payload) - 10)))
    hold(store, scribe.log)
    with store.read() as reads:
        assert reads.lacking(1, 0, 9) == {}
    assert [fault.position for fault in audit(store).faults] == [1]
    assert audit(store, signatures=False).faults == []


def test_in_the_ledger_all_signatures_are_checked(new_store: NewStore) -> None:
    """Spec 03 §4: another holder may have it under another key's checkpoint, and has to derive the same balances."""
    scribe, store = Scribe(), new_store()
    body = {"code": "EUR", "scale": 2, "sort": "money", "name": {"en": "Euro"}}
    scribe.log.append(scribe.payload("unit.define", body))
    payload = scribe.payload("unit.define", {**body, "code": "CHF"})
    scribe.log.append(flipped(payload, 8 * (len(payload) - 10)))
    hold(store, scribe.log)
    with store.read() as reads:
        assert reads.lacking(1, 0, 9) == {2: "bad_signature"}


def test_versions_to_come_are_kept_unread(new_store: NewStore) -> None:
    store = new_store()
    pairs, head = crooked(7, encode([2, "anything"]), b"whatever it is")
    verified = begin(store, head).verify_range(head, 0, pairs, [])
    with store.write() as change:
        store_range(change, verified)
    assert entry_dump(store) == pairs
    derive(store)
    with store.read() as reads:
        assert reads.verdicts(1, 0, 20) == {7: "opaque"}


def test_what_was_erased_is_not_taken_back(new_store: NewStore) -> None:
    scribe, source, store = Scribe(), new_store(), new_store()
    target = scribe.put(1, "Canary")
    hold(source, scribe.log)
    hold(store, scribe.log)
    scribe.erase(target)
    hold(store, scribe.log)
    derive(store)
    # Others who have not heard of it still send the payload: with the range, and once more later.
    fresh = new_store()
    hold(fresh, scribe.log)
    derive(fresh)
    for one in (store, fresh):
        hold(one, scribe.log)
        accept(one, head_at(scribe.log, scribe.log.size))
        assert entry_dump(one)[target][1] == b""
        with one.read() as reads:
            assert reads.lacking(1, 0, 9) == {target: "erased"}


def test_ranges_are_served_as_the_spec_says(new_store: NewStore) -> None:
    log, store = grown(300), new_store()
    hold(store, log)
    organisation = log.organisation

    def ask(want_from: int, to: int, *, size: int = 300, room: int = 262_144, payloads: bool = True) -> object:
        with store.read() as reads:
            return serve_range(reads, Want(*organisation.origin, size, want_from, to, room, payloads))

    answer = ask(10, 20)
    assert isinstance(answer, Entries)
    assert answer.entries == log.entries[10:20]
    bare = ask(10, 20, payloads=False)
    assert isinstance(bare, Entries)
    assert bare.entries == [(entry, b"") for entry, _ in log.entries[10:20]]
    one = ask(10, 20, room=1)
    assert isinstance(one, Entries)
    assert len(one.entries) == 1
    for missing, code in (
        (ask(0, 301), "range"),
        (ask(5, 5), "range"),
        (ask(6, 5), "range"),
        (ask(0, 1, size=301), "size"),
    ):
        assert isinstance(missing, Missing)
        assert missing.code == code
    with store.read() as reads:
        unknown = serve_range(reads, Want(seeded("unknown"), 1, 1, 0, 1, 9, payloads=True))
    assert isinstance(unknown, Missing)
    assert unknown.code == "unknown_log"


def test_private_payloads_are_not_served(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.say("record.put", {"record": {}}, scope=1)
    scribe.say("record.put", {"record": {}}, scope=2)
    hold(store, scribe.log)
    with store.read() as reads:
        answer = serve_range(reads, Want(*scribe.organisation.origin, 3, 0, 3, 9_000, payloads=True))
    assert isinstance(answer, Entries)
    assert [bool(payload) for _, payload in answer.entries] == [True, False, False]


def test_heads_are_told_since_a_cursor(new_store: NewStore) -> None:
    store = new_store()
    small, other = Log(found_organisation()), Log(found_organisation("coop"))
    hold(store, small)
    hold(store, other)
    with store.read() as reads:
        heads, name, upto = heads_since(reads, b"", 0)
        assert [head.log for head in heads] == [small.organisation.log_id, other.organisation.log_id]
        assert heads_since(reads, name, upto) == ([], name, upto)
        assert len(heads_since(reads, b"another store", upto)[0]) == 2
    hold(store, small.grow(2))
    with store.read() as reads:
        (head,), _, later = heads_since(reads, name, upto)
    assert later == upto + 1
    assert head.checkpoint == bytes(small.note())
    assert list(head.charters) == [small.organisation.payload]
    # A head that is known of but not held completely is not told.
    with store.write() as change:
        accept_head(change, head_at(grown(300), 300))
    with store.read() as reads:
        assert heads_since(reads, name, later)[0] == []
