# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §1 to §4: the opening of a session, its times, and frames that do not belong."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.actions import Action, Close, Hear, Me, Opened, Send
from protocol.charter import establish
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.frames import (
    Auth,
    Bye,
    Fork,
    Frame,
    GetHeads,
    Heads,
    Hello,
    Ping,
    Reject,
    Resume,
    Skip,
    Want,
    decode_frame,
    encode_frame,
)
from protocol.identity import Origin
from protocol.session import Session, State
from tests.builders import Log, found_organisation, make_charter, seeded, signing_key
from tests.builders import amend as amend_charter
from tests.drawing import draws
from tests.protocol.peer import Peer, connect, deliver
from tests.protocol.strategies import damaged, hostile
from tests.protocol.test_frames import frames
from tests.protocol.vectors import Case, vectors

ONE, OTHER = found_organisation("one"), found_organisation("other")


def pair() -> tuple[Peer, Peer]:
    return Peer(ONE, 0), Peer(OTHER, 1)


def hello(peer: Peer) -> Hello:
    (action,) = peer.session.start()
    assert isinstance(action, Send)
    frame = decode_frame(action.data)
    assert isinstance(frame, Hello)
    return frame


def frames_in(actions: list[Action]) -> list[Frame | None]:
    return [decode_frame(action.data) for action in actions if isinstance(action, Send)]


def session_of(own: Hello) -> Session:
    """The session of a node that said this HELLO."""
    me = Me(own.network, own.log, signing_key("any"), tuple(own.charters), own.role, own.nonce)
    session = Session(me, 0.0)
    assert frames_in(session.start()) == [msgspec.structs.replace(own, versions=[1], features=[])]
    return session


def hello_in(text: str) -> Hello:
    frame = decode_frame(bytes.fromhex(text))
    assert isinstance(frame, Hello)
    return frame


@vectors("09-gossip", "hello")
def test_hello_vectors(case: Case) -> None:
    session = session_of(hello_in(case["own_hello_hex"]))
    actions = session.receive(bytes.fromhex(case["other_hello_hex"]), 0.0)
    if case["valid"]:
        assert [type(frame) for frame in frames_in(actions)] == [Auth]
        keys = establish(hello_in(case["other_hello_hex"]).charters).charter.keys
        assert [key.hex() for key in keys] == case["keys_hex"]
    else:
        assert frames_in(actions) == [Reject(case["reason"])]
        assert session.state is State.CLOSED


@vectors("09-gossip", "auth")
def test_auth_vectors(case: Case) -> None:
    session = session_of(hello_in(case["own_hello_hex"]))
    session.receive(bytes.fromhex(case["other_hello_hex"]), 0.0)
    actions = session.receive(bytes.fromhex(case["auth_hex"]), 0.0)
    if case["valid"]:
        assert [type(action) for action in actions] == [Opened]
        assert session.state is State.OPEN
    else:
        assert frames_in(actions) == [Reject(case["reason"])]
        assert session.state is State.CLOSED


@vectors("09-gossip", "frame_malformed")
def test_a_malformed_frame_ends_the_session_whenever_it_comes(case: Case) -> None:
    for opened in (False, True):
        one, other = pair()
        if opened:
            connect(one, other)
        actions = one.session.receive(bytes.fromhex(case["frame_hex"]), 0.0)
        assert frames_in(actions) == [Bye("malformed", 0)]
        assert actions[1:] == [Close("malformed", fault=True)]


def test_two_nodes_open_a_session_and_know_each_other() -> None:
    one, other = pair()
    connect(one, other)
    assert one.is_open
    assert other.is_open
    for peer, organisation in ((one, OTHER), (other, ONE)):
        assert peer.session.peer is not None
        assert peer.session.peer.log_id == organisation.log_id
        assert [type(action).__name__ for action in peer.done] == ["Opened", "TellSince", "TakeCursor"]


def test_a_node_proves_itself_by_the_key_in_force() -> None:
    old, new = ONE.key, signing_key("new key")
    charters = (ONE.payload, amend_charter(ONE, make_charter("one", 1, keys=[new.public])))
    for key, opens in ((old, False), (new, True)):
        one, other = pair()
        one.session = Session(Me("folkmoot", ONE.log_id, key, charters, 0, seeded("nonce")), 0.0)
        connect(one, other)
        assert other.is_open is opens
        assert opens or other.closed == Close("auth", fault=False)


def test_who_the_other_is_counts_only_once_it_is_proved() -> None:
    one, other = pair()
    one.session.receive(encode_frame(hello(other)), 0.0)
    assert one.session.state is State.AUTHENTICATING
    assert one.done == []
    for action in (one.session.push(one.heads()), one.session.fetch(ONE.origin, 0, 5), one.session.tell([], b"", 0)):
        assert action == []


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (Peer(ONE, 0, network="test"), Peer(OTHER, 1), "network"),
        (Peer(ONE, 0), Peer(ONE, 1, nonce="again"), "self"),
        (Peer(ONE, 0), Peer(OTHER, 0), "role"),
        (Peer(ONE, 1), Peer(OTHER, 1), "role"),
    ],
)
def test_who_does_not_belong_together_parts(one: Peer, other: Peer, code: str) -> None:
    connect(one, other)
    assert one.closed == other.closed == Close(code, fault=False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"versions": [2, 3]}, "version"),
        ({"versions": []}, "version"),
        ({"charters": []}, "charter"),
        ({"charters": [ONE.payload]}, "charter"),
        ({"charters": [OTHER.payload, OTHER.payload]}, "charter"),
        ({"log": seeded("nobody")}, "charter"),
    ],
)
def test_a_hello_that_is_not_in_order_is_rejected(change: dict[str, object], code: str) -> None:
    one, other = pair()
    said = msgspec.structs.replace(hello(other), **change)
    assert frames_in(one.session.receive(encode_frame(said), 0.0)) == [Reject(code)]
    assert one.session.state is State.CLOSED


def authenticating(nonce: str = "") -> tuple[Peer, Peer, bytes, bytes]:
    """Two that have heard each other's HELLO, and the AUTH that each of them has sent."""
    one, other = Peer(ONE, 0, nonce=nonce), Peer(OTHER, 1, nonce=nonce)
    sent = []
    for peer, said in ((one, hello(other)), (other, hello(one))):
        (action,) = peer.session.receive(encode_frame(said), 0.0)
        assert isinstance(action, Send)
        sent.append(action.data)
    return one, other, sent[0], sent[1]


def test_an_auth_of_an_earlier_session_is_refused() -> None:
    *_, earlier = authenticating("earlier")
    one, _, _, auth = authenticating("now")
    assert frames_in(one.session.receive(earlier, 0.0)) == [Reject("auth")]
    one, *_ = authenticating("now")
    assert one.session.receive(auth, 0.0)[0] == Opened(establish([OTHER.payload]))


def test_an_auth_sent_back_is_refused() -> None:
    one, other, from_one, from_other = authenticating()
    assert frames_in(one.session.receive(from_one, 0.0)) == [Reject("auth")]
    assert frames_in(other.session.receive(from_other, 0.0)) == [Reject("auth")]


def test_an_auth_relayed_from_another_conversation_is_refused() -> None:
    middle = Peer(found_organisation("middle"), 1)
    one, *_ = authenticating()
    one_to_middle = Peer(ONE, 0)
    one_to_middle.session.receive(encode_frame(hello(middle)), 0.0)
    (relayed,) = middle.session.receive(encode_frame(hello(one_to_middle)), 0.0)
    assert isinstance(relayed, Send)
    assert frames_in(one.session.receive(relayed.data, 0.0)) == [Reject("auth")]


@given(frames)
def test_nothing_but_hello_and_then_auth_is_accepted_before_it(frame: Frame) -> None:
    leaving = (Reject, Bye)
    fresh, _ = pair()
    waiting, *_ = authenticating()
    for peer, awaited in ((fresh, Hello), (waiting, Auth)):
        actions = peer.session.receive(encode_frame(frame), 0.0)
        assert peer.session.state is State.CLOSED
        ends = [action for action in actions if isinstance(action, Close)]
        assert len(ends) == 1
        assert all(isinstance(action, Send | Close) for action in actions)
        assert isinstance(frame, (*leaving, awaited)) or ends == [Close("unexpected", fault=True)]


@draws(100)
@given(st.lists(hostile | damaged(frames.map(encode_frame)) | frames.map(encode_frame), max_size=6), st.integers(0, 2))
def test_no_frames_break_a_session(received: list[bytes], stage: int) -> None:
    peer = (pair()[0], authenticating()[0], opened()[0])[stage]
    for number, data in enumerate(received):
        actions = peer.session.receive(data, float(number))
        assert peer.session.state is not State.CLOSED or any(isinstance(action, Close) for action in actions)
        if peer.session.state is State.CLOSED:
            assert peer.session.receive(data, 9.0) == []
            return
        peer.session.tick(float(number))


def opened(*logs: Log) -> tuple[Peer, Peer]:
    one, other = Peer(ONE, 0), Peer(OTHER, 1, logs)
    connect(one, other)
    return one, other


def test_unknown_frames_are_ignored() -> None:
    one, _ = opened()
    assert one.session.receive(encode([99, {"a": 1}]), 0.0) == []
    assert one.is_open


@pytest.mark.parametrize("frame", [Hello([1], "folkmoot", bytes(32), bytes(32), 1, [], []), Auth(bytes(32), bytes(64))])
def test_a_second_opening_is_a_fault(frame: Frame) -> None:
    one, _ = opened()
    assert one.session.receive(encode_frame(frame), 0.0)[1:] == [Close("unexpected", fault=True)]


@pytest.mark.parametrize(("frame", "retry"), [(Bye("going", 30), 30), (Reject("known"), 0)])
def test_who_leaves_is_let_go_without_an_answer(frame: Frame, retry: int) -> None:
    for peer in (pair()[0], authenticating()[0], opened()[0]):
        actions = peer.session.receive(encode_frame(frame), 0.0)
        assert actions == [Close("going" if retry else "known", fault=False, retry_s=retry)]


def test_what_is_closed_says_and_does_nothing_more() -> None:
    one, other = opened()
    assert frames_in(one.session.close("going", 30)) == [Bye("going", 30)]
    session = one.session
    assert session.receive(encode_frame(Ping(1, reply=False)), 1.0) == []
    assert session.tick(1000.0) == session.close("again") == session.refuse("again") == []
    assert session.push(other.heads()) == session.tell([], bytes(16), 0) == session.stored(ONE.origin) == []


def test_an_opening_that_takes_too_long_is_given_up() -> None:
    for peer in (pair()[0], authenticating()[0]):
        assert peer.session.tick(9.9) == []
        assert peer.session.tick(10.1) == [*peer_bye("timeout"), Close("timeout", fault=False)]


def peer_bye(code: str) -> list[Action]:
    return [Send(encode_frame(Bye(code, 0)))]


def test_silence_is_broken_by_a_ping_and_ends_the_session_in_the_end() -> None:
    one, other = opened()
    assert one.session.tick(29.9) == []
    assert frames_in(one.session.tick(30.1)) == [Ping(30, reply=False)]
    assert one.session.tick(31.0) == []
    (answered,) = other.session.receive(encode_frame(Ping(30, reply=False)), 30.1)
    assert answered == Send(encode_frame(Ping(30, reply=True)))
    assert isinstance(answered, Send)
    assert one.session.receive(answered.data, 30.2) == []
    assert one.session.tick(60.0) == []
    for moment in (60.3, 90.0, 119.9):
        one.session.tick(moment)
        assert one.is_open
    assert one.session.tick(120.3) == [*peer_bye("timeout"), Close("timeout", fault=False)]


def test_a_session_that_is_asked_for_a_sign_of_life_ends_without_one() -> None:
    one, _ = opened()
    assert frames_in(one.session.probe(5.0)) == [Ping(5, reply=False)]
    assert one.session.probe(6.0) == [], "once is enough"
    one.session.receive(encode_frame(Ping(5, reply=True)), 14.0)
    assert one.session.tick(15.1) == []
    assert frames_in(one.session.probe(20.0)) == [Ping(20, reply=False)]
    assert one.session.tick(30.0) == []
    assert one.session.tick(30.1) == [*peer_bye("timeout"), Close("timeout", fault=False)]
    assert one.session.probe(31.0) == []


def test_resume_is_sent_again_when_nothing_was_heard_of_heads() -> None:
    one, _ = opened()
    resumes = []
    for second in range(1, 200):
        one.session.receive(encode_frame(Ping(second, reply=True)), float(second))
        resumes += [(second, frame) for frame in frames_in(one.session.tick(float(second)))]
    cursor = Resume("all", b"", 0)
    assert [(second, frame) for second, frame in resumes if isinstance(frame, Resume)] == [
        (61, cursor),
        (122, cursor),
        (183, cursor),
    ]
    one.session.receive(encode_frame(Heads([])), 183.5)
    one.session.receive(encode_frame(Ping(1, reply=True)), 243.0)
    assert one.session.tick(243.4) == []


def test_a_want_is_handed_to_the_driver() -> None:
    one, other = opened(Log(OTHER).grow(3))
    deliver(one, other)
    want = Want(OTHER.log_id, 1, 3, 1, 3, 1000, payloads=True)
    (action,) = other.session.receive(encode_frame(want), 1.0)
    assert getattr(action, "want", None) == want


def test_errands_are_handed_to_the_driver_and_leave_the_session_as_it_is() -> None:
    one, other = opened(Log(OTHER).grow(3))
    deliver(one, other)
    for errand in (GetHeads([OTHER.log_id]), Skip([OTHER.log_id], "unknown"), Fork(b"a proof")):
        (send,) = one.session.say(errand)
        assert isinstance(send, Send)
        assert other.session.receive(send.data, 1.0) == [Hear(errand)]
    assert other.session.state is State.OPEN


def test_each_end_opens_what_the_other_sealed_and_nothing_of_another_session() -> None:
    one, other = opened()
    again, fresh = Peer(ONE, 0), Peer(OTHER, 1, nonce="fresh")
    connect(again, fresh)
    origin = Origin(OTHER.log_id, 1)
    sealed = one.session.seal.seal(b"text", origin, 3)
    assert one.session.seal is one.session.seal
    assert other.session.seal.open(sealed, origin, 3) == b"text"
    with pytest.raises(Malformed):
        fresh.session.seal.open(sealed, origin, 3)
