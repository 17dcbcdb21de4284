# SPDX-License-Identifier: AGPL-3.0-or-later
"""Honest nodes: they find each other's entries, resume where they stopped, and pass on what they hold (spec 09)."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import StoreUnusableError
from ledger.held import replica
from ledger.held.serving import serve_range
from ledger.keeping.audit import audit
from node.peering import conversation, exchange, patience, taking
from node.peering import link as links
from protocol import fetch, session
from protocol.frames import Busy, Cursor, Heads, Resume, Want
from tests.node.peering.scripted import STORE, ScriptedPeer, head_field, range_of
from tests.node.running import RunningNode, fill, found, record, until

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sqlite.store import Snapshot
    from protocol.frames import Entries, Missing

Three = tuple[RunningNode, RunningNode, RunningNode]
SMALL_RANGE_BYTES = 16_384


@pytest.fixture
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges of a few dozen entries, so that a small log takes many."""
    monkeypatch.setattr(session, "RANGE_BYTES_MAX", SMALL_RANGE_BYTES)
    monkeypatch.setattr(fetch, "RANGE_BYTES_MAX", SMALL_RANGE_BYTES)


class Tap:
    """Stands between nodes and their stores: notes the ranges that are served, and can hold them back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, hold_after: int = 10**9) -> None:
        self.served: list[tuple[int, int]] = []
        self.held = threading.Event()
        self._go_on = threading.Event()
        self._hold_after = hold_after
        monkeypatch.setattr(conversation, "serve_range", self._serve)

    def release(self) -> None:
        """Lets everything through from now on."""
        self._hold_after = 10**9
        self._go_on.set()

    def _serve(self, reads: Snapshot, want: Want) -> Entries | Missing:
        if len(self.served) >= self._hold_after:
            self.held.set()
            self._go_on.wait(10)
        answer = serve_range(reads, want)
        self.served.append((want.from_, want.from_ + len(getattr(answer, "entries", []))))
        return answer


def _entries(node: RunningNode, log_id: bytes) -> list[Any]:
    tree = node.tree(log_id)
    assert tree is not None
    with node.ledger.store.read() as reads:
        return list(reads.entries(tree.tree, 0, tree.size))


async def test_seeds_are_dialled_and_logs_replicate_both_ways(tmp_path: Path) -> None:
    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    fill(alder.ledger, 700)
    birch = RunningNode(found(tmp_path / "birch", "Birch"), seeds=(alder.url + "/",))
    try:
        await birch.start()
        await until(lambda: birch.holds(alder.log_id, 701) and alder.holds(birch.log_id, 1))
        assert _entries(birch, alder.log_id) == _entries(alder, alder.log_id)
        birch.ledger.writer.settle()
        _, page = await birch.get("/v1/records", params={"q": "commons 0699"})
        assert page["total"] == 1
        _, logs = await birch.get("/v1/log")
        assert {log["name"]["en"]: (log["size"], log["complete"]) for log in logs["logs"]} == {
            "Alder": (701, True),
            "Birch": (1, True),
        }
        _, peers = await birch.get("/v1/peers")
        assert [(p["name"], p["direction"], p["received_entries"]) for p in peers["peers"]] == [("Alder", "out", 701)]
    finally:
        await birch.stop()
        await alder.stop()


async def test_what_is_written_is_pushed_on_within_two_seconds(three: Three) -> None:
    alder, birch, cedar = three
    birch.running.hub.dial(alder.url, trusted=True)
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(alder.log_id, 1))
    begun = time.monotonic()
    body = {"kind": "place", "name": {"en": "Orchard"}, "licence": "CC0-1.0"}
    entry = {"kind": "record.put", "body": {"record": body}, "id": "44" * 16}
    assert (await alder.post("/v1/entries", {"entries": [entry]}))[0] == 201
    while (await cedar.get("/v1/records", params={"q": "orchard"}))[1]["total"] == 0:
        assert time.monotonic() - begun < 2
        await asyncio.sleep(0.02)


async def test_a_log_is_had_from_another_when_its_owner_is_gone(three: Three) -> None:
    alder, birch, cedar = three
    fill(alder.ledger, 300)
    gone = alder.log_id
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.holds(gone, 301))
    held = _entries(birch, gone)
    await alder.stop()
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(gone, 301))
    assert _entries(cedar, gone) == held
    found_ = audit(cedar.ledger.store)
    assert (found_.faults, found_.logs) == ([], 3 if cedar.tree(birch.log_id) else 2)
    assert found_.signatures >= 301


@pytest.mark.usefixtures("_small_ranges")
async def test_an_interrupted_transfer_goes_on_where_it_stopped(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    alder, birch, _ = three
    fill(alder.ledger, 500)
    wanted, size = alder.log_id, 501
    tap = Tap(monkeypatch, hold_after=4)
    birch.running.hub.dial(alder.url, trusted=True)
    await until(tap.held.is_set)
    await until(lambda: (tree := birch.tree(wanted)) is not None and tree.size >= tap.served[0][1])
    await birch.stop()
    tap.release()
    await birch.start()
    tree = birch.tree(wanted)
    assert tree is not None
    held, before = tree.size, len(tap.served)
    assert 0 < held < size
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.holds(wanted, size))
    again = [span for span in tap.served[before:] if span[0] < held]
    assert len(again) <= fetch.IN_FLIGHT_MAX, "only what was on its way at the time of the stop may come twice"
    assert min(span[0] for span in tap.served[-3:]) >= held
    received = [link.received_entries for link in birch.running.hub._links]
    assert received == [size - held]
    assert audit(birch.ledger.store).faults == []


@pytest.mark.usefixtures("_small_ranges")
async def test_a_cut_connection_is_dialled_again(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    alder, birch, _ = three
    fill(alder.ledger, 300)
    tap = Tap(monkeypatch, hold_after=3)
    birch.running.hub.dial(alder.url, trusted=True)
    await until(tap.held.is_set)
    for link in list(birch.running.hub._links):
        assert isinstance(link, links.Link)
        transport = link._socket.get_extra_info("socket")
        link._socket._writer.transport.abort()  # type: ignore[union-attr] # as if a cable was pulled
        assert transport is not None
    tap.release()
    await until(lambda: birch.holds(alder.log_id, 301))
    assert birch.ledger.writer._thread.is_alive()
    fill(birch.ledger, 3)
    await until(lambda: alder.holds(birch.log_id, 4))


@pytest.mark.usefixtures("_small_ranges")
async def test_a_log_that_grows_while_it_is_fetched(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    """News of a larger checkpoint must not make what was asked under the smaller one look false."""
    alder, birch, _ = three
    fill(alder.ledger, 200)
    tap = Tap(monkeypatch, hold_after=0)
    birch.running.hub.dial(alder.url, trusted=True)
    await until(tap.held.is_set)
    fill(alder.ledger, 5, 200)
    await until(lambda: (tree := birch.tree(alder.log_id)) is not None and tree.head_size == 206)
    tap.release()
    await until(lambda: birch.holds(alder.log_id, 206))
    assert (birch.running.hub.problems, birch.running.hub._banned) == ({}, {})


async def test_both_dial_at_once_and_keep_one_connection(three: Three) -> None:
    for node in three:
        for other in three:
            if other is not node:
                node.running.hub.dial(other.url, trusted=True)
    alder, birch, cedar = three
    await until(
        lambda: alder.connected(birch, cedar) and birch.connected(alder, cedar) and cedar.connected(alder, birch)
    )
    fill(alder.ledger, 3)
    await until(lambda: birch.holds(alder.log_id, 4) and cedar.holds(alder.log_id, 4))
    for node in three:
        peers = [(link.session.me.role == 0, link.session.peer) for link in node.running.hub._links]
        smaller = [peer for dialled, peer in peers if peer and dialled == (node.log_id < peer.log_id)]
        assert len(smaller) == 2, "the connection that stays is the one that the smaller log id opened"


async def test_nobody_talks_to_themselves_or_to_another_network(three: Three, tmp_path: Path) -> None:
    alder, birch, _ = three
    stranger = await RunningNode(found(tmp_path / "dogwood", "Dogwood"), network="elsewhere").start()
    try:
        alder.running.hub.dial(alder.url, trusted=True)
        birch.running.hub.dial(stranger.url, trusted=True)
        await until(lambda: alder.url in alder.running.hub.problems and stranger.url in birch.running.hub.problems)
        assert "self" in alder.running.hub.problems[alder.url]
        assert "network" in birch.running.hub.problems[stranger.url]
    finally:
        await stranger.stop()


async def test_a_busy_peer_is_asked_again_and_its_cursor_waits(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cursor is kept only when everything before it is stored; until then the peer tells of it again."""
    monkeypatch.setattr(links, "TICK_S", 0.05)
    monkeypatch.setattr(session, "RESUME_S", 0.1)

    def cursor() -> tuple[bytes, int]:
        with node.ledger.store.read() as reads:
            kept: tuple[bytes, int] = reads.cursor(peer.organisation.log_id)
            return kept

    async with ScriptedPeer(node.url, "busy", 20) as peer:
        await peer.open()
        await peer.announce(upto=7)
        want = await peer.receive(Want)
        await peer.send(Busy(1, want.log, want.epoch, want.from_))
        assert (await peer.receive(Resume)).cursor == 0
        assert cursor() == (b"", 0)
        await peer.announce(upto=7)
        await peer.serve()
        await until(lambda: cursor() == (STORE, 7))
        assert node.holds(peer.organisation.log_id, 20)


async def test_a_log_half_fetched_from_one_is_had_from_another(node: RunningNode) -> None:
    """A peer that holds less than the largest known checkpoint still gives what it has."""
    async with ScriptedPeer(node.url, "owner", 30) as owner, ScriptedPeer(node.url, "relay", 1) as relay:
        shorter = bytes(owner.log.note())
        earlier = range_of(owner.log, 0, 30)
        owner.log.grow(40)
        await owner.open()
        await owner.announce()
        await owner.receive(Want)
        await owner.socket.close()
        await relay.open()
        await relay.send(Heads([head_field(owner.log, shorter)]), Cursor(STORE, 1))
        want = await relay.receive(Want)
        assert (want.size, want.from_) == (30, 0)
        await relay.send(earlier)
        await until(lambda: (tree := node.tree(owner.organisation.log_id)) is not None and tree.checkpoint_size == 30)


async def test_a_log_that_one_withholds_is_had_from_another(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that tells of a log and then says nothing about it does not stand in the way."""
    monkeypatch.setattr(links, "TICK_S", 0.05)
    monkeypatch.setattr(patience, "STALL_S", 0.2)
    async with ScriptedPeer(node.url, "owner", 30) as owner, ScriptedPeer(node.url, "mute", 1) as mute:
        await mute.open()
        await mute.send(Heads([head_field(owner.log)]), Cursor(STORE, 1))
        await mute.receive(Want)
        await owner.open()
        await owner.announce()
        await owner.serve()
        await until(lambda: node.holds(owner.organisation.log_id, 30))
        await mute.send(range_of(owner.log, 0, 30))
        assert len(node.running.hub.peers()) == 2, "nobody is blamed"


async def test_two_that_are_always_busy_do_not_keep_the_node_running_between_them(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "TICK_S", 0.02)
    async with ScriptedPeer(node.url, "owner", 30) as owner, ScriptedPeer(node.url, "other", 1) as other:
        await owner.open()
        await owner.announce()
        want = await owner.receive(Want)
        await other.open()
        await other.send(Heads([head_field(owner.log)]), Cursor(STORE, 1))
        await owner.send(Busy(0, want.log, want.epoch, want.from_))
        want = await other.receive(Want)
        await other.send(Busy(0, want.log, want.epoch, want.from_))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await owner.receive(Want)


async def test_a_full_disk_only_delays(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    alder, birch, _ = three
    monkeypatch.setattr(conversation, "RETRY_S", 0)
    fill(alder.ledger, 50)
    full = threading.Event()
    full.set()
    plain = replica.store_range

    def store(change: Any, verified: Any) -> Any:
        if full.is_set() and verified.origin.log_id == alder.log_id:
            raise StoreUnusableError("the disk is full")
        return plain(change, verified)

    monkeypatch.setattr(taking, "store_range", store)
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: "the disk is full" in birch.running.hub.problems.values())
    full.clear()
    await until(lambda: birch.holds(alder.log_id, 51))
    assert birch.running.hub._banned == {}


async def test_stopping_says_goodbye_and_starting_finds_the_others_again(three: Three) -> None:
    alder, birch, _ = three
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.connected(alder))
    await alder.stop()
    await until(lambda: not birch.running.hub.peers())
    fill_while_away = [birch.ledger.state("record.put", {"record": record(900)})]
    birch.ledger.writer.append(fill_while_away).result()
    birch.ledger.writer.settle()
    await alder.start()
    alder.running.hub.dial(birch.url, trusted=True)
    await until(lambda: alder.holds(birch.log_id, 2))
    assert not any("false" in problem for problem in birch.running.hub.problems.values())


async def test_two_that_dial_each_other_keep_one_connection_and_dial_again_when_it_ends(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_SECOND_S", 0.05)
    alder, birch, _ = three
    for one, other in ((alder, birch), (birch, alder)):
        one.running.hub.dial(other.url, trusted=True)
    smaller, larger = sorted((alder, birch), key=lambda node: node.log_id)

    def roles() -> list[list[int]]:
        """Who opened what stands between them, also what is still being opened or closed."""
        return [[link.session.me.role for link in node.running.hub.links] for node in (smaller, larger)]

    for _ in range(2):
        await until(
            lambda: alder.connected(birch) and birch.connected(alder) and roles() == [[0], [1]],
            "that both keep the one that the smaller log opened",
        )
        smaller.running.hub._dialled.pop(larger.url).cancel()
        await until(lambda: roles() == [[1], [0]], "the other way")
        smaller.running.hub.dial(larger.url, trusted=True)
