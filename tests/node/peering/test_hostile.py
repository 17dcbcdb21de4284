# SPDX-License-Identifier: AGPL-3.0-or-later
"""Peers that lie: refused, named, not asked again for an hour; and the others go on beside them (spec 09)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from aiohttp import ClientConnectionError, WSMsgType, web

import protocol.session
from node.peering import conversation, exchange, peer_table
from node.peering import link as links
from protocol.checkpoint import Checkpoint
from protocol.frames import (
    FRAME_BYTES_MAX,
    Auth,
    Bye,
    Cursor,
    Entries,
    HeadField,
    Heads,
    Hello,
    Missing,
    Ping,
    Resume,
    Want,
    auth_message,
    encode_frame,
)
from protocol.identity import show_log_id
from protocol.merkle import Node, leaf_hash
from protocol.note import Note, sign_note
from protocol.statement import SCOPE_PUBLIC
from tests.builders import Log, amend, found_organisation, make_charter, seeded, signing_key
from tests.node.peering.scripted import STORE, ScriptedPeer, head_field, range_of
from tests.node.running import NETWORK, RunningNode, fill, found, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from protocol.frames import Frame


async def _assert_banned(node: RunningNode, peer: ScriptedPeer) -> None:
    """The peer is named among the problems, and not heard when it comes again."""
    await until(lambda: peer.organisation.label in node.running.hub.problems)
    _, value = await node.get("/v1/peers")
    assert "false" in value["problems"][peer.organisation.label]
    assert value["peers"] == []
    size = len(node.running.hub._banned)
    before = node.tree(peer.organisation.log_id)
    async with ScriptedPeer(node.url, peer.organisation.label, 30) as again:
        await again.greet_and_authenticate()
        await again.announce()
        assert await again.ended() == "banned"
        assert not [frame for frame in again.heard if isinstance(frame, Resume | Want)]
    assert len(node.running.hub._banned) == size == 1
    assert node.tree(peer.organisation.log_id) == before


async def _assert_others_go_on(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "honest", 25) as honest:
        await honest.open()
        await honest.announce()
        await honest.serve()
        await until(lambda: node.holds(honest.organisation.log_id, 25))
    assert (await node.get("/healthz"))[0] == 200


def _altered_entry(log: Log, want: Want) -> Entries:
    good = range_of(log, want.from_, want.to)
    entry, payload = good.entries[3]
    bad = [*good.entries[:3], (entry[:-1] + bytes([entry[-1] ^ 1]), payload), *good.entries[4:]]
    return Entries(good.log, 1, good.size, good.from_, bad, good.proof)


def _false_proof(log: Log, want: Want) -> Entries:
    good = range_of(log, want.from_, 5)
    return Entries(good.log, 1, good.size, good.from_, good.entries, [seeded("lie"), *good.proof[1:]])


def _no_proof(log: Log, want: Want) -> Entries:
    good = range_of(log, want.from_, 5)
    return Entries(good.log, 1, good.size, good.from_, good.entries, [])


def _proof_of_too_much(log: Log, want: Want) -> Entries:
    good = range_of(log, want.from_, want.to)
    return Entries(good.log, 1, good.size, good.from_, good.entries, [seeded("lie")] * 64)


def _another_place(log: Log, want: Want) -> Entries:
    return range_of(log, want.from_ + 1, want.to)


def _more_than_asked(log: Log, want: Want) -> Entries:
    good = range_of(log, want.from_, want.to)
    return Entries(good.log, 1, good.size, good.from_, [*good.entries, good.entries[0]], good.proof)


def _another_size(log: Log, want: Want) -> Entries:
    good = range_of(log, want.from_, want.to)
    return Entries(good.log, 1, good.size + 1, good.from_, good.entries, good.proof)


FALSE_RANGES = (
    _altered_entry,
    _false_proof,
    _no_proof,
    _proof_of_too_much,
    _another_place,
    _more_than_asked,
    _another_size,
)


@pytest.mark.parametrize("lie", FALSE_RANGES, ids=lambda lie: lie.__name__.strip("_"))
async def test_a_false_range_is_refused(node: RunningNode, lie: Callable[[Log, Want], Entries]) -> None:
    async with ScriptedPeer(node.url, "liar", 20) as liar:
        await liar.open()
        await liar.announce()
        await liar.send(lie(liar.log, await liar.receive(Want)))
        assert await liar.ended() in {"false_range", "unasked"}
        tree = node.tree(liar.organisation.log_id)
        assert tree is not None
        assert (tree.size, tree.checkpoint_size) == (0, 0)
        await _assert_banned(node, liar)
    await _assert_others_go_on(node)


def _signed_by_another(log: Log) -> HeadField:
    text = log.checkpoint().text
    return head_field(log, bytes(Note(text, (sign_note(text, log.checkpoint().origin, signing_key("thief")),))))


def _with_charters_of_another(log: Log) -> HeadField:
    head = head_field(log)
    return type(head)(head.log, head.epoch, head.checkpoint, [found_organisation("victim").payload])


def _without_charters(log: Log) -> HeadField:
    head = head_field(log)
    return type(head)(head.log, head.epoch, head.checkpoint, [])


def _of_another_log(log: Log) -> HeadField:
    victim = found_organisation("victim")
    text = Checkpoint(str(victim.origin), 9, seeded("root")).text
    head = head_field(log)
    return type(head)(
        victim.log_id,
        1,
        bytes(Note(text, (sign_note(text, str(victim.origin), log.organisation.key),))),
        [victim.payload],
    )


def _not_a_note(log: Log) -> HeadField:
    return head_field(log, b"\xff" * 100)


FALSE_HEADS = (_signed_by_another, _with_charters_of_another, _without_charters, _of_another_log, _not_a_note)


@pytest.mark.parametrize("lie", FALSE_HEADS, ids=lambda lie: lie.__name__.strip("_"))
async def test_a_false_checkpoint_is_refused(node: RunningNode, lie: Callable[[Log], HeadField]) -> None:
    async with ScriptedPeer(node.url, "liar", 20) as liar:
        await liar.open()
        await liar.send(Heads([head_field(Log(found_organisation("bystander"))), lie(liar.log)]))
        assert await liar.ended() == "false_range"
        assert node.tree(found_organisation("victim").log_id) is None
        await _assert_banned(node, liar)
    await _assert_others_go_on(node)


async def test_two_histories_are_noticed_and_the_first_one_stays(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "forker", 10) as forker:
        await forker.open()
        await forker.announce()
        await forker.serve()
        await until(lambda: node.holds(forker.organisation.log_id, 10))
        await until(lambda: (tree := node.tree(forker.organisation.log_id)) and tree.derived == 10)
        held = node.tree(forker.organisation.log_id)
        other = Log(forker.organisation)
        for number in range(9):
            other.append(forker.log.entries[number % 3 + 1][1])
        await forker.send(Heads([head_field(other)]))
        await until(lambda: "forked" in node.running.hub.problems.get("forker", ""))
        assert node.tree(forker.organisation.log_id) == held
    await _assert_others_go_on(node)


GARBAGE = {
    "1 MiB of noise": seeded("noise") * (FRAME_BYTES_MAX // 32),
    "more than a frame": b"\x00" * (FRAME_BYTES_MAX + 1),
    "nothing": b"",
    "deep": b"\x91" * 1000,
    "a map that says it is huge": b"\xdf\xff\xff\xff\xff",
    "a huge array of arrays": b"\xdd\x00\x0f\xff\xff" + b"\x90" * 1_000_000,
    "not a frame": b"\x01",
    "a frame without fields": b"\x92\x05\xc0",
}


async def test_garbage_ends_the_connection(node: RunningNode) -> None:
    async def send(when: int, name: str, data: bytes) -> None:
        async with ScriptedPeer(node.url, f"noisy {name}") as peer:
            await (peer.connect, peer.greet, peer.open)[when]()
            await peer.socket.send_bytes(data)
            assert await peer.ended() in {"malformed", ""}, name

    await asyncio.gather(*(send(when, name, data) for when in (0, 1) for name, data in GARBAGE.items()))
    await until(lambda: not node.running.hub._links)
    assert node.running.hub._banned == {}, "only who proved to be somebody can be blamed"
    await asyncio.gather(*(send(2, name, data) for name, data in GARBAGE.items()))
    await until(lambda: not node.running.hub._links)
    assert 0 < len(node.running.hub._banned) <= len(GARBAGE)
    await _assert_others_go_on(node)


async def test_text_ends_the_connection(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.socket.send_str("hello")
        await peer.ended()
    await until(lambda: not node.running.hub._links)


BEFORE_AUTH: tuple[Frame, ...] = (
    Heads([]),
    Resume("all", b"", 0),
    Want(seeded("log"), 1, 1, 0, 1, 1000, payloads=True),
    Ping(1, reply=False),
    Cursor(STORE, 9),
    Missing(seeded("log"), 1, 0, "range"),
)


async def test_nothing_is_accepted_before_auth(node: RunningNode) -> None:
    for frame in BEFORE_AUTH:
        for first in ("HELLO", "AUTH"):
            async with ScriptedPeer(node.url, "hasty", 5) as peer:
                await (peer.connect() if first == "HELLO" else peer.greet())
                await peer.send(frame, *BEFORE_AUTH)
                assert await peer.ended() == "unexpected"
                assert not [heard for heard in peer.heard if isinstance(heard, Heads | Resume | Entries)]
    assert node.running.hub._banned == {}


async def test_a_false_auth_is_rejected(node: RunningNode) -> None:
    victim = found_organisation("victim")
    for key, role, network in (
        (signing_key("liar"), 0, NETWORK),
        (victim.key, 1, NETWORK),
        (victim.key, 0, "elsewhere"),
    ):
        async with ScriptedPeer(node.url) as peer:
            hello, nonce = await peer.greet(victim)
            message = auth_message(network, role, victim.log_id, nonce, hello.log, hello.nonce)
            await peer.send(Auth(key.public, key.sign(message)))
            assert await peer.ended() == "auth"
    assert node.running.hub.problems == {}


async def test_a_thief_with_a_removed_key_is_not_let_in_where_the_amendment_is_known(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "LEARN_S", 0.5)
    async with ScriptedPeer(node.url, "moot", 3) as owner:
        new, moot = signing_key("new key"), owner.organisation
        amendment = amend(moot, make_charter("moot", 1, keys=[new.public]))
        checkpoint = owner.log.checkpoint()
        note = bytes(Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, new),)))
        await owner.open()
        await owner.send(Heads([HeadField(moot.log_id, 1, note, [moot.payload, amendment])]), Cursor(STORE, 1))
        await owner.serve()
        await until(lambda: node.holds(moot.log_id, 3))
    await until(lambda: not node.running.hub._links)
    async with ScriptedPeer(node.url, "moot", 9) as thief:
        await thief.greet_and_authenticate()
        (told,) = (await thief.receive(Heads)).heads
        assert (told.log, len(told.charters)) == (moot.log_id, 2)  # it may be a node that was put back
        await thief.announce()
        assert await thief.ended() == "auth"
    assert node.running.hub._banned == {}


async def test_an_auth_of_yesterday_does_not_serve_today(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        hello, nonce = await peer.greet()
        me = peer.organisation
        replayed = Auth(me.key.public, me.key.sign(auth_message(NETWORK, 0, me.log_id, nonce, hello.log, hello.nonce)))
    async with ScriptedPeer(node.url) as peer:
        await peer.greet()
        await peer.send(replayed)
        assert await peer.ended() == "auth"


async def test_nobody_is_blamed_for_what_another_says_in_their_name(node: RunningNode) -> None:
    """HELLO proves nothing: charters are public. What follows without AUTH must not get their owner banned."""
    victim = found_organisation("victim")
    async with ScriptedPeer(node.url, "impostor") as impostor:
        await impostor.greet(victim)
        await impostor.socket.send_bytes(b"\xff" * 100)
        assert await impostor.ended() == "malformed"
    await until(lambda: not node.running.hub._links)
    assert (node.running.hub._banned, node.running.hub.problems) == ({}, {})
    async with ScriptedPeer(node.url, "victim", 3) as honest:
        await honest.open()
        await honest.announce()
        await honest.serve()
        await until(lambda: node.holds(victim.log_id, 3))


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"versions": [2, 3]}, "version"),
        ({"network": "elsewhere"}, "network"),
        ({"role": 1}, "role"),
        ({"charters": []}, "charter"),
        ({"charters": [b"\xc0"]}, "charter"),
        ({"log": seeded("another")}, "charter"),
    ],
)
async def test_a_hello_that_does_not_fit_is_rejected(node: RunningNode, hello: dict[str, Any], code: str) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.connect()
        me = peer.organisation
        fitting = Hello([1], NETWORK, me.log_id, seeded("nonce"), 0, [], [me.payload])
        await peer.send(msgspec.structs.replace(fitting, **hello))
        assert await peer.ended() == code


async def test_a_second_connection_of_the_same_peer_is_not_kept(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as first, ScriptedPeer(node.url) as second:
        await first.open()
        await second.greet_and_authenticate()
        assert await second.ended() == "known"
        assert not (await first.receive(Ping)).reply
        await first.send(Ping(5, reply=False))
        assert (await first.receive(Ping)).reply
        assert len(node.running.hub.peers()) == 1


@pytest.mark.usefixtures("_impatient")
async def test_a_dead_connection_gives_way_to_the_next_one(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer lost it, and this side has not noticed."""
    monkeypatch.setattr(protocol.session, "PROBE_S", 0.1)
    async with ScriptedPeer(node.url) as dead, ScriptedPeer(node.url) as second, ScriptedPeer(node.url) as third:
        await dead.open()
        await second.greet_and_authenticate()
        assert await second.ended() == "known"
        assert await dead.ended() == "timeout"
        await third.open()
        assert len(node.running.hub.peers()) == 1


async def test_whoever_says_nothing_is_closed(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "TICK_S", 0.02)
    monkeypatch.setattr("protocol.session.OPENING_S", 0.1)
    async with ScriptedPeer(node.url) as silent, ScriptedPeer(node.url) as half:
        await silent.connect()
        await half.greet()
        assert await silent.ended() == await half.ended() == "timeout"
    monkeypatch.setattr("protocol.session.OPENING_S", 10)
    monkeypatch.setattr("protocol.session.SILENCE_S", 0.1)
    async with ScriptedPeer(node.url) as open_:
        await open_.open()
        assert await open_.ended() == "timeout"


async def test_inbound_connections_are_capped(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_table, "INBOUND_MAX", 2)
    async with (
        ScriptedPeer(node.url, "a") as one,
        ScriptedPeer(node.url, "b") as two,
        ScriptedPeer(node.url, "c") as three,
    ):
        await one.open()
        await two.open()
        with pytest.raises(AssertionError, match="1013"):
            await three.connect()
        assert len(node.running.hub._links) == 2


async def test_wants_without_end_are_put_off_and_others_go_on(node: RunningNode) -> None:
    fill(node.ledger, 600)
    want = Want(node.log_id, 1, 613, 0, 613, 262_144, payloads=True)
    took = []
    async with ScriptedPeer(node.url, "greedy") as greedy:
        await greedy.open()

        async def ask() -> None:
            with_frames = encode_frame(want)
            while True:
                await greedy.socket.send_bytes(with_frames)

        async def take() -> None:
            while (message := await greedy.socket.receive()).type is WSMsgType.BINARY:
                answers[message.data[1]] = answers.get(message.data[1], 0) + 1

        answers: dict[int, int] = {}
        asking, taking = asyncio.create_task(ask()), asyncio.create_task(take())
        for _ in range(5):
            begun = time.monotonic()
            assert (await node.get("/v1/records", params={"q": "commons"}))[0] == 200
            took.append(time.monotonic() - begun)
        await _assert_others_go_on(node)
        asking.cancel()
        taking.cancel()
        await asyncio.gather(asking, taking, return_exceptions=True)
    assert answers.get(10), "BUSY"
    assert max(took) < 2


async def test_whoever_asks_and_does_not_take_gets_little(node: RunningNode) -> None:
    """Answers that nobody takes are not piled up: each may have 256 KiB."""
    fill(node.ledger, 600)
    want = encode_frame(Want(node.log_id, 1, 613, 0, 613, 262_144, payloads=True))
    async with ScriptedPeer(node.url, "deaf") as deaf:
        await deaf.open()
        reading = deaf.socket._response.connection
        assert reading is not None
        assert reading.transport is not None
        reading.transport.pause_reading()
        with_link = next(iter(node.running.hub._links))
        try:
            async with asyncio.timeout(5):
                while with_link in node.running.hub._links:
                    await deaf.socket.send_bytes(want)
                    waiting = list(with_link._outgoing._queue)  # type: ignore[attr-defined] # to weigh it
                    assert sum(map(len, waiting)) < 3_000_000
                    if sum(map(len, waiting)) > 500_000 and len(with_link._serving) >= conversation.SERVING_MAX:
                        break
        except (ClientConnectionError, ConnectionError):
            pass  # the node hung up, which is as good
        await _assert_others_go_on(node)


def _append_raw(log: Log, entry: bytes) -> None:
    """An entry of any bytes, without a payload."""
    log.entries.append((entry, b""))
    log._peaks.append(leaf_hash(entry), lambda level, number, value: log._hashes.update({Node(level, number): value}))


async def test_entries_that_are_faulty_in_themselves_do_not_stop_the_log(node: RunningNode) -> None:
    """They are set aside and named, the others count, and the log is passed on as it is (spec 03 §4)."""
    async with ScriptedPeer(node.url, "careless", 3) as peer:
        log = peer.log
        log.append(b"\xc0")
        _append_raw(log, b"\x01")
        log.append(log.entries[2][1], scope=SCOPE_PUBLIC)
        await peer.open()
        await peer.announce()
        await peer.serve()
        await until(lambda: node.holds(peer.organisation.log_id, 6))
        node.ledger.writer.settle()
        size = log.size
        await peer.send(Want(peer.organisation.log_id, 1, size, 0, size, 262_144, payloads=True))
        served = await peer.receive(Entries)
        assert [entry for entry, _ in served.entries] == [entry for entry, _ in log.entries]
        assert [bool(payload) for _, payload in served.entries] == [True, True, True, False, False, True]
    for path in ("tile/entries/000.p/6", "tile/0/000.p/6", "checkpoint"):
        async with node.client.get(f"{node.url}/log/{show_log_id(peer.organisation.log_id)}/1/{path}") as answer:
            assert answer.status == 200
    answered, value = await node.get(f"/v1/log/{show_log_id(peer.organisation.log_id)}/1/entries/4")
    assert (answered, value["verdict"]) == (200, "entry_form")


async def test_one_poison_entry_among_a_thousand_does_not_stop_the_others(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "poisoned", 500) as peer:
        log, log_id = peer.log, peer.organisation.log_id
        log.append(b"\xc0")
        log.grow(1_000)
        await peer.open()
        await peer.announce()
        await peer.serve()
        await until(lambda: node.holds(log_id, 1_000))
    node.ledger.writer.settle()
    with node.ledger.store.read() as reads:
        (tree,) = reads.epochs(log_id)
        assert tree.derived == 1_000
        assert [row.position for row in reads.entries(tree.tree, 0, 1_000) if row.payload is None] == [500]


async def test_an_entry_that_no_tile_can_hold_is_refused(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, "huge", 3) as peer:
        _append_raw(peer.log, b"\x00" * 70_000)
        await peer.open()
        await peer.announce()
        await peer.receive(Want)
        await peer.send(range_of(peer.log, 0, 4))
        assert await peer.ended() == "false_range"
        tree = node.tree(peer.organisation.log_id)
        assert tree is not None
        assert tree.size == 0


async def test_a_fault_of_ours_ends_one_connection_only(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain = conversation.verify_head  # type: ignore[attr-defined] # looked up where it is used

    def fail(note: bytes, charters: Any) -> Any:
        if charters == [found_organisation("unlucky").payload]:
            raise RuntimeError("a fault")
        return plain(note, charters)

    monkeypatch.setattr(conversation, "verify_head", fail)
    async with ScriptedPeer(node.url, "unlucky", 3) as peer:
        await peer.open()
        await peer.announce()
        assert await peer.ended() == "fault"
    assert "a fault" in caplog.text
    assert node.running.hub._banned == {}
    await _assert_others_go_on(node)


async def test_problems_and_bans_do_not_grow_without_end(node: RunningNode) -> None:
    hub = node.running.hub
    for number in range(3 * exchange.PROBLEMS_MAX):
        hub.tell_problem(f"peer {number}", "wrong")
    assert len(hub.problems) == exchange.PROBLEMS_MAX
    assert f"peer {3 * exchange.PROBLEMS_MAX - 1}" in hub.problems
    hub._banned = {seeded(str(number)): 0.0 for number in range(100)}
    hub._ban(seeded("new"))
    assert list(hub._banned) == [seeded("new")]


async def test_no_more_than_so_many_peers_are_dialled(node: RunningNode) -> None:
    hub = node.running.hub
    for number in range(exchange.OUTBOUND_MAX):
        hub.dial(f"http://127.0.0.1:1/{number}", trusted=True, found=True)
    assert len(hub._dialled) == exchange.OUTBOUND_MAX // 2, "half of the room is for peers named by the operator"
    hub.dial("http://127.0.0.1:1/named", trusted=True)
    assert "http://127.0.0.1:1/named" in hub._dialled
    for number in range(exchange.OUTBOUND_MAX // 2):
        hub.lose(f"http://127.0.0.1:1/{number}")
    hub.lose("http://127.0.0.1:1/named")
    assert list(hub._dialled) == ["http://127.0.0.1:1/named"], "what the operator named is dialled on"


@pytest.mark.usefixtures("_impatient")
async def test_a_lying_server_that_was_dialled_is_left(tmp_path: Path, unused_tcp_port: int) -> None:
    """The node dials, gets a rejection or garbage, and stays in order."""

    async def lie(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("folkmoot.1",))
        await socket.prepare(request)
        visits.append(1)
        if len(visits) % 2:
            await socket.send_bytes(encode_frame(Bye("go away", 0)))
        else:
            await socket.send_bytes(b"\xff" * 1000)
        return socket

    visits: list[int] = []
    application = web.Application()
    application.router.add_get("/gossip", lie)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    node = await RunningNode(found(tmp_path / "moot", "Moot"), seeds=(f"http://127.0.0.1:{unused_tcp_port}",)).start()
    try:
        await until(lambda: len(visits) > 3)
        await _assert_others_go_on(node)
    finally:
        await node.stop()
        await runner.cleanup()
