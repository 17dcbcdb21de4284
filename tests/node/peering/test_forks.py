# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a node shows of a log that has forked (spec 12 §6): the state, a warning, the proof, and no more signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.held.forks import mark_healed, take_fork_proof
from protocol.checkpoint import Checkpoint
from protocol.fork import ForkVerdict, fork_digest, judge_fork, write_fork_proof
from protocol.identity import show_log_id
from protocol.note import Note, sign_note
from tests.builders import seeded
from tests.node.running import record

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from tests.node.running import RunningNode


def proof_against(ledger: Ledger) -> bytes:
    """What a copy of the machine would have signed beside the own log."""
    origin = str(ledger.own.origin)
    texts = [Checkpoint(origin, 5, seeded(label)).text for label in ("one", "other")]
    notes = [bytes(Note(text, (sign_note(text, origin, ledger.key),))) for text in texts]
    return write_fork_proof(ledger.keys, (notes[0], notes[1]))


async def text_of(node: RunningNode, path: str, **headers: str) -> str:
    async with node.client.get(node.url + path, headers={"Accept": "text/html", **headers}) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_fork_is_shown_everywhere_and_nothing_more_is_signed(node: RunningNode) -> None:
    ledger, log = node.ledger, show_log_id(node.log_id)
    page = f"/record/{log}/{record(3)['id'].hex()}"
    assert "has forked" not in await text_of(node, page)
    assert (await node.get(f"/v1/log/{log}/1/fork-proof"))[0] == 404
    assert (await node.get("/v1/log"))[1]["logs"][0]["state"] == "ok"
    proof = proof_against(ledger)
    ledger.writer.run(lambda change: take_fork_proof(change, proof)).result()
    (shown,) = (await node.get("/v1/log"))[1]["logs"]
    assert (shown["state"], shown["fork_proof"]) == ("forked", fork_digest(proof).hex())
    async with node.client.get(f"{node.url}/v1/log/{log}/1/fork-proof") as answer:
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{log[:8]}.fork-proof"'
        assert judge_fork(await answer.read()).verdict is ForkVerdict.TRUE
    assert "The log that this stands in has forked." in await text_of(node, page)
    assert "a bifurqué" in await text_of(node, page, **{"Accept-Language": "fr"})
    logs = await text_of(node, "/logs")
    assert "forked: nothing more is taken in" in logs
    assert f"/v1/log/{log}/1/fork-proof" in logs
    assert "Not signed at present" in logs
    assert "folkmoot_forked_logs 1.0" in await text_of(node, "/metrics")
    ready = (await node.get("/readyz"))[1]
    assert (ready["signing"], "has forked" in ready["why"]) == (False, True)
    assert "folkmoot_signing 0.0" in await text_of(node, "/metrics")
    late = record(99) | {"id": record(99)["id"].hex()}
    status, problem = await node.post(
        "/v1/entries", {"entries": [{"kind": "record.put", "body": {"record": late}, "id": "00" * 16}]}
    )
    assert (status, "two histories were signed with its key" in problem["detail"]) == (503, True)


async def test_what_is_healed_is_no_longer_warned_of(node: RunningNode) -> None:
    log, proof = show_log_id(node.log_id), proof_against(node.ledger)

    def heal(change: object) -> None:
        take_fork_proof(change, proof)  # type: ignore[arg-type] # a transaction
        mark_healed(change, change.trees()[0], fork_digest(proof))  # type: ignore[arg-type, attr-defined] # the same

    node.ledger.writer.run(heal).result()
    assert (await node.get("/v1/log"))[1]["logs"][0]["state"] == "healed"
    assert "has forked" not in await text_of(node, f"/record/{log}/{record(3)['id'].hex()}")
    assert "continued in the next epoch" in await text_of(node, "/logs")
    assert "folkmoot_forked_logs 0.0" in await text_of(node, "/metrics")
