# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 15: payloads that are not public reach those they are meant for, sealed, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ledger.carried.bundle import choose, write_bundle
from ledger.held.serving import serve_range
from node.peering import conversation, errands
from node.peering.link import Link
from protocol.frames import Entries, Payloads, encode_frame
from protocol.identity import Origin, show_log_id
from protocol.statement import SCOPE_CIRCLE, SCOPE_PRIVATE
from tests.builders import seeded
from tests.node.peering.scripted import ScriptedPeer
from tests.node.running import RunningNode, found, record, until

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sqlite.store import Snapshot
    from protocol.encoding import Value
    from protocol.frames import Missing, Want

CANARY = "quince-in-the-attic"


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All that nodes send to each other."""
    sent: list[bytes] = []
    send = Link.send

    def listen(link: Link, data: bytes) -> None:
        sent.append(data)
        send(link, data)

    monkeypatch.setattr(Link, "send", listen)
    monkeypatch.setattr(errands, "LOOK_AGAIN_S", 0.05)
    return sent


def say(node: RunningNode, kind: str, body: dict[str, Value], scope: int = 0) -> int:
    """Writes a statement; its position."""
    done = node.ledger.writer.append([node.ledger.state(kind, body, None, scope)]).result()
    node.ledger.writer.settle()
    return done[0].position


def payload(node: RunningNode, log_id: bytes, position: int) -> bytes | None:
    """What a node holds of an entry."""
    with node.ledger.store.read() as reads:
        tree = reads.tree(Origin(log_id, 1))
        stored = next(reads.entries(tree.tree, position, position + 1), None) if tree else None
        return stored.payload if stored else None


async def test_a_circle_reads_what_others_only_hold(tmp_path: Path, wire: list[bytes]) -> None:
    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    birch = RunningNode(found(tmp_path / "birch", "Birch"), seeds=(alder.url,))
    cedar = RunningNode(found(tmp_path / "cedar", "Cedar"), seeds=(alder.url,))
    try:
        await birch.start()
        await cedar.start()
        say(alder, "circle", {"log": birch.log_id, "member": True})
        position = say(alder, "record.put", {"record": record(7, item=CANARY)}, SCOPE_CIRCLE)
        await until(lambda: payload(birch, alder.log_id, position))
        await until(lambda: cedar.holds(alder.log_id, position + 1))
        cedar.ledger.writer.settle()
        birch.ledger.writer.settle()
        assert payload(cedar, alder.log_id, position) is None
        assert payload(birch, alder.log_id, position) == payload(alder, alder.log_id, position)
        with birch.ledger.store.read() as reads:
            tree = reads.tree(Origin(alder.log_id, 1))
            assert tree is not None
            assert reads.verdicts(tree.tree, 0, tree.size) == {}
        assert not any(CANARY.encode() in data for data in wire)
        for node in (alder, birch, cedar):
            _, entry = await node.get(f"/v1/log/{tree_path(alder)}/entries/{position}")
            assert CANARY not in str(entry)
    finally:
        for node in (cedar, birch, alder):
            await node.stop()


def tree_path(node: RunningNode) -> str:
    """The path of a node's log."""
    return str(Origin(node.log_id, 1)).removeprefix("folkmoot/")


async def test_parties_read_what_is_between_them(tmp_path: Path, wire: list[bytes]) -> None:
    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    birch = RunningNode(found(tmp_path / "birch", "Birch"), seeds=(alder.url,))
    cedar = RunningNode(found(tmp_path / "cedar", "Cedar"), seeds=(alder.url,))
    try:
        await birch.start()
        await cedar.start()
        say(alder, "circle", {"log": cedar.log_id, "member": True})
        position = say(alder, "record.put", {"record": record(7), "parties": [birch.log_id]}, SCOPE_PRIVATE)
        await until(lambda: payload(birch, alder.log_id, position))
        assert payload(cedar, alder.log_id, position) is None
        assert wire
    finally:
        for node in (cedar, birch, alder):
            await node.stop()


async def test_who_is_not_meant_gets_nothing_and_forged_payloads_are_dropped(node: RunningNode) -> None:
    position = say(node, "record.put", {"record": record(7, item=CANARY)}, SCOPE_PRIVATE)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Payloads(node.log_id, 1, [position, 2**63 - 1, 0], []))
        got = await peer.receive(Payloads)
        assert [number for number, _ in got.items] == [0]  # the charter is public
        await peer.send(Payloads(node.log_id, 1, [], [(position, b"\0" * 60), (2**63 - 1, b""), (0, b"")]))
        await peer.send(Payloads(seeded("no log"), 1, [1], [(1, b"\0" * 60)]))
        assert CANARY.encode() not in encode_frame(got)
    assert payload(node, node.log_id, position)


async def test_a_public_payload_that_was_held_back_comes_from_another(
    tmp_path: Path, wire: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold_back(reads: Snapshot, want: Want) -> Entries | Missing:
        answer = serve_range(reads, want)
        if isinstance(answer, Entries):
            return replace(answer, entries=[(entry, b"") for entry, _ in answer.entries])
        return answer

    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    birch = await RunningNode(found(tmp_path / "birch", "Birch")).start()
    cedar = RunningNode(found(tmp_path / "cedar", "Cedar"), seeds=(birch.url,))
    try:
        position = say(alder, "record.put", {"record": record(7)})
        birch.running.hub.dial(alder.url, trusted=True)
        await until(lambda: birch.holds(alder.log_id, position + 1))
        monkeypatch.setattr(conversation, "serve_range", hold_back)
        await cedar.start()
        await until(lambda: cedar.holds(alder.log_id, position + 1))
        cedar.ledger.writer.settle()
        assert payload(cedar, alder.log_id, position) is None
        cedar.running.hub.dial(alder.url, trusted=True)
        await until(lambda: payload(cedar, alder.log_id, position))
        assert wire
    finally:
        for node in (cedar, birch, alder):
            await node.stop()


async def test_public_answers_hold_nothing_of_it(node: RunningNode) -> None:
    _, before = await node.get("/v1/records")
    private = record(9_007, item=CANARY, categories=["own:quince"], name={"en": CANARY})
    position = say(node, "record.put", {"record": private}, SCOPE_CIRCLE)
    say(
        node, "claim.report", {"subject": {"log": node.log_id, "id": private["id"]}, "type": "wrong", "note": CANARY}, 2
    )
    log, record_id, path = show_log_id(node.log_id), private["id"].hex(), tree_path(node)
    addresses = [
        "/", "/logs", "/?q=quince&scope=private", f"/record/{log}/{record_id}", f"/v1/records/{log}/{record_id}",
        "/v1/records", "/v1/records?q=quince", "/v1/records?category=own:quince", f"/v1/log/{path}/entries/{position}",
        f"/v1/log/{path}/entries/{position + 1}", f"/v1/log/{path}/proofs/{position}",
        f"/log/{path}/tile/entries/000.p/3", "/v1/log", "/v1/trust", "/metrics",
    ]  # fmt: skip
    for address in addresses:
        async with node.client.get(node.url + address) as answer:
            body = await answer.read()
            assert answer.status in {200, 404}, address
            assert b"in-the-attic" not in body, address
            assert record_id.encode() not in body or address.endswith(record_id), address
    with node.ledger.store.read() as reads:
        chosen = choose(reads)
    assert CANARY.encode() not in b"".join(write_bundle(node.ledger.store, chosen))
    _, found = await node.get("/v1/records")
    assert found == before
    status, _ = await node.get(f"/v1/records/{log}/{record_id}")
    assert status == 404


async def test_a_steward_sees_it_with_the_token(node: RunningNode) -> None:
    private = record(9_007, item=CANARY)
    position = say(node, "record.put", {"record": private}, SCOPE_CIRCLE)
    path = f"{show_log_id(node.log_id)}/{private['id'].hex()}"
    headers = {"Authorization": f"Bearer {node.token}"}
    for address in ("/v1/records", f"/v1/records/{path}", f"/v1/log/{tree_path(node)}/entries/{position}"):
        for wrong in ({}, {"Authorization": "Bearer 0"}):
            status, problem = await node.get(f"{address}?scope=private", headers=wrong)
            assert (status, CANARY in str(problem)) == (401, False)
        assert (await node.get(f"{address}?scope=circle", headers=headers))[0] == 400
        assert (await node.get(f"{address}?scope=public&scope=private", headers=headers))[0] == 400
        status, _ = await node.get(f"{address}?scope=public")
        assert status == (404 if address.endswith(path) else 200)
        status, shown = await node.get(f"{address}?scope=private", headers=headers)
        assert (status, CANARY in str(shown)) == (200, True)
    _, found = await node.get("/v1/records?scope=private", headers=headers)
    assert [found["total"], found["records"][0]["entry"]["scope"]] == [1, "circle"]
