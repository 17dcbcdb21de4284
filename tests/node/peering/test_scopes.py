# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose logs a node takes in: those of known peers and what they vouch for; others wait, and what is denied is gone."""

from __future__ import annotations

from functools import partial
from shutil import copytree, rmtree
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from ledger.jsonform import to_json
from node.peering import exchange, link
from protocol.checkpoint import parse_checkpoint
from protocol.frames import GetHeads, Heads, Missing, Skip, Want
from protocol.identity import show_log_id
from tests.node.peering.scripted import ScriptedPeer, head_field
from tests.node.running import RunningNode, fill, found, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Start = Callable[..., Awaitable[RunningNode]]


@pytest_asyncio.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Starts nodes as operators do: what nobody vouches for waits."""
    monkeypatch.setattr(exchange, "_BACKOFF_FIRST_S", 0.02)
    monkeypatch.setattr(exchange, "_BACKOFF_MAX_S", 0.1)
    monkeypatch.setattr(link, "TICK_S", 0.05)
    nodes: list[RunningNode] = []

    async def start_one(name: str, records: int = 0, **config: Any) -> RunningNode:
        directory = found(tmp_path / name, name.title())
        nodes.append(await RunningNode(directory, **{"admission": "vouched"} | config).start())
        fill(nodes[-1].ledger, records)
        return nodes[-1]

    yield start_one
    for node in nodes:
        await node.stop()


async def decide(node: RunningNode, action: str, other: bytes | str) -> None:
    named = {"region": other} if isinstance(other, str) else {"log": show_log_id(other)}
    status, answer = await node.post("/v1/scopes", {"action": action, **named})
    assert status == 201, answer


async def say(node: RunningNode, kind: str, **body: Any) -> None:
    entry = {"kind": kind, "body": to_json(body)}
    status, answer = await node.post("/v1/entries", {"entries": [entry]}, headers={"Idempotency-Key": repr(body)})
    assert status == 201, answer


def waits(node: RunningNode, log_id: bytes) -> bool:
    with node.ledger.store.read() as reads:
        return any(row.log_id == log_id for row in reads.waiting())


def total(node: RunningNode) -> int:
    node.ledger.writer.settle()
    return int(node.running.finder.find({}, 0)["total"])


async def test_known_peers_are_admitted_with_what_they_hold_and_vouch_for(start: Start) -> None:
    alder, birch, cedar = await start("alder", 3), await start("birch"), await start("cedar")
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.holds(alder.log_id, 4), "birch named alder")
    await until(lambda: waits(alder, birch.log_id), "alder did not name birch")
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(birch.log_id, 1) and cedar.holds(alder.log_id, 4), "a seed brings what it holds")
    assert not waits(cedar, alder.log_id)

    async def modes() -> dict[str, Any]:
        _, held = await cedar.get("/v1/federation")
        return {log["name"]["en"]: (log["mode"], log["through"]) for log in held["logs"]}

    found = await modes()
    assert (found["Alder"], found["Birch"]) == (("seed", []), ("met", []))
    await say(birch, "vouch", log=alder.log_id, vouched=True)
    await until(lambda: cedar.holds(birch.log_id, 2), "the vouch")
    cedar.ledger.writer.settle()
    assert (await modes())["Alder"] == ("vouched", [show_log_id(birch.log_id)])
    fill(alder.ledger, 2, 10)
    await until(lambda: cedar.holds(alder.log_id, 6), "what is admitted is pushed on")


async def test_the_operator_lets_in_what_waits_and_is_not_asked_again(start: Start) -> None:
    node = await start("alder")
    async with ScriptedPeer(node.url, "stranger", 5) as peer:
        await peer.open()
        await peer.announce()
        skip = await peer.receive(Skip)
        assert (skip.logs, skip.code) == ([peer.organisation.log_id], "unwanted")
        _, held = await node.get("/v1/federation")
        assert [(row["name"], row["size"]) for row in held["waiting"]] == [({"en": "stranger"}, 5)]
        await decide(node, "admit", peer.organisation.log_id)
        asked = await peer.receive(GetHeads)
        assert asked.logs == [peer.organisation.log_id]
        await peer.send(Heads([head_field(peer.log)]))
        await peer.serve()
        await until(lambda: node.holds(peer.organisation.log_id, 5))
    assert not waits(node, peer.organisation.log_id)


async def test_a_peer_leaves_out_what_is_unwanted_until_it_is_asked_for(start: Start) -> None:
    alder, birch, cedar = await start("alder"), await start("birch"), await start("cedar", 1)
    birch.running.hub.dial(cedar.url, trusted=True)
    await until(lambda: birch.holds(cedar.log_id, 2))
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: waits(alder, birch.log_id) and waits(alder, cedar.log_id))
    connection = birch.running.hub.links[-1]
    await until(lambda: connection.left_out == {cedar.log_id})
    fill(cedar.ledger, 4, 1)
    await until(lambda: birch.holds(cedar.log_id, 6))
    await decide(alder, "follow", cedar.log_id)
    await until(lambda: alder.holds(cedar.log_id, 6))
    assert connection.left_out == set()
    fill(cedar.ledger, 1, 5)
    await until(lambda: alder.holds(cedar.log_id, 7))


async def test_who_lets_a_log_wait_knows_what_was_signed_of_it(start: Start, tmp_path: Path) -> None:
    """A node whose disk is put back does not sign again what it has signed, though nobody holds its entries."""
    alder, birch = await start("alder"), await start("birch", 1)
    await birch.post("/v1/peers", {"url": alder.url})
    await until(lambda: waiting_size(alder, birch.log_id) == 2)
    await birch.stop()
    copytree(birch.directory.path, tmp_path / "image")
    await birch.start()
    for number in range(1, 4):  # also after it has been told that nobody wants them
        fill(birch.ledger, 1, number)
        await until(partial(is_known, alder, birch.log_id, 2 + number), "its head is told on")
    await birch.stop()
    rmtree(birch.directory.path)
    copytree(tmp_path / "image", birch.directory.path)
    await birch.start()
    await until(lambda: birch.ledger.own.recovery.target == 5, "it hears of what it lacks")
    fill(birch.ledger, 1, 9)
    assert birch.ledger.own.signed_size == 2
    assert waiting_size(alder, birch.log_id) == 5


def is_known(node: RunningNode, log_id: bytes, size: int) -> bool:
    return waiting_size(node, log_id) == size


def waiting_size(node: RunningNode, log_id: bytes) -> int:
    """Up to which size a log is known that waits."""
    with node.ledger.store.read() as reads:
        notes = [row.note for row in reads.waiting() if row.log_id == log_id]
    return parse_checkpoint(notes[0])[0].size if notes else 0


async def test_a_denied_log_is_nowhere_until_it_is_allowed(start: Start) -> None:
    alder, birch, cedar = await start("alder", 3), await start("birch"), await start("cedar", admission="open")
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.holds(alder.log_id, 4))
    log = show_log_id(alder.log_id)
    assert total(birch) == 3
    await decide(birch, "deny", alder.log_id)
    assert total(birch) == 0
    for path in (f"/log/{log}/1/checkpoint", f"/v1/log/{log}/1/entries/0", f"/record/{log}/{'00' * 16}"):
        assert (await birch.client.get(birch.url + path)).status == 404
    assert [row["own"] for row in (await birch.get("/v1/log"))[1]["logs"]] == [True]
    _, held = await birch.get("/v1/federation")
    assert [row["name"] for row in held["denied"]] == ["Alder"]
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(birch.log_id, 1))
    async with ScriptedPeer(birch.url, "asker") as peer:
        await peer.open()
        await peer.send(GetHeads([alder.log_id]))
        skip = await peer.receive(Skip)
        assert (skip.logs, skip.code) == ([alder.log_id], "denied")
        await peer.send(Want(alder.log_id, 1, 4, 0, 4, 1000, payloads=True))
        assert (await peer.receive(Missing)).code == "forbidden"
    fill(alder.ledger, 2, 10)
    async with ScriptedPeer(birch.url, "other") as peer:
        await peer.open()
        await peer.send(Heads([head_field(peer.log)]))
        assert (await peer.receive(Skip)).code == "unwanted"
    tree = birch.tree(alder.log_id)
    assert tree is not None
    assert tree.size == 4, "nothing more of it is taken in"
    await decide(birch, "allow", alder.log_id)
    assert total(birch) >= 3
    await until(lambda: cedar.holds(alder.log_id, 4), "what is shown again is told of again")


async def test_a_quota_stops_one_log_and_others_go_on(start: Start) -> None:
    alder, birch, cedar = await start("alder", 400), await start("birch", 5), await start("cedar", log_bytes=20_000)
    cedar.running.hub.dial(alder.url, trusted=True)
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(birch.log_id, 6))
    await until(lambda: (tree := cedar.tree(alder.log_id)) is not None and tree.bytes >= 20_000)

    def quotas() -> list[str]:
        with cedar.ledger.store.read() as reads:
            tree = reads.epochs(alder.log_id)[0]
            return [] if cedar.running.hub.scoping.may_fetch(reads, tree) else ["full"]

    assert quotas() == ["full"]
    fill(birch.ledger, 3, 5)
    await until(lambda: cedar.holds(birch.log_id, 9))
    _, held = await cedar.get("/v1/federation")
    assert {log["name"]["en"]: log["quota"] for log in held["logs"]}["Birch"] == ""


async def test_heads_only_until_a_log_is_followed(start: Start) -> None:
    alder, birch = await start("alder", 3), await start("birch", scope="followed")
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: (tree := birch.tree(alder.log_id)) is not None and tree.head_size == 4)
    tree = birch.tree(alder.log_id)
    assert tree is not None
    assert tree.size == 0
    _, held = await birch.get("/v1/federation")
    assert {log["name"]["en"]: (log["mode"], log["whole"]) for log in held["logs"]} == {
        "Alder": ("met", False),
        "Birch": ("own", True),
    }
    fill(alder.ledger, 1, 10)
    await until(lambda: (tree := birch.tree(alder.log_id)) is not None and tree.head_size == 5)
    await decide(birch, "mirror", alder.log_id)
    await until(lambda: birch.holds(alder.log_id, 5))


async def test_block_lists_and_labels_of_those_subscribed_to_count(start: Start) -> None:
    alder, birch = await start("alder", 3), await start("birch", 0)
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.holds(alder.log_id, 4))
    assert total(birch) == 3
    record = birch.running.finder.find({"q": ["0001"]}, 0)["records"][0]
    record_id = bytes.fromhex(record["id"])
    await say(alder, "label", subject={"log": alder.log_id, "id": record_id}, label="old", set=True)
    await say(alder, "deny", log=alder.log_id, id=record_id, denied=True, reason="false")
    await until(lambda: birch.holds(alder.log_id, 6))
    assert total(birch) == 3, "nobody subscribed"
    await decide(birch, "subscribe", alder.log_id)
    assert total(birch) == 2
    assert (await birch.get(f"/v1/records/{show_log_id(alder.log_id)}/{record['id']}"))[0] == 404
    assert total(alder) == 2, "one's own decisions count"
    await say(alder, "deny", log=alder.log_id, id=record_id, denied=False, reason="false")
    await until(lambda: birch.holds(alder.log_id, 7))
    assert total(birch) == 3
    labelled = birch.running.finder.find({"q": ["0001"]}, 0)["records"][0]
    assert [(label["label"], label["by_name"]) for label in labelled["labels"]] == [("old", "Alder")]
    _, decisions = await birch.get(f"/v1/log/{show_log_id(alder.log_id)}/1/moderation")
    assert [row["kind"] for row in decisions["decisions"]] == ["deny", "deny", "label"]


async def test_the_pages_say_who_is_here_and_why_and_who_waits(start: Start) -> None:
    alder, birch = await start("alder", 2), await start("birch")
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.holds(alder.log_id, 3) and waits(alder, birch.log_id))
    await say(birch, "label", subject={"log": alder.log_id}, label="<b>old</b>", set=True)
    await decide(birch, "region", "Val de  Loire")
    await decide(birch, "deny", b"\7" * 32)

    async def page(node: RunningNode, path: str, language: str = "en") -> str:
        async with node.client.get(node.url + path, headers={"Accept-Language": language}) as answer:
            assert answer.status == 200
            return await answer.text()

    total(birch)
    shown = await page(birch, "/peers")
    for text in ("Alder", "a peer&#39;s, known here", "&lt;b&gt;old&lt;/b&gt;", "val de loire", "decided here"):
        assert text in shown, text
    shown = await page(alder, "/peers")
    assert "Nobody waits." not in shown
    assert "Birch" in shown
    assert "En attente" in await page(alder, "/peers", "fr")
    shown = await page(birch, f"/moderation/{show_log_id(birch.log_id)}/1")
    assert "Labelled “&lt;b&gt;old&lt;/b&gt;”" in shown
    async with birch.client.get(f"{birch.url}/moderation/{'a' * 52}/1") as answer:
        assert answer.status == 404
