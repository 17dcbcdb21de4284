# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one connection does about errands: frames that ask or tell something beside heads and ranges (spec 09 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.serving import heads_of
from protocol.frames import GetHeads, Skip, Tunnel
from protocol.rangeframes import Items, Ranges

if TYPE_CHECKING:
    from node.conversation import Conversation
    from protocol.frames import Errand


async def run_errand(link: Conversation, errand: Errand) -> None:
    """Does what the other side asks, or takes what it tells. Raises Malformed if it is false: the sender's fault."""
    match errand:
        case GetHeads(logs=logs):
            heads, unknown = await link.runtime.read(lambda reads: heads_of(reads, logs))
            link.inform(heads)
            if unknown:
                link.say(Skip(unknown, "unknown"))
        case Skip(logs=logs, code=code):
            await link.reconciling.heard_of(logs)
            if code == "unknown" and link.hub.ledger.log_id in logs:
                link.hub.on_own_head(link, None)
        case Ranges() | Items():
            await link.reconciling.hear(errand)
        case Tunnel():
            link.hub.tunnels.hear(link, errand)
        case _:
            pass
