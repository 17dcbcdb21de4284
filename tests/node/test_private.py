# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 15: payloads that are not public reach those they are meant for, sealed, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ledger.serving import serve_range
from node import conversation, errands
from node.link import Link
from protocol.frames import Entries, Payloads, encode_frame
from protocol.identity import Origin
from protocol.statement import SCOPE_CIRCLE, SCOPE_PRIVATE
from tests.builders import seeded
from tests.node.running import RunningNode, found, record, until
from tests.node.scripted import ScriptedPeer

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.sqlite.store import Snapshot
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


def say(node: RunningNode, kind: str, body: dict[str, object], scope: int = 0) -> int:
    """Writes a statement; its position."""
    done = node.ledger.writer.append([node.ledger.state(kind, body, None, scope)]).result()  # type: ignore[arg-type]
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
