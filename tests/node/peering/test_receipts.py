# SPDX-License-Identifier: AGPL-3.0-or-later
"""Erasures are followed by all who hold a log, whatever brings it to them, and they say so (spec 03 §5, §7)."""

from __future__ import annotations

import asyncio
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from ledger.carried.bundle import choose, write_bundle
from ledger.carried.folder import read_disk, read_folder, write_folder
from ledger.carried.intake import Importer, Intake
from ledger.held.private import take_payloads
from ledger.held.serving import serve_range
from ledger.proofs.proving import entry_object
from node.peering import conversation, errands, receipts, recovering
from protocol.bundle import read_header, read_items
from protocol.frames import Entries, Missing, Payloads
from protocol.identity import Origin, show_log_id
from protocol.statement import SCOPE_CIRCLE
from tests.ledger.test_erasure import files_with
from tests.node.peering.test_private import payload, say, tree_path
from tests.node.running import RunningNode, found, record, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from ledger.sqlite.store import Snapshot, Transaction
    from protocol.frames import Want

CANARY = "sloe-in-the-hedge"


@pytest.fixture(autouse=True)
def _talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "LOOK_S", 0.05)
    monkeypatch.setattr(recovering, "RECHECK_S", 0.2)
    monkeypatch.setattr(errands, "LOOK_AGAIN_S", 0.05)


@pytest_asyncio.fixture
async def nodes(tmp_path: Path, _impatient: None) -> AsyncIterator[tuple[RunningNode, RunningNode, RunningNode]]:
    """Alder, and two who call it whenever they run; only alder runs."""
    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    birch, cedar = (
        RunningNode(found(tmp_path / name, name.title()), seeds=(alder.url,)) for name in ("birch", "cedar")
    )
    try:
        yield alder, birch, cedar
    finally:
        for one in (cedar, birch, alder):
            await one.stop()


def put(node: RunningNode, number: int, scope: int = 0) -> int:
    return say(node, "record.put", {"record": record(number, item=CANARY, name={"en": CANARY})}, scope)


def erase(node: RunningNode, position: int) -> int:
    return say(node, "erase", {"position": position, "reason": "request"})


def forgotten(node: RunningNode) -> bool:
    return not files_with(node.directory.path, CANARY)


async def gone(*nodes: RunningNode) -> None:
    """Waits until nothing is left of it in any file of these nodes, free pages and journal included."""
    for node in nodes:
        await until(partial(forgotten, node), f"{node.directory.path} to forget")


def take_bundle(node: RunningNode, data: list[bytes]) -> list[str]:
    """What becomes of a bundle that is taken in."""
    outcomes: list[Any] = []
    importer, source = Importer(node.ledger.store, node.ledger.writer, node.log_id), BytesIO(b"".join(data))
    assert Intake(read_header(source.read), importer, outcomes.append).run(read_items(source.read)) is None
    return [outcome.state for outcome in outcomes]


async def test_online_offline_and_late(nodes: tuple[RunningNode, RunningNode, RunningNode]) -> None:
    alder, birch, cedar = nodes
    await birch.start()
    await cedar.start()
    log_id = alder.log_id
    say(alder, "circle", {"log": birch.log_id, "member": True})
    positions = [put(alder, 1), put(alder, 2), put(alder, 1, SCOPE_CIRCLE)]
    for node in (birch, cedar):
        await until(partial(payload, node, log_id, positions[1]))
    await until(lambda: payload(birch, log_id, positions[2]))
    birch.ledger.writer.settle()
    assert all(files_with(node.directory.path, CANARY) for node in nodes)
    await cedar.stop()
    for position in positions:
        end = erase(alder, position)
    await until(lambda: birch.holds(log_id, end + 1))
    await gone(alder, birch)
    assert files_with(cedar.directory.path, CANARY)
    await cedar.start()
    await gone(*nodes)

    def confirmed() -> bool:
        return {log["name"] for log in erasure["confirmed"]} == {"Birch", "Cedar"} and not erasure["unconfirmed"]

    for _ in range(200):
        _, entry = await alder.get(f"/v1/log/{tree_path(alder)}/entries/{positions[0]}")
        erasure = entry["erasure"]
        if confirmed():
            break
        await asyncio.sleep(0.05)
    assert confirmed()
    said = [kind for node in (birch, cedar) for kind in kinds(node) if kind == "receipt"]
    assert len(said) <= 3  # birch has perhaps heard of the erasures one by one; of the rest a minute later


def kinds(node: RunningNode) -> list[str]:
    """The kinds of the statements in a node's own log."""
    with node.ledger.store.read() as reads:
        tree = reads.tree(Origin(node.log_id, 1))
        assert tree is not None
        entries = [entry_object(reads, tree, position) for position in range(tree.size)]
        return [entry["statement"]["kind"] for entry in entries]


async def test_who_holds_it_and_has_not_followed_is_named(
    nodes: tuple[RunningNode, RunningNode, RunningNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "LOOK_S", 1000)
    alder, birch, _ = nodes
    await birch.start()
    position = put(alder, 1)
    await until(lambda: payload(birch, alder.log_id, position))

    def holders() -> bool:
        with alder.ledger.store.read() as reads:
            return reads.holders().get(birch.log_id, 0) > position

    await until(holders)
    erase(alder, position)
    _, entry = await alder.get(f"/v1/log/{tree_path(alder)}/entries/{position}")
    assert entry["erasure"]["unconfirmed"] == [{"log": show_log_id(birch.log_id), "name": "Birch"}]
    assert entry["erasure"]["confirmed"] == []
    async with alder.client.get(f"{alder.url}/logs") as answer:
        page = await answer.text()
    assert "Erased here" in page
    assert f"/entries/{position}" in page
    assert "nobody" in page.partition("Erased here")[2]
    assert ">Birch</bdi></td>" in page.partition("Erased here")[2]


async def test_bundles_and_folders_of_before_bring_nothing_back(
    nodes: tuple[RunningNode, RunningNode, RunningNode], tmp_path: Path
) -> None:
    alder, birch, cedar = nodes
    position = put(alder, 1)
    with alder.ledger.store.read() as reads:
        chosen = choose(reads)
    bundle = list(write_bundle(alder.ledger.store, chosen))
    write_folder(alder.ledger.store, chosen, tmp_path / "www")
    await birch.start()
    await until(lambda: payload(birch, alder.log_id, position))
    end = erase(alder, position)
    await until(lambda: birch.holds(alder.log_id, end + 1))
    await gone(alder, birch)
    assert take_bundle(birch, bundle) == ["held"]
    importer = Importer(birch.ledger.store, birch.ledger.writer, birch.log_id)
    parts, items = read_folder(read_disk(tmp_path / "www"))
    assert Intake(parts, importer, lambda _: None).run(items) is None
    assert not files_with(birch.directory.path, CANARY)
    alder_id = alder.log_id
    await alder.stop()  # whoever knows the log from a bundle alone follows when a peer tells of the rest
    await cedar.start()
    assert take_bundle(cedar, bundle) == ["taken"]
    assert payload(cedar, alder_id, position)
    cedar.running.hub.dial(birch.url, trusted=True)
    await until(lambda: cedar.holds(alder_id, end + 1))
    await gone(birch, cedar)


async def push(sender: RunningNode, to: RunningNode, about: bytes, items: list[tuple[int, bytes]]) -> None:
    """Sends payloads that nobody has asked for, sealed as they must be, and waits until they were looked at."""
    origin = Origin(about, 1)
    (link,) = (
        one for one in sender.running.hub.conversations() if one.session.peer and one.session.peer.log_id == to.log_id
    )
    seal = link.session.seal
    link.say(Payloads(about, 1, [], [(position, seal.seal(data, origin, position)) for position, data in items]))
    heard = len(looked_at)
    await until(lambda: len(looked_at) > heard)
    to.ledger.writer.settle()


looked_at: list[int] = []


async def test_payloads_that_come_late_or_unasked_are_not_kept(
    nodes: tuple[RunningNode, RunningNode, RunningNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold_back(reads: Snapshot, want: Want) -> Entries | Missing:
        answer = serve_range(reads, want)
        if isinstance(answer, Entries) and answer.log == alder.log_id:
            pairs = [
                (entry, b"" if position in said else data)
                for position, (entry, data) in enumerate(answer.entries, answer.from_)
            ]
            return replace(answer, entries=pairs)
        return answer

    def take(change: Transaction, origin: Origin, items: Iterable[tuple[int, bytes]]) -> int:
        looked_at.append(taken := take_payloads(change, origin, items))
        return taken

    monkeypatch.setattr(errands, "take_payloads", take)
    alder, birch, cedar = nodes
    await birch.start()
    early, late = put(alder, 1), put(alder, 2)
    said = {position: payload(alder, alder.log_id, position) or b"" for position in (early, late)}
    await until(lambda: payload(birch, alder.log_id, late))
    end = erase(alder, early)
    await until(lambda: birch.holds(alder.log_id, end + 1))
    await until(lambda: payload(birch, alder.log_id, early) is None)
    await push(alder, birch, alder.log_id, [(early, said[early])])
    assert looked_at[-1] == 0
    assert payload(birch, alder.log_id, late)
    monkeypatch.setattr(conversation, "serve_range", hold_back)
    monkeypatch.setattr(errands, "payloads_for", lambda *_: [])
    await cedar.start()
    await until(lambda: cedar.holds(alder.log_id, end + 1))
    cedar.ledger.writer.settle()
    await push(alder, cedar, alder.log_id, [(late, said[late])])
    assert (looked_at[-1], payload(cedar, alder.log_id, late)) == (1, said[late])
    await push(alder, cedar, alder.log_id, [(early, said[early])])
    assert looked_at[-1] == 0
    monkeypatch.undo()
    last = erase(alder, late)
    for node in (birch, cedar):
        await until(partial(node.holds, alder.log_id, last + 1))
    await gone(*nodes)
