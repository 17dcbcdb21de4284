# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one connection does about errands: frames that ask or tell something beside heads and ranges (spec 09 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.held.private import payloads_for, take_payloads, wanted_from
from ledger.held.serving import heads_of
from node.peering.forking import hear_fork
from node.peering.scoping import LEFT_OUT_MAX
from node.peering.witnessing import hear_witness_frame
from protocol.errors import Malformed
from protocol.frames import Cosignature, Fork, GetHeads, Payloads, Peers, Skip, Tunnel, Witness
from protocol.identity import Origin
from protocol.rangeframes import Items, Ranges

if TYPE_CHECKING:
    from node.peering.conversation import Conversation
    from protocol.frames import Errand

ASK_AGAIN_S, LOOK_AGAIN_S = 60.0, 5.0
"""Between two questions for the same payloads, and between two looks whether anything is new here."""

_LEAVE_OUT = frozenset({"unwanted", "denied"})
"""Why somebody leaves a log out for good: until they ask for it."""


async def run_errand(link: Conversation, errand: Errand) -> None:  # noqa: C901 - one branch for each
    """Does what the other side asks, or takes what it tells. Raises Malformed if it is false: the sender's fault."""
    match errand:
        case GetHeads(logs=logs):
            await _tell_heads(link, logs)
        case Skip(logs=logs, code=code):
            if code in _LEAVE_OUT and len(link.left_out) + len(logs) <= LEFT_OUT_MAX:
                link.left_out.update(logs)
                if code == "unwanted":  # by its newest head alone the other side can say later what was signed here
                    link.left_out.discard(link.hub.ledger.log_id)
            await link.reconciling.heard_of(logs)
            if code == "unknown" and link.hub.ledger.log_id in logs:
                link.hub.on_own_head(link, None)
        case Ranges() | Items():
            await link.reconciling.hear(errand)
        case Payloads():
            await _exchange_payloads(link, errand)
        case Tunnel():
            link.hub.tunnels.hear(link, errand)
        case Peers():
            await link.hub.connecting.hear(link, errand)
        case Witness() | Cosignature():
            await hear_witness_frame(link, errand)
        case Fork(proof=proof):
            await hear_fork(link, proof)


async def _tell_heads(link: Conversation, logs: list[bytes]) -> None:
    """Tells what is held of these logs, and of which nothing is, or nothing that others take.

    What was asked for is told of from now on, also if it was left out before.
    """
    link.left_out.difference_update(logs)
    assert link.session.peer is not None
    asker = link.session.peer.log_id
    heads, unknown = await link.runtime.read(lambda reads: heads_of(reads, logs, asker))
    denied = await link.runtime.read(lambda reads: link.hub.scoping.book.current(reads).denied)
    link.inform(heads)
    silent = set(logs) - set(unknown) - {head.log for head in heads}
    for left_out, code in (
        ([log_id for log_id in unknown if log_id not in denied], "unknown"),
        ([log_id for log_id in unknown if log_id in denied], "denied"),
        (sorted(silent), "unwanted"),
    ):
        if left_out:
            link.say(Skip(left_out, code))


async def ask_for_payloads(link: Conversation) -> None:
    """Asks the other side, now and then, for payloads that did not come and that it may give (spec 15 §3)."""
    peer, own, writer = link.session.peer, link.hub.ledger.log_id, link.hub.ledger.writer
    assert peer is not None
    while True:
        looked = writer.derivations
        wanted = await link.runtime.read(lambda reads: wanted_from(reads, peer.log_id, own))
        for origin, positions in wanted.items():
            link.say(Payloads(origin.log_id, origin.epoch, positions, []))
        if wanted:
            await link.runtime.sleep(ASK_AGAIN_S)
        while not wanted and writer.derivations == looked:
            await link.runtime.sleep(LOOK_AGAIN_S)


async def _exchange_payloads(link: Conversation, frame: Payloads) -> None:
    """Gives payloads that are asked for, sealed, and takes in those that came."""
    peer, origin = link.session.peer, Origin(frame.log, frame.epoch)
    assert peer is not None
    seal = link.session.seal
    if frame.ask:
        found = await link.runtime.read(lambda reads: payloads_for(reads, origin, frame.ask, peer.log_id))
        if found:
            sealed = [(position, seal.seal(payload, origin, position)) for position, payload in found]
            link.say(Payloads(frame.log, frame.epoch, [], sealed))
    opened = []
    for position, item in frame.items:
        try:
            opened.append((position, seal.open(item, origin, position)))
        except Malformed:  # dropped without a word (spec 15 §1)
            continue
    if opened:
        await link.runtime.write(lambda change: take_payloads(change, origin, opened))
