# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nodes that are witnessed, by each other and by third parties; troubles, and what becomes published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import web

from ledger.held.witness import witness_verifier
from ledger.proofs.proving import trust_file
from node.peering import witnessing
from protocol.checkpoint import Checkpoint, cosign
from protocol.identity import Origin, show_log_id, witness_name
from protocol.note import TYPE_COSIGNATURE, Note, VerifierKey, parse_note
from protocol.policy import parse_policy
from protocol.proof import Verdict, judge
from protocol.witness import cosigned_by
from tests.builders import START, Log, found_organisation, signing_key
from tests.ledger.making import hold
from tests.node.peering.witnesses import LOG_KEY, ThirdWitness
from tests.node.running import RunningNode, fill, found, record, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture
async def pair(tmp_path: Path, _impatient: None) -> AsyncIterator[tuple[RunningNode, RunningNode]]:
    """Two nodes; the second one follows the first."""
    first = await RunningNode(found(tmp_path / "first", "First")).start()
    second = await RunningNode(found(tmp_path / "second", "Second"), seeds=(first.url,)).start()
    await until(lambda: second.holds(first.log_id, 1), "the log has been fetched")
    try:
        yield first, second
    finally:
        await first.stop()
        await second.stop()


async def choose(node: RunningNode, key: VerifierKey, url: str = "") -> None:
    """Makes a witness one of this node's."""
    status, _ = await node.post("/v1/witnesses", {"key": str(key), "url": url})
    assert status == 201


async def write(node: RunningNode, number: int) -> dict[str, Any]:
    """Puts a record; the receipt."""
    body = {"entries": [{"kind": "record.put", "body": {"record": json_record(number)}}]}
    status, receipts = await node.post("/v1/entries", body, headers={"Idempotency-Key": f"put {number}"})
    assert status == 201
    assert receipts["state"] == receipts["receipts"][0]["state"]
    return {"position": receipts["receipts"][0]["position"], "state": receipts["state"]}


def json_record(number: int) -> dict[str, Any]:
    """A record as JSON."""
    value = record(number)
    return value | {"id": value["id"].hex()}


async def state(node: RunningNode, log_id: bytes, position: int) -> str:
    """The state of an entry, as the API tells it."""
    _, entry = await node.get(f"/v1/log/{show_log_id(log_id)}/1/entries/{position}")
    return str(entry["state"])


async def until_published(node: RunningNode, log_id: bytes, position: int) -> None:
    """Waits until an entry is published at a node."""

    def published() -> bool:
        with node.ledger.store.read() as reads:
            tree = reads.tree(Origin(log_id, 1))
            return tree is not None and reads.published(tree.tree)[0] > position

    await until(published, f"position {position} has been published")
    assert await state(node, log_id, position) == "published"


async def served_note(node: RunningNode, log_id: bytes) -> Note:
    """The checkpoint that a node serves of a log."""
    async with node.client.get(f"{node.url}/log/{show_log_id(log_id)}/1/checkpoint") as answer:
        return parse_note(await answer.read())


async def test_what_is_written_becomes_published_by_a_witness(pair: tuple[RunningNode, RunningNode]) -> None:
    first, second = pair
    key = witness_verifier(second.ledger)
    receipt = await write(first, 1)
    assert receipt["state"] == "saved"
    assert await state(first, first.log_id, receipt["position"]) == "saved"
    await choose(first, key, second.url)
    await until_published(first, first.log_id, receipt["position"])
    assert key in cosigned_by(await served_note(first, first.log_id), [key])
    again = await write(first, 1)
    assert again == {"position": receipt["position"], "state": "published"}, "a repetition tells what has become of it"
    fill(first.ledger, 40, 10)
    size = first.ledger.own.size
    await until_published(first, first.log_id, size - 1)
    _, logs = await first.get("/v1/log")
    assert logs["witness_key"] == str(witness_verifier(first.ledger))
    assert (logs["logs"][0]["written"], logs["logs"][0]["published_size"]) == ("published", size)
    assert logs["logs"][0]["witnesses"] == [str(key)]
    await until(lambda: second.holds(first.log_id, size), "the rest has been fetched")
    _, entry = await second.get(f"/v1/log/{show_log_id(first.log_id)}/1/entries/1")
    assert entry["state"] == "saved", "the second node has chosen no witness of its own"


async def test_cosignatures_reach_those_who_follow(pair: tuple[RunningNode, RunningNode]) -> None:
    first, second = pair
    key = witness_verifier(second.ledger)
    await second.stop()
    third = await RunningNode(second.directory, seeds=(first.url,)).start()
    await choose(first, key, third.url)
    outside = signing_key("a witness elsewhere")
    await choose(third, VerifierKey("elsewhere.example", TYPE_COSIGNATURE, outside.public))
    await choose(first, VerifierKey("elsewhere.example", TYPE_COSIGNATURE, outside.public))
    elsewhere = ThirdWitness("elsewhere.example", first.ledger.own.origin, first.ledger.key.public)
    url = await elsewhere.start()
    try:
        await choose(first, elsewhere.key, url)
        await choose(third, elsewhere.key, url)
        fill(first.ledger, 3)
        await until_published(first, first.log_id, 3)
        await until_published(third, first.log_id, 3)
        note = await served_note(third, first.log_id)
        assert elsewhere.key in cosigned_by(note, [elsewhere.key])
    finally:
        await elsewhere.stop()
        await third.stop()


@pytest_asyncio.fixture
async def elsewhere(node: RunningNode) -> AsyncIterator[tuple[ThirdWitness, str]]:
    """A third-party witness of the log of `node`, and its URL."""
    one = ThirdWitness("elsewhere.example", node.ledger.own.origin, node.ledger.key.public)
    url = await one.start()
    yield one, url
    await one.stop()


async def test_a_third_party_witness(node: RunningNode, elsewhere: tuple[ThirdWitness, str]) -> None:
    one, url = elsewhere
    await choose(node, one.key, url)
    await until_published(node, node.log_id, 12)
    note = await served_note(node, node.log_id)
    assert [line.name for line in note.signatures] == [str(node.ledger.own.origin), one.key.name], "no stranger's line"
    fill(node.ledger, 5, 20)
    await until_published(node, node.log_id, 17)
    assert one.asked == [0, 13], "what it saw last is remembered"
    await node.stop()
    await node.start()
    fill(node.ledger, 5, 30)
    await until_published(node, node.log_id, 22)
    assert one.asked == [0, 13, 0, 18], "or told"


async def test_a_proof_and_a_trust_file_ask_for_the_witness(
    node: RunningNode, elsewhere: tuple[ThirdWitness, str]
) -> None:
    one, url = elsewhere
    await choose(node, one.key, url)
    await until_published(node, node.log_id, 12)
    async with node.client.get(f"{node.url}/v1/log/{show_log_id(node.log_id)}/1/proofs/3") as answer:
        proof = await answer.read()
    async with node.client.get(f"{node.url}/v1/trust") as answer:
        policy = parse_policy(await answer.read())
    finding = judge(proof, policy)
    assert finding.verdict is Verdict.TRUE
    assert finding.witnesses == ((one.key.name, START),)
    alone = proof[: proof.rindex("\u2014".encode())]
    assert judge(alone, policy).verdict is Verdict.NOT_WITNESSED


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, b"", "does not know this log"),
        (500, b"", "(500)"),
        (409, b"", "no cosignature"),
        (200, b"", "no cosignature"),
        (200, b"nonsense\n", "no cosignature"),
        (200, f"{cosign(Checkpoint('x', 1, bytes(32)), 'y', signing_key('y'), 1)}\n".encode(), "no cosignature"),
        (200, b"x" * 20_000, "more than"),
    ],
)
async def test_a_witness_that_gives_no_cosignature(
    node: RunningNode, elsewhere: tuple[ThirdWitness, str], status: int, body: bytes, told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(witnessing, "_BACKOFF_FIRST_S", 0.02)
    monkeypatch.setattr(witnessing, "_BACKOFF_MAX_S", 0.1)
    one, url = elsewhere
    one.broken = web.Response(status=status, body=body)
    await choose(node, one.key, url)
    await until(lambda: len(one.asked) > 2, "it has been asked again")
    _, shown = await node.get("/v1/witnesses")
    assert told in shown["witnesses"][0]["problem"]
    assert await state(node, node.log_id, 3) == "saved"
    one.broken = None
    await until_published(node, node.log_id, 12)
    _, shown = await node.get("/v1/witnesses")
    assert shown["witnesses"][0]["problem"] == ""
    assert shown["published_size"] == 13


async def test_a_witness_that_has_seen_more_is_believed(node: RunningNode, elsewhere: tuple[ThirdWitness, str]) -> None:
    one, url = elsewhere
    one.size = 99
    await choose(node, one.key, url)
    await until(lambda: node.running.hub.witnessing.troubles, "the trouble is known")
    assert "older copy" in node.running.hub.witnessing.troubles[str(one.key)].text


async def test_a_majority_of_the_chosen_is_needed(node: RunningNode, elsewhere: tuple[ThirdWitness, str]) -> None:
    one, url = elsewhere
    absent = VerifierKey("absent.example", TYPE_COSIGNATURE, signing_key("absent").public)
    await choose(node, absent, "http://127.0.0.1:1")
    await choose(node, one.key, url)
    await until(lambda: one.size == 13, "one of two has cosigned")
    await until(lambda: node.running.hub.witnessing.troubles, "the other cannot be reached")
    assert await state(node, node.log_id, 3) == "saved"
    async with node.client.delete(
        f"{node.url}/v1/witnesses", params={"key": str(absent)}, headers={"Authorization": f"Bearer {node.token}"}
    ) as answer:
        assert answer.status == 200
    await until_published(node, node.log_id, 12)


async def test_what_cannot_be_chosen(node: RunningNode) -> None:
    good = str(VerifierKey("w.example", TYPE_COSIGNATURE, signing_key("w").public))
    for status, value in (
        (400, {}),
        (400, {"key": 1}),
        (400, {"key": "w"}),
        (400, {"key": str(LOG_KEY)}),
        (400, {"key": good, "url": "ftp://x"}),
        (400, {"key": good, "url": 1}),
        (400, {"key": good, "more": 1}),
        (409, {"key": str(witness_verifier(node.ledger))}),
    ):
        assert (await node.post("/v1/witnesses", value))[0] == status, value
    assert (await node.post("/v1/witnesses", {"key": good}, token=None))[0] == 401
    _, shown = await node.get("/v1/witnesses")
    assert shown["witnesses"] == []
    with node.ledger.store.read() as reads:
        assert b"quorum none" in trust_file(reads)


async def test_a_witness_that_is_connected_needs_no_address(pair: tuple[RunningNode, RunningNode]) -> None:
    first, second = pair
    await choose(first, witness_verifier(second.ledger))
    await choose(second, witness_verifier(first.ledger))
    fill(first.ledger, 5)
    await until_published(first, first.log_id, 5)
    fill(second.ledger, 5)
    await until_published(second, second.log_id, 5)
    await second.stop()
    fill(first.ledger, 5, 20)
    await until(lambda: first.running.hub.witnessing.troubles, "the witness is missed")
    assert await state(first, first.log_id, 8) == "saved"
    assert await state(first, first.log_id, 5) == "published"
    await second.start()
    await until_published(first, first.log_id, 10)


async def test_an_address_that_a_charter_tells_is_not_trusted(node: RunningNode) -> None:
    told = Log(found_organisation("told", endpoints=["http://127.0.0.1:9"])).grow(2)
    hold(node.ledger.store, told)
    key = VerifierKey(witness_name(told.organisation.log_id), TYPE_COSIGNATURE, signing_key("told").public)
    await choose(node, key)
    await until(lambda: node.running.hub.witnessing.troubles, "the trouble is known")
    assert "not a public address" in node.running.hub.witnessing.troubles[str(key)].text
