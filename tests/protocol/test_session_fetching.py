# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §4, §5: heads, cursors and ranges between two sessions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.actions import Action, Close, FetchEnded, Send, TakeRange, TellSince
from protocol.errors import Malformed
from protocol.frames import (
    FRAME_BYTES_MAX,
    HEADS_MAX,
    Busy,
    Bye,
    Entries,
    Frame,
    HeadField,
    Heads,
    Missing,
    Resume,
    Want,
    decode_frame,
    encode_frame,
)
from protocol.identity import Origin
from protocol.merkle import Peaks, leaf_hash
from tests.builders import Log, found_organisation, seeded
from tests.drawing import draws
from tests.protocol.peer import Peer, Replica, connect, deliver, ended
from tests.protocol.vectors import Case, agreed, bytes_of, vectors

ONE, OTHER, THIRD = (found_organisation(label) for label in ("one", "other", "third"))


def meet(*logs: Log, fits: int = 1000) -> tuple[Peer, Peer]:
    """Two that have opened a session, before the first WANT is answered if nothing fits into an answer."""
    one, other = Peer(ONE, 0), Peer(OTHER, 1, logs, fits=fits)
    connect(one, other)
    return one, other


def frames_in(actions: list[Action]) -> list[Frame | None]:
    return [decode_frame(action.data) for action in actions if isinstance(action, Send)]


def opened() -> Peer:
    return meet()[0]


@vectors("09-gossip", "range")
def test_range_vectors(case: Case) -> None:
    held = bytes_of(case["held_entries_hex"])
    replica = Replica(case["size"], bytes.fromhex(case["root_hex"]))
    for entry in held:
        replica.peaks.append(leaf_hash(entry))
    answer = decode_frame(bytes.fromhex(case["answer_hex"]))
    assert isinstance(answer, Entries)
    # `false_range` is the code of the BYE, whatever it was that did not hold.
    with agreed(case, by_reason=False):
        replica.grow(answer)
        assert (replica.peaks.size, replica.peaks.root().hex()) == (case["grown_size"], case["grown_root_hex"])


@pytest.mark.parametrize(("size", "fits"), [(1, 1), (2, 1), (40, 1), (300, 7), (700, 64), (700, 1000)])
def test_a_log_moves_whole_and_in_order(size: int, fits: int) -> None:
    log = Log(OTHER).grow(size)
    one, _ = meet(log, fits=fits)
    assert one.replicas[OTHER.origin].entries == log.entries
    assert one.replicas[OTHER.origin].peaks.root() == log.checkpoint().root
    assert ended(one) == [FetchEnded(OTHER.origin, complete=True)]
    assert one.closed is None


def test_several_logs_move_one_after_the_other() -> None:
    logs = Log(OTHER).grow(300), Log(THIRD).grow(20)
    one, _ = meet(*logs, fits=50)
    assert [one.replicas[log.organisation.origin].entries for log in logs] == [log.entries for log in logs]
    assert [end.origin for end in ended(one)] == [OTHER.origin, THIRD.origin]


def test_both_sides_fetch_at_once() -> None:
    logs = Log(ONE).grow(30), Log(OTHER).grow(40)
    one, other = Peer(ONE, 0, logs[:1]), Peer(OTHER, 1, logs[1:])
    connect(one, other)
    assert one.replicas[OTHER.origin].entries == logs[1].entries
    assert other.replicas[ONE.origin].entries == logs[0].entries


def test_a_new_checkpoint_is_pushed_and_fetched_from_where_the_log_stood() -> None:
    log = Log(OTHER).grow(5)
    one, other = meet(log)
    log.grow(12)
    other.do(other.session.push(other.heads()))
    assert [type(frame) for frame in other.frames()] == [Heads]
    deliver(one, other)
    assert one.replicas[OTHER.origin].entries == log.entries
    ranges = [action.entries.from_ for action in one.done if isinstance(action, TakeRange)]
    assert ranges == [0, 5]


def test_a_head_that_the_other_side_knows_is_not_pushed() -> None:
    log = Log(OTHER).grow(5)
    one, other = meet(log)
    assert other.session.push(other.heads()) == []
    assert one.session.push(other.heads()) == []
    log.grow(6)
    assert len(other.session.push(other.heads())) == 1
    assert other.session.push(other.heads()) == []


def test_a_cursor_says_what_has_been_told() -> None:
    logs = Log(OTHER).grow(3), Log(THIRD).grow(3)
    one, other = meet(*logs)
    assert one.cursor == (other.store, 2)
    again = Peer(ONE, 0, nonce="again")
    for cursor, told in (((other.store, 2), 0), ((other.store, 1), 1), ((seeded("lost", 16), 2), 2), ((b"", 0), 2)):
        again, served = Peer(ONE, 0), Peer(OTHER, 1, logs)
        again.cursor = cursor
        connect(again, served)
        assert TellSince(*cursor) in served.done
        assert len(again.replicas) == told
        assert again.cursor == (other.store, 2)


def test_a_resume_that_is_sent_again_names_the_newest_cursor() -> None:
    one, other = meet(Log(OTHER).grow(2))
    assert one.session.resume(*one.cursor) == []
    assert frames_in(one.session.tick(61.0)) == [Resume("all", other.store, 1)]


def test_many_heads_are_cut_into_frames_that_may_be_sent() -> None:
    peer = opened()
    many = [HeadField(seeded(str(number)), 1, b"note", []) for number in range(2 * HEADS_MAX + 1)]
    large = [HeadField(seeded(str(number)), 1, b"note", [bytes(60_000)]) for number in range(40)]
    for heads in (many, large):
        actions = peer.session.tell(heads, bytes(16), 9)
        assert all(len(action.data) <= FRAME_BYTES_MAX for action in actions if isinstance(action, Send))
        found = [frame for frame in frames_in(actions) if isinstance(frame, Heads)]
        assert [head for frame in found for head in frame.heads] == heads
        assert all(0 < len(frame.heads) <= HEADS_MAX for frame in found)
        assert len(actions) == len(found) + 1


def fetching(size: int = 10) -> tuple[Peer, Want]:
    """One that has asked for a log of that size."""
    peer = opened()
    log = Log(OTHER).grow(size)
    peer.replicas[OTHER.origin] = Replica(size, log.checkpoint().root)
    (want, *_) = frames_in(peer.session.fetch(OTHER.origin, 0, size))
    assert isinstance(want, Want)
    return peer, want


def entries_of(log: Log, begin: int, end: int, size: int | None = None) -> bytes:
    proof = log.prove_consistency(min(end, log.size))
    return encode_frame(Entries(OTHER.log_id, 1, size or log.size, begin, log.entries[begin:end], proof))


def test_what_is_asked_for_is_within_the_log() -> None:
    _, want = fetching(10)
    assert (want.log, want.epoch, want.size, want.from_, want.to) == (*OTHER.origin, 10, 0, 10)


@pytest.mark.parametrize(("begin", "end", "size"), [(1, 10, 10), (0, 11, 10), (3, 4, 10), (0, 10, 11), (0, 10, 9)])
def test_entries_other_than_those_asked_for_are_a_fault(begin: int, end: int, size: int) -> None:
    peer, _ = fetching(10)
    actions = peer.session.receive(entries_of(Log(OTHER).grow(12), begin, end, size), 1.0)
    assert frames_in(actions) == [Bye("unasked", 0)]
    assert actions[-1] == Close("unasked", fault=True)


def test_the_same_entries_twice_are_a_fault() -> None:
    peer, _ = fetching(10)
    log = Log(OTHER).grow(10)
    actions = peer.session.receive(entries_of(log, 0, 4), 1.0)
    assert any(isinstance(action, TakeRange) for action in actions)
    assert peer.session.receive(entries_of(log, 0, 4), 1.0)[-1] == Close("unasked", fault=True)


def test_entries_of_a_log_that_is_not_being_fetched_do_nothing() -> None:
    assert opened().session.receive(entries_of(Log(OTHER).grow(10), 0, 10), 1.0) == []


@given(st.integers(0, 9), st.sampled_from(["entry", "proof", "swap"]))
@draws(30)
def test_a_false_range_is_the_senders_fault_and_nothing_of_it_is_kept(at: int, what: str) -> None:
    log = Log(OTHER).grow(10)
    peer, _ = fetching(10)
    entries, proof = list(log.entries), []
    if what == "entry":
        entries[at] = (entries[at][0][:-1] + bytes([entries[at][0][-1] ^ 1]), entries[at][1])
    elif what == "swap":
        entries[at], entries[at - 1] = entries[at - 1], entries[at]
    else:
        proof = [bytes(32)]
    peer.do(peer.session.receive(encode_frame(Entries(*OTHER.origin, 10, 0, entries, proof)), 1.0))
    assert peer.closed == Close("false_range", fault=True)
    assert decode_frame(peer.sent[-1]) == Bye("false_range", 0)
    assert peer.replicas[OTHER.origin].entries == []


def test_a_range_can_be_short_and_the_rest_is_asked_for() -> None:
    log = Log(OTHER).grow(10)
    peer, _ = fetching(10)
    peer.do(peer.session.receive(entries_of(log, 0, 4), 1.0))
    (want,) = peer.frames()
    assert isinstance(want, Want)
    assert (want.from_, want.to) == (4, 10)
    peer.do(peer.session.receive(entries_of(log, 4, 10), 1.0))
    assert peer.replicas[OTHER.origin].entries == log.entries
    assert ended(peer) == [FetchEnded(OTHER.origin, complete=True)]


def test_ranges_that_come_out_of_order_are_handed_on_in_order() -> None:
    log = Log(OTHER).grow(900)
    peer = opened()
    peer.replicas[OTHER.origin] = Replica(900, log.checkpoint().root)
    wants = [frame for frame in frames_in(peer.session.fetch(OTHER.origin, 0, 900)) if isinstance(frame, Want)]
    assert len(wants) == 4
    for want in reversed(wants):
        assert peer.replicas[OTHER.origin].entries == []
        peer.do(peer.session.receive(entries_of(log, want.from_, want.to), 1.0))
    assert peer.replicas[OTHER.origin].entries == log.entries[: wants[-1].to]


@pytest.mark.parametrize("answer", [Missing(*OTHER.origin, 0, "forbidden"), Busy(5, *OTHER.origin, 0)])
def test_a_refusal_ends_the_fetch_and_the_next_begins(answer: Frame) -> None:
    peer, _ = fetching(10)
    assert peer.session.fetch(THIRD.origin, 0, 5) == []
    assert peer.session.fetch(OTHER.origin, 0, 10) == []
    actions = peer.session.receive(encode_frame(answer), 1.0)
    assert actions[0] == FetchEnded(OTHER.origin, complete=False, retry_s=getattr(answer, "retry", 0))
    (want,) = frames_in(actions)
    assert isinstance(want, Want)
    assert Origin(want.log, want.epoch) == THIRD.origin
    assert peer.session.receive(encode_frame(answer), 1.0) == []


def test_a_peer_that_is_busy_in_general_ends_no_fetch() -> None:
    peer, _ = fetching(10)
    assert peer.session.receive(encode_frame(Busy(5)), 1.0) == []
    assert peer.session.fetch(OTHER.origin, 0, 10) == []


def test_a_replica_takes_only_what_follows() -> None:
    log = Log(OTHER).grow(4)
    replica = Replica(4, log.checkpoint().root)
    with pytest.raises(Malformed, match="follow"):
        replica.grow(Entries(*OTHER.origin, 4, 1, log.entries[1:], []))
    assert replica.peaks.root() == Peaks().root()


def test_an_answer_that_comes_after_the_fetch_was_given_up_is_no_fault() -> None:
    """Whoever was slow, or busy with some of the ranges only, answers truly what was asked before."""
    short, log = Log(OTHER).grow(10), Log(OTHER).grow(12)
    peer, _ = fetching(10)
    assert peer.session.give_up(OTHER.origin) == [FetchEnded(OTHER.origin, complete=False)]
    assert peer.session.receive(entries_of(short, 0, 10), 1.0) == []
    peer.replicas[OTHER.origin] = Replica(12, log.checkpoint().root)
    peer.session.fetch(OTHER.origin, 0, 12)
    assert peer.session.receive(entries_of(short, 0, 10), 1.0) == []
    peer.do(peer.session.receive(entries_of(log, 0, 12), 1.0))
    assert ended(peer) == [FetchEnded(OTHER.origin, complete=True)]
