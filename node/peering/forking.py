# SPDX-License-Identifier: AGPL-3.0-or-later
"""What connections do about forks: told once to every peer, asked for where a range does not join (spec 12 §5)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.held.forks import examine_fork_proof, fork_proofs, take_fork_proof
from ledger.held.serving import head_field
from protocol.errors import Malformed
from protocol.fork import fork_digest, parse_fork_proof
from protocol.frames import Fork

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from node.peering.conversation import Conversation
    from node.peering.exchange import Exchange
    from protocol.frames import HeadField
    from protocol.identity import Origin

log = logging.getLogger("folkmoot.gossip")


async def hear_fork(link: Conversation, proof: bytes) -> None:
    """Takes in a proof that somebody sent, and passes it on if it is new. A false one is the sender's fault."""
    link.forks_told.add(fork_digest(proof))
    try:
        new = await link.runtime.read(lambda reads: examine_fork_proof(reads, proof))
        if new and await link.runtime.write(lambda change: take_fork_proof(change, proof)):
            await tell_forks(link.hub)
    except RefusedError as error:
        log.info("from %s: %s", link.name, error)
    except Malformed as error:
        log.warning("%s sent a false fork proof: %s", link.name, error)
        raise Malformed("false_fork", error.text) from None


async def tell_forks(hub: Exchange) -> None:
    """Tells the operator and every peer of the forks that have become known since this was last done."""
    cursor = hub.forks_told
    for arrival, proof in await hub.runtime.read(lambda reads: fork_proofs(reads, cursor)):
        hub.forks_told = max(hub.forks_told, arrival)
        hub.on_event(
            f"{parse_fork_proof(proof).first.origin} has FORKED: it signed two histories; nothing more is taken"
        )
        for link in list(hub.links):
            tell_fork(link, proof)


async def tell_all_forks(link: Conversation) -> None:
    """Tells a new peer of all forks that are known."""
    for _, proof in await link.runtime.read(fork_proofs):
        tell_fork(link, proof)


def tell_fork(link: Conversation, proof: bytes) -> None:
    """Tells a peer of a fork, unless it was told or told it itself."""
    digest = fork_digest(proof)
    if digest not in link.forks_told:
        link.forks_told.add(digest)
        link.say(Fork(proof))


async def ask_for_proof(link: Conversation, origin: Origin) -> None:
    """Tells a peer whose range does not join what is held of that: if it is on another history, it has the proof."""

    def held(reads: Snapshot) -> list[HeadField]:
        tree = reads.tree(origin)
        return [head_field(reads, tree)] if tree is not None and tree.checkpoint else []

    link.inform(await link.runtime.read(held))
