# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two nodes on two histories meet: both have the proof, a third hears of it once, nobody is banned (spec 12 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.held.forks import fork_proofs
from protocol.charter import found
from protocol.checkpoint import Checkpoint
from protocol.fork import ForkVerdict, judge_fork, write_fork_proof
from protocol.frames import Cursor, Fork, Heads, Want
from protocol.note import Note, sign_note
from tests.builders import found_organisation, seeded
from tests.ledger.held.test_forks import MOOT, fetch, history
from tests.node.peering.scripted import STORE, ScriptedPeer, head_field, range_of
from tests.node.running import until

if TYPE_CHECKING:
    from tests.builders import Organisation
    from tests.node.running import RunningNode


def proofs(node: RunningNode) -> list[bytes]:
    with node.ledger.store.read() as reads:
        return [proof for _, proof in fork_proofs(reads)]


def told(node: RunningNode) -> int:
    return sum("has FORKED" in line for line in node.said)


def size_of(node: RunningNode) -> int:
    tree = node.tree(MOOT.log_id)
    return tree.size if tree else 0


@pytest.mark.parametrize("sizes", [(40, 60), (60, 40), (50, 50)])
async def test_two_that_meet_and_one_that_hears_of_it(
    three: tuple[RunningNode, RunningNode, RunningNode], sizes: tuple[int, int]
) -> None:
    alder, birch, cedar = three
    for node, label, size in ((alder, "one", sizes[0]), (birch, "other", sizes[1])):
        fetch(node.ledger.store, history(label), size)
    cedar.running.hub.dial(alder.url, trusted=True)
    await until(lambda: size_of(cedar) == sizes[0], "the log")
    alder.running.hub.dial(birch.url, trusted=True)
    await until(lambda: all(map(proofs, three)) and all(map(told, three)), "the proof at all three")
    for node in three:
        (proof,) = proofs(node)
        assert judge_fork(proof).verdict is ForkVerdict.TRUE
        assert told(node) == 1
        assert len(node.running.hub.peers()) in {1, 2}
        assert not any("false" in problem for problem in node.running.hub.problems.values())


async def test_a_false_proof_costs_the_sender_the_connection_and_a_useless_one_does_not(
    three: tuple[RunningNode, RunningNode, RunningNode],
) -> None:
    alder, birch, _ = three
    fetch(birch.ledger.store, history("one"), 40)
    alder.running.hub.dial(birch.url, trusted=True)
    await until(alder.running.hub.peers, "a connection")
    (link,) = alder.running.hub.links
    elsewhere = found_organisation("elsewhere")
    link.say(Fork(proof_of(elsewhere)))
    link.say(Fork(proof_of(MOOT, same=True)))
    await until(lambda: any("false_fork" in problem for problem in birch.running.hub.problems.values()), "the blame")
    assert proofs(birch) == []


async def test_a_log_that_is_found_forked_while_it_is_fetched_ends_that_fetch_only(node: RunningNode) -> None:
    log = history("one", 30)
    async with ScriptedPeer(node.url) as peer:
        await peer.open()
        await peer.send(Heads([head_field(log)]), Cursor(STORE, 1))
        want = await peer.receive(Want)
        await peer.send(Fork(proof_of(MOOT)), range_of(log, want.from_, want.to))
        await until(lambda: any("forked" in problem for problem in node.running.hub.problems.values()), "the refusal")
        await peer.announce(2)
        await peer.serve()
        await until(lambda: node.holds(peer.organisation.log_id, 1), "the next log over the same connection")
        assert size_of(node) == 0


def proof_of(organisation: Organisation, *, same: bool = False) -> bytes:
    """A proof by two checkpoints of one size, or what claims to be one."""
    origin = str(organisation.origin)
    texts = [Checkpoint(origin, 5, seeded("one" if same else label)).text for label in ("one", "other")]
    notes = [bytes(Note(text, (sign_note(text, origin, organisation.key),))) for text in texts]
    return write_fork_proof(found(organisation.payload), (notes[0], notes[1]))
