# SPDX-License-Identifier: AGPL-3.0-or-later
"""Restarted, restored and cloned nodes among others: they ask, fetch what is theirs, and sign again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ledger.data_directory import DataDirectory
from ledger.own.amending import apply, draft, read_own
from ledger.own.head import HeadFile
from ledger.own.operating import make_coming_key
from ledger.own.recovery import State
from ledger.sqlite.store import SqliteStore
from protocol.identity import show_log_id
from tests.builders import START, seeded
from tests.node.running import RunningNode, fill, until

if TYPE_CHECKING:
    from pathlib import Path

Three = tuple[RunningNode, RunningNode, RunningNode]


def state(node: RunningNode) -> State:
    return node.ledger.own.recovery.state


async def connect(three: Three) -> Three:
    """All three know each other; the first has written and the others hold it."""
    one, two, other = three
    for node, peer in ((one, two), (one, other), (two, other)):
        await node.post("/v1/peers", {"url": peer.url})
    await until(lambda: one.connected(two, other) and two.connected(one, other), "connections")
    fill(one.ledger, 5)
    await until(lambda: all(node.holds(one.log_id, 6) for node in (two, other)), "replication")
    return three


async def test_a_machine_that_stood_still_asks_again(three: Three) -> None:
    one, _, _ = await connect(three)
    await one.stop()
    await one.start()
    await until(lambda: state(one) is State.SIGNING, "signing")
    clock, nonce = one.ledger.clock, HeadFile(one.directory.head).nonce(str(one.ledger.own.origin))
    one.ledger.clock = lambda: clock() + 3600
    await until(lambda: any("stood still" in line for line in one.said), "doubt")
    await until(lambda: state(one) is State.SIGNING, "signing")
    assert HeadFile(one.directory.head).nonce(str(one.ledger.own.origin)) != nonce


def copied(directory: DataDirectory, path: Path) -> DataDirectory:
    shutil.copytree(directory.path, path)
    return DataDirectory(path)


async def test_a_node_that_starts_again_asks_before_it_signs(three: Three) -> None:
    one, two, other = await connect(three)
    await one.stop()
    await two.stop()
    await other.stop()
    await one.start()
    fill(one.ledger, 1, begin=5)
    status, ready = await one.get("/readyz")
    assert (status, ready["ready"], ready["signing"], ready["state"]) == (200, True, False, "unsure")
    assert "2 of 2 who watch this log" in ready["why"]
    status, receipts = await one.post("/v1/entries", {"entries": [_put(6)]})
    assert (status, receipts["state"], receipts["receipts"][0]["state"]) == (201, "queued", "queued")
    await two.start()
    await until(lambda: one.ledger.own.recovery.counted == 1, "one answer")
    assert state(one) is State.UNSURE
    await other.start()
    await until(lambda: state(one) is State.SIGNING, "signing")
    await until(lambda: two.holds(one.log_id, 8), "replication")
    status, receipts = await one.post("/v1/entries", {"entries": [_put(6)]})
    assert (receipts["state"], receipts["receipts"][0]["position"]) == ("saved", 7)


def _put(number: int) -> dict[str, object]:
    record = {"kind": "place", "name": {"en": "Shed"}, "licence": "CC0-1.0"}
    return {"kind": "record.put", "id": f"{number:032x}", "body": {"record": record}}


async def test_what_a_restored_node_lacks_comes_back_from_its_peers(three: Three, tmp_path: Path) -> None:
    one, two, other = await connect(three)
    await one.stop()
    backup = copied(one.directory, tmp_path / "copy")
    shutil.rmtree(backup.path / "instance")
    await one.start()
    await until(lambda: state(one) is State.SIGNING, "signing")
    fill(one.ledger, 40, begin=5)
    await until(lambda: two.holds(one.log_id, 46) and other.holds(one.log_id, 46), "replication")
    config = {"port": one.port}
    await one.stop()

    restored = await RunningNode(backup, **config).start()
    try:
        assert state(restored) is not State.SIGNING
        fill(restored.ledger, 3, begin=100)
        await until(lambda: state(restored) is State.SIGNING, "signing")
        await until(lambda: two.holds(restored.log_id, 49) and other.holds(restored.log_id, 49), "replication")
        assert backup.head.exists()
        await until(lambda: (tree := restored.tree(restored.log_id)) and tree.derived == 49, "search")
        assert any("NOT SIGNING" in line for line in restored.said)
        assert any("signed again" in line for line in restored.said)
        _, found = await restored.get("/v1/records?q=commons")
        assert found["total"] == 48
    finally:
        await restored.stop()


async def test_the_other_of_two_clones_does_not_sign(three: Three, tmp_path: Path) -> None:
    """Each peer speaks with one node of a log at a time; what one signed, the other hears before it signs."""
    one, two, other = await connect(three)
    await one.stop()
    twin = RunningNode(copied(one.directory, tmp_path / "twin"))
    await one.start()
    await until(lambda: state(one) is State.SIGNING, "signing")
    await twin.start()
    try:
        fill(one.ledger, 3, begin=5)
        fill(twin.ledger, 3, begin=50)
        await until(lambda: two.holds(one.log_id, 9) and other.holds(one.log_id, 9), "replication")
        assert state(twin) is not State.SIGNING
        assert any("run twice" in problem for problem in twin.running.hub.problems.values())
        await one.stop()
        await twin.stop()
        await twin.start()
        await until(lambda: state(twin) is State.SIGNING, "the clone's signing")
        await until(lambda: two.holds(twin.log_id, 12) and other.holds(twin.log_id, 12), "replication")
        assert two.running.damage == other.running.damage == ""
    finally:
        await twin.stop()


async def test_a_peer_that_is_gone_for_good_is_forgotten_and_need_not_answer(three: Three) -> None:
    one, two, other = await connect(three)
    gone = other.url, show_log_id(other.log_id)
    for node in three:
        await node.stop()
    await one.start()
    await two.start()
    await until(lambda: one.ledger.own.recovery.counted == 1, "an answer")
    fill(one.ledger, 1, begin=5)
    assert state(one) is State.UNSURE  # two of two are needed
    for name, known in zip(gone, (True, False), strict=True):
        async with one.client.delete(
            one.url + "/v1/peers", params={"name": name}, headers={"Authorization": f"Bearer {one.token}"}
        ) as answer:
            assert answer.status == (200 if known else 404)
    await until(lambda: state(one) is State.SIGNING, "signing")
    assert one.ledger.own.recovery.watchers.names == {show_log_id(two.log_id)}


async def test_a_node_put_back_to_before_its_keys_changed_learns_of_it(three: Three, tmp_path: Path) -> None:
    one, two, other = await connect(three)
    await one.stop()
    before = copied(one.directory, tmp_path / "before")
    new = make_coming_key(one.directory)
    holder = seeded("Alder holder")
    store = SqliteStore(one.directory.store, writable=False)
    with store.read() as reads:
        amendment = draft(read_own(reads), {"keys": [new.public]}, new, [holder], START)
    store.close()
    apply(one.directory, amendment.sign(holder).payload(seeded("salt")), START)
    await one.start()
    await until(lambda: all(node.holds(one.log_id, 7) for node in (two, other)), "the amendment")
    log_id = one.log_id
    await one.stop()
    again = await RunningNode(before).start()
    try:
        await until(lambda: again.holds(log_id, 7), "what it lacked")
        await until(lambda: any("put the newer operating key" in line for line in again.said), "word of it")
        assert state(again) is State.UNSURE
        await again.stop()
        shutil.copy(one.directory.key, before.key)
        await again.start()
        await until(lambda: state(again) is State.SIGNING, "signing")
    finally:
        await again.stop()
