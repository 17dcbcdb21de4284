# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 13: reconciliation over a connection, and what comes of a cursor meanwhile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from ledger.held.reconciling import held_item
from ledger.held.replica import Replica, accept_head, store_range, verify_head
from ledger.sqlite.logwrites import LogWrites
from node.peering.conversation import Conversation
from protocol.checkpoint import Checkpoint
from protocol.frames import Busy, Cursor, GetHeads, HeadField, Heads, Hello, Ping, Resume, Skip
from protocol.identity import Origin
from protocol.note import Note, sign_note
from protocol.rangeframes import Items, Ranges
from protocol.ranges import Index, Item
from protocol.reconcile import Reconciliation, session_salt
from tests.builders import Log, found_organisation, seeded, signing_key
from tests.node.peering.scripted import STORE, ScriptedPeer, head_field
from tests.node.running import until
from tests.protocol.reconciling import index_of, newer

if TYPE_CHECKING:
    from ledger.sqlite.store import Transaction
    from tests.node.running import RunningNode

LOGS_ARRIVED = 50
LOGS = [Origin(seeded(f"log {number}"), 1) for number in range(100)]


async def hold_logs(node: RunningNode) -> list[Item]:
    """Lets a node hold a hundred logs more, no longer news to those who come; all that it holds."""

    def write(change: Transaction) -> None:
        for number, origin in enumerate(LOGS):
            text = Checkpoint(str(origin), number + 1, seeded(f"root {number}")).text
            note = Note(text, (sign_note(text, str(origin), signing_key("log")),))
            tree = change.add_tree(origin).tree
            change.set_size(tree, number + 1)
            change.set_head(tree, bytes(note), number + 1)
            change.set_checkpoint(tree, bytes(note), number + 1)

    node.ledger.writer.run(write).result()
    with node.ledger.store.read() as reads:
        trees = list(reads.trees())
    hub, arrival = node.running.hub, max(tree.arrival for tree in trees)
    hub.tell_news()
    await until(lambda: hub._pushed >= arrival, "the telling of the logs")
    return [held_item(tree) for tree in trees]


def side_of(peer: ScriptedPeer, index: Index) -> Reconciliation:
    """The peer's side, in the session that it opened."""
    hello = next(frame for frame in peer.heard if isinstance(frame, Hello))
    return Reconciliation(index, session_salt((seeded("nonce"), hello.nonce)))


async def reconcile(
    peer: ScriptedPeer, side: Reconciliation, frame: Ranges | Items
) -> tuple[list[bytes], list[Origin]]:
    """Answers until it has ended; what the peer would ask for and tell."""
    ask: list[bytes] = []
    tell: list[Origin] = []
    while True:
        step = side.receive(frame)
        ask, tell = ask + step.ask, tell + step.tell
        await peer.send(*step.frames)
        if step.ended:
            return ask, tell
        frame = await receive_question(peer)


async def receive_question(peer: ScriptedPeer) -> Ranges | Items:
    return await peer.receive(Ranges | Items)  # type: ignore[arg-type] # isinstance takes it


def link_of(node: RunningNode) -> Conversation:
    (link,) = node.running.hub._links
    return link


async def test_a_cursor_of_another_store_leads_to_what_differs_and_nothing_else(node: RunningNode) -> None:
    items = await hold_logs(node)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Resume("all", STORE, 7))
        question = await peer.receive(Ranges)
        mine = index_of(items)
        mine.remove(LOGS[3])
        mine.put(newer(next(item for item in items if item.origin == LOGS[5])))
        ask, tell = await reconcile(peer, side_of(peer, mine), question)
        await peer.receive(Cursor)
        told = [head.log for frame in peer.heard if isinstance(frame, Heads) for head in frame.heads]
        asked = [log_id for frame in peer.heard if isinstance(frame, GetHeads) for log_id in frame.logs]
        assert sorted(told + ask) == [LOGS[3].log_id]
        assert sorted(asked + [origin.log_id for origin in tell]) == [LOGS[5].log_id]


async def test_with_few_logs_all_are_told(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Resume("all", STORE, 7))
        assert [head.log for head in (await peer.receive(Heads)).heads] == [node.log_id]
        await peer.receive(Cursor)
        assert not any(isinstance(frame, Ranges | Items) for frame in peer.heard)


@pytest.mark.parametrize("own", [True, False])
async def test_who_asks_for_all_again_and_again_is_told_what_is_new(node: RunningNode, own: bool) -> None:  # noqa: FBT001 - a parameter
    with node.ledger.store.read() as reads:
        store = reads.fact("store") if own else STORE
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(*[Resume("all", store or b"", 0)] * 9)
        cursors = [await peer.receive(Cursor) for _ in range(9)]
        told = [head for frame in peer.heard if isinstance(frame, Heads) for head in frame.heads]
        # A second time where the cursor might have been a good one; and what is new may be pushed meanwhile.
        assert 1 + own <= len(told) <= 2 + own
        assert len({cursor.upto for cursor in cursors}) == 1
        await peer.announce()
        await peer.serve()
        await until(lambda: node.holds(peer.organisation.log_id, 1), "the peer's log")
        await peer.send(Resume("all", STORE, 7))
        await peer.receive(Heads)
        assert (await peer.receive(Cursor)).upto > cursors[0].upto


async def test_a_usable_cursor_needs_no_reconciliation(node: RunningNode) -> None:
    await hold_logs(node)
    with node.ledger.store.read() as reads:
        own = reads.fact("store") or b""
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Resume("all", own, LOGS_ARRIVED))
        await peer.receive(Cursor)
        assert not any(isinstance(frame, Ranges | Items) for frame in peer.heard)


async def test_who_asks_again_and_again_is_answered_once(node: RunningNode) -> None:
    await hold_logs(node)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(*[Resume("all", STORE, 7)] * 5)
        await peer.receive(Ranges)
        await peer.send(GetHeads([seeded("nobody's log")]))
        await peer.receive(Skip)
        assert sum(isinstance(frame, Ranges | Items) for frame in peer.heard) == 1


async def test_a_cursor_is_kept_only_when_what_was_asked_for_has_come(node: RunningNode) -> None:
    async with ScriptedPeer(node.url, size=3) as peer:
        await peer.open()

        def cursor() -> tuple[bytes, int]:
            with node.ledger.store.read() as reads:
                return reads.cursor(peer.organisation.log_id)

        await peer.send(Items([], [(peer.organisation.log_id, 1, 3)], [], more=False), Cursor(STORE, 9))
        assert (await peer.receive(GetHeads)).logs == [peer.organisation.log_id]
        await peer.send(Ping(1, reply=False))
        await peer.receive(Ping)
        await peer.send(GetHeads([seeded("nobody's log")]))
        await peer.receive(Skip)
        assert cursor() == (b"", 0)
        await peer.send(Heads([head_field(peer.log)]))
        await peer.serve()
        await until(lambda: cursor() == (STORE, 9), "the cursor")


async def test_heads_are_asked_for_before_the_answer_that_may_end_it(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Items([("", b"nobody")], [(seeded("newer"), 1, 3)], [], more=False))
        await peer.receive(Items)
        assert [type(frame) for frame in peer.heard[-2:]] == [GetHeads, Items]


async def test_a_cursor_is_kept_when_what_was_asked_for_is_no_longer_there(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Items([], [(seeded("gone"), 1, 3)], [], more=False), Cursor(STORE, 9))
        await peer.send(Skip((await peer.receive(GetHeads)).logs, "unknown"))

        def cursor() -> tuple[bytes, int]:
            with node.ledger.store.read() as reads:
                return reads.cursor(peer.organisation.log_id)

        await until(lambda: cursor() == (STORE, 9), "the cursor")


async def test_more_than_is_asked_for_at_once_leaves_the_cursor_as_it_was(
    node: RunningNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.peering.reconciling.ITEMS_MAX", 1)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        told = [(seeded(name), 1, 3) for name in ("one", "other")]
        await peer.send(Items([], told, [], more=False), Cursor(STORE, 9))
        assert (await peer.receive(GetHeads)).logs == [seeded("one")]
        await peer.send(Skip([seeded("one")], "unknown"), GetHeads([seeded("nobody's log")]))
        await peer.receive(Skip)
        with node.ledger.store.read() as reads:
            assert reads.cursor(peer.organisation.log_id) == (b"", 0)


async def test_an_audit_comes_by_itself_and_daily(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = link_time = node.running.hub.runtime.now()
    monkeypatch.setattr(node.running.hub.runtime, "now", lambda: link_time)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        link = link_of(node)
        due = []
        for hour in range(50):
            link_time = begun + 3_600.0 * hour
            due += [hour] if link.reconciling.is_due() else []
        assert len(due) == 2
        assert due[0] in {2, 3}
        assert due[1] - due[0] in {24, 25}  # sums of fractions of seconds may fall short of it


async def test_an_audit_asks_where_the_two_differ(node: RunningNode) -> None:
    items = await hold_logs(node)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        link = link_of(node)
        link.reconciling._audit_at = 0.0
        link.tick()
        question = await peer.receive(Ranges)
        assert await reconcile(peer, side_of(peer, index_of(items)), question) == ([], [])
        assert not link.reconciling.is_due()


async def test_a_side_that_has_cost_too_much_is_sent_away_for_an_hour(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        question = Ranges([(f"{number:03x}", bytes(256)) for number in range(100)], more=True)
        for _ in range(100):
            await peer.send(question)
        assert (await peer.receive(Busy)).retry == 3_600
        heard = len(peer.heard)
        await peer.send(question, GetHeads([seeded("nobody's log")]))
        await peer.receive(Skip)
        assert not any(isinstance(frame, Ranges | Items) for frame in peer.heard[heard:])


ORGANISATIONS = 70


def hold_organisations(node: RunningNode, logs: list[Log]) -> None:
    """Lets a node hold whole logs, as if it had fetched them."""

    def write(change: Transaction) -> None:
        for log in logs:
            head = verify_head(bytes(log.note()), [log.organisation.payload])
            replica = Replica(accept_head(change, head), change)
            store_range(change, replica.verify_range(head, 0, log.entries, []))

    node.ledger.writer.run(write).result()


async def test_two_nodes_that_differ_in_both_directions_agree_without_a_usable_cursor(
    three: tuple[RunningNode, RunningNode, RunningNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, _ = three
    told: list[HeadField] = []
    tell_changes, inform = Conversation.tell_changes, Conversation.inform

    def count_changes(link: Conversation, heads: list[HeadField], store: bytes, upto: int) -> None:
        told.extend(heads)
        tell_changes(link, heads, store, upto)

    def count_informed(link: Conversation, heads: list[HeadField]) -> None:
        told.extend(heads)
        inform(link, heads)

    monkeypatch.setattr(Conversation, "tell_changes", count_changes)
    monkeypatch.setattr(Conversation, "inform", count_informed)
    # Whoever has no usable cursor asks again: here at once, instead of each minute and every ten.
    monkeypatch.setattr("protocol.session.RESUME_S", 1.0)
    monkeypatch.setattr("node.peering.reconciling.AGAIN_S", 1.0)
    logs = [Log(found_organisation(f"organisation {number}")).grow(2) for number in range(ORGANISATIONS)]
    hold_organisations(one, logs[:-1])
    hold_organisations(other, logs[1:])
    for node, peer in ((one, other), (other, one)):
        node.ledger.writer.run(partial(LogWrites.set_cursor, log_id=peer.log_id, store=STORE, upto=3)).result()

    def held(node: RunningNode) -> set[tuple[Origin, int]]:
        with node.ledger.store.read() as reads:
            return {(tree.origin, tree.checkpoint_size) for tree in reads.trees()}

    def cursor(node: RunningNode, peer: RunningNode) -> bool:
        with node.ledger.store.read() as reads, peer.ledger.store.read() as theirs:
            return reads.cursor(peer.log_id)[0] == theirs.fact("store")

    one.running.hub.dial(other.url, trusted=True)
    await until(lambda: held(one) == held(other) and len(held(one)) == ORGANISATIONS + 2, "agreement")
    await until(lambda: cursor(one, other) and cursor(other, one), "usable cursors")
    differing = {one.log_id, other.log_id, logs[0].organisation.log_id, logs[-1].organisation.log_id}
    assert {head.log for head in told} == differing
