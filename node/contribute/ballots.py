# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the assembly has decided on proposals is carried out, without anybody pressing a button."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.proposals.voting import carry_out, outcome_of
from ledger.showing.view import LedgerView, own_tree
from node.web.words import choose_words
from protocol.errors import Malformed

if TYPE_CHECKING:
    from ledger.ledger import Ledger

log = logging.getLogger("folkmoot")

LOOK_S = 60.0
_LOOKED_AT_MAX = 2_000
_DAY_S = 86_400


async def carry_out_ballots(ledger: Ledger) -> None:
    """Looks once a minute, for ever."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            await asyncio.to_thread(carry_out_ready, ledger)
        except LedgerError as error:
            log.warning("what the assembly decided could not be carried out: %s", error)
        except Exception:
            log.exception("fault while carrying out what the assembly decided")


def carry_out_ready(ledger: Ledger) -> list[bytes]:
    """Carries out what is decided by now; the ids of the proposals. What cannot be, waits for a steward."""
    with ledger.store.read() as reads:
        asked = [row for row in reads.proposals(_LOOKED_AT_MAX) if row.ballot]
        view = LedgerView(reads, own_tree(reads))
        today = int(ledger.clock()) // _DAY_S
        ready = [row.id for row in asked if _is_ready(view, row.ballot, today)]
    refused = choose_words(tuple(ledger.keys.charter.languages))("The assembly did not vote for it.")
    done = []
    for proposal_id in ready:
        try:
            carry_out(ledger, proposal_id, refused)
        except (LedgerError, Malformed) as error:
            log.info("a proposal that was voted on waits for a steward: %s", error)
        else:
            done.append(proposal_id)
    return done


def _is_ready(view: LedgerView, ballot: bytes, today: int) -> bool:
    try:
        return outcome_of(view, ballot, today).ready
    except LedgerError:
        return False
