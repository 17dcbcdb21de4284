# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §6: what a node answers when it is asked for something beside heads and ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.checkpoint import parse_checkpoint
from protocol.frames import Cosignature, GetHeads, Heads, Skip, Witness
from tests.builders import seeded
from tests.node.peering.scripted import ScriptedPeer
from tests.node.running import until

if TYPE_CHECKING:
    from ledger.held.replica import VerifiedHead
    from node.peering.conversation import Conversation
    from tests.node.running import RunningNode


async def test_who_asks_for_heads_hears_what_is_held_and_what_is_not(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        stranger = seeded("a log that nobody holds")
        await peer.send(GetHeads([node.log_id, stranger]))
        heads = await peer.receive(Heads)
        assert [head.log for head in heads.heads] == [node.log_id]
        assert (await peer.receive(Skip)).logs == [stranger]


async def test_what_a_peer_says_of_the_nodes_own_log_is_told(node: RunningNode) -> None:
    told: list[VerifiedHead | None] = []

    def take(_: Conversation, head: VerifiedHead | None) -> None:
        told.append(head)

    node.running.hub.on_own_head = take
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Skip([seeded("another log")], "unknown"), Skip([node.log_id], "unknown"), GetHeads([]))
        await peer.send(GetHeads([seeded("another log")]))
        await peer.receive(Skip)
    assert told == [None]


async def test_a_witness_tells_the_log_what_it_cosigned_and_does_not_hold(node: RunningNode) -> None:
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.announce()
        await peer.serve()
        await until(lambda: node.holds(peer.organisation.log_id, 1), "the log")
        peer.log.grow(3)
        log = peer.organisation.log_id
        await peer.send(Witness(log, 1, 0, [], bytes(peer.log.note())))
        assert (await peer.receive(Cosignature)).code == 200
        peer.heard.clear()
        await peer.send(GetHeads([log]))
        (head,) = (await peer.receive(Heads)).heads
        assert parse_checkpoint(head.checkpoint)[0].size == peer.log.size
    async with ScriptedPeer(node.url, "another") as other:
        await other.open()
        await other.send(GetHeads([log]))
        (head,) = (await other.receive(Heads)).heads
        assert parse_checkpoint(head.checkpoint)[0].size == 1
